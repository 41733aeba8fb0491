"""The verifier in a child process: the same verdict, and limits that a hostile file cannot pass."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import zlib
from dataclasses import replace

import pytest

from signed_files import NOW, document_type, identity, keys, life
from signing.judge import verify_in_child
from signing.trust import Expected, ExpectedSigner
from signing.verdict import Indication
from signing.verify import verify_pdf

SIGNERS = tuple(
    ExpectedSigner(slot.name, identity(slot, place).user_id, slot.roles)
    for place, slot in enumerate(document_type().slots)
)
LEDGER = Expected(hashlib.sha256(life().closed).hexdigest(), "A1234", 2027, SIGNERS, closed=True)


@pytest.mark.parametrize(
    "expected", [None, LEDGER, replace(LEDGER, aco_id="A9999")], ids=["bare", "ledger", "other-aco"]
)
def test_the_child_says_what_the_parent_would(expected: Expected | None) -> None:
    """Question and verdict survive the way there and back."""
    here = verify_pdf(life().closed, keys().trust, expected=expected, now=NOW)
    assert verify_in_child(life().closed, keys().trust, expected=expected, now=NOW) == here


def test_the_child_passes_on_policies_and_lists() -> None:
    """A trust with policies and lists of its own arrives whole."""
    lists = (keys().authority.issue_revocation_list(NOW),)
    trust = replace(keys().trust, revocation_lists=lists, signer_policies=frozenset({"1.2.3"}))
    assert verify_in_child(life().closed, trust, now=NOW) == verify_pdf(life().closed, trust, now=NOW)


@pytest.mark.parametrize("pdf", [b"", b"%PDF-1.7\n", b"\n\n\n", bytes(1000)])
def test_the_child_judges_rubbish(pdf: bytes) -> None:
    """Empty and broken files get a verdict, not an exception."""
    assert verify_in_child(pdf, keys().trust, now=NOW).overall is Indication.FAILED


def test_the_child_has_no_http_client() -> None:
    """A file is judged by what is in it: the library that could fetch is not there, and its names do nothing."""
    program = (
        "from signing.examination import bar_network; bar_network(); import signing.verify, aiohttp; "
        "aiohttp.ClientSession(timeout=1)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "takes no arguments" in done.stderr


def large_file() -> bytes:
    """Return a PDF whose catalog has very many numbers."""
    pdf = b"%PDF-1.7\n1 0 obj\n<</Type/Catalog/Numbers[" + b"7 " * 300_000 + b"]>>\nendobj\n"
    rows = b"xref\n0 2\n0000000000 65535 f \n0000000009 00000 n \ntrailer\n<</Size 2/Root 1 0 R>>\n"
    return pdf + rows + b"startxref\n%d\n%%%%EOF\n" % len(pdf)


def test_a_file_that_needs_too_much_memory_is_undecided() -> None:
    """The child dies at its limit; the parent goes on. With more memory the same file is judged."""
    assert verify_in_child(large_file(), keys().trust, now=NOW).overall is Indication.FAILED
    verdict = verify_in_child(large_file(), keys().trust, now=NOW, memory_mb=40)
    assert (verdict.overall, verdict.sub_indication) == (Indication.INDETERMINATE, "GENERIC")
    assert verdict.digest == hashlib.sha256(large_file()).hexdigest()


def test_a_file_that_needs_too_much_time_is_undecided() -> None:
    """No processor time, no verdict."""
    verdict = verify_in_child(life().closed, keys().trust, now=NOW, seconds=0)
    assert verdict.overall is Indication.INDETERMINATE


def test_a_compressed_bomb_is_refused() -> None:
    """A cross-reference stream of half a gigabyte in half a megabyte is not unpacked."""
    bomb = zlib.compress(bytes(512 << 20), 9)
    head = b"%PDF-1.7\n"
    stream = b"1 0 obj\n<</Type/XRef/W[1 2 1]/Size 9/Root 1 0 R/Filter/FlateDecode/Length %d>>\nstream\n" % len(bomb)
    pdf = head + stream + bomb + b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % len(head)
    assert not verify_in_child(pdf, keys().trust, now=NOW, memory_mb=512).passed
