"""The description of the API is valid, says what the door does, and a machine that only reads it finds nothing that breaks."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from openapi_spec_validator import validate
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    missing_required_header,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from browsing import Site
from callers import Caller, caller
from packets.model.people import Role
from web.api.door import OPERATIONS, description

EXAMPLES = 5
"""For each operation and kind of data; more of them find nothing more and cost a second each ten."""
CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
    missing_required_header,
    unsupported_method,
)
DOCUMENT = description()
REFUSALS = [400, 401, 403, 404, 415, 422, 428]
"""A missing `If-Match` is 428 (RFC 6585, 3)."""
REJECTIONS = [*REFUSALS, 405, 406, 409, 412, 429, "5xx"]
"""An `If-Match` that is no tag of ours is 412."""
CONFIG = schemathesis.Config.from_dict(
    {
        "checks": {
            "missing_required_header": {"expected-statuses": REFUSALS},
            "negative_data_rejection": {"expected-statuses": REJECTIONS},
        }
    }
)
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT, config=CONFIG)


@schemathesis.serializer("application/pdf", "application/zip")
def send_bytes(_context: Any, value: Any) -> bytes:
    """Files are sent as they are."""
    return value if isinstance(value, bytes) else str(value).encode()


@pytest.fixture(scope="module")
def staff(site: Site) -> Caller:
    return caller(site, site.world.agency(Role.CMS_STAFF))


def test_the_description_is_valid_and_is_what_is_served(site: Site) -> None:
    """OpenAPI 3.1, without a token."""
    validate(DOCUMENT)
    assert Caller(site.app).get("/api/openapi.json").get_json() == DOCUMENT


def test_every_operation_is_described(site: Site) -> None:
    """Address, method, what it is for; and all that creates wants a key."""
    described = {one["operationId"]: one for path in DOCUMENT["paths"].values() for one in path.values()}
    assert set(described) == {one.endpoint for one in OPERATIONS}
    assert all(one["summary"].endswith(".") for one in described.values())
    creating = {one.endpoint for one in OPERATIONS if one.creates}
    keyed = {name for name, one in described.items() if "Idempotency-Key" in {p["name"] for p in one["parameters"]}}
    assert keyed == creating == {one.endpoint for one in OPERATIONS if one.status in {201, 202}}
    assert len(site.app.url_map._rules) > len(OPERATIONS)


@SCHEMA.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_a_machine_that_reads_the_description_breaks_nothing(case: Any, site: Site, staff: Caller) -> None:
    """Data that fit the description and data that do not, for every operation."""
    case.call_and_validate(app=site.app, headers={"Authorization": f"Bearer {staff.token}"}, checks=list(CHECKS))
