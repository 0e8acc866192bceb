"""What the actions of an admission decision ask for, where it is more than a reason."""

from workflows import form2
from workflows.admission import guards
from workflows.core import Ask

FORM_2 = tuple(
    Ask(field.name, field.label, field.kind, field.hint, field.codes or "", optional=True) for field in form2.FIELDS
)

BOOKING = (
    Ask("assessing_organisation_id", "Who will assess?", "organisation", "It sees the referral from now on."),
    Ask("booked_assessor", "Name of the assessor", hint="And how to reach them."),
    Ask("booked_for", "When?", "moment", tense="future"),
    Ask("assessment_how", "How?", "choice", codes="assessment_place"),
    Ask("assessment_where", "Where?", hint="The ward or room; for a video assessment, who sits with the person."),
)

OUTCOME = (
    Ask("is_appropriate", "Is inpatient admission appropriate?", "yes_no", stays=True),
    Ask("outcome_comments", "Comments on the outcome", "long_text", optional=True),
    Ask("only_for_lack_of_services", "Would it be only because community services are missing?", "yes_no"),
    Ask(
        "missing_service",
        "What is missing in the community?",
        "choice",
        "Only when services are missing.",
        codes="missing_community_service",
        optional=True,
        check=guards.says_what_is_missing,
    ),
    Ask(
        "missing_service_details",
        "What would it take?",
        "long_text",
        "Only when services are missing. The hub counts these answers.",
        optional=True,
        check=guards.describes_what_is_missing,
    ),
)
SIGNATURE = Ask(
    "signature",
    "I assessed this person, and this is my signature under Form 2",
    "tick",
    check=guards.is_ticked,
)
PAPER = (
    Ask("paper_signed_by", "Who signed the paper form?"),
    Ask("paper_signed_at", "When was it signed?", "moment", tense="past"),
    Ask("paper_kept_at", "Where is the signed paper kept?", hint="So that anyone can find it."),
)

BED_TYPE = Ask(
    "bed_type",
    "Type of bed",
    "choice",
    "So that it is clear who may decide.",
    "bed_type",
    check=guards.has_a_price,
    stays=True,
)
RECOMMENDATION = (
    Ask("recommendation", "What do you recommend?", "choice", codes="admission_recommendation", stays=True),
    Ask(
        "alternatives_considered",
        "Less restrictive options, and why not",
        "long_text",
        "Each one you looked at, with the reason.",
    ),
    Ask("purpose", "What is it for?", "long_text", "What will be different at the end."),
    BED_TYPE,
    Ask(
        "expected_length_weeks",
        "How many weeks would an admission last?",
        "number",
        "With the type of bed this gives the cost, and the cost says who may decide.",
        check=guards.is_a_length,
        stays=True,
    ),
    Ask("exit_plan", "How does it end?", "long_text", "What must be true to leave, and where the person goes."),
)

QUESTION = (
    Ask("question", "What do you need to know?", "long_text", "Whoever is asked reads this."),
    Ask("asked_organisation_id", "Who can answer?", "organisation", "It sees the question and may answer."),
    Ask("answer_due_at", "By when?", "moment", tense="future"),
)

INTEREST = (
    Ask("has_interest", "Do you have an interest in any organisation named here?", "yes_no"),
    Ask(
        "interest",
        "What is your interest?",
        "long_text",
        "Only if you have one. It stands on record with the decision.",
        optional=True,
        check=guards.says_which_interest,
    ),
)
ADMISSION = (
    Ask("responsible_commissioner", "Responsible commissioner", "organisation"),
    Ask("funding_source", "Who pays?", "choice", codes="funding_source"),
    Ask("conditions", "Conditions", "long_text", "What must be so for the admission to go on.", optional=True),
)
ALTERNATIVE = (
    Ask("alternative", "What instead of admission?", "choice", codes="alternative_care"),
    Ask("alternative_provider", "Who will provide it?"),
    Ask("contingency", "What happens if it does not work?", "long_text", "Who decides, and at what point."),
)
REFUSAL = (
    Ask("advice", "Advice to the referrer", "long_text", "What should happen instead, and whom to talk to."),
    Ask("dispute_route", "How can they disagree?", "long_text", "Whom to write to, and by when."),
)
EMERGENCY = (
    Ask("why_it_cannot_wait", "Why can it not wait?", "long_text"),
    Ask("clinician_in_charge", "Which clinician is in charge?", hint="Name and telephone."),
    BED_TYPE,
)
