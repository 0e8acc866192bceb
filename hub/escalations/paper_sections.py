"""The parts of the paper of a whole dispute, each as blocks: the ladder, what was said, agreed, decided and done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from hub.codes import label
from hub.engine.stored_clocks import deadline_of
from hub.escalations.durations import Durations, Lasted
from hub.escalations.ladder import how_it_ended
from hub.escalations.models import Escalation
from hub.escalations.now import Here
from hub.escalations.settlement_models import AgreedAction, Proposal
from hub.escalations.side_models import Fact, Position, Side, Visit
from hub.papers.content import Block, heading, pairs, paragraph
from hub.web.filters import day, listed, lower_first, moment
from hub.web.sections import given
from workflows.core import upper_first
from workflows.escalation.states import IN_WORDS, SHORT, STAGES
from workflows.escalation.who import URGENT

NO_REPLY = "No reply: its time to reply ran out."
NOTHING_YET = "Nothing on record."
SAID = ("What", "In the words of the side")
CAME = {"accepted": "", "up": "", "back": "sent back", "reopened": "reopened"}
ACTION_STATES = {
    "open": "To be done",
    "claimed": "Said to be done; nobody has answered yet",
    "confirmed": "Done, and confirmed",
    "silent": "Counts as done: nobody answered in time",
    "dropped": "Dropped",
}


class Sections:
    """The parts of one dispute's paper, in full dates: it is read on other days than it was made."""

    def __init__(
        self, item: Escalation, durations: Durations, people: Mapping[int, str], places: Mapping[int, str]
    ) -> None:
        """`people` and `places`: names of persons and organisations by id."""
        self._item, self._durations, self._people, self._places = item, durations, people, places

    def ladder(self, clocks: Any, calendar: Any, now: datetime) -> Iterator[Block]:
        """Each visit with its dates and lengths, the whole, and every pause with its reasons."""
        item = self._item
        rows = [("Raised", moment(item.opened_at))]
        if item.accepted_at is not None:
            rows.append(("Accepted", moment(item.accepted_at)))
        rows += [(self._title(visit), self._visit_words(visit, clocks, calendar, now)) for visit in item.visits]
        rows.append(("In all", self._length(self._durations.whole)))
        yield heading("The ladder")
        yield pairs(rows, ("Stage", "When, and how long"))
        paused = list(_pauses(clocks))
        yield heading("Pauses", 3)
        yield pairs(paused, ("Stage", "When and why")) if paused else paragraph("There was no pause.")

    def _title(self, visit: Visit) -> str:
        again = CAME[visit.came]
        return f"{STAGES.index(visit.stage) + 1}. {upper_first(IN_WORDS[visit.stage])}{f', {again}' if again else ''}"

    def _visit_words(self, visit: Visit, clocks: Any, calendar: Any, now: datetime) -> str:
        row = next((each for each in clocks if each.name == f"stage_{SHORT[visit.stage]}"), None)
        lines = [f"From {moment(visit.entered_at)}"]
        if row is not None and row.rang_at is not None and visit.entered_at <= row.due_at <= (visit.left_at or now):
            lines.append(f"Time ran out {moment(row.due_at)}")
        if visit.left_at is not None:
            lines.append(f"{how_it_ended(self._item, visit)} {moment(visit.left_at)}")
        else:
            due = deadline_of(row, calendar, now=now) if row is not None else None
            lines.append(f"Goes on; due {moment(due.due_at)}" if due is not None else "Goes on")
        lines.append(self._length(self._durations.visits[visit.id]))
        if visit.why:
            lines.append(f"What was asked: {visit.why}")
        return "\n".join(lines)

    def _length(self, found: Lasted) -> str:
        is_urgent = self._item.urgency == URGENT
        gross, net = (each.words(is_urgent=is_urgent) for each in (found.gross, found.net))
        return f"Took {gross}; {net} without pauses" if gross != net else f"Took {gross}; no pause"

    def positions(self) -> Iterator[Block]:
        """Every side at every visit, word for word."""
        yield heading("What each side said")
        yield pairs(
            [(side.name, self._part(side)) for side in self._item.sides], ("Side", "Its part, and its speakers")
        )
        if not self._item.visits:
            wanted = next(side for side in self._item.sides if side.is_raiser)
            yield paragraph(f"It has not been accepted yet. {wanted.name} wants: {self._item.asked_for}")
        for visit in self._item.visits:
            for side in self._item.sides:
                yield heading(f"{self._title(visit)}: {side.name}", 3)
                yield from self._position(visit, side)

    def _part(self, side: Side) -> str:
        lines = ["Raised it." if side.is_raiser else "Answers it."]
        if side.is_raiser:
            lines.append(f"What it wants: {self._item.asked_for}")
        for stage in dict.fromkeys(speaker.stage for speaker in self._item.speakers if speaker.side_id == side.id):
            speaker = self._item.speaker_of(side, stage)
            if speaker is None:
                continue
            who = "named nobody" if speaker.is_unsaid else "has nobody else" if speaker.is_nobody_else else speaker.name
            lines.append(f"{upper_first(IN_WORDS[stage])}: {who}")
        return "\n".join(lines)

    def _position(self, visit: Visit, side: Side) -> Iterator[Block]:
        found = Here(self._item, visit).position_of(side)
        if found is None:
            yield paragraph(NOTHING_YET)
        elif found.is_no_reply:
            yield paragraph(f"{NO_REPLY} Recorded {moment(found.at)}.")
        else:
            said = (("Position", found.words), ("What it disputes", found.disputed), ("Proposal", found.wanted))
            yield pairs(given(("Stated by", self._said_by(found)), *said), SAID)

    def _said_by(self, position: Position) -> str:
        changed = f", changed {moment(position.changed_at)}" if position.changed_at is not None else ""
        return f"{self._who(position.by_id, position.for_id)}, {moment(position.at)}{changed}"

    def _who(self, by_id: int | None, for_id: int | None = None) -> str:
        by, whom = (self._people.get(each, "") if each is not None else "" for each in (by_id, for_id))
        return f"{by or 'the hub'}, on behalf of {whom}" if whom else by or "the hub"

    def facts(self) -> Iterator[Block]:
        """Each fact by its number, with what every side says of it."""
        yield heading("Facts")
        if not self._item.facts:
            yield paragraph("No fact was put down.")
            return
        rows = [(f"{fact.number}. {self._standing(fact)}", self._fact_words(fact)) for fact in self._item.facts]
        yield pairs(rows, ("Number, and how it stands", "Fact"))

    def _standing(self, fact: Fact) -> str:
        if fact.locked_at is not None:
            return f"Agreed by every side, and locked {moment(fact.locked_at)}"
        views = {view.side_id: view.agrees for view in self._item.views if view.fact_id == fact.id}
        by_answer = {
            words: [side.name for side in self._item.sides if views.get(side.id) is answer]
            for answer, words in ((True, "Agreed by"), (False, "Disputed by"), (None, "Not answered by"))
        }
        return ". ".join(f"{words} {listed(names)}" for words, names in by_answer.items() if names)

    def _fact_words(self, fact: Fact) -> str:
        side = next((each.name for each in self._item.sides if each.id == fact.side_id), "")
        who = ", ".join(part for part in (self._who(fact.by_id), side) if part)
        return f"{fact.words}\nPut down by {who}, {moment(fact.at)}"

    def settlement(self) -> Iterator[Block]:
        """Every version with who accepted it when."""
        yield heading("The settlement")
        if not self._item.proposals:
            yield paragraph("No settlement was proposed.")
        for proposal in self._item.proposals:
            yield heading(f"Version {proposal.version}", 3)
            yield pairs(self._version(proposal), ("What", "As it was proposed"))

    def _version(self, proposal: Proposal) -> list[tuple[str, str]]:
        side = next((each.name for each in self._item.sides if each.id == proposal.side_id), "who convenes")
        taken = {each.side_id: each for each in self._item.acceptances if each.proposal_id == proposal.id}
        accepted = [
            f"{side.name}: {self._who(taken[side.id].by_id, taken[side.id].for_id)}, {moment(taken[side.id].at)}"
            for side in self._item.sides
            if side.id in taken
        ]
        return given(
            ("Proposed by", f"{self._who(proposal.by_id, proposal.for_id)} ({side}), {moment(proposal.at)}"),
            ("Settlement", proposal.words),
            *((f"Action {place}", self._planned(row)) for place, row in enumerate(proposal.actions, start=1)),
            ("Accepted by", "\n".join(accepted) or "Nobody"),
            ("On the table until", moment(proposal.ended_at)),
        )

    def _planned(self, row: Mapping[str, Any]) -> str:
        owner = self._places.get(row["owner_organisation_id"], "")
        return f"{row['what']}\n{row['owner_name']}, {owner}, by {day(date.fromisoformat(row['due_on']))}"

    def decision(self) -> Iterator[Block]:
        """The panel with its declarations, and what it determined issue by issue."""
        item = self._item
        if item.seats:
            yield heading("The panel")
            seats = sorted(item.seats, key=lambda seat: (seat.from_at, seat.seat != "chair", seat.id))
            yield pairs([(seat.name, _seat(seat)) for seat in seats], ("Person", "Seat, and what they declared"))
        if not item.issues:
            return
        yield heading("The determination")
        binding = label("determination_force", item.binding) if item.binding else ""
        by = self._who(item.determined_by_id, item.determined_for_id)
        yield paragraph(f"{binding}. By {by}, in the chair, {moment(item.determined_at)}.")
        rows = []
        for issue in item.issues:
            chosen = f"The offer of {issue.chosen.name} was chosen.\n" if issue.chosen is not None else ""
            rows.append((f"{issue.number}. {issue.issue}", f"{chosen}{issue.reasons}\nDetermined {moment(issue.at)}"))
        yield pairs(rows, ("Issue", "Decision and reasons"))

    def actions(self) -> Iterator[Block]:
        """What was to be done, and what became of it."""
        if not self._item.agreed_actions:
            return
        yield heading("Actions")
        rows = [(f"{each.number}. {each.what}", "\n".join(self._became(each))) for each in self._item.agreed_actions]
        yield pairs(rows, ("Action", "Whose it is, and what became of it"))

    def _became(self, action: AgreedAction) -> Iterator[str]:
        yield f"{action.owner_name}, {action.owner.name}, by {day(action.due_on)}"
        yield ACTION_STATES[action.state]
        if action.claimed_at is not None:
            by = self._who(action.claimed_by_id)
            yield f"Said to be done by {by}, {moment(action.claimed_at)}: {action.evidence}"
        if action.answered_at is not None and action.state != "silent":
            said = f"Disputed: {action.disputed_why}" if action.disputed_why else "Confirmed"
            yield f"{said}. {upper_first(self._who(action.answered_by_id))}, {moment(action.answered_at)}"


def _pauses(clocks: Any) -> Iterator[tuple[str, str]]:
    """(stage, when, who and why) of every pause that was asked for and agreed."""
    stages = {f"stage_{short}": upper_first(IN_WORDS[stage]) for stage, short in SHORT.items()}
    for row in clocks:
        for part in row.pauses if row.name in stages else ():
            if part.get("approved_by"):
                begun, ended = (datetime.fromisoformat(part[end]) if part.get(end) else None for end in ("from", "to"))
                until = f"until {moment(ended)}" if ended is not None else "and goes on"
                asked = f"Asked for by {part['asked_by']}, agreed by {part['approved_by']}"
                yield stages[row.name], f"{upper_first(moment(begun))}, {until}\n{asked}: {part['why']}"


def _seat(seat: Any) -> str:
    until = f" until {moment(seat.until_at)}" if seat.until_at is not None else ""
    words = f"{label('panel_seat', seat.seat)}, since {moment(seat.from_at)}{until}"
    return f"{words}\nDeclared: {lower_first(seat.declaration) or 'none'}"
