"""The steps of an admission decision, as the demo's stories tell them: so many hours after the referral came."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from hub.demo import form2_answers as form2
from hub.demo.form2_answers import PROVIDERS, Finding
from hub.demo.stories import ADMISSION, DELE, ON_CALL, PLACEMENT, Step

Steps = tuple[Step, ...]

INFORMAL: Final = {"legal_status": "01", "family_objects": "no"}
SECTION_2: Final = {"legal_status": "02", "family_objects": "no"}
SECTION_3: Final = {"legal_status": "03", "family_objects": "no"}
FAMILY_OBJECTS: Final = {
    "legal_status": "01",
    "family_objects": "yes",
    "family_views": "Her mother wants her at home with day care, and said so twice.",
}
PRISON: Final = {"legal_status": "03", "location_kind": "prison", "where_now": "Healthcare wing, HMP Garsholme"}
DAY: Final = 24.0
CANNOT_WAIT: Final = {
    "301": "She will not stay on the children's ward and says what she would do. Two nurses until midnight, then one.",
    "309": "Hits out, has run twice tonight, and the ward cannot keep the door shut. Staff and children were hurt.",
    "203": "Potassium 2.4, refuses the drip and the ward. The acute trust can treat, not persuade.",
}
"""By type of bed."""


def on_admission(
    after: float, action: str, who: str, values: dict[str, Any] | None = None, reason: str | None = None
) -> Steps:
    """One action on the admission decision."""
    return (Step(after, action, who, values or {}, reason, to=ADMISSION),)


def booked(after: float, assessor: str, ahead: float, *, how: str = "in_person", where: str = "On the ward") -> Steps:
    """An assessment booked for so many hours later."""
    values = {
        "assessing_organisation_id": PROVIDERS[assessor],
        "booked_assessor": assessor,
        "booked_for": timedelta(hours=ahead),
        "assessment_how": how,
        "assessment_where": where,
    }
    return on_admission(after, "book_assessment", DELE, values)


def assessed(
    after: float, finding: Finding, assessor: str, *, yes: bool = True, late: bool = False, **said: Any
) -> Steps:
    """Form 2 filled in, and half an hour later signed; `late`: after an emergency admission."""
    action = "sign_late_assessment" if late else "sign_assessment"
    return (
        *on_admission(after - 0.5, "fill_in_assessment", assessor, form2.form_2(finding, assessor, helps=yes)),
        *on_admission(after, action, assessor, form2.signature(yes=yes, **said)),
    )


def recommended(after: float, finding: Finding, what: str, weeks: int, who: str, bed_type: str | None = None) -> Steps:
    """The recommendation: "admit", "alternative" or "refuse"."""
    return on_admission(after, "recommend", who, form2.recommendation(finding, what, weeks, bed_type))


def decided(after: float, finding: Finding, what: str, who: str, reason: str | None = None, **said: Any) -> Steps:
    """The decision: "admit", "alternative" or "refuse"."""
    action, values = form2.decision(finding, what, **said)
    return on_admission(after, action, who, values, reason)


def asked(after: float, who: str, question: str, of: str, due_in: float) -> Steps:
    """A question before deciding, to an organisation by its ODS code, and how many hours it has."""
    values = {"question": question, "asked_organisation_id": of, "answer_due_at": timedelta(hours=due_in)}
    return on_admission(after, "ask_more", who, values)


def admitted(after: float, bed_type: str, who: str = ON_CALL) -> Steps:
    """Admitted first, to be ratified by another person."""
    values = {
        "why_it_cannot_wait": CANNOT_WAIT[bed_type],
        "clinician_in_charge": "Dr Leah Marchetti, 01632 960741",
        "bed_type": bed_type,
    }
    return on_admission(after, "admit_in_emergency", who, values)


def given(after: float, manager: str) -> Steps:
    """What on-call opened in the night is given to a case manager in the morning, the search for a bed too."""
    return tuple(Step(after, "assign", DELE, {"owner": manager}, to=item) for item in (ADMISSION, PLACEMENT))
