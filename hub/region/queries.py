"""Reading the region: the beds of every unit, and which providers belong to a collaborative."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.beds.queries import UnitBeds, list_beds
from hub.organisations.models import Collaborative, Organisation
from hub.organisations.queries import who_belongs
from workflows.actor import Actor
from workflows.durations import local

Members = dict[str, set[int]]
"""By service line, the ids of the organisations whose units are in a collaborative of it."""


def read_beds(session: Session, actor: Actor, now: datetime, bed_type: str) -> list[UnitBeds]:
    """Every unit whose site and provider go on too, with its beds of one type, or of all. One statement."""
    today = local(now).date()
    found = list_beds(session, actor, now, bed_type=bed_type, most=None)
    return [beds for beds in found if _goes_on(beds, today)]


def _goes_on(beds: UnitBeds, today: date) -> bool:
    site = beds.unit.site
    return all(end is None or end >= today for end in (site.until_on, site.organisation.until_on))


def read_members(session: Session, now: datetime) -> Members:
    """Who belongs to the active collaboratives: their leads and their members of today. One statement."""
    who = who_belongs(local(now).date())
    rows = session.execute(
        select(Collaborative.service_line, who.c.organisation_id)
        .join(who, who.c.collaborative_id == Collaborative.id)
        .where(Collaborative.status == "active")
    )
    members: Members = defaultdict(set)
    for service_line, organisation_id in rows:
        members[service_line].add(organisation_id)
    return members


def is_member(members: Members, service_line: str, organisation: Organisation) -> bool:
    """Whether an organisation, or the lead provider it is an arm of, belongs to a collaborative of the line."""
    return not members.get(service_line, set()).isdisjoint({organisation.id, organisation.parent_id})
