"""What a designee does on deadline day, from signing in to signing out, as their pages lead them."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from deadline_day.browser import Browser, Page, UnexpectedError
from deadline_day.people import LOOK_AGAIN, MEDIANS, SIGNATURES_EACH, Designee, think
from packets.model.people import Role
from web.auth.totp import STEP_SECONDS, code_at

SIGN = "Read and sign"


@dataclass
class Day:
    """What all designees share.

    Attributes:
        password: of everybody; each has a factor of their own beside it.
        pace: 1 for people as they are; less makes them hurry.
        ends: from then on (`time.monotonic`) nobody begins another document.
        requested: documents that a Requestor has signed, of which they tell their Custodian.
        acknowledged: document, slot and user ID of every signature whose receipt somebody has seen.
    """

    password: str
    pace: float
    ends: float
    requested: set[str] = field(default_factory=set)
    acknowledged: list[tuple[str, str, str]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, document_id: str, slot: str, one: Designee) -> None:
        """Somebody has seen the receipt of their signature."""
        with self._lock:
            self.acknowledged.append((document_id, slot, one.user_id))
            if one.role is Role.DUA_REQUESTOR:
                self.requested.add(document_id)


@dataclass
class Visit:
    """One designee at their browser.

    Attributes:
        nth: of all; the odd ones re-authenticate with their password, the others with a code where there is a new one.
    """

    day: Day
    one: Designee
    browser: Browser
    nth: int
    chance: random.Random
    rest: Callable[[float], None] = time.sleep
    signed: int = 0
    _step: int = 0

    def run(self, after: float) -> None:
        """Come after so many seconds, sign, leave. What goes wrong is told by the browser, and ends the visit."""
        self.rest(after)
        self._step = self.one.step
        try:
            home = self._sign_in()
            while self.signed < SIGNATURES_EACH and time.monotonic() < self.day.ends:
                home = self._next_document(home)
            self.browser.send("sign-out", home, "/sign-out", {}, "/sign-in")
        except UnexpectedError:
            pass
        finally:
            self.browser.close()

    def _sign_in(self) -> Page:
        page = self.browser.open("sign-in page", "/sign-in", "Sign in")
        self._look_at("sign-in page")
        given = {"user_id": self.one.user_id, "password": self.day.password}
        second = self.browser.send("password", page, "/sign-in", given, "/sign-in/second")
        page = self.browser.open("second step page", second, "Second step")
        self._look_at("second step page")
        given = {"code": self._next_code()}
        return self.browser.open("home", self.browser.send("code", page, "/sign-in/second", given, "/"), "Packets")

    def _next_document(self, home: Page) -> Page:
        """Sign what the home page offers, or wait and look again; answer the home page."""
        self._look_at("home")
        offered = next((at for at, said in home.links if said.startswith(SIGN) and self._is_mine(at)), "")
        if not offered:
            self.rest(think(self.chance, LOOK_AGAIN, self.day.pace))
            return self.browser.open("home", "/", "Packets")
        packet = next(words for at, words in home.links if at == offered).partition(":")[2].strip()
        self._sign(home.link(packet, "/packets/"), offered.split("/")[2])
        self.signed += 1
        return self.browser.open("home", "/", "Packets")

    def _is_mine(self, address: str) -> bool:
        """The Custodian signs after the Requestor, so that neither changes what the other has before them."""
        return self.one.role is not Role.DUA_CUSTODIAN or address.split("/")[2] in self.day.requested

    def _sign(self, packet: str, document_id: str) -> None:
        place = f"/documents/{document_id}"
        self.browser.open("packet", packet, "")
        self._look_at("packet")
        self.browser.open("document", place, "")
        self._look_at("document")
        page = self.browser.open("reading page", f"{place}/read", "Read:")
        self.browser.fetch("PDF to read", f"{place}/pdf")
        self._look_at("PDF to read")
        address = page.link("I have read it", f"{place}/sign/")
        page = self.browser.open("signing page", address, "Sign:")
        self._look_at("signing page")
        receipt = self.browser.send("sign", page, address, {"consent": "yes", **self._proof()}, f"{place}/receipt/")
        self.browser.open("receipt", receipt, "Signed:")
        self.day.note(document_id, receipt.rpartition("/")[2], self.one)
        self._look_at("receipt")
        self.browser.fetch("download", f"{place}/download")
        self._look_at("download")

    def _proof(self) -> dict[str, str]:
        """A code of the app where there is one that was not used yet, else the password."""
        now = int(time.time()) // STEP_SECONDS
        if self.nth % 2 == 0 and now > self._step:
            return {"code": self._next_code()}
        return {"password": self.day.password}

    def _next_code(self) -> str:
        """The code that the app shows; after one that was used the person waits for the next."""
        while int(time.time()) // STEP_SECONDS <= self._step:
            self.rest(1.0)
        self._step = int(time.time()) // STEP_SECONDS
        return code_at(self.one.secret, self._step)

    def _look_at(self, kind: str) -> None:
        self.rest(think(self.chance, MEDIANS[kind], self.day.pace))
