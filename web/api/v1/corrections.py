"""Corrections to the provider/supplier list: what was accepted, and handing in a file."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from packets.errors import Problem
from packets.list_desks.corrections import AGREEMENT
from packets.model.tokens import Scope
from packets.store.records.lists import CorrectionsUpload
from web.api.bodies import UnusableError
from web.api.operations import ZIP, Asked, Noun, Reply
from web.api.shapes import Digest, Fault, Question, Shape, Time, fault_of
from web.api.v1.packets import PACKET
from web.auth.roles import Audience
from web.visit import services

noun = Noun("corrections")
CORRECTIONS = f"{PACKET}/corrections"


class Upload(Shape):
    """A file that was accepted."""

    file_name: str
    sha256: Digest
    uploaded_by: str
    uploaded_at: Time
    additions: int
    deletions: int


class Corrections(Shape):
    """What was accepted, newest first: the first one is the ACO's complete set; and why nothing is accepted now."""

    uploads: list[Upload]
    obstacles: list[Fault]
    attestation: str = Field(description="What whoever hands in a file attests with `agreed`.")


class UploadQuestion(Question):
    """What is said about the file."""

    file_name: Annotated[str, Field(min_length=1, max_length=200, description="The archive's name.")]
    agreed: Annotated[bool, Field(description="Whether the attestation is made.")] = False


@noun.operation("GET", CORRECTIONS, Audience.UPLOAD_READERS, Scope.READ, answer=Corrections)
def show(_asked: Asked, aco_id: str, year: int) -> Reply:
    """The corrections files that were accepted."""
    return Reply(_state(aco_id, year))


@noun.operation(
    "POST",
    CORRECTIONS,
    Audience.UPLOADERS,
    Scope.CORRECT,
    answer=Upload,
    status=201,
    query=UploadQuestion,
    takes=ZIP,
    creates=True,
    changes=True,
)
def upload(asked: Asked, aco_id: str, year: int) -> Reply:
    """Hand in a corrections file as the ACO's complete set.

    Everything that is wrong with it is told at once, by row and column; then nothing of it is kept.
    """
    asked.match(_state(aco_id, year))
    query: UploadQuestion = asked.query
    if not asked.content:
        raise UnusableError(Problem("file-missing", "No file was sent.", "Send the zip archive as the body."))
    desk, user_id = services().corrections, asked.person.user_id
    accepted = desk.accept(aco_id, year, user_id, query.file_name, asked.content, agreed=query.agreed)
    return Reply(_upload(accepted), 201)


def _state(aco_id: str, year: int) -> Corrections:
    with services().database.read() as records:
        uploads = records.lists.uploads(aco_id, year)
    obstacles = services().corrections.obstacles(aco_id, year)
    told = [fault_of(one) for one in obstacles]
    return Corrections(uploads=[_upload(one) for one in uploads], obstacles=told, attestation=AGREEMENT)


def _upload(upload: CorrectionsUpload) -> Upload:
    return Upload(
        file_name=upload.file_name,
        sha256=upload.sha256,
        uploaded_by=upload.uploaded_by,
        uploaded_at=upload.uploaded_at_utc,
        additions=upload.additions,
        deletions=upload.deletions,
    )
