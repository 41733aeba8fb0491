"""One file that somebody tampered with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Variant:
    """A file of the corpus.

    Attributes:
        name: what was done, to which revision.
        pdf: the file.
        genuine: nothing in the file is false; only the record shows that it is not the document asked for, as with an older
            revision, or a file that other people signed by right.
        judged_at: when it is judged; the time of the corpus when None.
    """

    name: str
    pdf: bytes
    genuine: bool = False
    judged_at: datetime | None = None
