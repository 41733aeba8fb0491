"""Signing through the pages: what is shown, what is asked, what is refused, and the receipt."""

from __future__ import annotations

import re
import uuid
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from browsing import Browser, Site, open_site
from packets.audit.log import Act
from packets.model.documents import Document
from packets.model.people import Role
from worlds import PASSWORD

SLOT = "AuthorizedSigner"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site with nothing signed."""
    return open_site(tmp_path)


@pytest.fixture
def executive(site: Site) -> Browser:
    """The Executive of the current ACO, signed in."""
    return site.enter(site.holder(Role.ACO_EXECUTIVE))


@pytest.fixture
def document(site: Site) -> Document:
    """Step 2 of the current ACO."""
    return site.document("provider-supplier-list")


def made_up(document: Document) -> dict[str, str]:
    """A whole signing form that no page has shown."""
    return {
        "consent": "yes",
        "password": PASSWORD,
        "idempotency_key": str(uuid.uuid4()),
        "viewed_digest": document.head_digest,
        "role": "aco-executive",
    }


def signatures(site: Site, document: Document) -> int:
    """How many signatures are recorded on a document."""
    with site.world.services.database.read() as records:
        found = records.documents.get(document.document_id)
    assert found is not None
    return len(found.signatures)


@pytest.mark.requirement("R40", "R46", "R72")
def test_an_executive_reads_signs_and_gets_a_receipt(site: Site, executive: Browser, document: Document) -> None:
    """The receipt says who, as what, when in both zones, at which level, the digest, and what comes next."""
    response = site.sign(executive, document, SLOT)
    assert response.status_code == 303
    receipt = executive.get(response.location).text
    signed = site.document(document.kind)
    person = site.world.services.reading.person(site.holder(Role.ACO_EXECUTIVE))
    assert person is not None
    for words in (
        person.user_id,
        "ACO Executive",
        "15:00:00 UTC",
        "10:00:00 a.m. EST",
        "PAdES B-",
        signed.signatures[0].revision_digest,
        "Step 3",
        "Download",
    ):
        assert words in receipt
    assert signatures(site, document) == 1


def test_the_page_shows_what_is_signed_and_asks_for_consent_that_is_not_given_beforehand(
    site: Site, executive: Browser, document: Document
) -> None:
    """Document, role, meaning and digest stand there; the box is empty; the password field is there."""
    executive.get(f"/documents/{document.document_id}/pdf")
    page = executive.get(f"/documents/{document.document_id}/sign/{SLOT}").text
    slot = site.world.services.catalog[document.kind].slot(SLOT)
    assert slot.purpose in page
    assert document.head_digest in page
    assert "ACO Executive" in page
    assert 'type="password"' in page
    assert "checked" not in page
    assert str(uuid.UUID(executive.hidden["idempotency_key"])) == executive.hidden["idempotency_key"]


@pytest.mark.requirement("R40")
def test_nobody_signs_what_they_were_not_shown(site: Site, executive: Browser, document: Document) -> None:
    """Before the PDF was opened there is no form, and a form that was made up is refused."""
    page = executive.get(f"/documents/{document.document_id}/sign/{SLOT}")
    assert "idempotency_key" not in page.text
    response = executive.post(f"/documents/{document.document_id}/sign/{SLOT}", made_up(document))
    assert response.status_code == 403
    assert "not-viewed" in response.text
    assert signatures(site, document) == 0


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"password": "wrong"}, 403, "sign-in-wrong"),
        ({"password": ""}, 422, "password-missing"),
        ({"consent": ""}, 422, "consent-missing"),
        ({"idempotency_key": "once"}, 422, "form-incomplete"),
        ({"role": "king"}, 422, "form-incomplete"),
        ({"role": "dua-requestor"}, 403, "role-not-permitted"),
        ({"viewed_digest": ""}, 422, "form-incomplete"),
        ({"viewed_digest": "0" * 64}, 409, "document-changed"),
    ],
)
def test_a_form_that_is_not_right_signs_nothing(
    site: Site, executive: Browser, document: Document, changed: dict[str, str], status: int, code: str
) -> None:
    """The page comes back with every reason, and the document is as it was."""
    response = site.sign(executive, document, SLOT, **changed)
    assert response.status_code == status
    assert code in response.text
    assert "Nothing was signed" in response.text
    assert signatures(site, document) == 0


def test_every_reason_is_told_at_once(site: Site, executive: Browser, document: Document) -> None:
    """No consent and no password: both are said."""
    page = site.sign(executive, document, SLOT, consent="", password="").text
    assert "consent-missing" in page
    assert "password-missing" in page


def test_a_form_that_is_sent_twice_is_one_signature_and_the_same_receipt(
    site: Site, executive: Browser, document: Document
) -> None:
    """Going back and pressing the button again, or a network that repeats, changes nothing."""
    executive.get(f"/documents/{document.document_id}/pdf")
    executive.get(f"/documents/{document.document_id}/sign/{SLOT}")
    form = {**executive.hidden, "consent": "yes", "password": PASSWORD}
    first = executive.post(f"/documents/{document.document_id}/sign/{SLOT}", form)
    again = executive.post(f"/documents/{document.document_id}/sign/{SLOT}", form)
    assert first.status_code == again.status_code == 303
    assert first.location == again.location
    assert signatures(site, document) == 1


@pytest.mark.requirement("E20")
def test_a_slot_that_is_signed_cannot_be_signed_again(site: Site, executive: Browser, document: Document) -> None:
    """The page says so instead of showing a form, and a new form is refused as a conflict."""
    site.sign(executive, document, SLOT)
    page = executive.get(f"/documents/{document.document_id}/sign/{SLOT}")
    assert "is signed already" in page.text
    signed = site.document(document.kind)
    executive.get(f"/documents/{document.document_id}/pdf")
    executive.get("/")
    response = executive.post(f"/documents/{document.document_id}/sign/{SLOT}", made_up(signed))
    assert response.status_code == 409
    assert "already-signed" in response.text
    assert "idempotency_key" not in response.text
    assert signatures(site, document) == 1


@pytest.mark.requirement("R44", "E7")
def test_a_step_whose_turn_has_not_come_says_what_it_waits_for(site: Site, executive: Browser) -> None:
    """On the packet's page and on the signing page the reason and the remedy stand in words."""
    later = site.document("participant-list")
    for path in (
        f"/packets/{later.aco_id}/2027",
        f"/documents/{later.document_id}",
        f"/documents/{later.document_id}/sign/{SLOT}",
    ):
        page = executive.get(path).text
        assert "is not signed yet." in page
        assert "Sign Step 2 first." in page
    response = site.sign(executive, later, SLOT, **made_up(later))
    assert response.status_code == 403
    assert "prerequisite-unsigned" in response.text
    assert signatures(site, later) == 0


