"""The demo's stays of the last weeks: on the unit, on leave far from home, left, moved on, and back the same day."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Final

from hub.demo import form2_answers as form2
from hub.demo import placement_steps as bed
from hub.demo.admission_steps import (
    DAY,
    INFORMAL,
    PRISON,
    SECTION_2,
    SECTION_3,
    admitted,
    assessed,
    booked,
    decided,
    on_admission,
    recommended,
)
from hub.demo.followed_stories import NEAR_HOME
from hub.demo.placement_steps import ASHGILL, CALDER, KITTIWAKE, LINNET, MOORHEN, ROWAN, TARN, WOLDS
from hub.demo.search_stories import RATIFIED, agreed
from hub.demo.stories import (
    CONRAD,
    DELE,
    FIONA,
    GRACE,
    HELEN,
    HILARY,
    IMRAN,
    KAREN,
    KEN,
    LORNA,
    MOIRA,
    NIA,
    OWAIN,
    PRIYA,
    RUTH,
    SAMUEL,
    SUNITA,
    TESS,
    Story,
    accepted,
)
from workflows.durations import LONDON, local

STAYS: Final = (
    # In an emergency, ratified with Form 2 still owed, and late
    Story(
        ("Noor", "Chowdry"),
        33,
        "aed",
        "emergency",
        TESS,
        "ZD205",
        SECTION_3 | {"gender": "2", "postcode": "HG1 2AD"},
        (
            *accepted(PRIYA, 2),
            *admitted(3, "203", PRIYA),
            *bed.approach(3.3, PRIYA, LINNET, how="telephone"),
            *bed.approach(3.5, PRIYA, ROWAN, how="telephone"),
            *bed.refused(
                4,
                DELE,
                LINNET,
                "physical_health",
                refusal_consultant="Dr Ines Duarte",
                refusal_criterion="No heart monitor on the ward.",
                would_change="A potassium over 3 for a whole day.",
            ),
            *bed.offered(4.5, DELE, ROWAN, "The room beside the nurses", until=6),
            *booked(5, IMRAN, 10),
            *bed.accepted(5.5, PRIYA, ROWAN),
            *bed.facts(6),
            *bed.journey(7, 3, "ambulance", "Ambulance crew and a nurse of the ward", "Section 3; papers go along"),
            *bed.arrived(11, DELE, 11),
            *on_admission(21, "ratify", RUTH, reason=RATIFIED),
        ),
    ),
    Story(
        ("Brenda", "Umpleby"),
        22 * DAY,
        "secure",
        "routine",
        KEN,
        "ZD601",
        PRISON | {"gender": "2", "postcode": "NE3 3BN", "family_told": "yes"},
        (
            *accepted(KAREN, 7 * DAY),
            *booked(7.5 * DAY, CONRAD, 5 * DAY, where="Healthcare wing, HMP Garsholme"),
            *assessed(13 * DAY, form2.SECURE, CONRAD),
            *recommended(13.4 * DAY, form2.SECURE, "admit", 52, KAREN),
            *decided(13.8 * DAY, form2.SECURE, "admit", HELEN, icb="ZD302"),
            *bed.approach(14 * DAY, KAREN, KITTIWAKE),
            *bed.offered(15.5 * DAY, MOIRA, KITTIWAKE, "Single room, second floor", ready=48, until=60),
            *bed.accepted(16 * DAY, KAREN, KITTIWAKE),
            *bed.journey(16.5 * DAY, 30, "secure_transport", "Two escorts of the prison", "Section 3; transfer order"),
            *bed.arrived(17.9 * DAY, MOIRA, 52),
        ),
    ),
    # Out of area with a plan for coming back; on leave at home this week
    Story(
        ("Rory", "Kirkbride"),
        26 * DAY,
        "cyp",
        "urgent",
        NIA,
        "ZD201",
        SECTION_3 | {"gender": "1", "postcode": "HX3 8DD", "family_told": "yes"},
        (
            *agreed(form2.MOOD, 10, KAREN),
            *bed.approach(41, KAREN, CALDER),
            *bed.refused(43, HILARY, CALDER, "no_bed"),
            *bed.approach(43.5, KAREN, WOLDS),
            *bed.offered(48, LORNA, WOLDS, "Room 7", until=20),
            *bed.accepted(52, KAREN, WOLDS, out_of_area="no_bed_in_area", plan=NEAR_HOME, back=21),
            *bed.journey(53, 18, "staff_car", "Two nurses of Wolds View", "Section 3; papers go along"),
            *bed.arrived(72, LORNA, 8),
            *bed.leave(12 * DAY, LORNA, "section_17", 5, "With his mother to the sea. Ring the ward when late."),
            *bed.returned(12.2 * DAY, LORNA),
            *bed.on_stay(
                19 * DAY,
                "change_discharge_date",
                LORNA,
                {"estimated_discharge_on": timedelta(weeks=3)},
                "Sleeps and eats well; two nights at home first.",
            ),
            *bed.leave(25.4 * DAY, LORNA, "section_17_overnight", 54, "Two nights at home with his mother."),
        ),
    ),
    # Left yesterday: somebody sees or speaks to him within 72 hours
    Story(
        ("Dylan", "Cragg"),
        44 * DAY,
        "cyp",
        "urgent",
        NIA,
        "ZD201",
        INFORMAL | {"gender": "1", "postcode": "HD8 0AR", "family_told": "yes"},
        (
            *agreed(form2.MOOD, 6, PRIYA),
            *bed.approach(41, PRIYA, MOORHEN),
            *bed.offered(44, OWAIN, MOORHEN, "Room 5", until=12),
            *bed.accepted(46, PRIYA, MOORHEN),
            *bed.arrived(66, OWAIN, 6),
            *bed.left(42.8 * DAY, OWAIN, "usual_home", "Well enough for home treatment, which starts tomorrow."),
        ),
    ),
    # From intensive care to a general unit near home: not a discharge
    Story(
        ("Ivy", "Pennock"),
        40 * DAY,
        "cyp",
        "emergency",
        DELE,
        "ZD502",
        SECTION_2 | {"gender": "2", "postcode": "HX3 5LP", "legal_status_expires_at": ""},
        (
            *accepted(KAREN, 2),
            *admitted(3, "309", KAREN),
            *bed.approach(3.4, KAREN, TARN),
            *bed.offered(4.4, SUNITA, TARN, "Room 2"),
            *bed.accepted(5, KAREN, TARN),
            *bed.facts(5.5),
            *bed.arrived(9, SUNITA, 4),
            *booked(10, FIONA, 6, where="Tarn House"),
            *assessed(20, form2.VOICES, FIONA, late=True),
            *on_admission(30, "ratify", RUTH, reason=RATIFIED),
            *bed.on_stay(
                21 * DAY,
                "transfer",
                KAREN,
                {"next_unit_id": CALDER, "transferred_at": timedelta(hours=-2)},
                "A week without hitting out. A general bed near her family.",
            ),
        ),
    ),
)
AGAIN: Final = timedelta(days=12)
"""About how long ago somebody left a unit in the morning and was on another one in the evening."""
LEFT_AT: Final = time(10, 0)


def readmission(now: datetime, *, first_place: int) -> tuple[Story, Story]:
    """Two stories of one person: discharged in the morning, referred again and admitted the same day in London.

    `first_place` is the place of the first of them in the list.
    """
    left_at = datetime.combine(local(now - AGAIN).date(), LEFT_AT, LONDON)
    first = left_at - timedelta(days=30)
    second = left_at + timedelta(hours=3)
    who, answers = ("Saul", "Whernside"), {**SECTION_3, "gender": "1", "postcode": "LS26 0AE", "family_told": "yes"}
    return (
        Story(
            who,
            (now - first) / timedelta(hours=1),
            "cyp",
            "urgent",
            NIA,
            "ZD201",
            answers,
            (
                *agreed(form2.MOOD, 5, PRIYA),
                *bed.approach(41, PRIYA, CALDER),
                *bed.offered(44, HILARY, CALDER, "Room 3", until=12),
                *bed.accepted(46, PRIYA, CALDER),
                *bed.arrived(60, HILARY, 4),
                *bed.left(30 * DAY + 1, HILARY, "usual_home", "Asked to go home, and his section was ended."),
                *bed.followed_up(30 * DAY + 6.6, HILARY, "in_person", "Seen in A&E, very low. Admitted again."),
            ),
        ),
        Story(
            who,
            (now - second) / timedelta(hours=1),
            "cyp",
            "emergency",
            DELE,
            "ZD502",
            {**SECTION_2, "gender": "1", "postcode": "LS26 0AE"},
            (
                *accepted(PRIYA, 0.5),
                *admitted(1, "301", PRIYA),
                *bed.approach(1.2, PRIYA, ASHGILL),
                *bed.offered(1.8, SAMUEL, ASHGILL, "Room 8"),
                *bed.accepted(2, PRIYA, ASHGILL),
                *bed.facts(2.5),
                *bed.arrived(5, GRACE, 6),
                *booked(6, FIONA, 4, where="Ashgill Young People's Unit"),
                *assessed(18, form2.MOOD, FIONA, late=True),
                *on_admission(26, "ratify", RUTH, reason=RATIFIED),
            ),
            same_as=first_place,
        ),
    )
