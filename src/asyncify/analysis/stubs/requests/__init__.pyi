from requests import (
    adapters as adapters,
    api as api,
    auth as auth,
    cookies as cookies,
    exceptions as exceptions,
    models as models,
    sessions as sessions,
    status_codes as status_codes,
    structures as structures,
    utils as utils,
)
from requests.api import (
    delete as delete,
    get as get,
    head as head,
    options as options,
    patch as patch,
    post as post,
    put as put,
    request as request,
)
from requests.exceptions import (
    ConnectionError as ConnectionError,
    ConnectTimeout as ConnectTimeout,
    FileModeWarning as FileModeWarning,
    HTTPError as HTTPError,
    JSONDecodeError as JSONDecodeError,
    ReadTimeout as ReadTimeout,
    RequestException as RequestException,
    Timeout as Timeout,
    TooManyRedirects as TooManyRedirects,
    URLRequired as URLRequired,
)
from requests.models import (
    PreparedRequest as PreparedRequest,
    Request as Request,
    Response as Response,
)
from requests.sessions import Session as Session, session as session
from requests.status_codes import codes as codes

__version__: str
