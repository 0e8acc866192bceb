"""What must not be read by others: marks that are planted in every free text of the world, and who people are.

A mark is one word that says whose it is ("zqt512x": row 512 of the history), so that a page is searched once for all
of them. `plant` finds the free texts by itself: any text column of an item's own table in which some row has a space.
A later issue adds a line to OWNED_BY for a table that belongs to an item or a case, to NOBODYS for a column that no
party reads, to PENCE for a price, or to `identities` for another thing that tells who somebody is.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.crawler.known import Sight
from workflows import ALL

MARK: Final = re.compile(r"zq([a-z])(\d+)x")
OWNED_BY: Final = (
    # table, its columns, the letter of its marks, and the column with the id that the mark carries
    ("case_alert", ("text",), "c", "case_id"),
    ("case_alert", ("detail",), "n", "case_id"),
    ("case_stay", ("hospital", "why"), "n", "case_id"),
    ("care_case", ("sharing_restriction_details", "open_reason", "close_reason"), "n", "id"),
    ("task", ("what",), "i", "id"),
    ("bed_state", ("closed_why", "told_by"), "b", "unit_id"),
    ("bed_state_entry", ("closed_why", "told_by"), "b", "unit_id"),
    ("document", ("name", "taken_back_why"), "d", "id"),
    ("placement_exception", ("why",), "n", "placement_id"),
    ("escalation_visit", ("why",), "i", "item_id"),
    ("escalation_position", ("words", "disputed", "wanted"), "i", "item_id"),
    ("escalation_fact", ("words",), "i", "item_id"),
    ("escalation_proposal", ("words",), "i", "item_id"),
    ("escalation_seat", ("declaration",), "i", "item_id"),
    ("escalation_issue", ("issue", "reasons"), "i", "item_id"),
    ("escalation_action", ("what", "evidence", "disputed_why"), "i", "item_id"),
    # In the demo these are all the hub's own: why somebody is away, how a list is called, what was announced late.
    ("absence", ("why",), "n", "id"),
    ("saved_view", ("name",), "n", "id"),
    ("bulk_change", ("reason", "query"), "n", "id"),
    ("recount", ("title",), "n", "id"),
)
NOBODYS: Final = {"placement": {"asked_person", "asked_how", "why_this_unit"}, "merge": {"why"}}
"""Columns of items that no party outside the hub reads: whom else the hub asked, and why."""
OF_THE_HUB: Final = {
    "referral": {"sharing_restriction_details"},
    "admission": {
        *("alternatives_considered", "exit_plan", "question", "answer_given", "objection", "new_facts"),
        *("responsible_commissioner", "conditions", "alternative", "contingency", "advice", "interest"),
    },
}
"""Columns that only a party of that very item, or who reads its papers, may read: no unit is sent any of them."""
NOT_TEXT: Final = frozenset(
    {"postcode", "phone", "fingerprint", "source_reference", "prison_number", "consent_given_by"}
)
NAMES: Final = frozenset({"family_name", "given_name", "preferred_name", "previous_family_names"})
"""Left as they are, and looked for as they are."""
AT_WORK: Final = re.compile(r"(_name|_assessor|_clinician|_consultant|_person|_by|clinician_in_charge)$")
FIGURE: Final = re.compile(r"(?<![\d.])(7\d{6})(?![\d.])")

EXAMPLES: Final = frozenset({"REF-2026-00042"})
"""What the pages give as an example of a reference."""
WORD: Final = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")
SPACED_NUMBER: Final = re.compile(r"\b(\d{3})[ \u00a0-](\d{3})[ \u00a0-](\d{4})\b")
REFERENCE: Final = re.compile(r"\b[A-Z]{3}-\d{4}-\d+\b")
MONTHS: Final = "January February March April May June July August September October November December".split()
DAY: Final = re.compile(rf"\b(\d{{1,2}}) ({'|'.join(MONTHS)}) (\d{{4}})\b|\b(\d{{4}})-(\d{{2}})-(\d{{2}})\b")


def plant(session: Session) -> int:
    """Put a mark into every free text; gives how many. The history is append-only, so its guards are off meanwhile."""
    session.execute(text("SET LOCAL session_replication_role = replica"))
    there = _tables(session)
    planted = 0
    for kind in sorted(session.scalars(text("SELECT DISTINCT kind FROM work_item"))):
        for column in _free_texts(session, kind, there.get(kind, {})):
            letter = "n" if column in NOBODYS.get(kind, ()) else "o" if column in OF_THE_HUB.get(kind, ()) else "i"
            planted += _mark(session, kind, column, letter, "id")
    for table, columns, letter, owner in OWNED_BY:
        for column in set(columns) & there.get(table, {}).keys():
            planted += _mark(session, table, column, letter, owner)
    # What a dispute is about stands in its title; that of every other kind is a name.
    titles = "UPDATE work_item SET title = 'zqi' || id || 'x ' || title WHERE kind = 'escalation'"
    planted += int(getattr(session.execute(text(titles)), "rowcount", 0))
    planted += _mark(session, "transition", "reason", "t", "id")
    for row in session.execute(text("SELECT id, values FROM transition")).all():
        marked = {name: _marked(name, value, f" zqt{row.id}x") for name, value in row.values.items()}
        if marked != row.values:
            statement = text("UPDATE transition SET values = CAST(:values AS jsonb) WHERE id = :id")
            session.execute(statement, {"values": _json(marked), "id": row.id})
            planted += 1
    if "bed_state" in there:
        _plant_figures(session)
    session.execute(text("SET LOCAL session_replication_role = origin"))
    return planted


def _tables(session: Session) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = defaultdict(dict)
    rows = text(
        "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public'"
    )
    for row in session.execute(rows):
        found[row.table_name][row.column_name] = row.data_type
    return found


def _free_texts(session: Session, table: str, columns: dict[str, str]) -> Iterator[str]:
    for column, kind in sorted(columns.items()):
        if kind == "text" and column not in NOT_TEXT | NAMES:
            spaced = text(f'SELECT EXISTS (SELECT 1 FROM "{table}" WHERE "{column}" ~ \' \')')
            if session.scalar(spaced):
                yield column


def _mark(session: Session, table: str, column: str, letter: str, owner: str) -> int:
    # In front, so that a text that is cut short on a list still shows it.
    statement = (
        f'UPDATE "{table}" SET "{column}" = \'zq{letter}\' || "{owner}" || \'x \' || "{column}" '
        f"WHERE coalesce(\"{column}\", '') <> ''"
    )
    return int(getattr(session.execute(text(statement)), "rowcount", 0))


def _marked(name: str, value: Any, mark: str) -> Any:
    new = value.get("new") if isinstance(value, dict) else None
    if not isinstance(new, str) or " " not in new or name in NOT_TEXT | NAMES:
        return value
    return value | {"new": new + mark}


def _json(value: Any) -> str:
    return json.dumps(value)


def _plant_figures(session: Session) -> None:
    """Bed figures that no other number looks like: each unit's begin at 7,000,000 and two hundred times its id."""
    for table in ("bed_state", "bed_state_entry"):
        checks = "SELECT conname FROM pg_constraint WHERE contype = 'c' AND conrelid = CAST(:name AS regclass)"
        for check in session.scalars(text(checks), {"name": table}).all():
            session.execute(text(f'ALTER TABLE {table} DROP CONSTRAINT "{check}"'))
        # Free is 7,000,001 + 200 × id too: open less occupied and held.
        session.execute(
            text(
                f"UPDATE {table} SET commissioned = 7000003 + 200 * unit_id, open_beds = 7000002 + 200 * unit_id, "
                "occupied = 1, held = 0"
            )
        )


