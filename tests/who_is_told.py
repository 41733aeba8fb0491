"""The page that says who is told what and when, made from the code: `python -m who_is_told` writes docs/notices.md."""

from __future__ import annotations

import sys
from pathlib import Path

from packets.notices.schedule import ACTIVITY_SCHEDULE, DUA_ENDED_SCHEDULE, DUA_SCHEDULE, FIRST_HOUR, Schedule
from packets.notices.topics import TOLD, Topic

PAGE = Path(__file__).parent.parent / "docs" / "notices.md"
WHEN: dict[Topic, str] = {
    Topic.WINDOW_EXTENDED: "CMS grants more time, to an ACO or to a cohort",
    Topic.DOCUMENT_SIGNED: "a document is signed, by the ACO or by CMS",
    Topic.DOCUMENT_DECLINED: "somebody declines to sign",
    Topic.DOCUMENT_VOIDED: "CMS voids a document",
    Topic.CHANGE_REQUEST_FILED: "an ACO asks for a change of data that it cannot change itself",
    Topic.CHANGE_REQUEST_ANSWERED: "CMS answers it",
    Topic.DUA_CLOSED: "CMS closes the Data Use Agreement",
    Topic.CONTACTS_CHANGED: "contacts are submitted with changes",
    Topic.CONTACT_PLACED: "CMS puts somebody in place, because nobody of the ACO can edit Step 1 any more",
    Topic.BATCH_FINISHED: "a batch of countersignatures ends",
    Topic.PASSWORD_RESET: "somebody asks for a link to a new password",
    Topic.ACCOUNT_CHANGED: "a password or a second factor is changed, or a recovery code is used",
}
SCHEDULES: dict[Topic, tuple[str, Schedule]] = {
    Topic.DEADLINE_NEAR: ("an activity is not finished", ACTIVITY_SCHEDULE),
    Topic.DUA_EXPIRING: ("the Data Use Agreement ends", DUA_SCHEDULE),
    Topic.DUA_EXPIRED: ("the Data Use Agreement has ended", DUA_ENDED_SCHEDULE),
}
HEAD = """# Who is told what, and when

Every notice stands in the inbox of whoever has a user ID, and is mailed where `ESM_MAIL_URL` names a server
([settings](settings.md)). It says what happened, what to do, by when, and where: it leads to the packet, and never signs or signs
anybody in; only the mail of a `password-reset` carries a link, which works once and signs nobody in. It names roles, documents
and the ACO ID, no person. The words are in `templates/mail/<topic>/words.toml`.

| topic | when | who is told |
|---|---|---|
"""
FOOT = f"""
Reminders are given from {FIRST_HOUR} o'clock in the morning on, Eastern time, each once; after an outage the one that was
reached last. An activity is reminded of from its begin date on; when CMS moves a due date, the reminders begin anew. CMS is
reminded once for all documents that wait to be countersigned. An agreement is extended, and its reminders move a year on, when
the ACO's document is executed.

`esm serve` and `esm worker` remind, write and mail by themselves; `esm notices send` does it once, and
`esm notices plan --date DAY` shows the reminders of a day. What became of the mail is on the page “How notices were delivered”,
for CMS staff.
"""


def write_page() -> str:
    """The page, Markdown."""
    rows = [f"| `{topic}` | {_when(topic)} | {', '.join(circles)} |" for topic, circles in TOLD.items()]
    return HEAD + "\n".join(rows) + "\n" + FOOT


def _when(topic: Topic) -> str:
    if topic in WHEN:
        return WHEN[topic]
    what, schedule = SCHEDULES[topic]
    days = [str(one) for one in schedule.days if one > 0]
    parts = [f"{', '.join(days)} days before"] if days else []
    parts += ["on the day itself"] if 0 in schedule.days else []
    parts += [f"every day from {schedule.daily_from} days before to the day itself"] if schedule.daily_from else []
    parts += ["once, from the day after"] if -1 in schedule.days else []
    return f"{what}: {'; '.join(parts)}"


if __name__ == "__main__":
    PAGE.write_text(write_page(), "utf-8")
    sys.stdout.write(f"{PAGE}\n")
