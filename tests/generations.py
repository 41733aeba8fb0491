"""A service whose keys are rotated: a world with a folder of keys of its own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from packets.model.documents import Document
from packets.model.people import Role
from packets.sample.year import SampleAco
from packets.store.database import Database
from signing.ceremony import Ceremony
from signing.pades import SigningService
from signing.pki import Pki, init_pki, load_pki
from signing.renewal import Renewal
from signing.rotation import Rotation, rotate_pki
from signing.vault import Vault
from web.demo import holder
from worlds import PASSPHRASE, World, build_world


@dataclass
class Generations:
    """A world, its folder of keys, and the keys that are opened now."""

    world: World
    folder: Path
    pki: Pki
    digest: str = "sha256"

    @property
    def signer(self) -> SigningService:
        """The signing service of today's keys."""
        return SigningService(self.pki, self.world.clock, archival_digest=self.digest)

    @property
    def ceremony(self) -> Ceremony:
        """The ceremony of today's keys."""
        return replace(self.world.services.ceremony, signer=self.signer)

    @property
    def renewal(self) -> Renewal:
        """The renewal of today's keys."""
        services = self.world.services
        return Renewal(services.database, services.objects, self.signer, self.world.clock)

    def rotate(self, rotation: Rotation) -> None:
        """Rotate keys, as of the world's clock."""
        self.pki = rotate_pki(self.folder, Vault(PASSPHRASE), rotation, self.world.clock())

    def assemble(self, sample: SampleAco, kind: str) -> Document:
        """A document, sealed with today's seal, for signers under today's root."""
        assembler = replace(self.world.services.assembler, seal=self.signer.seal, issuers=self.signer.issuers)
        return assembler.assemble(sample.aco.aco_id, sample.aco.performance_year, kind)

    def sign(self, document: Document, slot: str, role: Role, user_id: str) -> Document:
        """Sign with today's keys."""
        return self.ceremony.sign(self.world.request(document, slot, role, user_id))

    def execute(self, sample: SampleAco, kind: str = "provider-supplier-list") -> Document:
        """A document with one slot, signed and closed with today's keys."""
        role = Role.ACO_EXECUTIVE
        return self.sign(self.assemble(sample, kind), "AuthorizedSigner", role, holder(sample, role))

    def now(self, document: Document) -> Document:
        """The document as it stands."""
        with self.world.services.database.read() as records:
            found = records.documents.get(document.document_id)
        assert found is not None
        return found

    def bytes_of(self, document: Document) -> bytes:
        """The newest bytes of a document."""
        return self.world.services.objects.get(self.now(document).head_digest)


def begin(folder: Path, database: Database | None = None) -> Generations:
    """A new world with new keys in a folder; tests with threads need a database in a file."""
    world = build_world(2, database=database)
    init_pki(folder / "pki", PASSPHRASE, world.clock() - timedelta(days=1), sample=True)
    return Generations(world, folder / "pki", load_pki(folder / "pki", PASSPHRASE))
