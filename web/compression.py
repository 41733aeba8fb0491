"""Pages are sent compressed to whoever takes them so: a list of a hundred ACOs is a twelfth as long.

How long a compressed page is tells something of what is in it, and an attacker who can put words into a page and watch its length
may guess others that stand there, such as the token of its forms (BREACH). So every answer is made longer by a random number of
bytes that readers pass over: the name of the file in the header of the gzip format.
"""

from __future__ import annotations

import gzip
import secrets
from io import BytesIO

from flask import Response, request

SHORTEST = 2000
"""In bytes; below that nothing is gained."""
LEVEL = 5
MOST_PADDING = 256


def compress_page(response: Response) -> Response:
    """Compress a page; everything else is sent as it is."""
    response.headers.add("Vary", "Accept-Encoding")
    if not _fits(response):
        return response
    out = BytesIO()
    name = "x" * (1 + secrets.randbelow(MOST_PADDING))
    with gzip.GzipFile(name, "wb", LEVEL, out, mtime=0) as packed:
        packed.write(response.get_data())
    response.set_data(out.getvalue())
    response.headers["Content-Encoding"] = "gzip"
    return response


def _fits(response: Response) -> bool:
    plain = response.mimetype == "text/html" and "Content-Encoding" not in response.headers
    takes = request.accept_encodings.quality("gzip") > 0
    return plain and takes and not response.direct_passthrough and (response.content_length or 0) >= SHORTEST
