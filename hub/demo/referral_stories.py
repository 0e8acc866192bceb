"""The demo's referrals of the last days: in every state, so that on any day some are due today and some late."""

from __future__ import annotations

from typing import Final

from hub.demo.stories import DELE, KAREN, KEN, MARIANNE, NIA, ON_CALL, PRIYA, TESS, Step, Story, owned

_DECLINE: Final = {
    "decline_reason": "need_met_in_community",
    "alternative_advice": "Daily visits by the intensive team, and a review with us in two weeks.",
    "named_clinician": "Karen Stott, 01632 960500",
}
SCHOOL_UNSAID: Final = {
    "what_is_missing": "What the school has tried.",
    "fields_asked_for": ["school_name", "interventions_tried"],
}
THE_REST: Final = {
    "bed_type_wanted": "301",
    "primary_reason": "10",
    "presenting_problem": "Low since the summer. Three overdoses in a month, the last one tonight.",
    "postcode": "LS6 2AB",
}
"""What the whole form asks for beside the minimum of an emergency."""
STORIES: Final = (
    Story(("Orla", "Yardsley"), 5, "cyp", "emergency", MARIANNE, "ZD501", {}, owned(PRIYA, 0.4)),
    Story(
        ("", ""),
        0.7,
        "cyp",
        "emergency",
        ON_CALL,
        "ZD502",
        {"nhs_number": "", "no_identity_reason": "not_able_to_say", "date_of_birth": "", "postcode": ""}
        | {"location_kind": "emergency_department", "where_now": "A&E, Calderbrook General Hospital, cubicle 4"},
    ),
    Story(
        ("Jude", "Thackley"),
        14,
        "cyp",
        "emergency",
        ON_CALL,
        "ZD502",
        {},
        (*owned(KAREN, 2), Step(6, "add_the_rest", KAREN, THE_REST)),
    ),
    Story(("Maryam", "Quarmby"), 43, "cyp", "urgent", NIA, "ZD201", {}, owned(PRIYA, 6)),
    Story(("Leon", "Sedgewell"), 61, "cyp", "urgent", DELE, "ZD202"),
    Story(("Freya", "Iveson"), 20, "aed", "urgent", TESS, "ZD205"),
    Story(("Hanif", "Rawthorpe"), 7 * 24 - 5, "cyp", "routine", NIA, "ZD201", {}, owned(KAREN, 30)),
    Story(("Bethan", "Oduya"), 9 * 24, "cyp", "routine", DELE, "ZD203", {}, owned(PRIYA, 50)),
    Story(
        ("Samir", "Garthwick"),
        5 * 24,
        "cyp",
        "routine",
        NIA,
        "ZD201",
        {},
        (*owned(KAREN, 20), Step(44, "return_incomplete", KAREN, SCHOOL_UNSAID)),
    ),
    Story(
        ("Violet", "Netherby"),
        13 * 24,
        "aed",
        "routine",
        TESS,
        "ZD205",
        {},
        (*owned(PRIYA, 26), Step(50, "return_incomplete", PRIYA, {"what_is_missing": "Blood results and weight."})),
    ),
    Story(("Poppy", "Fernley"), 26, "cyp", "routine", NIA, "ZD201", is_draft=True),
    Story(("Eli", "Umpleby"), 3, "cyp", "urgent", NIA, "ZD201", {"presenting_problem": ""}, is_draft=True),
    Story(("Nadia", "Mensah"), 2, "cyp", "urgent", DELE, "ZD204", {"presenting_problem": ""}, is_draft=True),
    Story(("Callum", "Marrick"), 30, "cyp", "urgent", NIA, "ZD201", {}, owned(PRIYA, 4)),
    Story(("Callum", "Marrick"), 9, "cyp", "urgent", MARIANNE, "ZD501", same_as=13),
    Story(
        ("Keira", "Holloway"),
        22,
        "cyp",
        "urgent",
        NIA,
        "ZD201",
        {"autism": "1", "learning_disability": "2"},
        owned(KAREN, 3),
    ),
    Story(
        ("Yasmin", "Amin"),
        35,
        "cyp",
        "urgent",
        NIA,
        "ZD201",
        {"sharing_restricted": "yes", "sharing_restriction_details": "Do not tell the father where she is."},
        owned(PRIYA, 5),
    ),
    Story(
        ("Oscar", "Langstrath"),
        60,
        "secure",
        "urgent",
        KEN,
        "ZD601",
        {"legal_status": "03", "location_kind": "prison", "where_now": "Healthcare wing, HMP Garsholme"},
        owned(KAREN, 20),
    ),
    Story(("Rosa", "Kelbrook"), 11 * 24, "secure", "routine", KEN, "ZD601"),
    Story(("Will", "Barrowdale"), 50, "cyp", "urgent", NIA, "ZD201", {}, (*owned(PRIYA, 4), Step(29, "accept", PRIYA))),
    Story(
        ("Zara", "Eskdale"),
        70,
        "cyp",
        "urgent",
        NIA,
        "ZD201",
        {},
        (*owned(KAREN, 5), Step(40, "decline", KAREN, _DECLINE)),
    ),
    Story(
        ("Grace", "Petrescu"),
        80,
        "aed",
        "urgent",
        TESS,
        "ZD205",
        {},
        (
            *owned(PRIYA, 6),
            Step(
                30, "redirect", PRIYA, {"redirected_to": "community_eating_disorders"}, "Day care can start on Monday."
            ),
        ),
    ),
    Story(
        ("Kit", "Wetherhill"),
        40,
        "cyp",
        "routine",
        NIA,
        "ZD201",
        {},
        (Step(20, "withdraw", NIA, {}, "Much better at home."),),
    ),
    Story(("Dilys", "Varley"), 75, "cyp", "urgent", DELE, "ZD202", {}, (Step(50, "supersede", DELE, {"by": 24}),)),
    Story(("Dilys", "Varley"), 31, "cyp", "urgent", MARIANNE, "ZD501", {}, owned(KAREN, 8), same_as=23),
    Story(
        ("Farah", "Chowdry"),
        90,
        "cyp",
        "routine",
        NIA,
        "ZD201",
        {},
        (
            *owned(KAREN, 5),
            Step(30, "decline", KAREN, _DECLINE),
            Step(70, "reopen", KAREN, {}, "The family rang: she left home in the night and was found by the river."),
        ),
    ),
)