@dataclass(frozen=True)
class World:
    """Whose everything is, to hold a page against; made once for all who crawl."""

    referrals: dict[int, frozenset[str]]
    """What tells who somebody is, by the referral whose form says it."""
    cases: dict[int, frozenset[str]]
    """The same by case, from the person's own record."""
    names: dict[int, frozenset[str]]
    """Of that the names and the birthday alone."""
    references: frozenset[str]
    units: dict[int, int]
    """Unit to organisation."""
    history: dict[int, tuple[int, str, int | None]]
    """Row of the history to its item, its audience and the organisation of who wrote it."""
    documents: dict[int, tuple[int, str, int | None, bool]]
    """Document to its item, audience, organisation of who added it, and whether it was taken back."""
    harmless: frozenset[str]
    """What is also the name of somebody who works with the person, or a place's postcode."""
    packs: dict[int, str]
    """Approach to the person's age and outcode, as a list says them."""


def read_world(session: Session) -> World:
    """Everything the findings are judged by."""
    forms = session.execute(
        text("SELECT id, family_name, given_name, preferred_name, nhs_number, date_of_birth, postcode FROM referral")
    )
    records = session.execute(
        text(
            "SELECT c.id, p.family_name, p.given_name, p.preferred_name, p.nhs_number, p.date_of_birth, p.postcode, "
            "f.nhs_number AS former FROM care_case c JOIN patient p ON p.id = c.patient_id "
            "LEFT JOIN patient_former_number f ON f.patient_id = p.id"
        )
    )
    history = session.execute(
        text(
            "SELECT t.id, t.item_id, t.audience, m.organisation_id FROM transition t "
            "LEFT JOIN membership m ON m.id = t.acting_as"
        )
    )
    documents = session.execute(
        text(
            "SELECT d.id, d.item_id, d.audience, m.organisation_id, d.taken_back_at IS NOT NULL AS is_gone "
            "FROM document d LEFT JOIN membership m ON m.id = d.acting_as"
        )
    )
    units = session.execute(text("SELECT u.id, s.organisation_id FROM unit u JOIN site s ON s.id = u.site_id"))
    numbers = session.scalars(text("SELECT reference FROM work_item UNION SELECT reference FROM care_case"))
    by_case: dict[int, set[str]] = defaultdict(set)
    by_name: dict[int, set[str]] = defaultdict(set)
    for row in records:
        by_name[row.id] |= set(names_and_birth(row))
        by_case[row.id] |= set(identities(row)) | ({row.former} if row.former else set())
    places = session.scalars(text("SELECT postcode FROM site"))
    names = [*session.scalars(text("SELECT name FROM user_account")), *_at_work(session)]
    packs: dict[int, str] = {}
    if "approach_pack" in _tables(session):
        for row in session.execute(text("SELECT approach_id, age_years, home_outcode FROM approach_pack")):
            packs[row.approach_id] = f"{row.age_years}-year-old from {(row.home_outcode or '?').casefold()}"
    return World(
        referrals={row.id: frozenset(identities(row)) for row in forms},
        cases={case: frozenset(found) for case, found in by_case.items()},
        names={case: frozenset(found) for case, found in by_name.items()},
        references=frozenset(numbers),
        units={row.id: row.organisation_id for row in units},
        history={row.id: (row.item_id, row.audience, row.organisation_id) for row in history},
        documents={row.id: (row.item_id, row.audience, row.organisation_id, row.is_gone) for row in documents},
        harmless=frozenset({words_of(each) for each in [*places, *names]}),
        packs=packs,
    )


