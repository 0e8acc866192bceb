"""What was found, in words: who, why, and enough to tell two people apart; no more than the viewer may be told."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import jellyfish
from flask import current_app, url_for

import workflows
from hub.engine.models import WorkItem
from hub.search.keys import Keys, Step
from hub.search.queries import Found
from hub.search.seen import sees_the_trail_alone
from hub.search.told import CaseTold, ItemTold, PersonTold
from hub.web.access import access_of
from hub.web.filters import lower_first, plain_day
from hub.web.item_rows import item_href, to_do_of
from workflows.actor import Actor
from workflows.core import upper_first
from workflows.durations import local

STEP_WORDS = {
    Step.EXACT: "the name as typed",
    Step.BEGINS: "the name begins so",
    Step.SOUNDS: "sounds like it",
    Step.NEAR: "spelt nearly so",
}
_KINDS = {workflow.prefix: kind for kind, workflow in workflows.ALL.items()}
NOT_TOLD = "Not shown to your role"


@dataclass(frozen=True, slots=True)
class Line:
    """One case or item of a hit: its reference, the way to it, and where it stands."""

    reference: str
    href: str
    words: str
    is_case: bool = False
    is_ended: bool = False


@dataclass(frozen=True, slots=True)
class Hit:
    """One person, or an item whose person is not told."""

    name: str
    href: str
    why: str
    born_on: date | None
    nhs_number: str
    lines: tuple[Line, ...]
    order: tuple[Any, ...]
    compare_href: str = ""
    """Where this record is compared with another that may be the same person, for who may propose it."""


@dataclass(frozen=True, slots=True)
class Place:
    """A unit or an organisation; `href` is empty when nothing about it can be opened."""

    name: str
    code: str
    kind: str
    href: str
    about: str
    """Where the link leads, in words."""


class Teller:
    """Tells hits to one person at one moment."""

    def __init__(self, actor: Actor, keys: Keys | None, words: Sequence[str], how: str, now: datetime) -> None:
        self.actor, self.words, self.how, self.now = actor, [_plain(word) for word in words], how, now
        self.has_names = keys is not None

    def person(self, told: PersonTold, found: Found) -> Hit:
        """Somebody whose cases may be opened."""
        patient = told.patient
        name = patient.full_name
        if patient.preferred_name and patient.preferred_name != patient.given_name:
            name = f"{name} ({patient.preferred_name})"
        near = (patient.family_name, patient.given_name, patient.preferred_name)
        return Hit(
            name=name,
            href=url_for("casefile.show", reference=told.cases[0].reference),
            why=self._why(found),
            born_on=patient.date_of_birth,
            nhs_number=patient.nhs_number or "",
            lines=tuple(line for case in told.cases for line in self._case(case)),
            order=self._order(found, near, told.cases[0].closed_at is None),
            compare_href=self._compare(told.cases[0].reference),
        )

    def _compare(self, reference: str) -> str:
        access = access_of(current_app, "merges.new")
        return url_for("merges.new", one=reference) if access is not None and access.allows(self.actor) else ""

    def trail(self, told: PersonTold, found: Found) -> Hit:
        """The same person to somebody who is told who looked, and not whose it is."""
        lines = tuple(self._looks(case.reference) for case in told.cases)
        return Hit(NOT_TOLD, lines[0].href, self._why(found), None, "", lines, self._order(found, (), True))

    def case(self, found: Found, told: PersonTold | None) -> Hit:
        """One case by its reference; whose it is only for those whose role opens cases."""
        known = [case for case in told.cases if case.reference == found.reference] if told is not None else []
        if told is not None and known and not sees_the_trail_alone(self.actor):
            whole = self.person(told, found)
            lines = tuple(line for case in known for line in self._case(case))
            return replace(whole, href=lines[0].href, lines=lines)
        href = url_for("casefile.show", reference=found.reference)
        line = self._looks(found.reference) if known else Line(found.reference, href, "Case", is_case=True)
        return Hit(NOT_TOLD, line.href, self._why(found), None, "", (line,), self._order(found, (), True))

    def items(self, told: Sequence[ItemTold], found: Found) -> Hit:
        """Items of one person, by what they themselves say."""
        first = told[0]
        form = next((each.form for each in told if each.is_told and each.form is not None), None)
        lines = tuple(self._item(each.item) for each in told)
        record = first.patient if first.is_told else None
        if not first.is_told:
            return Hit(NOT_TOLD, lines[0].href, self._why(found), None, "", lines, self._order(found, (), True))
        said: Mapping[str, Any] = form or {}
        near = [said.get(name) for name in ("family_name", "given_name", "preferred_name", "previous_family_names")]
        return Hit(
            name=_named(said) or (record.full_name if record else first.item.title) or "Name not known",
            href=lines[0].href,
            why=self._why(found),
            born_on=said.get("date_of_birth") or (record.date_of_birth if record else None),
            nhs_number=said.get("nhs_number") or (record.nhs_number if record else None) or "",
            lines=lines,
            order=self._order(found, near if form else (first.item.title,), first.item.is_open),
        )

    def _why(self, found: Found) -> str:
        via = {
            "preferred": "what the person likes to be called",
            "earlier": "an earlier family name",
            "other record": "another record of the same person",
            "form": "written so on a referral",
        }.get(found.via, "")
        how = STEP_WORDS[found.step] if self.has_names else self.how
        if via and self.has_names and found.step is not Step.EXACT:
            return upper_first(f"{via}, {how}")
        return upper_first(via or how)

    def _order(self, found: Found, names: Iterable[str | None], is_open: bool) -> tuple[Any, ...]:
        """The surest step first, then the most alike by Jaro-Winkler, then who is with the hub now."""
        parts = [part for name in names if name for part in _parts(name)]
        near = [
            max((jellyfish.jaro_winkler_similarity(word, part) for part in parts), default=0) for word in self.words
        ]
        alike = sum(near) / len(near) if near else 0
        return (found.step, found.via != "", -round(alike, 3), not is_open, " ".join(parts), found.id)

    def _case(self, case: CaseTold) -> Iterator[Line]:
        since = plain_day(local(case.opened_at).date())
        words = f"closed on {plain_day(local(case.closed_at).date())}" if case.closed_at else f"open since {since}"
        href = url_for("casefile.show", reference=case.reference)
        yield Line(case.reference, href, f"Case {words}", is_case=True)
        yield from (self._item(item) for item in case.items)

    def _looks(self, reference: str) -> Line:
        return Line(reference, url_for("casefile.who_has_looked", reference=reference), "Who has looked", is_case=True)

    def _item(self, item: WorkItem) -> Line:
        workflow = workflows.ALL[item.kind]
        wording = workflow.wording_of(item.state)
        stands = to_do_of(wording, is_hub=self.actor.is_hub) if item.is_open and wording.to_do else wording.label
        ended = f", {plain_day(local(item.closed_at).date())}" if item.closed_at and not item.is_open else ""
        words = f"{workflow.title}: {lower_first(stands)}{ended}"
        return Line(item.reference, item_href(item.kind, item.reference), words, is_ended=not item.is_open)


def way_to(found: Found, actor: Actor) -> str:
    """The address of a case or an item that was found by its reference."""
    if found.what == "case":
        page = "who_has_looked" if sees_the_trail_alone(actor) else "show"
        return url_for(f"casefile.{page}", reference=found.reference)
    return item_href(_KINDS[found.reference.partition("-")[0]], found.reference)


def place_of(found: Found, actor: Actor, *, leads_on: bool) -> Place:
    """A unit or an organisation: its items on the worklist for whoever sees some, else its page for who keeps it."""
    endpoint = f"admin.{found.what}"
    access = access_of(current_app, endpoint)
    if leads_on:
        href, about = url_for("worklist.list_items", organisation=found.id), "Its referrals on the worklist"
    elif access is not None and access.allows(actor):
        href, about = url_for(endpoint, reference=found.reference), "What the hub knows about it"
    else:
        href, about = "", ""
    return Place(found.via, found.reference, upper_first(found.what), href, about)


def _named(form: Mapping[str, Any]) -> str:
    parts = ((form.get("family_name") or "").upper(), form.get("given_name"))
    name = ", ".join(part for part in parts if part)
    preferred = form.get("preferred_name")
    return f"{name} ({preferred})" if name and preferred and preferred != form.get("given_name") else name


def _parts(name: str) -> Iterator[str]:
    yield _plain(name)
    if len(parts := name.replace("-", " ").split()) > 1:
        yield from map(_plain, parts)


def _plain(text: str) -> str:
    """Small letters alone, for comparing; what finds is the database's own spelling."""
    letters = unicodedata.normalize("NFKD", text).casefold()
    return "".join(letter for letter in letters if letter.isalnum())
