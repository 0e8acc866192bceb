"""The case in words, ready for the template."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from markupsafe import Markup

import workflows
from hub.casefile.dated import AlertEntry, StatusEntry
from hub.casefile.involved import Involved
from hub.casefile.lanes import timeline_of, title_of
from hub.casefile.open_items import OpenItem, open_item
from hub.casefile.queries import CaseReading, Event, Look, Sight
from hub.casefile.stays import StayLine, stay_lines
from hub.cases.banner import Banner, banner_of_case
from hub.cases.views import ALERT_ROLES, CLOSING_ROLES, STATUS_ROLES
from hub.codes import known_label
from hub.engine.models import ItemParty
from hub.engine.visibility import View
from hub.referrals.models import Referral
from hub.web.filters import day, listed, moment, moment_within, yes_no
from hub.web.item_rows import item_href
from hub.web.stored_words import as_whom, audience_words, may_name, shown, side_of
from hub.web.swimlanes import Timeline, draw
from workflows.actor import Actor
from workflows.core import in_words, upper_first
from workflows.durations import local
from workflows.everyday import label_of
from workflows.roles import CAPACITY_LABELS, Capacity

LOOKS: Mapping[str, str] = {
    "opened": "Opened",
    "exported": "Exported",
    "searched": "Found by a search",
    "listed": "Saw it in a list",
    "refused": "Was refused",
}


@dataclass(frozen=True, slots=True)
class LawLine:
    """One entry of the legal history in words; `corrected` is empty while it stands."""

    id: int
    name: str
    dates: str
    recorded: str
    corrected: str


@dataclass(frozen=True, slots=True)
class AlertLine:
    """One alert in words."""

    id: int
    text: str
    detail: str
    recorded: str


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
        return f"{upper_first(self.banner.called)}’s case" if self.banner else f"Case {self.case.reference}"

    @property
    def above(self) -> str:
        """Reference, since when, and the day it is on."""
        ended = self.case.closed_at
        days = (local(ended or self.now).date() - local(self.case.opened_at).date()).days + 1
        line = known_label("service_line", self.case.service_line)
        named = f"Case {self.case.reference}, {line}" if self.banner else line
        said = f"{named}, opened {day(self.case.opened_at)}"
        return f"{said}, closed {day(ended)}" if ended else f"{said}, day {days}"

    def open_items(self, parties: Mapping[int, Sequence[ItemParty]]) -> list[OpenItem]:
        """What is open and what is missing to move each on."""
        lines = self.reading.open_items
        return [
            open_item(line, self.actor, self.reading.book, self.now, parties.get(line.item.id, ())) for line in lines
        ]

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

    @cached_property
    def timeline(self) -> Timeline | None:
        """What the drawing shows."""
        return timeline_of(self.reading, self.now, with_law=self.is_whole)

    @property
    def drawing(self) -> Markup:
        """The swim lanes; nothing when there is nothing to draw."""
        return draw(self.timeline, title_of(self.timeline)) if self.timeline else Markup("")

    @property
    def law(self) -> list[LawLine]:
        """Legal status history, what is in force first."""
        return [self._law(row) for row in self.reading.statuses]

    def _law(self, row: StatusEntry) -> LawLine:
        corrected = ""
        if row.corrected_at is not None:
            by = row.corrected_by or "the hub"
            corrected = f"Wrong, corrected by {by}, {self.in_sentence(row.corrected_at)}: “{row.reason}”"
        return LawLine(
            id=row.id,
            name=known_label("legal_status", row.code),
            dates=self._law_dates(row),
            recorded=f"Recorded {_by(row.recorded_by)}{self.in_sentence(row.recorded_at)}",
            corrected=corrected,
        )

    def _law_dates(self, row: StatusEntry) -> str:
        begun = f"From {day(row.from_on)}" if row.from_on else "First day not recorded"
        if row.ended_on is not None:
            return f"{begun}, until {day(row.ended_on)}"
        if row.expires_at is None:
            return f"{begun}, in force"
        return f"{begun}, {'ran out' if row.expires_at <= self.now else 'ends'} {moment(row.expires_at)}"

    @property
    def stays(self) -> list[StayLine]:
        """Stays on wards, the latest first."""
        seen = {line.item.reference for line in self.reading.items}
        return stay_lines(self.reading.stays, self.in_sentence, seen)

    @property
    def alerts(self) -> list[AlertLine]:
        """Alerts in force, the oldest first."""
        return [self._alert(row) for row in self.reading.alerts if row.ended_at is None]

    @property
    def past_alerts(self) -> list[AlertLine]:
        """Alerts that have ended, with why."""
        return [self._alert(row) for row in self.reading.alerts if row.ended_at is not None]

    def _alert(self, row: AlertEntry) -> AlertLine:
        recorded = f"Recorded {_by(row.recorded_by)}{self.in_sentence(row.recorded_at)}"
        if row.ended_at is not None:
            recorded += f". Ended {_by(row.ended_by)}{self.in_sentence(row.ended_at)}: “{row.reason}”"
        return AlertLine(row.id, row.text, row.detail, recorded)

    @property
    def may_alert(self) -> bool:
        """Whether this person may add and end alerts: the page asks the same again."""
        return self.is_whole and bool(self.actor.roles & set(ALERT_ROLES))

    @property
    def may_record_law(self) -> bool:
        """Whether this person may record a legal status."""
        return self.is_whole and bool(self.actor.roles & set(STATUS_ROLES))

    @property
    def may_close(self) -> bool:
        """Whether this person may close the case now: nothing is open, and it is theirs to close."""
        is_theirs = self.is_whole and bool(self.actor.roles & set(CLOSING_ROLES))
        return is_theirs and self.case.closed_at is None and not self.reading.open_items

    @property
    def facts(self) -> list[tuple[str, str]]:
        """What several workflows read, in words."""
        case = self.case
        by_hand = [("Opened by hand", f"By {self.reading.opened_by}: {case.open_reason}")] if case.open_reason else []
        closed = [("Closed", f"By {self.reading.closed_by}: {case.close_reason}")] if case.close_reason else []
        return [
            *by_hand,
            *closed,
            ("Where now", self.reading.where_now or ""),
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

    def involved(self, parties: Sequence[Involved]) -> list[tuple[str, list[tuple[str, str, str]]]]:
        """Who is involved and until when, in groups: the hub's own people, others now, and those whose access ended."""
        now = [self._party(party) for party in parties if party.until is None]
        ended = [self._party(party) for party in parties if party.until is not None]
        groups = [("In the hub", self._owners()), ("Other people and organisations", now), ("Access ended", ended)]
        return [(title, rows) for title, rows in groups if rows]

    def _owners(self) -> list[tuple[str, str, str]]:
        if self.reading.sight is Sight.ITEMS:
            return [("The hub", "Handles the case", "Until the case closes")]
        owned: dict[str, list[str]] = {}
        for line in self.reading.open_items:
            if line.owner:
                owned.setdefault(line.owner, []).append(line.item.reference)
        rows = [(who, f"Owner, {listed(what)}", "Until it ends or is given to another") for who, what in owned.items()]
        who = "Sealed: only the people named for this case" if self.case.is_sealed and self.is_whole else "By role"
        return [*rows, ("Others in the hub", who, "Until the case closes")]

    def _party(self, party: Involved) -> tuple[str, str, str]:
        named = listed(CAPACITY_LABELS[Capacity(name)] for name in party.capacities)
        named = named.replace(" of this item", "")  # the items stand beside it
        what = f"{upper_first(named)}: {listed(party.references)}"
        if party.until is not None:
            return party.name, what, f"Access ended {self.in_sentence(party.until)}"
        return party.name, what, f"Since {self.in_sentence(party.since)}, no end set"

    def in_sentence(self, at: datetime) -> str:
        """A short moment as it stands inside a sentence: "today, 9:40am", "Fri 3 April, 6:02pm"."""
        return moment_within(at, self.now)

    def event_lines(self, events: Iterable[Event]) -> list[EventLine]:
        """The timeline in words."""
        return [self._event(event) for event in events]

    @cached_property
    def _views(self) -> dict[int, View]:
        """How much of each item may be read, as its own page has it."""
        return {line.item.id: line.view for line in self.reading.items}

    def _event(self, event: Event) -> EventLine:
        row, workflow = event.row, workflows.ALL[event.item.kind]
        is_move = row.from_state is not None and row.from_state != row.to_state
        before = workflow.wording_of(row.from_state).label if row.from_state else ""
        view = self._views[row.item_id]
        is_named = may_name(view, row, self.actor)
        return EventLine(
            at=row.at,
            what=label_of(workflow, row.action),
            moved=f"{before} → {workflow.wording_of(row.to_state).label}" if is_move else "",
            said=_said(row.reason, row.values) if view is View.ALL else "",
            who=event.who if is_named else side_of(row.acting_role),
            as_whom=as_whom(row.acting_role, event.behalf) if is_named else "",
            href=item_href(event.item.kind, event.item.reference),
            reference=event.item.reference,
            audience=audience_words(row.audience),
        )

    def look_words(self, look: Look) -> tuple[str, str, str]:
        """Who looked, as what, and what they did."""
        what = LOOKS.get(look.row.what, in_words(look.row.what))
        reference = str(look.row.detail.get("reference") or self.case.reference)
        reference = f"a document of {reference}" if look.row.detail.get("document") else reference
        return look.who, _looked_as(look), f"{what} {reference}"


def _looked_as(look: Look) -> str:
    said = listed([part for part in (look.role, look.organisation) if part], "at")
    return f"{said}, on behalf of {look.behalf}" if look.behalf else said


def _by(who: str) -> str:
    return f"by {who}, " if who else ""


def _said(reason: str | None, values: Mapping[str, Any]) -> str:
    told = [given for name in ("note", "document") if isinstance(given := values.get(name), dict)]
    text = next((given.get("new") or given.get("old") for given in told), None)
    return str(reason or text or "")
