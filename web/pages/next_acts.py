"""The one thing that is next in a packet for somebody: to sign, to settle something first, to wait, or nothing at all (R42)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import url_for

from packets.documents.reading import PacketView
from packets.errors import Problem
from packets.model.documents import Document, Party, Status
from packets.model.people import role_label
from packets.people.access import Action, may
from web.pages.lines import StepLine

AGREEMENT_CODES = frozenset({"dua-contacts-unconfirmed", "dua-contacts-changed", "dua-extension-missing"})
"""Reasons that Requestor and Custodian settle on the page of the data use agreement."""


@dataclass(frozen=True, slots=True)
class NextAct:
    """What is next.

    Attributes:
        sentence: what it is, for people.
        address: where it is done or looked at; empty when there is nothing to go to.
        label: the words of the link.
        yours: whether the visitor can do it; else somebody else is waited for.
    """

    sentence: str
    address: str = ""
    label: str = ""
    yours: bool = False


def next_act(view: PacketView, lines: Sequence[StepLine], gaps: Sequence[Problem]) -> NextAct:
    """What is next in a packet for the visitor that the lines were made for."""
    place: dict[str, Any] = {"aco_id": view.aco.aco_id, "year": view.aco.performance_year}
    for line in lines:
        if line.may_sign and line.step.document is not None:
            role = role_label(line.may_sign[0].role)
            title = line.step.document_type.title
            return NextAct(f"Sign the “{title}” as {role}.", _read(line.step.document), "Read and sign", yours=True)
    if gaps and may(Action.EDIT_STEP_ONE, view.roles):
        return NextAct(
            "Submit contacts and organization data.", url_for(_first_gap(view), **place), "Go to Step 1", yours=True
        )
    codes = {one.code for line in lines for one in line.reasons}
    if codes & AGREEMENT_CODES and may(Action.KEEP_AGREEMENT, view.roles):
        sentence = "Confirm the contacts and ask for the extension of the data use agreement."
        return NextAct(sentence, url_for("agreements.show", **place), "Contacts and extension", yours=True)
    left = next((one for one in lines if one.applicable and one.step.status is not Status.EXECUTED), None)
    if left is None:
        return NextAct("Everything is executed.", url_for("materials.show", **place), "Agreement materials")
    if "dua-closed" in {one.code for one in left.reasons}:
        sentence = "CMS closed the data use agreement; nothing more is signed under it."
        return NextAct(sentence, url_for("agreements.show", **place), "Data use agreement")
    return NextAct(_waits_for(left, gaps))


def _first_gap(view: PacketView) -> str:
    return "organization.show" if view.step_one.contacts_submitted else "contacts.show"


def _read(document: Document) -> str:
    return url_for("documents.read", document_id=document.document_id)


def _waits_for(line: StepLine, gaps: Sequence[Problem]) -> str:
    """Who is next when it is not the visitor."""
    title, document = line.step.document_type.title, line.step.document
    if gaps and line.step.document_type.gates:
        return "Step 1 waits to be submitted by the ACO."
    if document is None:
        return f"CMS has to prepare the “{title}”."
    if line.step.status is Status.PENDING_CMS:
        return f"CMS has to countersign the “{title}”."
    if line.step.status is Status.NOT_AVAILABLE:
        return "Signing has not begun yet."
    open_slots = [one for one in line.slots if not one.signer and one.slot.party is Party.ACO]
    names = dict.fromkeys(holder.person.full_name for one in open_slots[:1] for holder in one.holders)
    return f"{' or '.join(names) or 'A designee'} has to sign the “{title}”."
