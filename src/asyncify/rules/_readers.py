"""Who takes all that a stream of bytes gives before it returns: a thread that calls one waits for the whole stream.

What reads piece by piece later (`csv.reader`, `io.TextIOWrapper`) is not among them, nor what may give back less
than a copy of what it read.
"""

READERS = (
    "builtins.bytearray.join", "builtins.bytes.join", "builtins.dict", "builtins.list", "builtins.set",
    "builtins.sorted", "builtins.str.join", "builtins.tuple", "_pickle.load", "bs4.BeautifulSoup",
    "email.message_from_binary_file", "email.message_from_file", "json.load", "lxml.etree.parse",
    "lxml.html.parse", "pickle.load", "plistlib.load", "shutil.copyfileobj", "tomllib.load",
    "xml.dom.minidom.parse", "xml.etree.ElementTree.parse", "yaml.full_load", "yaml.load", "yaml.safe_load",
)  # fmt: skip