@pytest.mark.requirement("R8", "E19")
def test_after_the_due_date_the_pages_say_so_and_refuse(site: Site, executive: Browser, document: Document) -> None:
    """A form that was open when the window closed is refused with the reason."""
    executive.get(f"/documents/{document.document_id}/pdf")
    executive.get(f"/documents/{document.document_id}/sign/{SLOT}")
    form = {**executive.hidden, "consent": "yes", "password": PASSWORD}
    site.world.clock.advance(timedelta(days=40))
    late = site.enter(site.holder(Role.ACO_EXECUTIVE))
    assert "Past due" in late.get(f"/packets/{document.aco_id}/2027").text
    response = late.post(
        f"/documents/{document.document_id}/sign/{SLOT}", {**form, "csrf_token": late.hidden["csrf_token"]}
    )
    assert response.status_code == 403
    assert "window-closed" in response.text


@pytest.mark.requirement("R15", "E4")
def test_losing_the_entitlement_is_told_on_the_packet(site: Site, document: Document) -> None:
    """Both account checks are shown to whoever lacks them."""
    user_id = site.holder(Role.ACO_EXECUTIVE)
    person = site.world.services.reading.person(user_id)
    assert person is not None
    site.world.services.enrollment.register([replace(person, may_sign_electronically=False)])
    page = site.enter(user_id).get(f"/packets/{document.aco_id}/2027").text
    assert f"User {user_id} has no electronic signature access." in page
    assert re.search(r'<span class="usa-tag tag tag--alarm">.*Not ready</span>', page)


@pytest.mark.requirement("R3", "R17", "R19", "R74")
def test_a_data_use_agreement_goes_from_requestor_to_custodian_to_cms(site: Site) -> None:
    """Two people of the ACO, then the CMS signatory through the same page; then it is executed."""
    site.world.finish(site.current, before_step=4)
    agreement = site.document("data-use-agreement")
    assert site.sign(site.enter(site.holder(Role.DUA_REQUESTOR)), agreement, "Requestor_16").status_code == 303
    signatory = site.enter(site.world.agency(Role.CMS_SIGNATORY))
    assert "Nothing waits" in signatory.get("/countersign").text
    assert "DUA Custodian has not signed yet." in signatory.get(f"/documents/{agreement.document_id}").text
    assert site.sign(site.enter(site.holder(Role.DUA_CUSTODIAN)), agreement, "Custodian_17").status_code == 303
    assert agreement.document_id in signatory.get("/countersign").text
    response = site.sign(signatory, agreement, "CMS_20")
    assert response.status_code == 303
    assert "it is executed" in signatory.get(response.location).text
    assert "Nothing waits" in signatory.get("/countersign").text
    assert site.document("data-use-agreement").executed_at is not None


def test_a_slot_that_does_not_exist_is_not_found(executive: Browser, document: Document) -> None:
    """Addresses that were made up lead to the calm page."""
    for path in ("sign/Nobody", "receipt/Nobody", f"receipt/{SLOT}"):
        assert executive.get(f"/documents/{document.document_id}/{path}").status_code == 404


def test_reading_is_recorded_once_and_downloading_each_time(site: Site, executive: Browser, document: Document) -> None:
    """The log tells that the document was shown and how often it was taken along."""
    path = f"/documents/{document.document_id}/pdf"
    assert executive.head(path).status_code == 200
    with site.world.services.database.read() as records:
        assert not records.documents.viewed(document.document_id, site.holder(Role.ACO_EXECUTIVE), document.head_digest)
    for path in ("pdf", "pdf", "download", "download"):
        executive.get(f"/documents/{document.document_id}/{path}")
    with site.world.services.database.read() as records:
        acts = [entry.act for entry in records.journal.entries()]
    assert acts.count(Act.DOCUMENT_VIEW) == 1
    assert acts.count(Act.DOCUMENT_DOWNLOAD) == 2
