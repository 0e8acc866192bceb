"""The case in words, ready for the template."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import workflows
from hub.casefile.queries import CaseItem, CaseReading, Event, Involved, Look, Sight
from hub.cases.banner import Banner, banner_of_case
from hub.cases.models import LegalStatus
from hub.codes import codes
from hub.engine.available import Offer, available_actions
from hub.engine.models import ItemParty
from hub.referrals.models import Referral
from hub.web.filters import ClockFace, day, listed, lower_first, moment, moment_within, yes_no
from hub.web.item_page import audience_words, roles_words, shown
from hub.web.item_rows import action_href, face_of, item_href, to_do_of
from workflows.actor import Actor
from workflows.core import in_words
from workflows.durations import local
from workflows.everyday import label_of
from workflows.roles import CAPACITY_LABELS, Capacity

MOST_MISSING = 5
"""Missing things named under one action; the item's page names them all."""
LOOKS: Mapping[str, str] = {
    "opened": "Opened",
    "exported": "Exported",
    "searched": "Found by a search",
    "listed": "Saw it in a list",
    "refused": "Was refused",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One action that cannot be done yet, with what is missing."""

    label: str
    missing: tuple[str, ...]
    more: int
    """How many missing things are not named here."""
    done: tuple[str, ...]
    whose: str
    """Whom it is for, when it is not for this person."""


@dataclass(frozen=True, slots=True)
class OpenItem:
    """One open item, and what would move it on."""

    to_do: str
    href: str
    state: str
    with_whom: str
    kind: str
    reference: str
    priority: str | None
    face: ClockFace
    owner: str
    mine: tuple[tuple[str, str], ...]
    """What this person can do now: label and address."""
    waits_for: str
    """Who else can do something now, when this person cannot."""
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class EventLine:
    """One line of the timeline."""

    at: datetime
    what: str
    moved: str
    said: str
    who: str
    as_whom: str
    href: str
    reference: str
    audience: str


class CasePage:
    """A case as one person sees it at one moment."""

    def __init__(self, reading: CaseReading, actor: Actor, now: datetime) -> None:
        self.reading = reading
        self.case = reading.case
        self.actor = actor
        self.now = now
        self.is_whole = reading.sight is Sight.ALL
        self.is_history_only = reading.sight is Sight.HISTORY
        self.may_see_who_looked = reading.may_see_who_looked

    @cached_property
    def banner(self) -> Banner | None:
        """Who it is; nobody's name for one who sees history alone."""
        if self.is_history_only:
            return None
        own = [line.item for line in self.reading.items if isinstance(line.item, Referral)]
        form = max(own, key=lambda item: item.id, default=None)
        return banner_of_case(self.case, self.now, is_hub=self.is_whole, form=form)

    @property
    def title(self) -> str:
        """The page's heading."""
        return f"{self.banner.called}’s case" if self.banner else f"Case {self.case.reference}"

    @property
    def above(self) -> str:
        """Reference, since when, and the day it is on."""
        ended = self.case.closed_at
        days = (local(ended or self.now).date() - local(self.case.opened_at).date()).days + 1
        line = codes("service_line").get(self.case.service_line, self.case.service_line)
        named = f"Case {self.case.reference}, {line}" if self.banner else line
        said = f"{named}, opened {day(self.case.opened_at)}"
        return f"{said}, closed {day(ended)}" if ended else f"{said}, day {days}"

    def open_items(self, parties: Mapping[int, Sequence[ItemParty]]) -> list[OpenItem]:
        """What is open and what is missing to move each on."""
        return [self._open_item(line, parties.get(line.item.id, ())) for line in self.reading.open_items]

    def _open_item(self, line: CaseItem, parties: Sequence[ItemParty]) -> OpenItem:
        item = line.item
        workflow = item.workflow
        wording = workflow.wording_of(item.state)
        offers = available_actions(item, self.actor, parties)
        mine = [offer.action for offer in offers if offer.is_allowed]
        theirs = [offer for offer in offers if not offer.is_mine and not offer.missing]
        return OpenItem(
            to_do=to_do_of(wording, is_hub=self.actor.is_hub),
            href=item_href(item.kind, item.reference),
            state=wording.label,
            with_whom="paused" if line.clock is not None and line.clock.paused_at else wording.with_whom,
            kind=workflow.title,
            reference=item.reference,
            priority=item.priority,
            face=face_of(item, line.clock, self.reading.book, self.now),
            owner=f"Owner: {line.owner}" if line.owner else "No owner yet",
            mine=tuple((lower_first(action.label), action_href(item, action.name)) for action in mine),
            waits_for=_waits_for(theirs) if theirs and not mine else "",
            steps=tuple(_step(offer) for offer in offers if offer.missing),
        )

    @property
    def past_items(self) -> list[tuple[str, str, str, str, datetime | None]]:
        """What has ended: address, reference, kind, outcome, when."""
        return [
            (
                item_href(line.item.kind, line.item.reference),
                line.item.reference,
                line.item.workflow.title,
                line.item.workflow.wording_of(line.item.state).label,
                line.item.closed_at,
            )
            for line in self.reading.past_items
        ]

    @property
    def law(self) -> list[tuple[str, str]]:
        """Legal status history: status and its dates in words, the latest first."""
        return [(codes("legal_status").get(row.code, row.code), self._law_dates(row)) for row in self.reading.statuses]

    def _law_dates(self, row: LegalStatus) -> str:
        begun = f"from {day(row.from_on)}" if row.from_on else f"recorded {day(row.recorded_at)}"
        if row.ended_on is not None:
            return f"{begun}, until {day(row.ended_on)}"
        if row.expires_at is None:
            return f"{begun}, in force"
        return f"{begun}, {'ran out' if row.expires_at <= self.now else 'ends'} {moment(row.expires_at)}"

    @property
    def facts(self) -> list[tuple[str, str]]:
        """What several workflows read, in words."""
        case = self.case
        return [
            ("Received", moment(case.received_at)),
            ("Priority", in_words(case.priority) if case.priority else ""),
            ("Consent", shown(case.consent_basis, codes="consent_basis")),
            ("Other lawful basis", shown(case.lawful_basis, codes="lawful_basis")),
            ("Care coordinator", case.care_coordinator_name or ""),
            ("Consultant", case.consultant_name or ""),
            ("Responsible ICB", self.reading.responsible_icb or case.responsible_icb or ""),
            ("Learning disability", shown(case.learning_disability, codes="learning_disability")),
            ("Autism", shown(case.autism, codes="autism")),
            ("Family told", yes_no(case.family_told) if case.family_told is not None else ""),
            ("Contested", yes_no(case.is_contested)),
        ]

    def party_words(self, party: Involved) -> tuple[str, str]:
        """What a party is to the case, and until when it may look."""
        named = listed(CAPACITY_LABELS[Capacity(name)] for name in party.capacities)
        what = f"{named[:1].upper()}{named[1:]}, {listed(party.references)}"
        if party.until is not None:
            return what, f"Access ended {self.in_sentence(party.until)}"
        return what, f"Since {self.in_sentence(party.since)}, no end set"

    def in_sentence(self, at: datetime) -> str:
        """A short moment as it stands inside a sentence: "today, 9:40am", "Fri 3 April, 6:02pm"."""
        return moment_within(at, self.now)

    def event_lines(self, events: Iterable[Event]) -> list[EventLine]:
        """The timeline in words."""
        return [self._event(event) for event in events]

    def _event(self, event: Event) -> EventLine:
        row, workflow = event.row, workflows.ALL[event.item.kind]
        is_move = row.from_state is not None and row.from_state != row.to_state
        before = workflow.wording_of(row.from_state).label if row.from_state else ""
        return EventLine(
            at=row.at,
            what=label_of(workflow, row.action),
            moved=f"{before} → {workflow.wording_of(row.to_state).label}" if is_move else "",
            said="" if self.is_history_only else _said(row.reason, row.values),
            who=event.who,
            as_whom=roles_words(row.acting_role),
            href=item_href(event.item.kind, event.item.reference),
            reference=event.item.reference,
            audience=audience_words(row.audience),
        )

    def look_words(self, look: Look) -> tuple[str, str, str]:
        """Who looked, as what, and what they did."""
        what = LOOKS.get(look.row.what, in_words(look.row.what))
        reference = str(look.row.detail.get("reference") or self.case.reference)
        return look.who, listed([part for part in (look.role, look.organisation) if part], "at"), f"{what} {reference}"


def _step(offer: Offer) -> Step:
    return Step(
        label=offer.action.label,
        missing=offer.missing[:MOST_MISSING],
        more=len(offer.missing) - len(offer.missing[:MOST_MISSING]),
        done=offer.done,
        whose="" if offer.is_mine else offer.who,
    )


def _waits_for(offers: Sequence[Offer]) -> str:
    by_whom: dict[str, list[str]] = {}
    for offer in offers:
        by_whom.setdefault(offer.who, []).append(lower_first(offer.action.label))
    return " ".join(f"{who[:1].upper()}{who[1:]} can {listed(labels, 'or')}." for who, labels in by_whom.items())


def _said(reason: str | None, values: Mapping[str, Any]) -> str:
    note = values.get("note")
    text = note.get("new") if isinstance(note, dict) else None
    return str(reason or text or "")
