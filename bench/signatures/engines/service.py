"""The service as it is: its own P-256 seal, a certification, validation data, and the closing time-stamp."""

from __future__ import annotations

from packets.clock import system_clock
from signatures.engines.loop import read_task, repeat
from signing.pades import SigningService
from signing.pki import load_pki
from signing.timestamps import remote_source


def main() -> None:
    """Seal and close as asked."""
    task = read_task()
    pki = load_pki(task.folder / "pki", task.passphrase)
    service = SigningService(pki, system_clock, remote_source([task.tsa], pki.trust, system_clock))
    repeat(task, lambda: service.close(service.seal(task.pdf)))


if __name__ == "__main__":
    main()
