"""The case the hub is measured by: Izzy, in intensive care, for whom a bed was asked and another way was agreed.

It began on a Saturday night at 11:30pm, the latest one from which the whole story is over by now.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Final

from hub.demo.admission_steps import DAY, asked, assessed, booked, decided, on_admission, recommended
from hub.demo.form2_answers import CATATONIA
from hub.demo.stories import DELE, FIONA, MARIANNE, ON_CALL, PRIYA, RUTH, Step, Story
from workflows.durations import LONDON, local

NUMBER: Final = "9990000018"
SATURDAY: Final = 5
LASTS: Final = timedelta(days=4, hours=15)
WARD: Final = "Ward 12, paediatric intensive care, St Aelred's Children's Hospital"
HOSPITAL: Final = "ZD501"
ALERTS: Final = (
    ("No antipsychotics", "Malignant catatonia: they made it worse. Ring Dr Idowu before any sedation.", 11.5),
    ("Feeding tube in place", "Through the nose, since Thursday. Ward 12 changes it.", 12.0),
    ("Penicillin allergy", "Rash, in 2019. From the GP record.", 12.1),
)
"""Words, details, hours after the referral."""


def began(now: datetime) -> datetime:
    """The latest Saturday at 11:30pm in London that is `LASTS` ago or more."""
    on = local(now - LASTS).date()
    on -= timedelta(days=(on.weekday() - SATURDAY) % 7)
    at = datetime.combine(on, time(23, 30), LONDON)
    return at if at <= now - LASTS else datetime.combine(on - timedelta(days=7), time(23, 30), LONDON)


def story(now: datetime) -> Story:
    """Referred by telephone, accepted, assessed at the bedside, a question answered days later, another way agreed."""
    at = began(now)
    return Story(
        ("Isobel", "Hartwin"),
        (now - at) / timedelta(hours=1),
        "cyp",
        "emergency",
        ON_CALL,
        "ZD201",
        _answers(at.date()),
        (
            Step(0.4, "start_review", ON_CALL),
            Step(8.6, "assign", DELE, {"owner": PRIYA}),
            Step(9.2, "accept", PRIYA),
            *booked(10.5, FIONA, 9.5, where="At the bedside, Ward 12"),
            Step(10.7, "add_party", DELE, {"organisation_id": HOSPITAL}, "She is on their ward.", to="admission"),
            *assessed(21.75, CATATONIA, FIONA, yes=False, comments="Treat her where she is; bring the help to her."),
            *recommended(22.6, CATATONIA, "alternative", 12, PRIYA),
            *asked(23.2, PRIYA, "Is she fit to be moved?", HOSPITAL, 3 * DAY + 18),
            *on_admission(
                3 * DAY + 10.75,
                "note",
                PRIYA,
                {
                    "note": "Mum rang. She wants Izzy to stay where they know her, and to be rung before each meeting.",
                    "audience": "hub",
                },
            ),
            *on_admission(
                4 * DAY + 13.1,
                "answer",
                MARIANNE,
                {"answer_given": "Not fit to be moved for at least two more weeks. Antibody tests are negative."},
            ),
            *recommended(4 * DAY + 13.5, CATATONIA, "alternative", 12, PRIYA),
            *decided(
                4 * DAY + 14.4,
                CATATONIA,
                "alternative",
                RUTH,
                "She needs heart and breathing support at hand, which no adolescent unit in reach can give. "
                "The hospital can keep her, with a mental health staffing team on the ward and specialists at her bed.",
            ),
        ),
        alerts=ALERTS,
    )


def _answers(on: date) -> dict[str, str]:
    detained = on - timedelta(days=11)
    born = on.year - 15 if (on.month, on.day) >= (9, 14) else on.year - 16
    return {
        "nhs_number": NUMBER,
        "preferred_name": "Izzy",
        "date_of_birth": f"{born}-09-14",
        "gender": "2",
        "postcode": "HX7 6QT",
        "location_kind": "paediatric_ward",
        "where_now": WARD,
        "call_back_number": "01632 960112",
        "referrer_name": "Tom Brierley",
        "bed_type_wanted": "309",
        "presenting_problem": "Nine days without speech, food or movement. Low and sleepless for weeks, then stiff "
        "and mute within two days. Fever and unstable pulse after an antipsychotic medicine: malignant catatonia.",
        "immediate_risk": "Pulse and temperature unstable; in intensive care. A move could kill her.",
        "why_it_cannot_wait": "Treatment must be planned with a mood disorder team tonight.",
        "medication_and_allergies": "Lorazepam by drip. Penicillin: rash.",
        "purpose_of_admission": "Tier 4 bed asked for; treatment where she is may be safer.",
        "legal_status": "02",
        "legal_status_from": detained.isoformat(),
        "legal_status_expires_at": f"{(detained + timedelta(days=27)).isoformat()}T23:59",
        "consent_basis": "mental_health_act",
        "sharing_restricted": "yes",
        "sharing_restriction_details": "Father: ask Mum first. Give him no information before she agrees; "
        "a court order limits him.",
        "parental_responsibility_name": "Claire Hartwin",
        "parental_responsibility_relationship": "mother",
        "parental_responsibility_phone": "07700 900118",
        "young_person_views": "Not able to say at the moment.",
        "family_views": "Mum wants her to stay where she is known.",
        "family_told": "yes",
        "family_objects": "no",
        "care_coordinator_name": "Tom Brierley",
        "consultant_name": "Dr Marianne Idowu",
        "responsible_icb": "ZD301",
    }
