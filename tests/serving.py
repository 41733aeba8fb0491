"""The service's HTTP server before an app, in a thread of this process."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask

from packets.proxy_addresses import parse_proxies
from web.cli.serve import listen
from web.server import make_server


@contextmanager
def serving(app: Flask, proxies: str = "") -> Iterator[int]:
    """Serve on a free port of 127.0.0.1 for as long as the block runs; answers the port.

    Args:
        app: what is served.
        proxies: who is believed about the client's address, as `ESM_TRUST_PROXY` names them.

    The thread that polls the sockets closes them itself: closed under it, they make it fail now and then.
    """
    with listen("127.0.0.1", 0) as door:
        server = make_server(app, door, parse_proxies(proxies))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        try:
            yield door.getsockname()[1]
        finally:
            server.trigger.pull_trigger(server.close)
            thread.join(10)
            server.task_dispatcher.shutdown()
