"""What a person outside the hub may know, read from the tables by SQL of this test's own, never by the hub's rules.

An item is known to those whom a live party row names: the person, or the organisation (and unit) they act for. Of an
approach that ended without a bed only the reference, the dates and the unit's own words are left: not the person.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

PERSON_IS_GONE_IN: Final[Mapping[str, frozenset[str]]] = {
    "approach": frozenset({"refused", "offer_withdrawn", "lapsed", "stood_down"}),
}
"""By kind, the states in which a party may no longer be told whom the item is about. Later kinds add their line."""

SEES_NOT_THE_CASE: Final = frozenset({"approach", "escalation"})
"""Kinds whose parties are told who the person is and still may not open the case or know its number elsewhere."""

IN_A_PACK: Final = frozenset({"referral", "admission"})
"""Kinds whose own words a unit is sent when it is asked: both forms, and nothing of a search or of another approach."""

BETWEEN_SIDES: Final = frozenset({"escalation"})
"""Kinds that lead to nothing beside or above them, and tell whoever takes part a name and a birthday, no number and no
address; where sharing is restricted not even that."""

BEFORE_THE_BED: Final = frozenset({"approach", "placement"})
"""Kinds that tell a unit no name where sharing is restricted: the hub does that itself."""

OF_UNITS: Final = frozenset({"unit_manager", "unit_clinician"})
"""Roles that stand for every unit of their organisation when their membership names none."""

PEOPLE: Final = """
    SELECT u.email, u.id AS user_id, m.id AS membership_id, m.role, m.organisation_id, m.unit_id, o.ods_code, o.kind
    FROM membership m JOIN user_account u ON u.id = m.user_id JOIN organisation o ON o.id = m.organisation_id
    WHERE o.arm IS DISTINCT FROM 'hub' AND m.until_on IS NULL ORDER BY u.id"""

PARTIES: Final = """
    SELECT DISTINCT w.id, w.kind, w.state, w.reference, w.case_id, w.is_open, w.is_draft,
        coalesce(c.sharing_restricted, false) AS is_restricted
    FROM item_party p JOIN work_item w ON w.id = p.item_id LEFT JOIN care_case c ON c.id = w.case_id
    WHERE p.until_at IS NULL AND (p.user_id = :user_id OR (p.organisation_id = :organisation_id AND
        (p.unit_id IS NULL OR p.unit_id = :unit_id OR (CAST(:unit_id AS int) IS NULL AND :is_of_units))))
    ORDER BY w.id"""

ABOVE: Final = """
    WITH RECURSIVE above AS (
        SELECT id, kind, parent_id, case_id, reference FROM work_item WHERE id = ANY(:ids)
        UNION SELECT w.id, w.kind, w.parent_id, w.case_id, w.reference
        FROM work_item w JOIN above ON above.parent_id = w.id
    ) SELECT id, kind, parent_id, case_id, reference FROM above"""


SENT: Final = """
    SELECT DISTINCT w.reference FROM transition t JOIN membership m ON m.id = t.acting_as
    JOIN work_item w ON w.id = t.item_id JOIN item_party p ON p.item_id = w.id
    WHERE m.organisation_id = :organisation_id AND (p.user_id = :user_id OR (p.organisation_id = :organisation_id AND
        (p.unit_id IS NULL OR p.unit_id = :unit_id OR (CAST(:unit_id AS int) IS NULL AND :is_of_units))))"""
"""What their organisation did on an item whose party they are or were: it keeps the proof of that, with its reference.
Once its access has ended, no word of it, not even its own."""

NEAR: Final = """
    SELECT w.id, w.case_id FROM work_item w JOIN (
        SELECT DISTINCT o.case_id FROM work_item o JOIN item_party p ON p.item_id = o.id
        WHERE p.organisation_id = :organisation_id OR p.user_id = :user_id ORDER BY o.case_id DESC LIMIT 15
    ) newest ON newest.case_id = w.case_id"""


@dataclass(frozen=True)
class Sight:
    """What one person outside the hub may know; everything is ids, but for the references."""

    email: str
    role: str
    user_id: int
    membership_id: int
    organisation_id: int
    ods_code: str
    is_provider: bool
    open_items: frozenset[int]
    """The open items among `items`, for the numbers of a worklist."""
    items: frozenset[int]
    """They may open these."""
    told: frozenset[int]
    """Of these they may also be told whom they are about."""
    forms: frozenset[int]
    """The items above those whose words are in what a unit is sent."""
    papers: frozenset[int]
    """Items whose papers they may open: their own, and the referral behind an admission decision."""
    cases: frozenset[int]
    """The cases of those: who the person is."""
    named_cases: frozenset[int]
    """Cases of which they may know the name and the birthday, and no more."""
    opens_cases: frozenset[int]
    """The cases they may open themselves."""
    references: frozenset[str]
    lost: frozenset[int]
    """Items of which they may know no more than their own words."""
    near: frozenset[int]
    """Everything of the newest cases in which they ever had a part: where a mistake would show first."""
    near_cases: frozenset[int]
    messages: frozenset[int]
    """What is in their inbox."""

    @property
    def name(self) -> str:
        """How a finding calls them."""
        return f"{self.email} ({self.role}, {self.ods_code})"


def sights(session: Session) -> list[Sight]:
    """Everybody of the world who acts for an organisation other than the hub."""
    return [_sight(session, person) for person in session.execute(text(PEOPLE))]


def _sight(session: Session, person: Row[Any]) -> Sight:
    given = {"organisation_id": person.organisation_id, "user_id": person.user_id}
    near = session.execute(text(NEAR), given).all()
    who = {name: getattr(person, name) for name in ("user_id", "organisation_id", "unit_id")}
    rows = session.execute(text(PARTIES), {**who, "is_of_units": person.role in OF_UNITS}).all()
    sent = session.execute(text(SENT), {**who, "is_of_units": person.role in OF_UNITS}).all()
    gone = {row.id for row in rows if row.state in PERSON_IS_GONE_IN.get(row.kind, ())}
    told = {row.id for row in rows} - gone
    disputes = {row.id for row in rows if row.kind in BETWEEN_SIDES}
    named_cases = {row.case_id for row in rows if row.id in disputes and row.case_id and not row.is_restricted}
    above = session.execute(text(ABOVE), {"ids": sorted(told - disputes)}).all()
    is_of_a_unit = person.role in OF_UNITS
    nameless = {row.id for row in rows if is_of_a_unit and row.is_restricted and row.kind in BEFORE_THE_BED}
    named = session.execute(text(ABOVE), {"ids": sorted(told - nameless - disputes)}).all()
    cases = {row.case_id for row in named if row.case_id is not None}
    behind = {row.parent_id for row in above if row.id in told and row.kind == "admission"} - {None}
    alone = {row.id for row in rows if row.kind in SEES_NOT_THE_CASE}
    led_on = session.execute(text(ABOVE), {"ids": sorted(told - alone)}).all()
    opened = {row.case_id for row in rows if row.id in told and row.kind not in SEES_NOT_THE_CASE and row.case_id}
    numbers = session.execute(text("SELECT id, reference FROM care_case WHERE id = ANY(:ids)"), {"ids": sorted(opened)})
    return Sight(
        email=person.email,
        role=person.role,
        user_id=person.user_id,
        membership_id=person.membership_id,
        organisation_id=person.organisation_id,
        ods_code=person.ods_code,
        is_provider=person.kind in {"nhs_provider", "independent_provider"},
        open_items=frozenset(row.id for row in rows if row.is_open),
        items=frozenset(row.id for row in rows),
        told=frozenset(told),
        forms=frozenset(row.id for row in above if row.kind in IN_A_PACK),
        papers=frozenset(told | behind),
        cases=frozenset(cases),
        named_cases=frozenset(named_cases),
        opens_cases=frozenset(opened),
        references=frozenset({row.reference for row in [*rows, *led_on, *numbers, *sent]}),
        lost=frozenset(gone),
        near=frozenset(row.id for row in near),
        near_cases=frozenset(row.case_id for row in near if row.case_id is not None),
        messages=frozenset(session.scalars(text("SELECT id FROM message WHERE user_id = :user_id"), given)),
    )
