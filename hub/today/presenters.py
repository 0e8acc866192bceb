"""Today in words: tabs, figures, the note about days off, and the rows of each table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property

import workflows
from hub.accounts.models import OnCallShift
from hub.accounts.on_call import KEEPERS, Gap, gaps_between, watched_until
from hub.engine.rulebook import Rulebook
from hub.engine.visibility import OPEN_KINDS, View, view_of
from hub.messages.queries import Entry as Told
from hub.today.beds import beds_line
from hub.today.lists import MOST_ROWS, Plan
from hub.today.queries import Line, Number
from hub.today.rows import Entry, Group, due, entry_of, shared_out
from hub.web.filters import capped, day, moment, time_of_day
from hub.web.filters import listed as joined
from hub.web.paging import address
from hub.web.shell import other_pages
from hub.worklist.queries import MOST_COUNTED
from workflows.actor import Actor
from workflows.durations import DAY_NAMES, length_words, local
from workflows.roles import ROLE_SENTENCES

WORKLIST = "worklist.list_items"
Figure = tuple[str, str, str, str, str]
"""Number, label, small print, address, tone: what the macro takes."""
MOST_MESSAGES = 5
LEAST_ROWS = 3
"""Kept for each group of the first table, so that what is late does not hide what is due today."""


class TodayPage:
    """The page as one person sees it at one moment."""

    def __init__(
        self,
        *,
        actor: Actor,
        now: datetime,
        plan: Plan,
        book: Rulebook,
        numbers: Mapping[str, Number],
        lines: Mapping[str, Sequence[Line]],
        shifts: Sequence[OnCallShift],
        messages: Sequence[Told],
    ) -> None:
        self.actor = actor
        self.now = now
        self.plan = plan
        self._book = book
        self._numbers = numbers
        self._lines = lines
        self._shifts = shifts
        self.messages = messages[:MOST_MESSAGES]

    @property
    def is_without_items(self) -> bool:
        """Whether this role opens no item but those that all of the hub may read, and none names the person."""
        by_role = any(view_of(kind, self.actor) is not View.NONE for kind in workflows.ALL if kind not in OPEN_KINDS)
        return not by_role and not self.actor.is_on_call and not self._numbers["all"].count

    @property
    def other_pages(self) -> dict[str, str]:
        """The pages of the menu this person may open: label to address. A list that must be empty is none of them."""
        pages = other_pages()
        return {label: href for label, href in pages.items() if not (self.is_without_items and label == "Worklist")}

    @property
    def role_sentence(self) -> str:
        """What the role is for."""
        return ROLE_SENTENCES[self.actor.role] if self.actor.role else ""

    @property
    def below(self) -> str:
        """The line under the heading."""
        whose = {"me": " Showing what I own.", "all": " Showing everything I may see."}[self.plan.whose]
        return f"{moment(self.now)}.{whose if self.tabs and not self.is_without_items else ''}"

    @property
    def tabs(self) -> list[tuple[str, str, str, bool]]:
        """Whose work: label, address, capped count, and whether it is this one. Nobody outside the hub owns an item."""
        if not self.actor.is_hub:
            return []
        return [
            ("Only mine", address("today.show", [("whose", "me")]), self.number("mine"), self.plan.whose == "me"),
            ("Whole hub", address("today.show", []), self.number("everything"), self.plan.whose == "all"),
        ]

    def number(self, name: str) -> str:
        """The capped count of one list: "41", "1,000+"."""
        return capped(self._numbers[name].count, MOST_COUNTED)

    def href(self, name: str) -> str:
        """The worklist that holds exactly one list."""
        return address(WORKLIST, self.plan.lists[name].pairs())

    @property
    def figures(self) -> list[Figure]:
        """The strip of numbers, each a link to its list."""
        found = [
            self._figure("late", "Late", self._oldest, "late"),
            self._figure("today", "Due today", self._next, "soon"),
        ]
        if self.actor.is_hub:
            found += [
                self._figure("arrivals", "New arrivals", f"since {self.since_words}"),
                self._figure("decisions", "Decisions waited for", self._late_of("decisions")),
                self._figure("replies", "Replies waited for", self._late_of("replies")),
            ]
        else:
            found += [
                self._figure("asked", "Asked of you", self._late_of("asked")),
                self._figure("hub", "With the hub", self._late_of("hub")),
            ]
        if self.actor.is_on_call:
            found.append(self._figure("emergencies", "Emergencies now", self._late_of("emergencies")))
        return found

    def _figure(self, name: str, label: str, small: str, tone: str = "") -> Figure:
        is_any = self._numbers[name].count > 0
        return self.number(name), label, small, self.href(name), tone if is_any else ""

    @property
    def _oldest(self) -> str:
        first = self._numbers["late"].first_due
        return f"oldest {length_words(self.now - first, exact=False)}" if first else "nothing is late"

    @property
    def _next(self) -> str:
        first = self._numbers["today"].first_due
        return f"next in {length_words(first - self.now, exact=False)}" if first else "nothing more today"

    def _late_of(self, name: str) -> str:
        found = self._numbers[name]
        return f"{found.late:,} of them late" if found.late else "none of them late" if found.count else "none"

    @property
    def since_words(self) -> str:
        """From when an arrival is new: "5pm yesterday", "5pm on Friday", "5pm on Thursday 2 April 2026"."""
        days = (local(self.now).date() - local(self.plan.since).date()).days
        named = "yesterday" if days == 1 else f"on {DAY_NAMES[local(self.plan.since).weekday()]}"
        return f"{time_of_day(self.plan.since)} {named if days < 7 else 'on ' + day(self.plan.since)}"

    @property
    def days_off(self) -> str:
        """Which days near by are not worked, and by what name."""
        if self.plan.shut is None:
            return ""
        days = [f"{day(on)} ({why})" for on, why in self.plan.shut.days]
        return f"{joined(days)} {'is not a working day' if len(days) == 1 else 'are not working days'}."

    @property
    def due_before_opening(self) -> str:
        """How many items fall due before work begins again."""
        if self.plan.shut is None:
            return ""
        found = self._numbers["before"].count
        said = "item falls" if found == 1 else "items fall"
        return f"{self.number('before')} {said} due before {moment(self.plan.shut.opens_at)}"

    @cached_property
    def groups(self) -> list[Group]:
        """Late and due next: each group keeps some room however full the one before it is."""
        names = ("late", "today", "next")
        rooms = zip(names, shared_out([len(self._lines[name]) for name in names], MOST_ROWS, LEAST_ROWS), strict=True)
        shown = {name: [self._entry(line) for line in self._lines[name][:room]] for name, room in rooms}
        soon = [entry for entry in shown["next"] if entry.has_a_deadline]
        still = [entry for entry in shown["next"] if not entry.has_a_deadline]
        found = [self._group("Late", "late", shown["late"]), self._group("Today", "today", shown["today"])]
        found += [Group("Next", soon, "", ""), Group("No clock is running", still, "", "")]
        return [group for group in found if group.entries]

    def _group(self, heading: str, name: str, entries: list[Entry]) -> Group:
        is_whole = len(entries) >= self._numbers[name].count
        return Group(heading, entries, "" if is_whole else f"all {self.number(name)}", self.href(name))

    @cached_property
    def arrivals(self) -> list[Entry]:
        """What is new, soonest due first."""
        return [self._entry(line) for line in self._lines["arrivals"]]

    @cached_property
    def waited_for(self) -> list[Entry]:
        """Decisions and replies, soonest due first; an item that waits for both stands once."""
        lines = {line.found.item.id: line for name in ("decisions", "replies") for line in self._lines[name]}
        return [self._entry(line) for line in sorted(lines.values(), key=due)]

    @cached_property
    def asked(self) -> list[Entry]:
        """What a person outside the hub is asked for."""
        return [self._entry(line) for line in self._lines["asked"]]

    @cached_property
    def sent(self) -> list[Entry]:
        """What a person outside the hub is a party to and not asked about."""
        asked = {line.found.item.id for line in self._lines["asked"]}
        return [self._entry(line) for line in self._lines["all"] if line.found.item.id not in asked][:MOST_ROWS]

    def _entry(self, line: Line) -> Entry:
        return entry_of(line, self.actor, self._book, self.now)

    @property
    def beds(self) -> tuple[str, str] | None:
        """The region's beds in one line, and the page of them; nothing for who may not open it."""
        href = self.other_pages.get("Beds")
        return (beds_line(self._numbers, self._book.policy(None, self.now)), href) if href else None

    @property
    def rota_gaps(self) -> list[Gap]:
        """When nobody is on call in the days policy looks ahead; for those who keep the rota."""
        if self.actor.role not in KEEPERS:
            return []
        return gaps_between(self._shifts, self.now, watched_until(self._book, self.now))

    @property
    def on_call(self) -> OnCallShift | None:
        """The shift that runs now."""
        return next((shift for shift in self._shifts if shift.from_at <= self.now), None)
