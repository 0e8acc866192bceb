"""The demo's disputes that go on, one at every stage, between organisations that go on working together."""

from __future__ import annotations

from typing import Final

from hub.demo.escalation_past import PAST
from hub.demo.escalation_steps import (
    ALAN,
    ANNE,
    COSTS,
    COUNCIL,
    ESTUARY,
    FARIDA,
    HUB,
    ICB,
    JOANNE,
    KESTREL,
    LARKWOOD,
    LONSMOOR,
    PAYS,
    RINGS,
    ROBERT,
    SKELBECK,
    STAGES,
    WHARFEMOOR,
    Dispute,
    Done,
    accepted,
    climb,
    panel,
    position,
    row,
    speaker,
)
from hub.demo.stories import GRACE, KAREN, OWAIN, PRIYA, SUNITA

_HOME = (
    row("Prepare the Overmoor family", COUNCIL, ROBERT, 12),
    row("Take him to meet them twice", WHARFEMOOR, GRACE, 19),
)
_LEAVING = Dispute(
    7 * 24,
    GRACE,
    "Where will he live next, and when?",
    "discharge_delay",
    (WHARFEMOOR, COUNCIL),
    "A named home and a moving date within three weeks.",
    "He has been ready to leave for a week\nHe needs a home with two adults, near his school\n"
    "His exams begin in five weeks\nWaiting costs £5,810 a week",
    (
        accepted(
            20,
            interim_arrangement="He stays on the ward, with school from there.",
            interim_payer="hub",
        ),
        position(
            23,
            GRACE,
            "He has been ready to leave since last week. Each week here costs him school and friends. We asked for a "
            "date four times and got none.",
            "A named home and a moving date.",
            disputed="That a home was offered on the 12th.",
        ),
        position(
            30,
            ALAN,
            "We agree that he should leave. No family near his school was free until last week.",
            "Three weeks to prepare a family near his school.",
            new_facts="A home was offered on the 12th and refused",
        ),
        Done(44, "agree_facts", ALAN, {"agreed": ["1", "2", "3", "4"]}),
        Done(45, "agree_facts", GRACE, {"disputed_facts": ["5"]}),
        speaker(46, GRACE, WHARFEMOOR, "senior_review"),
        speaker(47, ALAN, COUNCIL, "senior_review", ROBERT),
        Done(98, "ask_to_escalate", GRACE),
        Done(100, "ask_to_escalate", ALAN),
        Done(101, "escalate_to_senior", PRIYA),
        position(
            118,
            GRACE,
            "A child who is well is living on a ward. We need one date that everybody keeps.",
            "A named home and a moving date by the end of next week.",
        ),
        position(
            122,
            ROBERT,
            "We have one foster family willing, 40 miles away, and will not move him from his school in an exam year "
            "without him saying yes.",
            "Three weeks to prepare the Overmoor family, who live near his school.",
            disputed="That no date was offered.",
        ),
        Done(124, "propose", GRACE, {"settlement": "A home and a date by next Friday.", "actions": _HOME[:1]}),
        Done(126, "accept_proposal", ROBERT, {"version": 1}),
        Done(
            140,
            "propose",
            ROBERT,
            {"settlement": "The council prepares a family. The move follows when they are ready.", "actions": _HOME},
        ),
        Done(142, "accept_proposal", GRACE, {"version": 2}),
        Done(
            160,
            "propose",
            PRIYA,
            {
                "settlement": "The council prepares the Overmoor family. He meets them twice. He moves in three "
                "weeks if he says yes. The hub pays until then, the council after.",
                "actions": _HOME,
            },
        ),
        Done(164, "accept_proposal", GRACE, {"version": 3}),
    ),
    about="stay ZD101",
    funder=ICB,
    flash_point=1,
)
_HELD = Dispute(
    26,
    JOANNE,
    "Who pays for the bed that was held four days?",
    "package_cost",
    (KESTREL, ICB),
    "Payment for the four days.",
    "A bed was held for four days\nThe hub asked for it by telephone",
    (accepted(3, KAREN, interim_arrangement="He stays on the ward.", interim_payer="hub"),),
    about="same case",
)
_ASKED_AGAIN = Dispute(
    25,
    OWAIN,
    "May a unit be asked again a week after it said no?",
    "clinical_disagreement",
    (LARKWOOD, COUNCIL),
    "To be asked again only with something new.",
    "Moorhen Lodge was asked twice in a week\nNothing new was said the second time",
    (accepted(4, KAREN, interim_arrangement="He stays on the ward.", interim_payer="hub"),),
    about="same case",
)
_REFUSED = Dispute(
    1.2,
    SUNITA,
    "Can Tarn House refuse on acuity with four beds free?",
    "bed_refusal",
    (KESTREL, HUB),
    "That the refusal stands until the ward has its nurses.",
    "Four beds were free that day\nTwo nurses were away",
    urgency="urgent",
)
_SPLIT = Dispute(
    24 * 24,
    FARIDA,
    "Who pays which part of aftercare from May?",
    "section_117_split",
    (ICB, COUNCIL, SKELBECK),
    "Half and half until the first review.",
    "Section 117 applies\nThe placement costs £3,240 a week",
    (
        accepted(22, KAREN),
        position(26, FARIDA, "Health needs and care needs are about equal.", "Half and half."),
        position(40, ALAN, "Most of the support is health care.", "One third from us."),
        position(41, "Derek Stainby", "We need to know whom to invoice.", "A split by the end of the month."),
        Done(60, "ask_to_escalate", FARIDA),
        Done(61, "ask_to_escalate", ALAN),
        Done(62, "ask_to_escalate", "Derek Stainby"),
        speaker(63, FARIDA, ICB, "senior_review"),
        speaker(64, ALAN, COUNCIL, "senior_review", ROBERT),
        speaker(65, "Derek Stainby", SKELBECK, "senior_review"),
        Done(66, "escalate_to_senior", KAREN),
        position(90, FARIDA, "The last review said half and half.", "Half and half."),
        position(95, ROBERT, "The review was before the new ward.", "40 to 60."),
        Done(330, RINGS),
        Done(331, "escalate_to_executive", KAREN),
        position(380, FARIDA, "We would accept 45 to 55 for a year.", "45 to 55."),
    ),
)
_NURSES = ("Lorna Keld", ESTUARY, "We cannot open beds without nurses.", "A later date.")
_BEDS = (ALAN, COUNCIL, "Two young people wait in hotels.", "Two beds this month.")
_INDEPENDENT = Dispute(
    60,
    ALAN,
    "When do the closed beds open again?",
    "clinical_disagreement",
    (COUNCIL, ESTUARY),
    "Two beds this month.",
    "Six beds have been closed since summer",
    (accepted(1, KAREN), *climb(_BEDS, _NURSES, 4, *STAGES[:3])),
    urgency="urgent",
)
_BEFORE_PANEL = Dispute(
    74,
    "Gareth Tyson",
    "What is paid for four nurses on one night?",
    "package_cost",
    (LONSMOOR, ICB),
    "The cost of four.",
    "Four nurses were there",
    (accepted(1, KAREN), *climb(COSTS, PAYS, 4, *STAGES), panel(70, ANNE, "none")),
    urgency="urgent",
)
DISPUTES: Final = (*PAST, _SPLIT, _LEAVING, _BEFORE_PANEL, _INDEPENDENT, _HELD, _ASKED_AGAIN, _REFUSED)
"""Those about the same case follow the one they are the same as: two competitors, and neither hears of the other."""
