"""The whole dispute as one paper: for whoever asks, with what they may read; and kept, with what all may read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from hub.codes import label
from hub.engine.chain import canonical
from hub.engine.reading import Reading
from hub.engine.topics import Happened
from hub.escalations.durations import durations_of
from hub.escalations.page import DisputePage
from hub.escalations.page_queries import owner_names
from hub.escalations.paper_queries import EVERY_SIDE, evidence_of_all, people_of, read_for_all, whole
from hub.escalations.paper_sections import Sections
from hub.escalations.standing import sees_it_by_role
from hub.papers.content import Block, boxed, fingerprint, heading, pairs, paragraph
from hub.papers.models import ForWhom, Paper, PaperKind
from hub.papers.services import hub_name, keep
from hub.web.filters import moment, nhs_number, plain_day
from hub.web.item_page import HistoryLine, ItemPage
from hub.web.sections import given
from hub.web.stored_words import audience_words
from workflows.actor import Actor

ABOUT: Final = ("About this dispute", "What is known")
RESTRICTED: Final = "Sharing is restricted: ring the hub before you tell anybody who this is about."
FOR_ALL: Final = (
    "It has what everybody who takes part may read. Notes and papers that one of them keeps to themselves are left out."
)
FOR_ONE: Final = (
    "It has what you may read. Some of it may be kept from others: before you pass it on, look for “Only” in the "
    "documents and the history."
)
PRINTED_ABOVE: Final = "As it stands above."
LONG: Final = 200
"""Characters from which a text that stands in full above is not printed again in the history."""
_ANOTHER_YEAR: Final = timedelta(days=3 * 366)
"""A paper is read on other days than it was made: seen from another year, a date has its year, and none is “today”."""


def whole_paper(session: Session, reading: Reading, actor: Actor, now: datetime) -> Paper:
    """The whole dispute as this reader may read it, as at `now`; a paper that is not kept."""
    item = reading.item
    title = f"The whole dispute {item.reference}"
    blocks = [heading(title, 1), *blocks_of(session, whole(session, reading, actor), actor, now)]
    content = {"author": hub_name(session, item.collaborative_id), "reference": item.reference, "blocks": blocks}
    row = {
        "item_id": item.id,
        "position": item.history_length,
        "kind": str(PaperKind.DISPUTE),
        "title": title,
        "for_whom": str(ForWhom.WHOLE),
        "made_at": now,
    }
    return Paper(**row, content=content, sha256=fingerprint(row, canonical(content)))


def keep_whole(happened: Happened) -> None:
    """Freeze the whole dispute as all who take part may read it, as the action has left it."""
    reading = read_for_all(happened.session, happened.item)
    blocks = blocks_of(happened.session, reading, EVERY_SIDE, happened.at)
    keep(happened, PaperKind.DISPUTE, f"The whole dispute {happened.item.reference}", blocks)


def blocks_of(session: Session, reading: Reading, actor: Actor, now: datetime) -> list[Block]:
    """Everything of a dispute under the title. The first block is a note where sharing is restricted, and only there:
    that is how a reader of papers knows that this one names nobody."""
    item = reading.item
    page = DisputePage(reading, actor, now + _ANOTHER_YEAR, session)
    calendar = reading.book.calendar(item.policy_version_id, now)
    durations = durations_of(item, reading.clocks, calendar, now)
    sections = Sections(item, durations, people_of(session, item), owner_names(session, item))
    blocks = [
        *([boxed(RESTRICTED)] if item.is_sharing_restricted else []),
        paragraph(f"As at {moment(now)}. {FOR_ALL if actor is EVERY_SIDE else FOR_ONE}"),
        *_cover(page, item, actor),
        *sections.ladder(reading.clocks, calendar, now),
        *sections.positions(),
        *sections.facts(),
        *sections.settlement(),
        *sections.decision(),
        *sections.actions(),
        *_evidence(session, item, actor),
        *_ending(page),
    ]
    return [*blocks, *_history(ItemPage(reading, actor, now).history, printed_in(blocks))]


def _cover(page: DisputePage, item: Any, actor: Actor) -> Iterator[Block]:
    where = item.workflow.wording_of(item.state).label
    flash_point = page.convening.flash_point
    yield pairs(
        given(
            ("Reference", item.reference),
            ("Question", item.title),
            ("Kind", label("dispute_kind", item.dispute_kind)),
            ("Urgency", label("escalation_urgency", item.urgency)),
            ("Where it is", where),
            ("Sides", "\n".join(side.name for side in item.sides)),
            ("About", _person(page, item, actor)),
            ("Raised", moment(item.opened_at)),
            ("Who convenes", item.convenor.name if item.convenor is not None else "Nobody yet"),
            ("Flash point", f"{flash_point[0]}: {flash_point[1]}" if flash_point else ""),
        ),
        ABOUT,
    )
    yield heading("Who neither convenes nor decides")
    yield paragraph(page.convening.nobody_of)
    if page.convening.kept_out:
        yield pairs(page.convening.kept_out, ("Person", "Why"))
    if page.meanwhile:
        yield heading("Care meanwhile")
        yield pairs(page.meanwhile, ("What", "What was arranged"))


def _person(page: DisputePage, item: Any, actor: Actor) -> str:
    """Who it is about: outside the hub as its page says, inside as the banner does."""
    if item.case is None or not sees_it_by_role(item, actor):
        return page.about.removeprefix("About ")
    patient = item.case.patient
    born = f"born {plain_day(patient.date_of_birth)}" if patient.date_of_birth else ""
    number = f"NHS number {nhs_number(patient.nhs_number)}" if patient.nhs_number else ""
    return ", ".join(part for part in (patient.full_name, born, number) if part)


def _evidence(session: Session, item: Any, actor: Actor) -> Iterator[Block]:
    yield heading("Evidence")
    rows = []
    for found in evidence_of_all(session, item, actor):
        row = found.document
        lines = [
            f"Added by {', '.join(part for part in (row.added_by_name, found.organisation) if part)}, {moment(row.at)}",
            f"SHA-256 begins {row.sha256[:12]}",
            audience_words(row.audience),
            f"Taken back {moment(row.taken_back_at)}: {row.taken_back_why}" if row.taken_back_at is not None else "",
        ]
        rows.append((row.name, "\n".join(line for line in lines if line)))
    yield pairs(rows, ("Document", "Whose it is")) if rows else paragraph("No document was added.")


def _ending(page: DisputePage) -> Iterator[Block]:
    if page.ending:
        yield heading("How it ended, and what was learned")
        yield pairs(page.ending, ("What", "In words"))


def _history(lines: Sequence[HistoryLine], printed: set[str]) -> Iterator[Block]:
    """Every row, the first one first."""
    yield heading("History")
    rows = []
    for line in reversed(lines):
        who = ", ".join(part for part in (line.who, line.as_whom) if part)
        # What it was raised with is on the cover.
        changes = (
            f"{name}: {PRINTED_ABOVE if len(new) >= LONG and new.strip() in printed else new or 'blank'}"
            for name, _, new in (line.changes[:1] if line is lines[-1] else line.changes)
        )
        said = (line.action, who, f"Reason: {line.reason}" if line.reason else "", *changes, line.audience)
        rows.append((moment(line.at), "\n".join(part for part in said if part)))
    yield pairs(rows, ("When", "What was done, and by whom"))


def printed_in(blocks: Sequence[Block]) -> set[str]:
    """Every text that stands in a table of these blocks by itself."""
    return {row[1].strip() for block in blocks if block["kind"] == "pairs" for row in block["rows"]}
