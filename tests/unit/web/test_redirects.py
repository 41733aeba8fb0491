"""Where a visitor is sent after signing in."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from web.auth.redirects import safe_target

HERE = "http://here.example"
PIECES = st.lists(
    st.sampled_from(
        [
            "/",
            "//",
            "\\",
            "http:",
            "https:",
            "evil.example",
            "@",
            "?",
            "#",
            "\t",
            "\n",
            "%2f",
            ".",
            "..",
            ":",
            "page",
            " ",
            "[",
            "\u202e",
        ]
    ),
    max_size=8,
)


@pytest.fixture(scope="module", autouse=True)
def context() -> Iterator[None]:
    """An application with two pages, one of them for forms only."""
    app = Flask(__name__)
    app.add_url_rule("/page", "page", lambda: "page")
    app.add_url_rule("/form", "form", lambda: "form", methods=["POST"])
    with app.app_context():
        yield


@pytest.mark.parametrize("target", ["/page", "/page?a=b", "/page?next=//evil.example"])
def test_a_page_of_ours_is_gone_to(target: str) -> None:
    """With its query."""
    assert safe_target(target, "/") == target


@pytest.mark.parametrize(
    "target", ["", "/form", "/none", "page", "//page", "https://here.example/page", "/page\n", "/\\page", "///page"]
)
def test_anything_else_is_not(target: str) -> None:
    """No page, a form, another host, or characters that a browser would read differently."""
    assert safe_target(target, "/home") == "/home"


@given(st.one_of(PIECES.map("".join), st.text(max_size=40)))
def test_no_text_whatever_leads_away(wanted: str) -> None:
    """Wherever a browser would go with the answer, it stays with us."""
    target = safe_target(wanted, "/home")
    assert urlsplit(urljoin(HERE, target)).netloc == "here.example"
    assert target.isprintable()
