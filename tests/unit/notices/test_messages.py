"""A notice as mail: whatever stands in it, it stays one message to one recipient with our headers and no other."""

from __future__ import annotations

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from packets.errors import InputError
from packets.model.notices import DeliveryState, Letter, Notice, Recipient
from packets.notices.message import Sender, build_message, is_address, read_sender
from worlds import START

SENDER = Sender("ACO packets", "no-reply@example.org")
HEADERS = [
    "Message-ID",
    "Date",
    "From",
    "To",
    "Subject",
    "List-Id",
    "Auto-Submitted",
    "MIME-Version",
    "Content-Type",
]
NASTY = st.text() | st.lists(
    st.sampled_from(
        [
            "\r\n",
            "\n",
            "\r",
            "Bcc: a@example.com",
            "\x85",
            "\u2028",
            "\x0b",
            "\0",
            "é",
            "=?utf-8?q?=0A?=",
            " ",
            "x" * 90,
        ]
    ),
    max_size=12,
).map("".join)


def notice(subject: str = "A subject", text: str = "Words.\n", email: str = "ann@example.org") -> Notice:
    return Notice(
        notice_id=7,
        message_id=3,
        recipient=Recipient("ANNA", email),
        topic="deadline-near",
        aco_id="A9001",
        year=2027,
        sample=True,
        letter=Letter(subject, text, f"<p>{text}</p>"),
        created_at=START,
        read_at=None,
        state=DeliveryState.QUEUED,
        attempts=1,
        next_attempt_at=START,
        give_up_at=START,
        sent_at=None,
        last_error="",
    )


def sent(message: EmailMessage) -> EmailMessage:
    """The message as a mailbox reads it."""
    read = message_from_bytes(message.as_bytes(), policy=default)
    assert isinstance(read, EmailMessage)
    return read


def test_a_message_has_what_an_automatic_one_must_have() -> None:
    """Date, a stable Message-ID, who made it by itself, and both bodies (RFC 5322, 3834, 2919)."""
    read = sent(build_message(notice(), SENDER))
    assert read.keys() == HEADERS
    assert read["Message-ID"] == f"<notice-7-{START:%Y%m%d%H%M%S%f}@example.org>"
    assert read["Message-ID"] == build_message(notice(), SENDER)["Message-ID"]
    assert read["Auto-Submitted"] == "auto-generated"
    assert read["List-Id"] == "<notices.example.org>"
    assert read.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in read.iter_parts()] == ["text/plain", "text/html"]


@settings(deadline=None)
@given(NASTY, NASTY)
@example("=??Q?=0A", "an encoded word that is none, and decodes to a line end")
@example("Due\r\nBcc: everybody@example.com\r\n\r\nBody", "a\r\n.\r\nQUIT\r\n")
@example("x" * 5000, "y" * 5000)
@example("é" * 400, "\x85Bcc: b@example.com")
def test_subjects_and_bodies_add_no_header_and_no_recipient(subject: str, text: str) -> None:
    """Line ends of every kind, characters from everywhere, any length."""
    safe = text.encode("utf-8", "replace").decode()
    read = sent(build_message(notice(subject, safe), SENDER))
    assert read.keys() == HEADERS
    assert read["To"] == "ann@example.org"
    assert [part.get_content_type() for part in read.iter_parts()] == ["text/plain", "text/html"]
    assert all(len(line) <= 998 for line in read.as_bytes().splitlines())


@settings(deadline=None)
@given(NASTY | st.emails())
@example("ann@example.org\r\nBcc: b@example.com")
@example("ann@example.org, b@example.com")
@example('"a b"@example.org')
@example("Ann <ann@example.org>")
@example("anné@example.org")
@example(f"{'a' * 65}@example.org")
@example(f"ann@{'example.' * 40}org")
def test_an_address_is_one_plain_address_or_is_refused(text: str) -> None:
    """Nothing else gets as far as a header or a command to the server."""
    if is_address(text):
        read = sent(build_message(notice(email=text), SENDER))
        assert (read["To"], read.keys()) == (text, HEADERS)
    else:
        with pytest.raises(InputError, match="address-unusable"):
            build_message(notice(email=text), SENDER)


@settings(deadline=None)
@given(NASTY | st.text("aZ9 '-", max_size=60))
@example("x" * 60)
def test_a_sender_from_the_settings_is_one_address_with_a_plain_name(text: str) -> None:
    """A name may hold anything but what ends a header."""
    try:
        sender = read_sender(f"{text} <no-reply@example.org>")
    except InputError:
        return
    read = sent(build_message(notice(), sender))
    assert read.keys() == HEADERS
    assert [one.addr_spec for one in read["From"].addresses] == ["no-reply@example.org"]


@pytest.mark.parametrize("text", ["", "nobody", "a@b c", "Name <a@b", "<a@example.org>\r\nBcc: b@example.org"])
def test_a_sender_that_is_none_is_refused(text: str) -> None:
    """With the way to write one."""
    with pytest.raises(InputError, match="mail-from-unusable"):
        read_sender(text)
