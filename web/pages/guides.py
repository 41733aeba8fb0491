"""The guides and the corrections template, for everybody who may sign in (R39, R43)."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from io import BytesIO

from flask import Blueprint, render_template, render_template_string, send_file, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

import templates
from packets.errors import NotFoundError, Problem
from packets.lists.columns import CORRECTIONS
from packets.lists.correction_rows import REASONS
from packets.lists.corrections import ROW_LIMIT
from packets.lists.template import (
    EXAMPLE,
    EXAMPLE_ACO,
    RULES,
    TemplateFile,
    example_archive,
    pack_files,
    template_archive,
    template_workbook,
)
from packets.model.calendar import AGENCY_ZONE
from packets.model.identifiers import AcoId
from web.auth.roles import Audience, open_to
from web.visit import asked, services

pages = Blueprint("guides", __name__)
KINDS = {
    "zip": "application/zip",
    "html": "text/html",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
MANIFEST = "guides.toml"


@dataclass(frozen=True, slots=True)
class Guide:
    """A guide as the manifest names it."""

    name: str
    title: str
    summary: str


@pages.get("/guides")
@open_to(Audience.SIGNED_IN)
def show() -> ResponseReturnValue:
    """Every guide and every file, alone and together."""
    return render_template("guides.html", guides=list_guides(), aco_id=_aco_id(), example_aco=EXAMPLE_ACO)


@pages.get("/guides/<guide>")
@open_to(Audience.SIGNED_IN)
def read(guide: str) -> ResponseReturnValue:
    """One guide as a page."""
    found = _guide(guide)
    return render_template("guide.html", guide=found, body=_body(found), aco_id=_aco_id())


@pages.get("/guides/files/<file>")
@open_to(Audience.SIGNED_IN)
def download(file: str) -> ResponseReturnValue:
    """A guide or the template as a file, or all of them in one zip archive."""
    found = _file(file)
    kind = KINDS[found.name.rpartition(".")[2]]
    return send_file(
        BytesIO(found.content), kind, as_attachment=True, download_name=found.name, conditional=False, etag=False
    )


def list_guides() -> tuple[Guide, ...]:
    """The guides in the order of their manifest."""
    found = tomllib.loads(templates.guides().joinpath(MANIFEST).read_text("utf-8"))
    return tuple(Guide(name, one["title"], one["summary"]) for name, one in found.items())


def _guide(name: str) -> Guide:
    for one in list_guides():
        if one.name == name:
            return one
    raise _unknown(name)


def _unknown(name: str) -> NotFoundError:
    return NotFoundError(Problem("guide-unknown", "There is no such guide.", "Choose one from the guides.", name))


def _body(guide: Guide) -> Markup:
    """The guide's words with the facts that the service itself goes by, so that the two cannot differ."""
    text = templates.guides().joinpath(f"{guide.name}.html.j2").read_text("utf-8")
    body = render_template_string(
        text,
        types=list(services().catalog.values()),
        columns=CORRECTIONS.columns,
        rules=RULES,
        reasons=REASONS,
        example=EXAMPLE,
        example_aco=EXAMPLE_ACO,
        row_limit=ROW_LIMIT,
        aco_id=_aco_id(),
        template_link=url_for("guides.download", file="corrections-template.xlsx", aco=_aco_id()),
    )
    return Markup(body)  # noqa: S704  our own words; what is put into them was escaped above  # nosec B704


def _file(name: str) -> TemplateFile:
    """The file that is asked for by its stable name.

    Raises:
        NotFoundError: there is none.
    """
    day, guides = _today(), {f"{one.name}.html": one for one in list_guides()}
    if name in guides:
        return _guide_file(guides[name])
    match name:
        case "corrections-template.xlsx":
            return template_workbook(_aco_id(), day)
        case "corrections-example.zip":
            return example_archive(day)
        case "corrections-template.zip":
            return template_archive(_aco_id(), day)
        case "guides.zip":
            texts = tuple(map(_guide_file, guides.values()))
            return pack_files("esm_guides.zip", (*texts, template_workbook(_aco_id(), day), example_archive(day)), day)
        case _:
            raise _unknown(name)


def _guide_file(guide: Guide) -> TemplateFile:
    """The guide as one file that needs nothing beside it."""
    page = render_template("guide_file.html", guide=guide, body=_body(guide), made_on=_today())
    return TemplateFile(f"{guide.name}.html", page.encode("utf-8"))


def _aco_id() -> str:
    """The ACO for which files are named: the one in the address, or the example's. Nothing of the ACO itself is shown."""
    named = asked("aco").upper()
    return EXAMPLE_ACO if AcoId.problem(named) else named


def _today() -> date:
    return services().clock().astimezone(AGENCY_ZONE).date()
