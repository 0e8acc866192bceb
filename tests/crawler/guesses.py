"""Every address somebody might guess: every route that takes a reference or a number, with those of the whole world.

A route that a later issue adds is guessed without a word here when it takes a reference below `/<kind>s/` or
`/cases/`, or a number whose name NUMBERED has. Anything else must be named there, or the test says so.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from hub.web.access import Kind, access_of
from workflows import ALL
from workflows.everyday import EVERYDAY

NUMBERED: Final = {
    "document_id": "document",
    "paper_id": "paper",
    "draft_id": "draft",
    "alert_id": "case_alert",
    "status_id": "legal_status",
    "stay_id": "case_stay",
    "standing": "patient",
    "other": "patient",
    "request_id": "account_request",
    "user_id": "user_account",
    "membership_id": "membership",
    "shift_id": "on_call_shift",
    "domain_id": "organisation_email_domain",
    "member_id": "collaborative_member",
    "absence_id": "absence",
    "recount_id": "recount",
    "message_id": "message",
    "change_id": "bulk_change",
    "view_id": "saved_view",
    "receipt_id": "transition",
    "number": "policy_version",
}
"""The table in which the number of a route is looked up."""
NUMBERS: Final = {
    # Of thousands of messages some of everybody's: they are alike.
    "message": "SELECT min(id) AS id FROM message GROUP BY user_id, kind ORDER BY id",
    "policy_version": "SELECT number FROM policy_version ORDER BY number",
    # Of everybody's doings the last of some items.
    "transition": "SELECT max(id) AS id FROM transition WHERE acting_as IS NOT NULL GROUP BY acting_as, item_id % 3",
}
"""By table, how its numbers are read where that is not every id."""
OF_A_UNIT: Final = frozenset({"beds"})
"""Where the code in an address is a unit's."""
REGISTERS: Final = {"flash-points": "flash_point", "interests": "interest"}
"""Where the number in an address is one of a register's, and the table it is looked up in."""
TAKEN: Final = frozenset(
    {"reference", "action", "section", "name", "code", "bed_type", "subject", "on_date", *NUMBERED}
)
"""Parts of a route that `fill` knows."""
PART: Final = re.compile(r"<(?:[^:<>]+:)?([a-z_]+)>")
SECTIONS: Final = ("person", "health", "risk", "check")


@dataclass(frozen=True)
class Guess:
    """One address of something that is there, and what it is of, for whoever asks whose it is."""

    method: str
    address: str
    kind: str
    """The kind of the item, "case", "document", "paper" or another table's name."""
    id: int
    is_shown: bool
    """This is where the thing itself is shown."""


@dataclass(frozen=True)
class Things:
    """What is there to guess: by kind, reference or name and id."""

    named: dict[str, list[tuple[str, int]]]
    numbered: dict[str, list[int]]
    documents: dict[int, str]


def read_things(session: Session) -> Things:
    """Every reference and number of the world."""
    named: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for row in session.execute(text("SELECT kind, reference, id FROM work_item ORDER BY id")):
        named[row.kind].append((row.reference, row.id))
    for row in session.execute(text("SELECT reference, id FROM care_case ORDER BY id")):
        named["case"].append((row.reference, row.id))
    for row in session.execute(text("SELECT unit_code AS code, id FROM unit ORDER BY id")):
        named["unit"].append((row.code, row.id))
    tables = sorted({*NUMBERED.values(), *REGISTERS.values()})
    numbers = {table: NUMBERS.get(table, f'SELECT id FROM "{table}" ORDER BY id') for table in tables}
    numbered = {table: list(session.scalars(text(query))) for table, query in numbers.items()}
    names = session.execute(text("SELECT id, name FROM document"))
    return Things(dict(named), numbered, {row.id: row.name for row in names})


@dataclass(frozen=True)
class Route:
    """One route to guess at."""

    method: str
    rule: str
    kind: str

    def fill(self, things: Things, which: int, reference: str, identity: int) -> str:
        """The address of the thing; what else the route takes turns with `which`."""
        workflow = ALL.get(self.kind)
        actions = [action.name for action in (*workflow.actions, *EVERYDAY)] if workflow else []
        given = {
            "reference": reference,
            "action": actions[which % len(actions)] if actions else "note",
            "section": SECTIONS[which % len(SECTIONS)],
            "name": quote(things.documents.get(identity, "x")),
            "code": reference,
            "bed_type": "301",
            "subject": "referral",
            "on_date": "2026-12-25",
        }

        def value(part: re.Match[str]) -> str:
            name = part[1]
            if name in given:
                return given[name]
            ids = things.numbered[NUMBERED[name]] or [1]
            is_it = self.kind == NUMBERED[name] or self.kind in REGISTERS.values()
            return str(identity if is_it else ids[which % len(ids)])

        return PART.sub(value, self.rule)


def routes(app: Flask) -> tuple[list[Route], list[str]]:
    """Every route that takes something, but for public ones and files; and those nobody said how to guess."""
    found, unknown = [], []
    for rule in sorted(app.url_map.iter_rules(), key=lambda each: each.rule):
        parts, access = PART.findall(rule.rule), access_of(app, rule.endpoint)
        if not parts or rule.endpoint == "static" or access is None or access.kind is Kind.PUBLIC:
            continue
        strange = [part for part in parts if part not in TAKEN]
        unknown += [f"{rule.rule}: {part}" for part in strange]
        for method in sorted((rule.methods or set()) & {"GET", "POST"}) if not strange else ():
            found.append(Route(method, rule.rule, _kind(rule.rule, parts)))
    return found, unknown


def _kind(rule: str, parts: list[str]) -> str:
    first, second = rule.split("/")[1:3]
    kind = {plural: kind for kind in (*ALL, "case") for plural in (f"{kind}s", f"{kind}es")}.get(
        first.replace("-", "_")
    )
    if "reference" in parts and kind is not None:
        # Below a kind's address there are pages that are about something else, such as an import.
        return kind if second == "<reference>" or kind == "case" else "any"
    if first in OF_A_UNIT:
        return "unit"
    if first in REGISTERS:
        return REGISTERS[first]
    return NUMBERED.get(parts[0], "any")


def guesses(routes: list[Route], things: Things, method: str, turn: int) -> Iterator[Guess]:
    """For each thing the address where it is shown, and one other of its routes, in turn; `turn` is the guesser's.

    So each thing is guessed at by everybody, and each of its routes by somebody.
    """
    by_kind: dict[str, list[Route]] = defaultdict(list)
    for route in routes:
        if route.method == method:
            by_kind[route.kind].append(route)
    for kind, ways in sorted(by_kind.items()):
        for place, (reference, identity) in enumerate(_things_of(kind, things)):
            shown = [way for way in ways if method == "GET" and way.rule.count("<") == 1 and way.rule.endswith(">")]
            others = [way for way in ways if way not in shown] or shown
            which = place + turn
            for way in (*shown[:1], others[which % len(others)]):
                address = way.fill(things, which // len(others), reference, identity)
                yield Guess(method, address, kind, identity, way in shown)


def _things_of(kind: str, things: Things) -> list[tuple[str, int]]:
    if kind in things.named:
        return things.named[kind]
    if kind == "any":
        # Nobody's own numbers are known here: the last of each kind stands for all.
        return [(found[-1][0], 0) for _, found in sorted(things.named.items()) if found]
    return [("", identity) for identity in things.numbered.get(kind, [])]
