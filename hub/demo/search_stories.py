"""The demo's searches for a bed of the last days: units asked, offering, refusing, reneging, and a bed accepted."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from hub.demo import form2_answers as form2
from hub.demo import placement_steps as bed
from hub.demo.admission_steps import (
    INFORMAL,
    SECTION_2,
    SECTION_3,
    admitted,
    assessed,
    booked,
    decided,
    given,
    on_admission,
    recommended,
)
from hub.demo.followed_stories import NEAR_HOME
from hub.demo.form2_answers import Finding
from hub.demo.placement_steps import (
    ASHGILL,
    CALDER,
    FELLGATE,
    HARROWBY,
    MARRAM,
    MOORHEN,
    REDSHANK,
    SKELBECK,
    STONECHAT,
    TARN,
    WOLDS,
)
from hub.demo.stories import (
    DELE,
    DEREK,
    FIONA,
    GARETH,
    GRACE,
    HELEN,
    HILARY,
    KAREN,
    LORNA,
    MOIRA,
    NIA,
    ON_CALL,
    PAULA,
    PRIYA,
    RUTH,
    SAMUEL,
    Step,
    Story,
    accepted,
)

RATIFIED: Final = "Agreed: nothing less would have kept her safe that night."
TOBY: Final = {
    **INFORMAL,
    "preferred_name": "Toby",
    "gender": "1",
    "postcode": "HX3 6TY",
    "location_kind": "home",
    "where_now": "Family home",
    "autism": "1",
    "no_cetr_reason": "not_known_to_services",
    "reasonable_adjustments": "A quiet room, and one speaker at a time.",
    "young_person_views": "Near enough for my brother to visit.",
    "family_told": "yes",
}


def agreed(finding: Finding, weeks: int, manager: str) -> tuple[Step, ...]:
    """From the referral to an agreed admission within 40 hours: the search begins there."""
    return (
        *accepted(manager, 8),
        *booked(10, FIONA, 14),
        *assessed(26, finding, FIONA),
        *recommended(30, finding, "admit", weeks, manager),
        *decided(40, finding, "admit", RUTH),
    )


SEARCHES: Final = (
    # By on-call alone in the night: a bed accepted, to be ratified, with no Form 2 yet
    Story(
        ("Lena", "Oduya"),
        9,
        "cyp",
        "emergency",
        ON_CALL,
        "ZD502",
        SECTION_2 | {"gender": "2", "postcode": "HX1 4QD"},
        (
            Step(0.2, "start_review", ON_CALL),
            Step(1, "accept", ON_CALL),
            *admitted(1.5, "309"),
            *bed.approach(1.8, ON_CALL, TARN, how="telephone"),
            *bed.offered(2.5, ON_CALL, TARN, "Room 6, from 8am", ready=6),
            *bed.accepted(2.8, ON_CALL, TARN),
            *booked(7, FIONA, 6, where="A&E, Calderbrook General Hospital, cubicle 4"),
        ),
    ),
    # An offer that lapsed, one that was accepted, and a unit stood down with it
    Story(
        ("Hollie", "Garthwick"),
        28,
        "cyp",
        "emergency",
        ON_CALL,
        "ZD501",
        SECTION_2 | {"gender": "2", "postcode": "LS6 3AT"},
        (
            Step(0.3, "start_review", ON_CALL),
            Step(1.2, "accept", ON_CALL),
            *admitted(2, "301"),
            *bed.approach(3, ON_CALL, HARROWBY, how="telephone"),
            *bed.offered(4, ON_CALL, HARROWBY, "A single room on the first floor"),
            *bed.lapsed(8, HARROWBY),
            *given(8.5, KAREN),
            *booked(9, FIONA, 4),
            *assessed(15, form2.MOOD, FIONA, late=True),
            *bed.approach(15.5, KAREN, CALDER),
            *bed.approach(15.6, KAREN, ASHGILL),
            *bed.offered(16.5, GRACE, ASHGILL, "Room 11", conditions="A parent comes along for the first evening."),
            *bed.accepted(17, KAREN, ASHGILL),
        ),
    ),
    # No bed in intensive care, against the unit's own figures; a general unit outside the list is asked
    Story(
        ("Maisie", "Kelbrook"),
        31,
        "cyp",
        "emergency",
        ON_CALL,
        "ZD502",
        SECTION_2 | {"gender": "2", "postcode": "HX7 8PB"},
        (
            Step(0.3, "start_review", ON_CALL),
            Step(1.1, "accept", ON_CALL),
            *admitted(2, "309"),
            *bed.approach(2.5, ON_CALL, TARN, how="telephone"),
            *bed.refused(3.2, ON_CALL, TARN, "no_bed", refusal_details="The night sister says that they are full."),
            *given(7.5, PRIYA),
            *booked(8, FIONA, 3),
            *assessed(14, form2.VOICES, FIONA, late=True),
            *bed.approach(16, PRIYA, STONECHAT, why="Their quiet suite could keep her until Tarn House has a bed."),
            *bed.refused(18, MOIRA, STONECHAT, "staffing", refusal_details="Nobody to open the suite before Monday."),
            *on_admission(27.5, "ratify", RUTH, reason=RATIFIED),
            *bed.approach(
                30, PRIYA, ASHGILL, why="With two nurses of its own from the crisis team, until Tarn House has a bed."
            ),
        ),
    ),
    # One unit of its kind, outside the collaborative; its offer waits for an answer
    Story(
        ("Alfie", "Quarmby"),
        62,
        "cyp",
        "urgent",
        NIA,
        "ZD201",
        INFORMAL | {"gender": "1", "postcode": "HX1 2LN"},
        (
            *accepted(PRIYA, 8),
            *booked(10, FIONA, 16),
            *assessed(32, form2.CHECKING, FIONA),
            *recommended(36, form2.CHECKING, "admit", 8, PRIYA),
            *decided(50, form2.CHECKING, "admit", KAREN, conditions="Parents come to every second session."),
            *bed.approach(51, PRIYA, REDSHANK, how="telephone"),
            *bed.offered(60.5, DELE, REDSHANK, "Room 3, beside the therapy rooms", ready=20, until=12),
        ),
    ),
    # As in the first drawing of this page: units near and far, full, silent, and not safe for him
    Story(
        ("Tobias", "Renn"),
        70,
        "cyp",
        "urgent",
        NIA,
        "ZD201",
        TOBY,
        (
            *agreed(form2.MOOD, 9, KAREN),
            *bed.approach(42, KAREN, WOLDS),
            *bed.refused(
                48,
                LORNA,
                WOLDS,
                "safeguarding_mix",
                refusal_consultant="Dr Ingrid Sowerby",
                refusal_criterion="A second person who shouts at night cannot be kept apart.",
                would_change="A side room, free from the ninth of next month.",
            ),
            *bed.approach(57.5, DELE, CALDER),
            *bed.refused(58, HILARY, CALDER, "no_bed"),
            *bed.approach(61.2, DELE, ASHGILL),
        ),
        alerts=(
            ("Autistic", "A quiet room, and one speaker at a time.", 9),
            ("Asthma", "Blue inhaler in his bag. From the GP record.", 9),
        ),
    ),
    # The provider's question of the day, after one clinical refusal and an offer that was withdrawn
    Story(
        ("Esme", "Hollins"),
        57,
        "cyp",
        "urgent",
        NIA,
        "ZD201",
        INFORMAL | {"gender": "2", "postcode": "HD1 5BW", "family_told": "yes"},
        (
            *agreed(form2.MOOD, 10, PRIYA),
            *bed.approach(41, PRIYA, ASHGILL),
            *bed.approach(41.2, PRIYA, MARRAM),
            *bed.refused(
                44,
                SAMUEL,
                ASHGILL,
                "acuity",
                refusal_consultant=SAMUEL,
                refusal_criterion="We have two people on constant watch and cannot take a third.",
                would_change="One of the two comes off constant watch: we ring on Monday.",
            ),
            *bed.offered(46, PAULA, MARRAM, "Room 2", until=30),
            *bed.gone(50, "withdraw_offer", PAULA, MARRAM, "A pipe has burst above the room."),
            *bed.approach(56, PRIYA, MOORHEN),
        ),
    ),
    # A unit that reneged: the search is open again, with another offer to decide on
    Story(
        ("Nell", "Ashworth"),
        80,
        "cyp",
        "urgent",
        NIA,
        "ZD201",
        INFORMAL | {"gender": "2", "postcode": "BD9 5RR", "family_told": "yes"},
        (
            *agreed(form2.MOOD, 12, KAREN),
            *bed.approach(41, KAREN, FELLGATE),
            *bed.offered(46, GARETH, FELLGATE, "Room 9, by the garden", until=10),
            *bed.accepted(48, KAREN, FELLGATE, out_of_area="no_bed_in_area", plan=NEAR_HOME, back=28),
            *bed.journey(49, 20, "staff_car", "Two nurses of the crisis team, 01632 960144", "Her own consent"),
            *bed.gone(62, "withdraw_taken", GARETH, FELLGATE, "Infection on the ward: closed for a week."),
            *bed.approach(63, DELE, WOLDS),
            *bed.approach(63.2, DELE, CALDER),
            *bed.refused(65, HILARY, CALDER, "no_bed"),
            *bed.offered(78.5, LORNA, WOLDS, "Room 4", ready=16, until=8, conditions="Her own GP letter by tomorrow."),
        ),
    ),
    # Intensive surveillance and admissions suspended: a director allows it, and the journey is planned
    Story(
        ("Caleb", "Thirlby"),
        78,
        "cyp",
        "urgent",
        NIA,
        "ZD201",
        SECTION_3 | {"gender": "1", "postcode": "WF1 2PL", "family_told": "no"},
        (
            *agreed(form2.MOOD, 11, PRIYA),
            *bed.on_search(
                45,
                "allow_exception",
                HELEN,
                {"exception_unit_id": SKELBECK, "exception_until": timedelta(hours=96)},
                "He was well there for a year, his brother visits, and the quality lead sees him on the first day.",
            ),
            *bed.approach(46, PRIYA, SKELBECK),
            *bed.offered(52, DEREK, SKELBECK, "Room 1, where he was before", until=20),
            *bed.accepted(54, PRIYA, SKELBECK),
            *bed.facts(70, family_told=False, family_not_told_why="He asked us to wait until he is there."),
            *bed.journey(72, 9, "secure_transport", "Airedale Transport, 01632 960177", "Section 3; papers go along"),
        ),
    ),
)
