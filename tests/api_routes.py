"""Every route of the JSON API under the one audience that it is for."""

from __future__ import annotations

from web.auth.roles import Audience

API = "/api/v1"
PACKET = f"{API}/packets/<aco:aco_id>/<int(min=2012, max=2999):year>"
DOCUMENT = f"{API}/documents/<uuid:document_id>"
YEAR = f"{API}/years/<int(min=2012, max=2999):year>"
REQUEST = f"{API}/change-requests/<int(min=1, max=999999999):request_id>"
BATCH = f"{API}/batches/<uuid:batch_id>"
EXPORT = f"{API}/exports/<uuid:export_id>"
SLOT = f"{PACKET}/contacts/<slug:role>"
STEP_ONE = frozenset(
    {
        *(f"{method} {SLOT}" for method in ("GET", "PUT", "DELETE")),
        f"DELETE {SLOT}/draft",
        f"POST {PACKET}/contacts/submission",
        f"PUT {PACKET}/organization",
        f"DELETE {PACKET}/organization/draft",
        f"POST {PACKET}/organization/submission",
        f"POST {PACKET}/change-requests",
    }
)
YEARS = frozenset(
    {
        f"GET {API}/years",
        f"POST {API}/years",
        *(f"GET {YEAR}{more}" for more in ("", "/acos", "/loads", "/loading", "/opening", "/windows")),
        f"GET {YEAR}/loads/<int(min=1, max=999999999):load_id>/report",
        f"POST {YEAR}/loads",
        f"POST {YEAR}/file-checks",
        f"PUT {YEAR}/windows/<slug:cohort>/<slug:activity>",
        f"POST {PACKET}/extensions",
        f"GET {API}/change-requests",
        f"GET {REQUEST}",
        f"POST {REQUEST}/answer",
        *(f"GET {YEAR}/{more}" for more in ("agreements", "preparation", "preparation/missing")),
        f"POST {YEAR}/preparation",
        f"GET {YEAR}/unattended",
        f"POST {PACKET}/agreement/closing",
        *(f"{method} {PACKET}/editors" for method in ("GET", "POST")),
    }
)


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
    Audience.PACKET_READERS: frozenset(
        f"GET {PACKET}{more}"
        for more in (
            "",
            "/lists/<slug:name>",
            "/contacts",
            "/organization",
            "/change-requests",
            "/deadlines",
            "/agreement",
        )
    ),
    Audience.RECORD_READERS: frozenset(
        {f"GET {DOCUMENT}{more}" for more in ("", "/revisions", "/pdf", "/verification")}
    ),
    Audience.UPLOAD_READERS: frozenset({f"GET {PACKET}/corrections"}),
    Audience.UPLOADERS: frozenset({f"POST {PACKET}/corrections"}),
    Audience.SIGNERS: frozenset(
        {
            f"POST {DOCUMENT}/prepared-signatures",
            f"POST {DOCUMENT}/prepared-signatures/<uuid:prepared_id>/completion",
            f"POST {DOCUMENT}/decline",
            f"POST {DOCUMENT}/withdrawal",
        }
    ),
    Audience.VOIDERS: frozenset({f"POST {DOCUMENT}/voiding"}),
    Audience.CMS_READERS: frozenset({f"GET {API}/countersigning"}),
    Audience.CMS_SIGNATORIES: frozenset(
        {
            f"GET {API}/batches",
            f"POST {API}/batches",
            f"GET {BATCH}",
            f"GET {BATCH}/documents",
            f"POST {BATCH}/stop",
        }
    ),
    Audience.AGREEMENT_KEEPERS: frozenset(
        f"POST {PACKET}/agreement/{act}" for act in ("confirmation", "extension", "addenda")
    ),
    Audience.STEP_ONE_EDITORS: _webhooks(PACKET) | STEP_ONE,
    Audience.YEAR_MANAGERS: _webhooks(API) | YEARS | {f"GET {API}/jobs", f"GET {API}/jobs/<uuid:job_id>"},
    Audience.ARCHIVE_READERS: frozenset(
        {
            *(f"GET {API}/{one}" for one in ("records", "exports")),
            f"POST {API}/exports",
            *(f"{one} {EXPORT}" for one in ("GET", "DELETE")),
            f"GET {EXPORT}/file",
        }
    ),
}
