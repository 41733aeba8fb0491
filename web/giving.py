"""Certified copies, put together from the services."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from packets.giving.copies import CopyDesk
from packets.giving.sheets import SheetOffice
from packets.model.notices import Notice
from packets.render.fonts import ensure_fonts
from signing.certifying import certify

if TYPE_CHECKING:
    from web.bootstrap import Services


def build_copies(services: Services) -> CopyDesk:
    """Hands out certified copies, with sheets that the service seals."""
    fonts = services.assembler.fonts or ensure_fonts()
    office = SheetOffice(services.catalog, fonts, partial(certify, services.signer))
    return CopyDesk(services.database, services.objects, office, services.clock)


def first_link(*sources: Callable[[Notice], str]) -> Callable[[Notice], str]:
    """Finds the link that only the mail of a notice carries: the first one that a source gives."""
    return lambda notice: next(filter(None, (one(notice) for one in sources)), "")
