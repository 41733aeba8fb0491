"""Whose mailboxes identify no organization, and which names before the at sign belong to nobody in particular (R27, REQ 4.9).

Both lists are data: add a line where one is missing. A provider is listed with the domain under which it gives mailboxes to
anybody; what lies below it (`mail.example.com`) is covered by it.
"""

from __future__ import annotations

PERSONAL_NAMES = frozenset({"gmail", "googlemail", "hotmail", "yahoo", "ymail", "rocketmail"})
"""Providers that give mailboxes to anybody under one name in many countries: `yahoo.com`, `yahoo.co.uk`, `hotmail.fr`."""

PERSONAL_DOMAINS = frozenset(
    """
    126.com 163.com aim.com aol.com att.net bellsouth.net btinternet.com cableone.net centurylink.net centurytel.net charter.net
    comcast.net cox.net cs.com duck.com earthlink.net embarqmail.com excite.com fastmail.com fastmail.fm frontier.com
    frontiernet.net gmx.com gmx.net gmx.us hey.com hush.com hushmail.com icloud.com inbox.com juno.com lavabit.com live.ca
    live.co.uk live.com lycos.com mac.com mail.com mail.ru mailinator.com me.com mindspring.com msn.com netscape.net netzero.com
    netzero.net optimum.net optonline.net outlook.com peoplepc.com pm.me prodigy.net proton.me protonmail.ch protonmail.com qq.com
    roadrunner.com rr.com sbcglobal.net spectrum.net suddenlink.net tds.net tuta.com tutanota.com twc.com usa.net verizon.net
    web.de windstream.net yandex.com yandex.ru zoho.com zohomail.com
    """.split()  # noqa: SIM905  a list of names, not of quotation marks
)
"""Further providers, and the networks that give mailboxes to their subscribers."""

SHARED_WORDS = frozenset(
    """
    accounting accounts admin administration administrator admins all billing care careers clinic compliance contact contacts
    contactus credentialing customerservice desk email enquiries enquiry everyone feedback finance front frontdesk general hello
    help helpdesk hostmaster hr info information inquiries inquiry intake it jobs legal mail mailbox main manager marketing media
    medicalrecords news newsletter no noreply nurse office operations ops payroll postmaster press privacy quality reception
    records referral referrals reply reports reporting sales scheduling security service services shared staff support team
    webmaster
    """.split()  # noqa: SIM905  a list of names, not of quotation marks
)
"""Names of shared mailboxes, and the words that such names are put together from: `front-desk`, `aco.info`, `no-reply`."""

NEUTRAL_WORDS = frozenset({"aco", "the", "our", "my", "us", "at", "and", "of", "for"})
"""Words that make a shared name no less shared; alone they are no name of a person either."""
