"""The files of the look. A name belongs to its bytes for ever, so a browser keeps them and asks no second time."""

from __future__ import annotations

from flask import Blueprint, Flask, Response, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from web.auth.roles import Audience, open_to
from web.hints import get_look
from web.look.assets import load_look

pages = Blueprint("look", __name__)


def register(app: Flask) -> None:
    """Teach the templates the addresses of the files."""
    app.add_template_global(asset)
    app.add_template_global(styled)
    app.add_template_global(get_look)


def asset(path: str) -> str:
    """The address of a file by its path among our sources, e.g. `packets.css`, `uswds/dist/css/uswds.min.css`.

    Raises:
        LookupError: there is no such file.
    """
    return url_for("look.show", filename=load_look().name(path))


def styled() -> bool:
    """Whether the packages of the look were fetched."""
    return load_look().complete


@pages.get("/look/<filename>")
@open_to(Audience.ANYONE)
def show(filename: str) -> ResponseReturnValue:
    """One file, compressed for whoever takes it so."""
    found = load_look().by_name.get(filename)
    if found is None:
        raise NotFound
    packed = bool(found.packed) and request.accept_encodings.quality("gzip") > 0
    response = Response(found.packed if packed else found.content, content_type=found.mime)
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    return response
