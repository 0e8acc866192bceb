"""Believable answers to Form 1 for an invented person, by service line and priority."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Final

from hub.demo.names import FAMILY, GIVEN, STAFF
from workflows.form1 import DETAINED

Row = dict[str, str]

REFERRERS: Final = {
    "cyp": ("ZD201", "ZD202", "ZD203", "ZD204", "ZD501", "ZD502", "ZD201"),
    "secure": ("ZD601", "ZD602", "ZD206", "ZD101", "ZD104"),
    "aed": ("ZD205", "ZD503", "ZD502", "ZD102"),
}
PRIORITIES: Final = {
    "cyp": ("emergency", "urgent", "routine", "urgent", "routine", "urgent"),
    "secure": ("routine", "urgent", "routine"),
    "aed": ("urgent", "routine", "emergency", "routine"),
}
BEDS: Final = {
    "cyp": ("301", "301", "301", "302", "309", "300", "303", "310", "not_known", "311"),
    "secure": ("206", "207", "206", "not_known"),
    "aed": ("203", "203", "not_known"),
}
PLACES: Final = {
    "cyp": (
        ("home", "Family home"),
        ("paediatric_ward", "Ward 12, St Aelred's Children's Hospital"),
        ("emergency_department", "A&E, Calderbrook General Hospital, cubicle 4"),
        ("place_of_safety", "Section 136 suite, Calder Vale Hospital"),
        ("camhs_inpatient", "Ashgill Young People's Unit"),
        ("childrens_home", "A children's home in Brackendale"),
    ),
    "secure": (
        ("prison", "Healthcare wing, HMP Garsholme"),
        ("prison", "B wing, HMP and YOI Skarrow Moor"),
        ("adult_inpatient", "Avocet Ward, Wolds View"),
        ("court", "Cells of the crown court"),
    ),
    "aed": (
        ("home", "Own flat"),
        ("acute_ward", "Ward 7, Moorfoot Infirmary"),
        ("adult_inpatient", "An adult ward of Tynemoor Trust"),
    ),
}
STATUSES: Final = {
    "cyp": ("01", "01", "01", "02", "01", "03", "01", "20", "01", "05"),
    "secure": ("15", "17", "03", "10", "16", "09", "18"),
    "aed": ("01", "01", "03", "02"),
}
REASONS: Final = {"cyp": ("18", "15", "04", "12", "26", "06"), "secure": ("02", "01", "14", "30"), "aed": ("12",)}
SOURCES: Final = {"cyp": "Community record", "secure": "Prison health list", "aed": "Eating disorder inbox"}
MARKS: Final = {"cyp": "CY", "secure": "SE", "aed": "ED"}
OUTCODES: Final = ("HX1", "HX3", "HX7", "BD9", "BD20", "HD1", "HD8", "LS6", "LS26", "WF1", "HG1", "YO8", "NE3", "LA2")
INWARD: Final = "ABDEFGHJLNPQRSTUWXYZ"
ETHNIC: Final = ("A", "A", "A", "J", "K", "N", "M", "C", "D", "F", "R", "S", "Z")

PROBLEMS: Final = (
    "Low mood since the spring, now hardly speaks and sleeps most of the day.",
    "Harms self most days. Three visits to A&E this month.",
    "Has stopped eating and drinks only when asked. Weight is falling.",
    "Hears voices, is frightened, and will not stay in a room with others.",
    "Checks and washes for nine hours a day and can no longer leave the house.",
    "Went missing twice. Found by the police near the railway.\nSays it will happen again.",
)
TRIED: Final = (
    "- family therapy, 12 weeks\n- daily visits by the intensive team since August",
    'Crisis plan used twice; the family said: "it helped, but only for a day".',
    "Medicine changed in June, talking therapy weekly, school on a half day.",
    "One stay of six weeks last year; well for four months after it.",
)
PURPOSES: Final = ("To keep safe while treatment starts.", "A full assessment, and a plan that home can carry.")
ENDS: Final = ("When meals are managed with support at home.", "Two weeks without harm, and a home to go to.")
VIEWS: Final = ("I want to go home.", "I do not mind, as long as my sister can visit.", "Did not want to say.")
FAMILY_VIEWS: Final = ("Worn out, and want help tonight.", "Would rather have more help at home.", "Not asked yet.")
RISKS: Final = (
    "Has a plan to end life and the means at home. One parent stays within arm's reach.",
    "Blood pressure drops on standing. Heart rate 44 at rest.",
    "Hits out when voices tell so. Two staff at all times.",
)
CAN_NOT_WAIT: Final = ("The ward cannot keep the watch going past tonight.", "The section runs out tomorrow morning.")


def answers(random: Random, line: str, index: int, day: date, *, priority: str | None = None) -> Row:
    """Return answers that make a complete referral but for name, birth, NHS number and receipt.

    `index` numbers the referral within the file; `day` is the day of receipt. An emergency has little more than the
    emergency set.
    """
    priority = priority or random.choice(PRIORITIES[line])
    place, where = random.choice(PLACES[line])
    status = random.choice(STATUSES[line])
    row = {
        "source_system": SOURCES[line],
        "source_reference": f"{MARKS[line]}-{day:%y}-{1000 + index}",
        "referring_organisation": random.choice(REFERRERS[line]),
        "service_line": line,
        "priority": priority,
        "location_kind": place,
        "where_now": where,
        "call_back_number": f"01632 960{random.randrange(1000):03d}",
        "referrer_name": random.choice(STAFF),
        "nhs_number_status": "",
        "no_identity_reason": "",
        "postcode": _postcode(random, index),
        "gender": random.choice(("1", "2", "2", "3")),
        "ethnic_category": random.choice(ETHNIC),
        "legal_status": status,
        "sharing_restricted": "no",
        "responsible_icb": random.choice(("ZD301", "ZD301", "ZD302", "ZD303")),
    }
    row.update(_consent(random, line, status, day))
    if status in DETAINED:
        row["legal_status_from"] = (day - timedelta(days=random.randrange(2))).isoformat()
    if priority == "emergency":
        row["immediate_risk"] = random.choice(RISKS)
        row["why_it_cannot_wait"] = random.choice(CAN_NOT_WAIT)
        if index % 2:
            return row
    row.update(_full(random, line, index, day))
    return row


def _postcode(random: Random, index: int) -> str:
    if index % 29 == 3:
        return "ZZ99 3VZ"
    outcode = random.choice(OUTCODES)
    inward = f"{random.randrange(1, 10)}{random.choice(INWARD)}{random.choice(INWARD)}"
    return {0: f"{outcode}{inward}".lower(), 1: f"{outcode}  {inward} "}.get(index % 11, f"{outcode} {inward}")


def _consent(random: Random, line: str, status: str, day: date) -> Row:
    if status in DETAINED and random.random() < 0.5:
        return {"consent_basis": "mental_health_act"}
    if random.random() < 0.15:
        return {"consent_basis": "not_established", "lawful_basis": random.choice(("vital_interests", "safeguarding"))}
    basis = random.choice(("parental_responsibility", "gillick")) if line == "cyp" else "capacity_16_plus"
    giver = f"{random.choice(GIVEN)} {random.choice(FAMILY)}"
    return {"consent_basis": basis, "consent_given_by": giver, "consent_on": f"{day:%d/%m/%Y}"}


def _full(random: Random, line: str, index: int, day: date) -> Row:
    row = {
        "bed_type_wanted": random.choice(BEDS[line]),
        "primary_reason": random.choice(REASONS[line]),
        "presenting_problem": random.choice(PROBLEMS),
        "learning_disability": random.choice(("5", "5", "5", "5", "1", "2", "U")),
        "autism": random.choice(("5", "5", "5", "1", "2", "4", "U")),
        "interventions_tried": random.choice(TRIED),
        "purpose_of_admission": random.choice(PURPOSES),
        "expected_length": f"{random.randrange(4, 20)} weeks",
        "when_it_would_end": random.choice(ENDS),
        "young_person_views": random.choice(VIEWS),
        "family_views": random.choice(FAMILY_VIEWS),
        "family_told": random.choice(("yes", "Yes", "no", "y")),
        "family_objects": "yes" if index % 19 == 4 else "no",
        "care_coordinator_name": random.choice(STAFF),
        "consultant_name": random.choice(STAFF),
        "gp_practice": random.choice(("Beckside Surgery", "The Old Mill Practice", "High Fell Medical Centre")),
    }
    if {row["learning_disability"], row["autism"]} & {"1", "2", "3", "4"} and index % 3:
        row.update(
            {"cetr_on": (day - timedelta(days=9)).isoformat(), "cetr_outcome": "further_assessment"}
            if index % 3 == 1
            else {"no_cetr_reason": "no_time"}
        )
    if line == "cyp":
        row["parental_responsibility_name"] = f"{random.choice(GIVEN)} {random.choice(FAMILY)}"
        row["parental_responsibility_relationship"] = random.choice(("mother", "father", "grandparent"))
        row["parental_responsibility_phone"] = f"07700 900{random.randrange(1000):03d}"
        row["local_authority"] = random.choice(("ZD401", "ZD402", "ZD403"))
        row["education"] = random.choice(("mainstream", "special_school", "not_attending", "college"))
    if line == "secure":
        row["index_offence"] = random.choice(("Arson; hearing next month.", "Wounding; serving four years."))
        row["prison_number"] = f"Z{random.randrange(1000, 9999)}ZD"
    if index % 13 == 6:
        row["sharing_restricted"] = "yes"
        row["sharing_restriction_details"] = "Do not tell the father where the person is, nor the address."
    return row
