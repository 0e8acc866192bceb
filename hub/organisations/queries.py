"""Reading organisations, units and collaboratives."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Subquery, exists, or_, select, union_all
from sqlalchemy.orm import Session, joinedload

from hub.organisations.models import Arm, Collaborative, CollaborativeMember, Organisation, Site, Unit
from workflows.durations import date_words


def lasts(until_on: Any, today: date) -> ColumnElement[bool]:
    """A condition on a column of last days: it is empty, or `today` (a London date) at the earliest."""
    return or_(until_on.is_(None), until_on >= today)


def why_closed(unit: Unit, on: date) -> str | None:
    """In words that the unit, its site or its organisation was closed on a London date; None while it was not."""
    ends = (unit.until_on, unit.site.until_on, unit.site.organisation.until_on)
    last = min((end for end in ends if end is not None), default=on)
    return f"{unit.name} is closed: its last day was {date_words(last)}" if last < on else None


def find_organisation(session: Session, code: str) -> Organisation | None:
    """The organisation with this ODS code, however it was typed, or None."""
    return session.scalar(select(Organisation).where(Organisation.ods_code == code.strip().upper()))


def find_unit(session: Session, code: str) -> Unit | None:
    """The unit with this code, or None."""
    return session.scalar(select(Unit).where(Unit.unit_code == code.strip().upper()))


def current_organisations(session: Session, today: date) -> list[Organisation]:
    """Every organisation that exists on `today` (a London date), by name."""
    query = select(Organisation).where(Organisation.from_on <= today, lasts(Organisation.until_on, today))
    return list(session.scalars(query.order_by(Organisation.name, Organisation.id)))


def hub_organisations(session: Session) -> list[Organisation]:
    """The hub arms, one to each lead provider."""
    return list(session.scalars(select(Organisation).where(Organisation.arm == Arm.HUB).order_by(Organisation.name)))


def units_of(session: Session, organisation_id: int) -> list[Unit]:
    """The units of an organisation with their sites, by site and name."""
    query = select(Unit).join(Site).options(joinedload(Unit.site)).where(Site.organisation_id == organisation_id)
    return list(session.scalars(query.order_by(Site.name, Unit.name)))


def active_collaborative(session: Session, service_line: str) -> Collaborative | None:
    """The active collaborative of a service line, the oldest when there are several, or None."""
    query = select(Collaborative).where(Collaborative.service_line == service_line, Collaborative.status == "active")
    return session.scalar(query.order_by(Collaborative.id).limit(1))


def who_belongs(today: date) -> Subquery:
    """Rows (collaborative_id, organisation_id): who leads a collaborative, and its members of `today` (a London date).

    An arm of such an organisation belongs as well: compare with its own id and its parent's.
    """
    of_today = (CollaborativeMember.from_on <= today, lasts(CollaborativeMember.until_on, today))
    members = select(CollaborativeMember.collaborative_id, CollaborativeMember.organisation_id).where(*of_today)
    leads = select(
        Collaborative.id.label("collaborative_id"), Collaborative.lead_organisation_id.label("organisation_id")
    )
    return union_all(leads, members).subquery("who_belongs")


def belongs_to(collaborative_id: int | None, today: date) -> ColumnElement[bool]:
    """A condition on Organisation: it, or the lead provider it is an arm of, belongs to this collaborative `today`."""
    who = who_belongs(today)
    is_theirs = or_(who.c.organisation_id == Organisation.id, who.c.organisation_id == Organisation.parent_id)
    return exists().where(who.c.collaborative_id == collaborative_id, is_theirs)
