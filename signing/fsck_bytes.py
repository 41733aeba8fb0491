"""What the independent checker holds to be true of the stored bytes of one document.

A document can be looked at without any other, so that many processes can share the work (`esm fsck --processes`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from packets.errors import NotFoundError, PacketsError, Problem
from packets.model.people import Role
from packets.store.objects import ObjectStore
from signing.trust import Expected, ExpectedSigner, Trust
from signing.verify import verify_pdf

REMEDY = "Stop signing, keep everything as it is, and compare with a copy."
Row: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the records say of a document whose bytes are to be looked at.

    Attributes:
        name: what problems call it.
        slots: its signatures, by slot.
        disposition: the disposition that took its bytes away, at its end.
        gone: digests of which nothing may be left.
    """

    name: str
    document: Row
    chain: list[Row]
    slots: Mapping[str, Row]
    disposition: Row | None = None
    gone: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ByteChecker:
    """Looks at the bytes in a store."""

    objects: ObjectStore
    trust: Trust

    def check(self, recorded: Recorded) -> list[Problem]:
        """Everything that does not hold of them."""
        problems: list[Problem] = []
        if recorded.document["disposed_at_utc"] is None:
            self._check_chain(recorded, problems)
        elif recorded.disposition is not None:
            self._check_disposed(recorded, recorded.disposition, problems)
        return problems

    def _check_chain(self, recorded: Recorded, problems: list[Problem]) -> None:
        document, name = recorded.document, recorded.name
        self._fetch(document["data_digest"], f"{name}, frozen facts", problems)
        newest = b""
        for one in recorded.chain:
            content = self._fetch(one["digest"], f"{name}, revision {one['number']}", problems)
            if content is None:
                return
            if len(content) != one["size"] or not content.startswith(newest):
                problems.append(
                    _broken("prefix-broken", f"Revision {one['number']} does not grow out of the last one.", name)
                )
            newest = content
        signers = tuple(
            ExpectedSigner(one["slot"], one["user_id"], (Role(one["role"]),)) for one in recorded.slots.values()
        )
        place, closed = (document["aco_id"], document["year"]), document["executed_at_utc"] is not None
        verdict = verify_pdf(newest, self.trust, expected=Expected(document["head_digest"], *place, signers, closed))
        if not verdict.passed:
            problems.append(_broken("verdict-not-passed", f"{verdict.overall}: {verdict.sentence}", name))

    def _check_disposed(self, recorded: Recorded, disposition: Row, problems: list[Problem]) -> None:
        """There is a certificate, and none of the bytes."""
        name = recorded.name
        sealed = self._fetch(disposition["certificate_digest"], f"{name}, certificate of its disposition", problems)
        if sealed is None or not verify_pdf(sealed, self.trust, now=disposition["completed_at_utc"]).passed:
            problems.append(
                _broken("certificate-not-passed", "The certificate of its disposition does not hold.", name)
            )
        left = sum(self._is_there(digest) for digest in recorded.gone)
        problems += [_broken("disposed-bytes", "Bytes are there that were disposed of.", name)] * left

    def _is_there(self, digest: str) -> bool:
        try:
            self.objects.get(digest)
        except NotFoundError:
            return False
        except PacketsError:
            return True
        return True

    def _fetch(self, digest: str, where: str, problems: list[Problem]) -> bytes | None:
        try:
            content = self.objects.get(digest)
        except PacketsError as error:
            problems.append(_broken("bytes-lost", error.problems[0].sentence, where))
            return None
        if hashlib.sha256(content).hexdigest() != digest:
            problems.append(_broken("bytes-lost", "Recorded bytes are not what their key says.", where))
        return content


def _broken(code: str, sentence: str, where: str) -> Problem:
    return Problem(code, sentence, REMEDY, where)
