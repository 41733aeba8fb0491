"""Designees of every ACO who are not ready to sign, for CMS staff (R15, R16, R77)."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from packets.model.readiness import WARN_DAYS
from web.auth.roles import Audience, open_to
from web.visit import asked, services, turn_to

pages = Blueprint("readiness", __name__)
LINES = 50


@pages.get("/readiness")
@open_to(Audience.YEAR_MANAGERS)
def show() -> ResponseReturnValue:
    """Those of one year: the newest, unless the address names another one."""
    with services().database.read() as records:
        years = records.years.numbers()
    year = next((one for one in years if str(one) == asked("year")), years[0] if years else 0)
    number, last, found = turn_to(LINES, lambda skip: services().designees.unready(year, most=LINES, skip=skip))
    return render_template(
        "readiness.html", found=found, year=year, years=years, warn_days=WARN_DAYS, number=number, last=last
    )
