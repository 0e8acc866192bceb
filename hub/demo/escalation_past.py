"""The demo's disputes that are over or nearly so: agreed, determined, carried out, and the ways one ends."""

from __future__ import annotations

from typing import Final

from hub.demo.escalation_steps import (
    ALAN,
    ANNE,
    BRONWEN,
    COSTS,
    COUNCIL,
    FARIDA,
    HUB,
    ICB,
    JOANNE,
    JUDITH,
    KESTREL,
    LARKWOOD,
    LONSMOOR,
    PAYS,
    SKELBECK,
    STAGES,
    Dispute,
    Done,
    accepted,
    climb,
    panel,
    position,
    row,
)
from hub.demo.stories import KAREN, PRIYA, RUTH, SUNITA

_CARRIED_OUT = Dispute(
    30 * 24,
    BRONWEN,
    "Three invoices for enhanced care are unpaid since spring",
    "invoice",
    (LARKWOOD, ICB),
    "Payment of the three invoices.",
    "Three invoices are open\nThe care was agreed by telephone",
    (
        accepted(4, PRIYA),
        position(8, BRONWEN, "We gave the care that was asked for.", "Payment within 30 days."),
        position(26, FARIDA, "Nothing was agreed in writing.", "Proof of each week."),
        Done(
            50,
            "propose",
            PRIYA,
            {
                "settlement": "Larkwood Care sends the rotas. The ICB pays what they show.",
                "actions": (
                    row("Send the rotas of the three months", LARKWOOD, BRONWEN, 10),
                    row("Pay what the rotas show", ICB, FARIDA, 40),
                ),
            },
        ),
        Done(52, "accept_proposal", BRONWEN, {"version": 1}),
        Done(70, "accept_proposal", FARIDA, {"version": 1}),
        Done(90, "start_implementing", PRIYA),
        Done(26 * 24, "claim_done", BRONWEN, {"action_number": 1, "evidence": "Rotas sent by secure mail."}),
    ),
)
SKELBECK_SAYS: Final = ("Derek Stainby", SKELBECK, "The rules name the first ICB.", "The first ICB.")
ICB_SAYS: Final = (FARIDA, ICB, "She has moved twice since.", "The ICB of today’s address.")
_DETERMINED = Dispute(
    55 * 24,
    "Derek Stainby",
    "Which ICB is responsible after the second move?",
    "responsible_commissioner",
    (SKELBECK, ICB),
    "One commissioner we can invoice.",
    "She was registered in Brackendale at the first detention",
    (
        Done(2, "raise_urgency", "Derek Stainby", reason="She is to leave on Monday, and nobody pays for the way."),
        accepted(3, KAREN),
        *climb(SKELBECK_SAYS, ICB_SAYS, 10, *STAGES),
        panel(80, ANNE, "Sits on a regional group with the ICB’s lead"),
        position(90, "Derek Stainby", "The dates are not disputed.", "The first ICB."),
        position(92, FARIDA, "We ask for a reason for each date.", "The ICB of today’s address."),
        Done(
            140,
            "determine",
            JUDITH,
            {
                "issues": (
                    {
                        "issue": "Which ICB is responsible",
                        "chosen_organisation_id": SKELBECK,
                        "reasons": "The ICB at the first detention stays responsible until aftercare ends.",
                    },
                ),
                "binding": "binding",
            },
        ),
        Done(
            170,
            "start_implementing",
            KAREN,
            {"actions": (row("Pay the open invoices", ICB, FARIDA, 30),)},
        ),
        Done(400, "claim_done", FARIDA, {"action_number": 1, "evidence": "Paid, with the remittance."}),
        Done(420, "confirm_done", "Derek Stainby", {"action_number": 1}),
        Done(
            460,
            "close",
            KAREN,
            {
                "would_have_prevented": "Writing down the responsible ICB at each detention.",
                "sop_to_change": "Admission: ask for the first detention’s ICB on Form 1.",
                "learned_flash_point_id": 3,
            },
        ),
    ),
    flash_point=3,
)
_JUST_DETERMINED = Dispute(
    100,
    "Gareth Tyson",
    "Does the old price hold until the review?",
    "invoice",
    (LONSMOOR, ICB),
    "The new price.",
    "The review was moved to autumn",
    (
        accepted(1, KAREN),
        *climb(COSTS, PAYS, 4, *STAGES[:2]),
        panel(44, ANNE, "none"),
        position(46, "Gareth Tyson", "Costs rose in spring.", "The new price."),
        position(47, FARIDA, "The review decides.", "The old price until then."),
        Done(
            80,
            "determine",
            JUDITH,
            {
                "issues": (
                    {
                        "issue": "The price until the review",
                        "chosen_organisation_id": ICB,
                        "reasons": "The contract keeps the price until a review has met.",
                    },
                ),
                "binding": "binding",
            },
        ),
    ),
    urgency="urgent",
)
_AGREED = Dispute(
    9 * 24,
    SUNITA,
    "How are incidents on leave shared between us?",
    "information_sharing",
    (KESTREL, COUNCIL),
    "To hear of incidents within a day.",
    "Two incidents on leave reached us after a week",
    (
        accepted(5, KAREN),
        position(7, SUNITA, "We learn of incidents from the family.", "A call the same day."),
        position(20, ALAN, "Our duty team did not know whom to ring.", "One number to ring."),
        Done(
            28,
            "propose",
            SUNITA,
            {
                "settlement": "The duty team rings the ward the same day, on one number.",
                "actions": (row("Give every duty team the ward’s number", COUNCIL, ALAN, 14),),
            },
        ),
        Done(29, "accept_proposal", SUNITA, {"version": 1}),
        Done(110, "accept_proposal", ALAN, {"version": 1}),
    ),
)
_OUTSIDE = Dispute(
    16 * 24,
    JOANNE,
    "Was the notice on staffing figures fair?",
    "contract_performance",
    (KESTREL, HUB),
    "That the notice is taken back.",
    "Figures for March were sent on the last day",
    (
        accepted(5, JUDITH),
        position(20, JOANNE, "The figures were in time and complete.", "Take the notice back."),
        position(24, RUTH, "Two wards were missing.", "The missing wards by Friday."),
        Done(40, "withdraw", JOANNE, reason="The two wards were missing indeed. We have sent them."),
    ),
)
_ELSEWHERE = Dispute(
    12 * 24,
    SUNITA,
    "A father wants his son to come home",
    "clinical_disagreement",
    (KESTREL, COUNCIL),
    "A decision on discharge.",
    "The family asked for discharge twice",
    (
        Done(
            3,
            "reject",
            KAREN,
            {"instead": "tribunal"},
            "A family’s challenge to detention is for the tribunal. The advocate has been told and rings the family.",
        ),
    ),
)
_SENT_ON = Dispute(
    70 * 24,
    FARIDA,
    "Which quarter do the new prices hold from?",
    "partnership_decision",
    (ICB, LARKWOOD),
    "From the first of the next quarter.",
    "The partnership board agreed new prices",
    (
        accepted(6, PRIYA),
        position(10, FARIDA, "The board meant the next quarter.", "The next quarter."),
        position(12, BRONWEN, "The minutes name no quarter.", "From the day of the meeting."),
        Done(
            60,
            "refer_on",
            PRIYA,
            {"referred_to": "mediation", "agreed_statement": "The partnership board agreed new prices in May."},
        ),
    ),
)
PAST: Final = (_SENT_ON, _DETERMINED, _CARRIED_OUT, _OUTSIDE, _ELSEWHERE, _AGREED, _JUST_DETERMINED)
"""Oldest first."""
