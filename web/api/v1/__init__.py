"""The nouns of version 1."""

from web.api.v1 import (
    batches,
    change_requests,
    contacts,
    corrections,
    documents,
    jobs,
    lists,
    organization,
    outcomes,
    packets,
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
        organization,
        change_requests,
        documents,
        lists,
        corrections,
        signatures,
        outcomes,
        batches,
        verifications,
        years,
        windows,
        jobs,
        records,
        webhooks,
    )
)
"""In the order in which the documentation has them."""
