"""Believable answers to Form 2, and to the recommendation that follows it, for an invented person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from hub.demo.stories import CONRAD, FIONA, IMRAN
from workflows.form2 import QUESTIONS

Values = dict[str, Any]

PROVIDERS: Final = {FIONA: "ZD003", IMRAN: "ZD102", CONRAD: "ZD104"}
"""Where each assessor works."""
_ASSESSORS: Final = {
    FIONA: ("Consultant psychiatrist", "Calder Vale Partnership services", "Access assessment team", "01632 960611"),
    IMRAN: ("Specialist nurse", "Tynemoor Trust", "Eating disorder and access team", "01632 960622"),
    CONRAD: ("Consultant forensic psychiatrist", "Estuary Trust", "Secure access team", "01632 960633"),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What an assessor found, and what the case manager makes of it."""

    line: str
    bed_type: str
    diagnosis: str
    mental_state: str
    helps: str
    """How an admission would address the needs, or why not."""
    details: Mapping[str, str] = field(default_factory=dict)
    """What is said to each question that is answered with yes."""
    considered: str = ""
    purpose: str = ""
    exit_plan: str = ""
    instead: tuple[str, str, str] = ("community", "", "")
    """The alternative to an admission: its code, who provides it, what happens if it does not work."""


MOOD: Final = Finding(
    "cyp",
    "301",
    "Severe depression, six months.",
    "Slow, speaks in whispers, hopeless. Eats when fed. Says that it would be better not to wake up.",
    "A safe start for medicine, daily therapy, and rest for a worn-out family.",
    {
        "has_risk_factors": "Tablets saved up in her room, found last week. An earlier overdose in March.",
        "needs_programme": "Medicine reviewed weekly, talking therapy twice a week, family meetings.",
        "has_education_needs": "Year 11, exams in the summer: the school sends work.",
    },
    "Home treatment twice a day since the spring: held for two weeks, no longer. Day care: too far to travel.",
    "To be safe, eating and sleeping, with a treatment that works.",
    "Two weeks without a plan to die, and a handover to the home treatment team.",
    (
        "community",
        "Brackendale CAMHS, home treatment twice a day",
        "The team rings the hub the same day if a visit fails.",
    ),
)
EATING: Final = Finding(
    "cyp",
    "302",
    "Anorexia nervosa, restricting, weight falling for ten weeks.",
    "Heart rate 42, faint on standing. Knows that she is ill and cannot stop.",
    "Meals with trained staff and safe refeeding, which home could not give.",
    {
        "may_do_harm": "She copies others. An adolescent unit must keep her among people who recover.",
        "has_risk_factors": "Runs at night. Salts missing in the blood on two dates.",
        "has_health_needs": "Heart trace daily and blood tests three times a week in the first fortnight.",
        "needs_programme": "Refeeding plan, family therapy, group twice a week.",
    },
    "Meal support at home five times a week: weight still fell. The children's ward can give food, not treatment.",
    "A safe weight and meals that the family can take over.",
    "Ten days of full meals, a heart rate over 50, and a first weekend at home.",
    (
        "day_care",
        "Airebeck CAMHS, day programme five days a week",
        "Two weeks of falling weight: she comes back to us.",
    ),
)
VOICES: Final = Finding(
    "cyp",
    "309",
    "First episode of psychosis.",
    "Hears two voices that order him about. Frightened, has not slept for three nights, hits out when touched.",
    "Intensive care keeps him and others safe until medicine works.",
    {
        "may_do_harm": "Far from home, and he is frightened of new people: his brother should stay the first evening.",
        "has_risk_factors": "Broke a window to get away. Police have been twice.",
        "needs_programme": "Medicine with blood tests, quiet room, the early intervention team from week two.",
        "has_welfare_needs": "His mother has been hurt; the social worker is told.",
    },
    "The crisis team and the children's ward together: not safe for him nor for the other children.",
    "To sleep, to be less afraid, and to begin a medicine that he accepts.",
    "A week without hitting out, voices that he can ignore, and the early intervention team named.",
    ("package", "Two nurses of the crisis team at home, day and night, for a week", "A second night without sleep."),
)
CHECKING: Final = Finding(
    "cyp",
    "308",
    "Severe obsessive compulsive disorder.",
    "Washes for nine hours a day. Hands raw. Wants help and is ashamed to ask.",
    "Daily exposure work that no community team can give.",
    {
        "has_alternatives": "An intensive outpatient course, if one had room before the spring.",
        "needs_programme": "Exposure work every day, medicine to the full dose, parents taught alongside.",
        "has_education_needs": "Not at school since September; has a plan for education, health and care.",
    },
    "Weekly therapy for a year and the full dose of medicine: no change. An intensive course elsewhere: no place.",
    "Back to two hours of washing a day, and to school part time.",
    "Twelve weeks of treatment, then the course goes on by video from home.",
    ("community", "Intensive course by video, Upper Calder CAMHS", "No change after six sessions."),
)
RUNNING: Final = Finding(
    "cyp",
    "301",
    "Self-harm and running away after violence at home.",
    "Calm with people she knows, in despair when alone. Cut her arms on four days of the last seven.",
    "A unit gives safety but no home to go back to, and that is what she lacks.",
    {
        "may_do_harm": "She learnt new ways to hurt herself on her last stay.",
        "has_alternatives": "A small children's home with mental health staff coming in each day.",
        "has_risk_factors": "Found near the railway twice this month.",
        "has_welfare_needs": "Child protection plan. The council looks for a home for her.",
    },
    "A foster home with the crisis team: asked for, none found yet. Staying on the children's ward: not for weeks.",
    "To be safe while the council finds a home.",
    "A place to live, with the crisis team coming in daily.",
    ("package", "Brackendale Council's children's home, with the crisis team in daily", "Any night she is not found."),
)
SECURE: Final = Finding(
    "secure",
    "207",
    "Schizophrenia, not treated for a year.",
    "Suspicious, will not leave his cell, believes the food is poisoned. No insight.",
    "Treatment under the Act, which the prison cannot give.",
    {
        "has_risk_factors": "Wounded a stranger two years ago. Threw hot water at staff in prison.",
        "needs_programme": "Medicine by injection, work on the offence, drug work.",
        "has_health_needs": "Has lost 11 kg. Tooth abscess.",
    },
    "Healthcare wing: he refuses all medicine there. Low security: escaped from it in 2023.",
    "To treat the illness and make the risk smaller.",
    "A year without violence, medicine taken, then low security near home.",
    ("community", "Prison in-reach team, with a hospital bed kept ready", "He stops eating for two days."),
)
LOW_SECURE: Final = Finding(
    "secure",
    "206",
    "Bipolar disorder, and drug use that makes it worse.",
    "Settled on medicine since the spring. Wants to move nearer to her children.",
    "A step down from medium security, with leave that begins at once.",
    {
        "has_risk_factors": "Set fire to her flat in 2022, when ill.",
        "needs_programme": "Relapse plan, drug work, visits with her children.",
        "has_welfare_needs": "Two children with their grandmother; visits every second week.",
    },
    "Straight to the community: the court's order does not allow it before a year in low security.",
    "To show that she stays well with less security.",
    "Six months of leave without trouble, and a flat with support.",
    ("other", "Stays at Kittiwake Ward with more leave", "Two leaves missed in a month."),
)
ADULT_EATING: Final = Finding(
    "aed",
    "203",
    "Anorexia nervosa, fifteen years, now very low weight.",
    "Body mass index 12.9. Clear in her mind, says she will eat and does not.",
    "Refeeding under medical watch, which the acute ward can give for days, not months.",
    {
        "has_risk_factors": "Potassium very low twice. Falls on the stairs.",
        "has_health_needs": "Heart trace and blood tests daily at first. Bone pain.",
        "needs_programme": "Refeeding plan, dietitian daily, psychology twice a week.",
    },
    "Day care twice, last in the spring: weight fell both times. The acute ward: cannot treat the cause.",
    "A body mass index over 15 and the strength for day care.",
    "Weight held for two weeks, and a place in day care from the next day.",
    ("day_care", "Dales Community Eating Disorder Service, five days a week", "A weight below 38 kg on any day."),
)
BINGEING: Final = Finding(
    "aed",
    "203",
    "Bulimia nervosa with diabetes, insulin left out on purpose.",
    "Thin, tired, open about it. Wants to stop and be well for a new job.",
    "Insulin given safely while eating settles; day care could do the same.",
    {
        "has_alternatives": "Day care that works with the diabetes team, five days a week.",
        "has_health_needs": "Diabetes with two stays in intensive care this year.",
        "needs_programme": "Meal support, insulin watched, cognitive therapy.",
    },
    "Day care with the diabetes team: has a place, and she wants it. Home with visits: tried, not enough.",
    "Insulin at every meal for four weeks.",
    "Blood sugar in range for two weeks and a joint clinic.",
    ("day_care", "Dales Community Eating Disorder Service with the diabetes team", "One day of ketones."),
)
CATATONIA: Final = Finding(
    "cyp",
    "309",
    "Malignant catatonia. Cause not clear: mood disorder or an immune disease of the brain.",
    "Mute, stiff, does not eat or drink. Temperature to 39.4, pulse to 150, blood pressure unstable. Fed by tube. "
    "Follows with her eyes and pressed her mother's hand once.",
    "No. She needs heart and breathing support at hand, which no adolescent unit in reach can give.",
    {
        "may_do_harm": "A move could kill her, and antipsychotic medicine given elsewhere by mistake could too.",
        "has_alternatives": "Stay on Ward 12, with mental health staff day and night and specialists at the bedside.",
        "has_risk_factors": "Fever and unstable pulse. Antipsychotic medicine made it worse on the third day.",
        "needs_programme": "Lorazepam by drip now. Electroconvulsive therapy to be considered, with a second opinion.",
        "has_health_needs": "Intensive care: heart monitoring, feeding tube, skin and clots. Allergic to penicillin.",
        "has_welfare_needs": "Information goes to her mother first; a court order limits her father.",
        "needs_specialist": "Mood disorders, neuropsychiatry and immuno-neurology, at the bedside or by video.",
    },
    "Home with day care: not safe, needs heart monitoring. Adolescent unit: cannot give intensive medical care.",
    "Treat malignant catatonia where heart and breathing support is at hand.",
    "Eating and walking unaided for 7 days; then leave, then home.",
    (
        "package",
        "St Aelred's Children's Hospital, Ward 12, with an extra-care staffing team from Calder Vale Partnership "
        "services: a virtual Tier 4",
        "Dr Idowu and the hub's head of commissioning speak the same day if her breathing or pulse needs more than "
        "Ward 12 can give. A transfer to a larger intensive care unit comes before any Tier 4 bed.",
    ),
)
BY_LINE: Final = {
    "cyp": (MOOD, EATING, VOICES, CHECKING, RUNNING),
    "secure": (SECURE, LOW_SECURE),
    "aed": (ADULT_EATING, BINGEING),
}


