"""Morning weather report for the news desk."""

from weather_desk.cache import ForecastCache
from weather_desk.client import StationNotFound, WeatherClient, WeatherError
from weather_desk.models import Day, Forecast, Station

__all__ = [
    "Day",
    "Forecast",
    "ForecastCache",
    "Station",
    "StationNotFound",
    "WeatherClient",
    "WeatherError",
]
