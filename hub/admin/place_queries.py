"""Reading organisations, sites, units and collaboratives for the administrator's pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, joinedload

from hub.admin.queries import ended_with_people, unit_without_postcode
from hub.engine.models import ItemParty
from hub.engine.rulebook import PolicyVersion
from hub.organisations.models import Collaborative, Organisation, Site, Unit
from hub.organisations.queries import lasts
from workflows.policy import DEFAULT

MOST_LISTED: Final = 200
"""Rows of one list; the words say when there are more, and the search narrows it."""
DEFAULT_SET: Final = "default"


@dataclass(frozen=True, slots=True)
class Hanging:
    """What hangs on an organisation: open items it is a party to, and its units that go on."""

    open_items: int
    units: Sequence[Unit]
    arms: Sequence[Organisation]


def organisations(
    session: Session, today: date, *, words: str = "", kind: str = "", show: str = ""
) -> list[Organisation]:
    """Organisations by name, ended ones last, one more than MOST_LISTED when there are more."""
    found: list[ColumnElement[bool]] = []
    if words:
        found.append(_holds(words, Organisation.name, Organisation.ods_code))
    if kind:
        found.append(Organisation.kind == kind)
    if show == "ended_with_people":
        found.append(ended_with_people(today))
    elif show == "ended":
        found.append(Organisation.until_on < today)
    elif show != "all":
        found.append(lasts(Organisation.until_on, today))
    query = select(Organisation).where(*found).options(joinedload(Organisation.parent))
    order = (Organisation.name, Organisation.id)
    return list(session.scalars(query.order_by(*order).limit(MOST_LISTED + 1)))


def find_organisation(session: Session, code: str) -> Organisation | None:
    """The organisation with this code, its lead provider loaded."""
    query = select(Organisation).where(Organisation.ods_code == code.upper()).options(joinedload(Organisation.parent))
    return session.scalar(query)


def sites_of(session: Session, organisation_id: int) -> list[Site]:
    """The sites of an organisation with their units, by name; two statements."""
    query = select(Site).where(Site.organisation_id == organisation_id).options(joinedload(Site.units))
    return list(session.scalars(query.order_by(Site.name, Site.id)).unique())


def hanging_on(session: Session, organisation_id: int, today: date) -> Hanging:
    """What still hangs on an organisation; three statements."""
    party = and_(ItemParty.organisation_id == organisation_id, ItemParty.is_open, ItemParty.until_at.is_(None))
    items = session.scalar(select(func.count(func.distinct(ItemParty.item_id))).where(party)) or 0
    goes_on = lasts(Unit.until_on, today)
    units = session.scalars(
        select(Unit).join(Site).where(Site.organisation_id == organisation_id, goes_on).order_by(Unit.name)
    ).all()
    arms = session.scalars(
        select(Organisation)
        .where(Organisation.parent_id == organisation_id)
        .order_by(Organisation.arm, Organisation.name)
    ).all()
    return Hanging(items, units, arms)


def find_site(session: Session, code: str) -> Site | None:
    """The site with this code, with its organisation and units."""
    query = select(Site).where(Site.site_code == code.upper())
    return session.scalars(query.options(joinedload(Site.organisation), joinedload(Site.units))).unique().one_or_none()


def units(session: Session, today: date, *, words: str = "", bed_type: str = "", show: str = "") -> list[Unit]:
    """Units by organisation and name with their places, one more than MOST_LISTED when there are more."""
    found: list[ColumnElement[bool]] = []
    if words:
        found.append(_holds(words, Unit.name, Unit.unit_code, Organisation.name))
    if bed_type:
        found.append(Unit.bed_type == bed_type)
    if show == "without_postcode":
        found.append(unit_without_postcode(today))
    elif show == "ended":
        found.append(Unit.until_on < today)
    elif show != "all":
        found.append(lasts(Unit.until_on, today))
    return list(session.scalars(_units(*found).limit(MOST_LISTED + 1)))


def all_units(session: Session, today: date) -> list[Unit]:
    """Every unit that goes on, with its places, by organisation and name."""
    return list(session.scalars(_units(lasts(Unit.until_on, today))))


def _units(*conditions: ColumnElement[bool]) -> Select[Unit]:
    """Units by organisation and name, each with its site and organisation."""
    query = select(Unit).join(Site, Site.id == Unit.site_id).join(Organisation, Organisation.id == Site.organisation_id)
    query = query.where(*conditions).options(joinedload(Unit.site).joinedload(Site.organisation))
    return query.order_by(Organisation.name, Unit.name, Unit.id)


def find_unit(session: Session, code: str) -> Unit | None:
    """The unit with this code, with its site and organisation."""
    query = select(Unit).where(Unit.unit_code == code.upper())
    return session.scalar(query.options(joinedload(Unit.site).joinedload(Site.organisation)))


def collaboratives(session: Session) -> list[Collaborative]:
    """Every collaborative with its lead, by name."""
    query = select(Collaborative).options(joinedload(Collaborative.lead_organisation))
    return list(session.scalars(query.order_by(Collaborative.name)))


def policy_sets(session: Session) -> list[tuple[str, str]]:
    """(name kept with a collaborative, words) of every policy set there is."""
    names = session.scalars(select(PolicyVersion.name).distinct().order_by(PolicyVersion.name))
    others = [(name, name) for name in names if name != DEFAULT.name and len(name) <= 40]
    return [(DEFAULT_SET, DEFAULT.name), *others]


def _holds(words: str, *columns: InstrumentedAttribute[str]) -> ColumnElement[bool]:
    return or_(*(column.icontains(words, autoescape=True) for column in columns))