def form_2(finding: Finding, assessor: str, *, helps: bool = True, seen: timedelta = timedelta(minutes=90)) -> Values:
    """Every answer of Form 2; `seen` is how long before they are entered the person was seen."""
    position, trust, team, phone = _ASSESSORS[assessor]
    answers: Values = {
        "assessor_name": assessor,
        "assessor_position": position,
        "assessor_trust": trust,
        "assessor_team": team,
        "assessor_phone": phone,
        "assessed_at": -seen,
        "diagnosis": finding.diagnosis,
        "mental_state": finding.mental_state,
    }
    for question in QUESTIONS:
        said = finding.helps if question.name == "addresses_needs" else finding.details.get(question.name)
        answers[question.name] = helps if question.name == "addresses_needs" else said is not None
        if said is not None:
            answers[question.details] = said
    return answers


def signature(*, yes: bool, comments: str = "", missing: tuple[str, str] | None = None) -> Values:
    """The outcome of Form 2: whether an admission is right, and which service is missing if only that speaks for it."""
    answers: Values = {"is_appropriate": yes, "only_for_lack_of_services": missing is not None, "signature": True}
    if missing is not None:
        answers |= {"missing_service": missing[0], "missing_service_details": missing[1]}
    return answers | ({"outcome_comments": comments} if comments else {})


