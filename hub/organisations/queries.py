"""Reading organisations, units and collaboratives."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session, joinedload

from hub.organisations.models import Arm, Collaborative, Organisation, Site, Unit


def lasts(until_on: Any, today: date) -> ColumnElement[bool]:
    """A condition on a column of last days: it is empty, or `today` (a London date) at the earliest."""
    return or_(until_on.is_(None), until_on >= today)


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