def _at_work(session: Session) -> Iterator[str]:
    """Names that forms give of those who refer, assess and treat: invented from the same lists as the persons'."""
    for table, columns in _tables(session).items():
        for column in columns if table in ALL else ():
            if AT_WORK.search(column) and columns[column] == "text" and column not in NAMES:
                for said in session.scalars(text(f'SELECT DISTINCT "{column}" FROM "{table}"')):
                    yield MARK.sub("", (said or "").casefold()).split(",")[0]


def identities(row: Any) -> Iterator[str]:
    """What tells who a person is, each as `words_of` or `days_in` write it: names, number, birth, postcode."""
    yield from names_and_birth(row)
    if row.nhs_number:
        yield row.nhs_number
    if row.postcode:
        yield words_of(row.postcode)


def names_and_birth(row: Any) -> Iterator[str]:
    """Of that what the other side of a dispute is told."""
    for given in filter(None, (row.given_name, row.preferred_name)):
        if row.family_name:
            yield words_of(f"{given} {row.family_name}")
            yield words_of(f"{row.family_name} {given}")
    if row.date_of_birth:
        yield row.date_of_birth.isoformat()


def words_of(said: str) -> str:
    """The words of a text, in small letters, a space between each."""
    return " ".join(WORD.findall(said.casefold()))


