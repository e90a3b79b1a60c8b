"""What the weather service talks about."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Station:
    id: str
    name: str
    region: str

    @classmethod
    def from_json(cls, item: dict[str, Any]) -> "Station":
        return cls(id=item["id"], name=item["name"], region=item["region"])


@dataclass(frozen=True)
class Day:
    date: str
    high: int
    low: int
    outlook: str


@dataclass(frozen=True)
class Forecast:
    station_id: str
    days: tuple[Day, ...]

    @classmethod
    def from_json(cls, item: dict[str, Any]) -> "Forecast":
        return cls(item["station"], tuple(Day(**day) for day in item["days"]))

    def to_json(self) -> dict[str, Any]:
        days = [asdict(day) for day in self.days]
        return {"station": self.station_id, "days": days}

    @property
    def high(self) -> int:
        return max(day.high for day in self.days)

    @property
    def low(self) -> int:
        return min(day.low for day in self.days)

    @property
    def outlook(self) -> str:
        return self.days[0].outlook