def recommendation(finding: Finding, what: str, weeks: int, bed_type: str | None = None) -> Values:
    """What the case manager recommends ("admit", "alternative", "refuse"), with the cost of an admission in view."""
    return {
        "recommendation": what,
        "alternatives_considered": finding.considered,
        "purpose": finding.purpose,
        "bed_type": bed_type or finding.bed_type,
        "expected_length_weeks": weeks,
        "exit_plan": finding.exit_plan,
    }


def decision(finding: Finding, what: str, *, icb: str = "ZD301", conditions: str = "") -> tuple[str, Values]:
    """The action that decides ("admit", "alternative", "refuse"), and its answers."""
    if what == "admit":
        answers: Values = {"responsible_commissioner": icb, "funding_source": "collaborative"}
        return "agree_admission", answers | ({"conditions": conditions} if conditions else {}) | {"has_interest": False}
    if what == "alternative":
        code, provider, contingency = finding.instead
        answers = {"alternative": code, "alternative_provider": provider, "contingency": contingency}
        return "agree_alternative", answers | {"has_interest": False}
    return "refuse_admission", {
        "advice": f"{finding.instead[1]}. Ring the case manager if it changes: 01632 960500.",
        "dispute_route": "Write to the head of commissioning within 10 working days; the hub answers in 5.",
        "has_interest": False,
    }
