"""The frozen pack of an approach: what a unit needs to answer, and nothing else of the case.

Both forms are tables of fields (`workflows.form1_fields`, `workflows.form2`), so they are read here without their
features. Nothing of the hub's own goes in: no recommendation, cost, decision or note, and no other unit.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session, object_session

from hub.accounts.models import UserAccount
from hub.cases.models import CareCase, CaseAlert, LegalStatus
from hub.engine.topics import Happened
from hub.papers.content import Block, boxed, bullets, heading, pairs, paragraph
from hub.papers.models import PaperKind
from hub.papers.services import keep, place_names
from hub.patients.models import Patient
from hub.placements.models import Placement
from hub.places.outcodes import outcode_of
from hub.web.filters import age, count, moment, nhs_number, plain_day
from hub.web.sections import answered, given
from hub.web.stored_words import shown
from workflows import form1_fields, form2
from workflows.form_fields import Field

TITLE: Final = "What you need to answer"
FROZEN: Final = (
    "This is what the hub knew when you were asked. It stays as it was: ring the hub when you need to know more, or "
    "whether something has changed."
)
RESTRICTED: Final = "Some things are left out because sharing is restricted: ring the hub."
NOT_SIGNED: Final = "Form 2 is not signed yet. The assessment follows."
ASKED: Final = ("What is asked", "Answer")
FACTS: Final = ("About the person", "What is known")
NEVER: Final = frozenset({"sharing_restricted", "sharing_restriction_details"})
"""Of Form 1: what must be kept from whom is for the hub. The pack says that there is such a limit."""
STILL_SHARED: Final = frozenset(
    {
        *("service_line", "priority", "why_it_cannot_wait", "bed_type_wanted", "location_kind"),
        *("gender", "first_language", "interpreter_needed"),
        *("legal_status", "legal_status_from", "legal_status_expires_at", "children_act_status", "index_offence"),
        *("primary_reason", "presenting_problem", "immediate_risk", "risk_to_self", "risk_to_others"),
        *("physical_health", "medication_and_allergies", "likely_pregnant"),
        *("learning_disability", "autism", "reasonable_adjustments"),
        *("interventions_tried", "why_not_community"),
        *("purpose_of_admission", "expected_length", "when_it_would_end"),
    }
)
"""All of Form 1 that is left where sharing is restricted: whether a unit can look after somebody, and not who it is."""
WELFARE: Final = ("has_education_needs", "has_welfare_needs")


def keep_pack(happened: Happened) -> None:
    """Freeze the pack of an approach that was just opened, in the same transaction."""
    session = happened.session
    placement = session.get_one(Placement, happened.item.parent_id)
    is_restricted = is_sharing_restricted(placement)
    blocks = [
        *([boxed(RESTRICTED)] if is_restricted else []),
        paragraph(FROZEN),
        heading("What is asked"),
        pairs(_asked(placement, is_restricted=is_restricted), ASKED),
        *_person(session, placement, happened.at, is_restricted=is_restricted),
        *_form_1(session, placement, is_restricted=is_restricted),
        *_form_2(session, placement, is_restricted=is_restricted),
    ]
    keep(happened, PaperKind.PACK, TITLE, blocks)


def pack_facts(placement: Placement, now: datetime) -> tuple[int | None, str | None]:
    """Age in whole years and the home's postcode district, for a unit's list; None for what is not known.

    Where sharing is restricted the district is not told.
    """
    form, record = _form(placement), _record(placement)
    born_on = (record.date_of_birth if record else None) or getattr(form, "date_of_birth", None)
    postcode = (record.postcode if record else None) or getattr(form, "postcode", None)
    return age(born_on, now), None if is_sharing_restricted(placement) else outcode_of(postcode)


def for_whom(age_years: int | None, home_outcode: str | None) -> str:
    """ "a 15-year-old from HD1": all that a list says of the person. No district is said where none may be told."""
    if age_years is None:
        who = "a person whose age is not known"
    else:
        who = f"{'an' if age_years in {8, 11, 18} or 80 <= age_years < 90 else 'a'} {age_years}-year-old"
    return f"{who} from {home_outcode}" if home_outcode else who


def is_sharing_restricted(placement: Placement) -> bool:
    """Whether the case or the referral says that information about the person must be kept from somebody."""
    return any(getattr(facts, "sharing_restricted", None) for facts in (placement.case, _form(placement)))


def _record(placement: Placement) -> Patient | None:
    """Whose search it is."""
    session, case = object_session(placement), placement.case
    return session.get(Patient, case.patient_id) if session is not None and case is not None else None


def _form(placement: Placement) -> Any:
    """The referral the search goes back to, or None."""
    return placement.admission.referral if placement.admission is not None else None


def _asked(placement: Placement, *, is_restricted: bool) -> list[tuple[str, str]]:
    """What is looked for, and what a unit asks first on the telephone."""
    weeks, admission, form = placement.expected_length_weeks, placement.admission, _form(placement)
    asked = given(
        ("Type of bed", shown(placement.bed_type, codes="bed_type")),
        ("Priority", shown(placement.priority, codes="priority")),
        ("Expected length", count(weeks, "week") if weeks else ""),
        ("Immediate risk", getattr(admission, "immediate_risk", None)),
        ("Why it cannot wait", getattr(admission, "why_it_cannot_wait", None)),
    )
    if is_restricted:
        return asked
    return asked + given(
        ("Where the person is", getattr(form, "where_now", None)),
        ("Call-back number", getattr(form, "call_back_number", None)),
        ("Clinician in charge", getattr(admission, "clinician_in_charge", None)),
    )


def _person(session: Session, placement: Placement, at: datetime, *, is_restricted: bool) -> list[Block]:
    """The facts of the banner: who it is, under what law, and the alerts."""
    case, patient = placement.case, _record(placement)
    if case is None or patient is None:
        return []
    who = [] if is_restricted else _identity(patient, at)
    years = age(patient.date_of_birth, at)
    facts = given(
        *who,
        ("Age", str(years) if is_restricted and years is not None else ""),
        ("Gender", shown(patient.gender, codes="gender")),
        *_law(session, case),
        ("Sharing", "Restricted: ring the hub before you tell anybody anything" if is_restricted else ""),
    )
    alerts = [] if is_restricted else _alerts(session, case)
    return [
        heading("The person"),
        pairs(facts, FACTS),
        *([heading("Alerts", 3), bullets(alerts)] if alerts else []),
    ]


def _identity(patient: Patient, at: datetime) -> list[tuple[str, str]]:
    born = f"{plain_day(patient.date_of_birth)} ({age(patient.date_of_birth, at)})" if patient.date_of_birth else ""
    liked = patient.preferred_name if patient.preferred_name != patient.given_name else None
    return given(
        ("Name", patient.full_name),
        ("Likes to be called", liked),
        ("Born", born),
        ("NHS number", nhs_number(patient.nhs_number)),
    )


def _law(session: Session, case: CareCase) -> list[tuple[str, str]]:
    current = select(LegalStatus).where(
        LegalStatus.case_id == case.id, LegalStatus.ended_on.is_(None), LegalStatus.corrected_at.is_(None)
    )
    status = session.scalars(current).one_or_none()
    if status is None:
        return []
    return given(
        ("Legal status", shown(status.code, codes="legal_status")),
        ("Since", plain_day(status.from_on)),
        ("Runs out", moment(status.expires_at)),
    )


def _alerts(session: Session, case: CareCase) -> Sequence[str]:
    """The words of each alert in force; its details stay with the hub."""
    inside = (CaseAlert.case_id == case.id, CaseAlert.ended_at.is_(None))
    return session.scalars(select(CaseAlert.text).where(*inside).order_by(CaseAlert.id)).all()


def _form_1(session: Session, placement: Placement, *, is_restricted: bool) -> list[Block]:
    form = _form(placement)
    if form is None:
        return [heading("Form 1: referral"), paragraph("There is no referral form.")]
    fields = _without(form1_fields.FIELDS, NEVER)
    if is_restricted:
        fields = tuple(field for field in fields if field.name in STILL_SHARED and not field.identifies)
    codes = [getattr(form, field.name) for field in fields if field.kind == "organisation"]
    found = answered(form, form1_fields.SECTIONS, fields, places=place_names(session, codes))
    return [heading("Form 1: referral"), *_small(found)]


def _form_2(session: Session, placement: Placement, *, is_restricted: bool) -> list[Block]:
    """Form 2 once it is signed: what an assessor has not put their name to is nobody's finding yet."""
    item, title = placement.admission, heading("Form 2: access assessment")
    if item is None or item.form2_signed_at is None:
        return [title, paragraph(NOT_SIGNED)]
    signed_by = session.get(UserAccount, item.form2_signed_by_id) if item.form2_signed_by_id else None
    name = item.paper_signed_by or (signed_by.name if signed_by is not None else "The hub")
    at = moment(item.form2_signed_at)
    outcome = given(
        ("Appropriate for admission", shown(item.is_appropriate)),
        ("Comments", item.outcome_comments),
        ("Signed", at if is_restricted else f"{name}, {at}"),
    )
    fields: Sequence[Field] = form2.FIELDS
    if is_restricted:
        left_out = {name for asked in WELFARE for name in (asked, f"{asked}_details")}
        fields = [field for field in _without(fields, left_out) if field.section != "assessor"]
    return [title, pairs(outcome), *_small(answered(item, form2.SECTIONS, fields))]


def _without(fields: Sequence[Field], names: Collection[str]) -> tuple[Field, ...]:
    return tuple(field for field in fields if field.name not in names)


def _small(found: Sequence[tuple[str, str, Sequence[tuple[str, str]]]]) -> list[Block]:
    """The sections of a form under headings of the third level."""
    return [block for _, title, rows in found for block in (heading(title, 3), pairs(rows))]
