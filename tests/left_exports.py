"""Exports for tests that need one that is ready, and no bag in it."""

from __future__ import annotations

import uuid
from datetime import timedelta

from browsing import Site
from packets.model.exports import Export, Finished
from worlds import START


def leave_export(site: Site, user_id: str) -> str:
    """An export of somebody's own, with a file of four bytes; its id."""
    desk, document = site.world.services.exports, site.document("provider-supplier-list")
    made = Export(str(uuid.uuid4()), user_id, START, {}, 1)
    finished = Finished("0" * 64, 4, 1, START, START + timedelta(days=1))
    with site.world.services.database.write() as records:
        records.exports.add(made, [document.document_id])
        records.exports.finish(made.export_id, finished)
    desk.files.part(made.export_id, 1).write_bytes(b"file")
    desk.files.publish(desk.files.part(made.export_id, 1), made.export_id, finished.digest)
    return made.export_id
