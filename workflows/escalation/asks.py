"""The questions that more than one action of an escalation asks."""

from workflows.core import A_YEAR, Ask
from workflows.escalation import answers

AT_START = (
    Ask("dispute_kind", "Kind of disagreement", "choice", codes="dispute_kind"),
    Ask("urgency", "Urgency", "choice", codes="escalation_urgency"),
    Ask("asked_for", "What is wanted", "long_text"),
    Ask("safety_plan", "Safety plan", "long_text"),
    Ask("started_from", "Raised from"),
    Ask("priority", "Priority", "choice", codes="priority"),
)
ACTION_PARTS = (
    Ask("what", "What will be done?"),
    Ask("owner_organisation_id", "By which organisation?", "organisation"),
    Ask("owner_name", "By whom there?"),
    Ask("due_on", "By when?", "date", tense="future", within_days=2 * A_YEAR),
)
ACTIONS = Ask(
    "actions",
    "Actions",
    "rows",
    "What, who and by when. Each has its own deadline.",
    parts=ACTION_PARTS,
    check=answers.owners_are_here,
)
WHICH_ACTION = Ask("action_number", "Which action?", "number", check=answers.is_an_action)
CONVENOR_ID = Ask(
    "convenor_id",
    "Who convenes?",
    "person",
    "They hold the ladder, and take no side.",
    check=answers.is_fit_to_convene,
    stays=True,
)
PANEL = Ask(
    "panel",
    "The panel",
    "rows",
    "One chair and at least one member. Write for each what interests they declared, or “none”.",
    parts=(
        Ask("user_id", "Person", "person"),
        Ask("seat", "Seat", "choice", codes="panel_seat"),
        Ask("declaration", "Interests they declared"),
    ),
    check=answers.is_a_whole_panel,
)
ISSUES = Ask(
    "issues",
    "What is decided, issue by issue",
    "rows",
    "Reasons for each. Where it is about money, choose one side’s offer on each issue.",
    parts=(
        Ask("issue", "Issue"),
        Ask("chosen_organisation_id", "Whose offer?", "organisation", optional=True),
        Ask("reasons", "Decision and reasons", "long_text"),
    ),
    check=answers.chooses_offers,
)
