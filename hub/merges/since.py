"""What was begun or changed after two records were made one: told before they are taken apart, and kept with it."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

import workflows
from hub.cases.models import CareCase, CaseAlert, CaseStay, LegalStatus
from hub.cases.stays import place_of, stay_words
from hub.codes import known_label
from hub.engine.models import WorkItem
from hub.merges.fields import FIELDS
from hub.merges.rows import changed_since, followers, stays_of_items
from hub.organisations.models import Site, Unit
from hub.patients.models import Patient
from hub.web.filters import count, day

STAYS = "stays with the record that stands"


def what_stays(session: Session, merge: Any) -> list[str]:
    """One sentence for each thing that is not simply put back; none when nothing happened since."""
    return [
        *_values(session, merge),
        *_items(session, merge),
        *_alerts(session, merge),
        *_law(session, merge),
        *_stays(session, merge),
        *_facts(session, merge),
    ]


def _values(session: Session, merge: Any) -> Iterator[str]:
    changed = changed_since(session, Patient, merge.standing_id, merge.done["values"])
    patient = session.get_one(Patient, merge.standing_id)
    for field in FIELDS:
        if changed & set(field.columns):
            yield f"{field.label}: “{field.words(patient) or 'blank'}” was entered since and {STAYS}"


def _items(session: Session, merge: Any) -> Iterator[str]:
    listed = _listed(merge, "items")
    query = (
        select(WorkItem.id, WorkItem.kind, WorkItem.reference, WorkItem.opened_at)
        .join(CareCase, CareCase.id == WorkItem.case_id)
        .where(
            CareCase.patient_id == merge.standing_id,
            WorkItem.id.not_in([merge.id, *merge.done["had"]["items"]]),
        )
        .order_by(WorkItem.id)
    )
    follow = set(followers(session, listed))
    for identity, kind, reference, opened_at in session.execute(query):
        named = f"{workflows.ALL[kind].title} {reference}, begun on {day(opened_at)},"
        if identity in follow:
            yield f"{named} goes back with what it was opened from"
        else:
            yield f"{named} {STAYS}"


def _alerts(session: Session, merge: Any) -> Iterator[str]:
    had, listed = merge.done["had"]["alerts"], _listed(merge, "alerts")
    query = (
        select(CaseAlert.text, CaseAlert.recorded_at, CaseAlert.id)
        .join(CareCase, CareCase.id == CaseAlert.case_id)
        .where(
            CareCase.patient_id == merge.standing_id,
            or_(CaseAlert.id.not_in(had), and_(CaseAlert.id.in_(listed), CaseAlert.ended_at >= merge.agreed_at)),
        )
        .order_by(CaseAlert.id)
    )
    for text, recorded_at, identity in session.execute(query):
        if identity in listed:
            yield f"Alert “{text}” was ended since: it goes back ended"
        else:
            yield f"Alert “{text}”, added on {day(recorded_at)}, {STAYS}"


def _law(session: Session, merge: Any) -> Iterator[str]:
    given_back = {part["id"] for part in merge.done["cases"]}
    query = (
        select(LegalStatus.code, LegalStatus.recorded_at, CareCase.id, CareCase.reference)
        .join(CareCase, CareCase.id == LegalStatus.case_id)
        .where(CareCase.patient_id == merge.standing_id, LegalStatus.id.not_in(merge.done["had"]["statuses"]))
        .order_by(LegalStatus.id)
    )
    for code, recorded_at, case_id, reference in session.execute(query):
        where = f"goes back with {reference}" if case_id in given_back else STAYS
        named = known_label("legal_status", code)
        yield f"Legal status “{named}”, recorded on {day(recorded_at)}, {where}: check both legal histories"


def _stays(session: Session, merge: Any) -> Iterator[str]:
    had, listed = merge.done["had"]["stays"], merge.done["stays"]
    with_items = set(stays_of_items(session, followers(session, _listed(merge, "items"))))
    query = (
        select(CaseStay, place_of())
        .outerjoin(Unit, Unit.id == CaseStay.unit_id)
        .outerjoin(Site, Site.id == Unit.site_id)
        .where(
            CaseStay.patient_id == merge.standing_id,
            or_(CaseStay.id.not_in(had), and_(CaseStay.id.in_(listed), CaseStay.corrected_at >= merge.agreed_at)),
        )
        .order_by(CaseStay.id)
    )
    for stay, place in session.execute(query):
        words = stay_words(place, stay.from_at, stay.until_at)
        if stay.id in listed:
            yield f"The stay at {words} was corrected since: it goes back corrected, and what replaced it {STAYS}"
        elif stay.id in with_items:
            yield f"The stay at {words} goes back with the item that keeps it"
        else:
            yield f"The stay at {words} {STAYS}"


def _facts(session: Session, merge: Any) -> Iterator[str]:
    for part in merge.done["emptied"]:
        changed = changed_since(session, CareCase, part["into"], part["facts"])
        if changed:
            reference = session.get_one(CareCase, part["into"]).reference
            what = f"{count(len(changed), 'fact')} of {reference}"
            yield f"{what} {'was' if len(changed) == 1 else 'were'} changed since and {STAYS}: look through them"


def _listed(merge: Any, what: str) -> list[int]:
    return [each for part in (*merge.done["cases"], *merge.done["emptied"]) for each in part[what]]
