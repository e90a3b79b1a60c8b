from requests.structures import LookupDict

codes: LookupDict
