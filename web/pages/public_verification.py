"""Anybody may ask, without signing in, whether a PDF is one of ours, who signed it, and whether anything changed.

The file is examined in a child process of limited time and memory, and forgotten: nothing of it is kept. What is said comes
from the file itself; our records add only whether they hold exactly this file, and whether it is still the newest one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from packets.errors import InputError, PacketsError, Problem
from signing.judge import verify_in_child
from signing.verdict import Indication, SignatureVerdict, Verdict
from web.auth.limits import VERIFICATIONS, VERIFICATIONS_OF_PERSON, Try
from web.auth.roles import Audience, open_to
from web.visit import guest, origin, services

pages = Blueprint("public_verification", __name__)
SECONDS, MEMORY_MB = 20, 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said of a file.

    Attributes:
        ours: whether it carries our seal and passes; None when that cannot be said.
        held: whether our records hold exactly this file.
        newest: whether it is the newest one of its document.
        voided: whether its document was voided.
        sheet: whether it is a certification sheet that went with certified copies.
    """

    name: str
    verdict: Verdict
    ours: bool | None
    held: bool
    newest: bool
    voided: bool
    sheet: bool

    @property
    def people(self) -> tuple[SignatureVerdict, ...]:
        """The signatures of people in it."""
        return tuple(one for one in self.verdict.signatures if one.kind == "signer")


@pages.get("/verify")
@open_to(Audience.ANYONE)
def ask() -> ResponseReturnValue:
    """The form that takes a file."""
    return _page(None, (), 200)


@pages.post("/verify")
@open_to(Audience.ANYONE)
def answer() -> ResponseReturnValue:
    """Examine the file and say what it is; it is not kept."""
    try:
        services().accounts.guard.admit(_try())
        name, content = _file()
        verdict = verify_in_child(
            content, services().signer.trust, now=services().clock(), seconds=SECONDS, memory_mb=MEMORY_MB
        )
    except PacketsError as error:
        return _page(None, error.problems, error.status_hint)
    return _page(_answer(name, verdict), (), 200)


def _try() -> Try:
    """Count a file by who sent it, or by the network of a stranger."""
    person = guest()
    return (VERIFICATIONS_OF_PERSON, person.user_id) if person else (VERIFICATIONS, origin().network)


def _file() -> tuple[str, bytes]:
    sent = request.files.get("file")
    content = sent.read() if sent else b""
    if sent is None or not content:
        raise InputError(Problem("file-missing", "No file was chosen.", "Choose a PDF, then press the button.", "file"))
    name = "".join(one for one in (sent.filename or "") if one.isprintable()).replace("\\", "/").rpartition("/")[2]
    return name[:100] or "the file", content


def _answer(name: str, verdict: Verdict) -> Answer:
    with services().database.read() as records:
        document = records.documents.with_revision(verdict.digest)
        sheet = records.grants.knows_sheet(verdict.digest)
    sealed = any(one.kind == "seal" and one.indication is Indication.PASSED for one in verdict.signatures)
    certain = verdict.passed or verdict.overall is Indication.FAILED
    return Answer(
        name=name,
        verdict=verdict,
        ours=verdict.passed and sealed if certain else None,
        held=document is not None,
        newest=document is not None and document.head_digest == verdict.digest,
        voided=document is not None and document.voided_at is not None,
        sheet=sheet,
    )


def _page(found: Answer | None, problems: Sequence[Problem], status: int) -> ResponseReturnValue:
    limit = (request.max_content_length or 0) // (1024 * 1024)
    return render_template("verify.html", found=found, problems=problems, megabytes=limit), status
