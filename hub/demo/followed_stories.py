"""The demo's admission decisions that were made, and led to another way than a bed, or to none."""

from __future__ import annotations

from typing import Final

from hub.demo import form2_answers as form2
from hub.demo import placement_steps as bed
from hub.demo.admission_steps import (
    DAY,
    INFORMAL,
    SECTION_2,
    admitted,
    assessed,
    booked,
    decided,
    on_admission,
    recommended,
)
from hub.demo.stories import (
    FIONA,
    HELEN,
    IMRAN,
    KAREN,
    NIA,
    ON_CALL,
    PLACEMENT,
    PRIYA,
    RUTH,
    TESS,
    Step,
    Story,
    accepted,
)

NEAR_HOME: Final = "Back to Calder Vale or Ashgill as soon as one has a bed; Karen Stott rings both every Monday."
FOLLOWED: Final = (
    # Agreed, and the search stood down
    Story(
        ("Jasper", "Holloway"),
        6 * DAY,
        "cyp",
        "urgent",
        NIA,
        "ZD201",
        INFORMAL,
        (
            *accepted(KAREN, 9),
            *booked(11, FIONA, 20),
            *assessed(44, form2.MOOD, FIONA),
            *recommended(46, form2.MOOD, "admit", 14, KAREN),
            *decided(60, form2.MOOD, "admit", RUTH),
            Step(
                4.5 * DAY,
                "stand_down",
                KAREN,
                {},
                "Much better since the medicine was changed. He and his family want to go on at home.",
                to=PLACEMENT,
            ),
        ),
    ),
    # Another way
    Story(
        ("Bronwen", "Varley"),
        5 * DAY,
        "aed",
        "urgent",
        TESS,
        "ZD205",
        INFORMAL,
        (
            *accepted(PRIYA, 7),
            *booked(9, IMRAN, 20),
            *assessed(
                44,
                form2.BINGEING,
                IMRAN,
                yes=False,
                missing=("eating_disorder", "A day care place with diabetes nursing, three weeks sooner."),
            ),
            *recommended(50, form2.BINGEING, "alternative", 10, PRIYA),
            *decided(56, form2.BINGEING, "alternative", PRIYA, "She wants day care, and it can start on Monday."),
        ),
    ),
    # No admission
    Story(
        ("Casper", "Fernley"),
        27 * DAY,
        "cyp",
        "routine",
        NIA,
        "ZD201",
        INFORMAL,
        (
            *accepted(KAREN, 5 * DAY),
            *booked(6 * DAY, FIONA, 9 * DAY),
            *assessed(16 * DAY, form2.RUNNING, FIONA, yes=False),
            *recommended(17 * DAY, form2.RUNNING, "refuse", 10, KAREN),
            *decided(17.5 * DAY, form2.RUNNING, "refuse", HELEN, "A ward would take her further from a home."),
        ),
    ),
    # Refused, then looked at again on new facts; the referrer objects
    Story(
        ("Blythe", "Eskdale"),
        17 * DAY,
        "cyp",
        "routine",
        NIA,
        "ZD201",
        INFORMAL,
        (
            *accepted(PRIYA, 3 * DAY),
            *booked(4 * DAY, FIONA, 6 * DAY),
            *assessed(11 * DAY, form2.EATING, FIONA),
            *recommended(12 * DAY, form2.EATING, "refuse", 8, PRIYA),
            *decided(12.5 * DAY, form2.EATING, "refuse", RUTH, "Weight has held for three weeks with meal support."),
            *on_admission(16 * DAY, "reconsider", PRIYA, {"new_facts": "Fainted at school on Friday. Heart rate 38."}),
            *on_admission(
                16.2 * DAY,
                "record_objection",
                NIA,
                {"objection_by": "referrer", "objection": "We cannot keep her safe with meal support any longer."},
            ),
        ),
    ),
    # Withdrawn
    Story(
        ("Kezia", "Mensah"),
        4 * DAY,
        "cyp",
        "urgent",
        NIA,
        "ZD201",
        INFORMAL,
        (
            *accepted(KAREN, 8),
            *booked(10, FIONA, 20),
            *on_admission(25, "withdraw", NIA, reason="She moved in with her aunt and is much better."),
        ),
    ),
    # Admitted by on-call, and not ratified: a bed was accepted by then, which the head of commissioning has to settle
    Story(
        ("Piers", "Barrowdale"),
        22,
        "cyp",
        "emergency",
        ON_CALL,
        "ZD502",
        SECTION_2,
        (
            Step(0.4, "start_review", ON_CALL),
            Step(1.5, "accept", ON_CALL),
            *admitted(2, "301"),
            *bed.approach(2.5, ON_CALL, bed.FELLGATE, how="telephone"),
            *bed.offered(3.2, ON_CALL, bed.FELLGATE, "Room 2", ready=12, until=20),
            *bed.accepted(3.5, ON_CALL, bed.FELLGATE, out_of_area="no_bed_in_area", plan=NEAR_HOME, back=14),
            *on_admission(
                11,
                "refuse_ratification",
                RUTH,
                {"tonight": "Stays on the children's ward with two nurses from the crisis team."},
                "Nobody has assessed him, and the ward can keep him safe for a day.",
            ),
        ),
    ),
)
