"""The nouns of version 1."""

from web.api.v1 import (
    agreements,
    batches,
    change_requests,
    contacts,
    corrections,
    documents,
    exports,
    jobs,
    lists,
    organization,
    outcomes,
    packets,
    placements,
    preparations,
    records,
    signatures,
    verifications,
    webhooks,
    whoami,
    windows,
    years,
)

NOUNS = tuple(
    one.noun
    for one in (
        whoami,
        packets,
        contacts,
        placements,
        organization,
        change_requests,
        agreements,
        documents,
        lists,
        corrections,
        signatures,
        outcomes,
        batches,
        verifications,
        years,
        windows,
        preparations,
        jobs,
        records,
        exports,
        webhooks,
    )
)
"""In the order in which the documentation has them."""