def days_in(said: str) -> Iterator[str]:
    """The days a text names, as ISO writes them."""
    for day, month, year, *iso in DAY.findall(said):
        try:
            yield date(int(year), MONTHS.index(month) + 1, int(day)).isoformat() if month else "-".join(iso)
        except ValueError:
            continue


class Judge:
    """Says what of another's a text holds, for one person."""

    def __init__(self, world: World, sight: Sight) -> None:
        self.world, self.sight = world, sight
        known = _all(world.referrals, sight.forms) | _all(world.cases, sight.cases) | world.harmless
        known |= _all(world.names, sight.named_cases)
        everybody = _all(world.referrals, world.referrals) | _all(world.cases, world.cases)
        # A marker that two people share is no secret to who may know one of them.
        self.secrets = everybody - known
        self.lengths = sorted({len(each.split()) for each in self.secrets})
        mine = {world.packs[item] for item in sight.told & world.packs.keys()}
        self.faded = {world.packs[item] for item in sight.lost & world.packs.keys()} - mine
        self.references = world.references - sight.references - EXAMPLES
        self.seen = 0
        """Marks met that they may read: that there are any proves that marks are shown at all."""

    def findings(self, said: str, *, but: Sequence[str] = ()) -> set[str]:
        """What must not stand in `said`; `but` is what was typed, which a search repeats."""
        typed = {*but, *map(words_of, but)}
        return {*self._marks(said), *self._people(said), *self._numbers(said)} - typed

    def _marks(self, said: str) -> Iterator[str]:
        rules: dict[str, Callable[[int], bool]] = {
            "i": lambda item: item in self.sight.items | self.sight.forms,
            "o": lambda item: item in self.sight.items | self.sight.papers,
            "c": lambda case: case in self.sight.cases,
            "b": lambda unit: self.world.units[unit] == self.sight.organisation_id,
            "t": lambda row: self._may_read(*self.world.history[row]),
            "d": self.may_read_document,
            "n": lambda _: False,
        }
        for letter, number in set(MARK.findall(said.casefold())):
            if rules[letter](int(number)):
                self.seen += 1
            else:
                yield f"zq{letter}{number}x"

    def _may_read(self, item: int, audience: str, organisation: int | None) -> bool:
        """A row of an item: for all parties, or their own; of an item they lost sight of, their own alone."""
        is_own = organisation == self.sight.organisation_id
        if item in self.sight.lost:
            return is_own
        return item in self.sight.items and (
            is_own or audience in {"all", *(f"{who}:{self.sight.organisation_id}" for who in ("organisation", "alone"))}
        )

    def may_read_document(self, document: int) -> bool:
        item, audience, organisation, is_gone = self.world.documents[document]
        return not is_gone and self._may_read(item, audience, organisation)

    def _people(self, said: str) -> Iterator[str]:
        joined = SPACED_NUMBER.sub(r"\1\2\3", said)
        words = WORD.findall(joined.casefold())
        for length in self.lengths:
            shingles = {" ".join(words[place : place + length]) for place in range(len(words) - length + 1)}
            yield from shingles & self.secrets
        yield from set(days_in(said)) & self.secrets
        told = said.casefold()
        yield from (each for each in self.faded if each in told)

    def _numbers(self, said: str) -> Iterator[str]:
        yield from set(REFERENCE.findall(said)) & self.references
        for figure in set(FIGURE.findall(said.replace(",", ""))):
            unit = (int(figure) - 7_000_000) // 200
            is_planted = (int(figure) - 7_000_000) % 200 < 5
            if is_planted and self.world.units.get(unit, self.sight.organisation_id) != self.sight.organisation_id:
                yield f"bed figure {figure}"


def _all(by_id: dict[int, frozenset[str]], ids: Iterable[int]) -> set[str]:
    return set().union(*(by_id.get(each, frozenset()) for each in ids))
