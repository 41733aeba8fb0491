"""What the service says of itself: how accessible its pages are."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from web.auth.roles import Audience, open_to

pages = Blueprint("about", __name__)


@pages.get("/accessibility")
@open_to(Audience.ANYONE)
def accessibility() -> ResponseReturnValue:
    """What the pages conform to, how that was found out, and what is not right yet."""
    return render_template("accessibility.html")
