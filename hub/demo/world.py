"""The demo world: an invented hub, nine providers, a year of referrals, searches and stays, through the engine."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.accounts.models import UserAccount
from hub.db import Lock, hold
from hub.demo.absences import make_absences
from hub.demo.account_requests import make_account_requests, make_domains
from hub.demo.documents import add_documents
from hub.demo.escalations import make_disputes
from hub.demo.late_day import make_late_day
from hub.demo.merge_stories import make_twins
from hub.demo.past import Past, settle
from hub.demo.past_admissions import PastAdmissions
from hub.demo.people import HUB, PASSWORD, SINCE, make_collaboratives, make_people, make_rota, sign_ins
from hub.demo.policy_stories import make_past_policy, make_policy_changes
from hub.demo.present import Present
from hub.demo.saved_views import make_saved_views
from hub.demo.units import watch_units
from hub.demo.wishes import make_wishes
from hub.engine.models import WorkItem
from hub.organisations.importing import import_organisations
from hub.organisations.models import Organisation
from hub.referrals.importing import import_referrals
from hub.web.files import Intake
from workflows.actor import Actor
from workflows.durations import local

__all__ = ["FILES", "PASSWORD", "DemoRefused", "make_ground", "make_world", "sign_ins"]

FILES: Final = Path(__file__).parent / "files"


class DemoRefused(Exception):
    """The database holds something else, which the demo must not be mixed with."""


def make_world(session: Session, *, now: datetime, intake: Intake | None = None) -> bool:
    """Make the whole world in the caller's transaction; False when it is there already.

    With an `intake` some items have documents. The same `now` makes the same world. Raises DemoRefused when the
    database has organisations, people or referrals that are not the demo's.
    """
    hold(session, Lock.DEMO_WORLD)  # two demos started at once make one world
    if session.scalar(select(Organisation.id).where(Organisation.ods_code == HUB, Organisation.is_demo)) is not None:
        return False
    if any(session.scalar(select(model.id).limit(1)) for model in (Organisation, UserAccount, WorkItem)):
        raise DemoRefused(
            "This database is in use already. The demo needs an empty one: set HUB_DATA_DIR to a new folder"
        )
    people = make_ground(session, now)
    make_past_policy(session, people, now)
    import_referrals(session, FILES / "referrals.csv", now=now, skip_bad=True)
    Past(session, people, now).walk()
    PastAdmissions(session, people, now).walk()
    watch_units(session, now)
    Present(session, people, now, set(session.scalars(select(Organisation.ods_code)))).make()
    make_twins(session, people, now)
    make_disputes(session, people, now)
    make_policy_changes(session, people, now)
    make_account_requests(session, now)
    make_absences(session, people, now)
    make_saved_views(session, people, now)
    make_wishes(session, people, now)
    settle(session, now)
    make_late_day(session, people, now)
    if intake is not None:
        add_documents(session, people, intake, now=now)
    return True


def make_ground(session: Session, now: datetime) -> dict[str, Actor]:
    """The invented organisations, people, rota and collaboratives, without any referral; gives who acts, by name."""
    import_organisations(
        session,
        today=local(now - SINCE).date(),
        organisations=_lines("organisations.csv"),
        sites=_lines("sites.csv"),
        units=_lines("units.csv"),
        is_demo=True,
    )
    people = make_people(session, now)
    make_domains(session, now)
    make_rota(session, people, now)
    make_collaboratives(session, now)
    return people


def _lines(name: str) -> list[str]:
    return (FILES / name).read_text(encoding="utf-8").splitlines(keepends=True)
