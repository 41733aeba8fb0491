"""Every route of the JSON API under the one audience that it is for."""

from __future__ import annotations

from web.auth.roles import Audience

API = "/api/v1"
PACKET = f"{API}/packets/<aco:aco_id>/<int(min=2012, max=2999):year>"
DOCUMENT = f"{API}/documents/<uuid:document_id>"


def _webhooks(base: str) -> frozenset[str]:
    every, one = f"{base}/webhooks", f"{base}/webhooks/<uuid:webhook_id>"
    return frozenset(
        {
            f"GET {every}",
            f"POST {every}",
            f"GET {one}",
            f"DELETE {one}",
            f"GET {one}/secret",
            f"POST {one}/secret",
            f"GET {one}/deliveries",
            f"POST {one}/deliveries/<uuid:delivery_id>/replay",
        }
    )


API_ROUTES: dict[Audience, frozenset[str]] = {
    Audience.ANYONE: frozenset({"GET /api/openapi.json"}),
    Audience.SIGNED_IN: frozenset({f"GET {API}/whoami", f"GET {API}/packets", f"POST {API}/verifications"}),
    Audience.PACKET_READERS: frozenset({f"GET {PACKET}", f"GET {PACKET}/lists/<slug:name>"}),
    Audience.RECORD_READERS: frozenset(
        {f"GET {DOCUMENT}{more}" for more in ("", "/revisions", "/pdf", "/verification")}
    ),
    Audience.UPLOAD_READERS: frozenset({f"GET {PACKET}/corrections"}),
    Audience.UPLOADERS: frozenset({f"POST {PACKET}/corrections"}),
    Audience.SIGNERS: frozenset(
        {
            f"POST {DOCUMENT}/prepared-signatures",
            f"POST {DOCUMENT}/prepared-signatures/<uuid:prepared_id>/completion",
        }
    ),
    Audience.STEP_ONE_EDITORS: _webhooks(PACKET),
    Audience.YEAR_MANAGERS: _webhooks(API) | {f"GET {API}/jobs", f"GET {API}/jobs/<uuid:job_id>"},
    Audience.ARCHIVE_READERS: frozenset({f"GET {API}/records"}),
}
