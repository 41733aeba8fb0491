"""The nouns of version 1."""

from web.api.v1 import (
    corrections,
    documents,
    jobs,
    lists,
    packets,
    records,
    signatures,
    verifications,
    webhooks,
    whoami,
)

NOUNS = tuple(
    one.noun
    for one in (
        whoami,
        packets,
        documents,
        lists,
        corrections,
        signatures,
        verifications,
        jobs,
        records,
        webhooks,
    )
)
"""In the order in which the documentation has them."""
