from urllib3.util import retry as retry, timeout as timeout, url as url
from urllib3.util.retry import Retry as Retry
from urllib3.util.timeout import Timeout as Timeout
from urllib3.util.url import Url as Url, parse_url as parse_url
