"""What a request carries: query, cookies, headers, form, files, body, JSON. It is Werkzeug's, read the short way.

`request` has the class, which asks the rest: `texts` and `multipart` take strings and bytes apart and never see a
request, `bodies` knows which body may be read at once, `structures` holds what was found. Nothing here knows an app.
"""

from .request import IncomingRequest
from .structures import EnvironHeaders

__all__ = ["EnvironHeaders", "IncomingRequest"]
