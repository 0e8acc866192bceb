"""A referral: from the first telephone call to accepted, declined, redirected, superseded or withdrawn."""

from collections.abc import Mapping
from enum import StrEnum

from workflows import form1
from workflows.core import SAME, Action, Ask, Check, Clock, May, Wording, Workflow
from workflows.referral_guards import (
    has_a_care_review,
    has_another_open_referral,
    has_more_to_give,
    has_the_full_set,
    has_the_mandatory_set,
    is_a_draft,
    is_adult_eating_disorder,
    is_not_an_emergency,
    is_not_routine,
    is_routine,
    is_ticked,
    names_another_open_referral,
    names_questions,
    stays_as_begun,
    stays_once_sent,
    stays_the_same_person,
    takes_its_priority,
)
from workflows.roles import Capacity, Role
from workflows.who import CASE_MANAGER, COORDINATOR, ON_CALL


class State(StrEnum):
    """Where a referral is."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    IN_REVIEW = "in_review"
    RETURNED = "returned"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    REDIRECTED = "redirected"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"


OF_THE_REFERRER = May(Role.REFERRER, Capacity.REFERRER)
IMPORT = May(Role.SYSTEM)


CHECKS: Mapping[str, Check] = {
    **{name: stays_the_same_person(name) for name in ("nhs_number", "date_of_birth")},
    **{name: stays_once_sent(name) for name in ("priority", "service_line")},
    "referring_organisation": stays_as_begun,
}
ANSWERS = tuple(
    Ask(
        field.name,
        field.label,
        field.kind,
        field.hint,
        field.codes or "",
        optional=True,
        check=CHECKS.get(field.name),
    )
    for field in form1.FIELDS
)
SENT_WITH_THE_MINIMUM = frozenset({"service_line", "priority", "referring_organisation", "legal_status"})
"""An emergency has these from the start; the case, its dated legal history and its clocks were made from them."""
THE_REST = tuple(ask for ask in ANSWERS if ask.name not in SENT_WITH_THE_MINIMUM)
"""What can be added once an emergency is on its way."""

REFERRAL = Workflow(
    name="referral",
    title="Referral",
    prefix="REF",
    states=State,
    initial=State.DRAFT,
    drafts={State.DRAFT},
    ends={State.ACCEPTED, State.DECLINED, State.REDIRECTED, State.SUPERSEDED, State.WITHDRAWN},
    started_by=(May(Role.REFERRER), COORDINATOR, May(Role.ON_CALL)),
    accepting="accept",
    actions=(
        Action(
            "fill_in",
            "Fill in the form",
            (State.DRAFT, State.RETURNED),
            SAME,
            by=(OF_THE_REFERRER, COORDINATOR, ON_CALL),
            asks=ANSWERS,
            about="Answers can be added bit by bit. Nothing is sent yet.",
        ),
        Action(
            "submit",
            "Send the referral",
            (State.DRAFT, State.RETURNED),
            State.SUBMITTED,
            by=(OF_THE_REFERRER, COORDINATOR, ON_CALL, IMPORT),
            needs=(has_the_mandatory_set, takes_its_priority),
            asks=(
                Ask(
                    "declaration",
                    "The answers are right as far as I know, and consent or another lawful basis is on record",
                    "tick",
                    check=is_ticked,
                ),
            ),
            emits=("referral.submitted",),
            about="The hub takes it in and the time to answer begins.",
        ),
        Action(
            "start_review",
            "Start the review",
            State.SUBMITTED,
            State.IN_REVIEW,
            by=(COORDINATOR, CASE_MANAGER, ON_CALL),
            about="Shows everybody that someone is looking at it.",
        ),
        Action(
            "accept",
            "Accept",
            State.IN_REVIEW,
            State.ACCEPTED,
            by=(CASE_MANAGER, ON_CALL),
            needs=(has_the_full_set, has_a_care_review),
            asks=(
                Ask(
                    "assessing_organisation",
                    "Who will assess?",
                    "organisation",
                    "If you know already.",
                    optional=True,
                ),
            ),
            emits=("referral.accepted",),
            about="The hub takes the referral on. The question of admission is decided next.",
        ),
        Action(
            "decline",
            "Decline",
            State.IN_REVIEW,
            State.DECLINED,
            by=(CASE_MANAGER,),
            asks=(
                Ask("decline_reason", "Why is it declined?", "choice", codes="referral_decline_reason"),
                Ask("alternative_advice", "What should happen instead?", "long_text", "The referrer reads this."),
                Ask("named_clinician", "Which clinician can the referrer talk to?", "text", "Name and telephone."),
            ),
            emits=("referral.declined",),
            about="The referrer gets the reason, advice and a person to talk to.",
        ),
        Action(
            "redirect",
            "Redirect",
            State.IN_REVIEW,
            State.REDIRECTED,
            by=(CASE_MANAGER,),
            asks=(Ask("redirected_to", "To whom does it go?", "choice", codes="redirect_destination"),),
            reason=True,
            emits=("referral.redirected",),
            about="Another service is the right one.",
        ),
        Action(
            "return_incomplete",
            "Return as incomplete",
            State.IN_REVIEW,
            State.RETURNED,
            by=(COORDINATOR, CASE_MANAGER),
            needs=(is_not_an_emergency,),
            asks=(
                Ask(
                    "fields_asked_for",
                    "Which answers does the hub ask for?",
                    "choices",
                    "They are marked on the form.",
                    optional=True,
                    check=names_questions,
                    stays=True,
                ),
                Ask("what_is_missing", "What is missing?", "long_text", "The referrer reads this."),
            ),
            emits=("referral.returned",),
            about="It goes back to the referrer with the list of what is missing.",
        ),
        Action(
            "supersede",
            "Mark as superseded",
            (State.SUBMITTED, State.IN_REVIEW),
            State.SUPERSEDED,
            by=(COORDINATOR,),
            needs=(has_another_open_referral,),
            asks=(
                Ask(
                    "superseded_by",
                    "Which referral takes its place?",
                    "text",
                    "Its reference, like REF-2026-00042.",
                    check=names_another_open_referral,
                ),
            ),
            emits=("referral.superseded",),
            abandons=True,
            about="Another open referral of this person takes its place.",
        ),
        Action(
            "reopen",
            "Reopen",
            (State.DECLINED, State.REDIRECTED),
            State.IN_REVIEW,
            by=(CASE_MANAGER,),
            reason=True,
            emits=("referral.reopened",),
            reopening=True,
            about="For new facts, or when an escalation says so: give its reference in the reason.",
        ),
        Action(
            "add_the_rest",
            "Add the rest of the form",
            (State.SUBMITTED, State.IN_REVIEW, State.ACCEPTED),
            SAME,
            by=(OF_THE_REFERRER, COORDINATOR, CASE_MANAGER, ON_CALL),
            when=has_more_to_give,
            asks=THE_REST,
            emits=("referral.rest_added",),
            aside=True,
            about="An emergency is sent with the minimum. The rest is added here, and stops no clock.",
        ),
        Action(
            "withdraw",
            "Withdraw",
            (State.DRAFT, State.SUBMITTED, State.IN_REVIEW, State.RETURNED),
            State.WITHDRAWN,
            by=(OF_THE_REFERRER, CASE_MANAGER, May(Role.COORDINATOR, when=is_a_draft)),
            reason=True,
            emits=("referral.withdrawn",),
            abandons=True,
            about="Nobody goes on with it.",
        ),
    ),
    clocks=(
        Clock(
            "review",
            "referral.review",
            runs_in={State.SUBMITTED, State.IN_REVIEW, State.RETURNED},
            when=is_not_routine,
            from_fact="received_at",
            on_return="restart",
        ),
        Clock(
            "review",
            "referral.review",
            runs_in={State.SUBMITTED, State.IN_REVIEW},
            pauses_in={State.RETURNED},
            when=is_routine,
            from_fact="received_at",
            on_return="restart",
        ),
        Clock(
            "acknowledge",
            "referral.acknowledge",
            runs_in={State.SUBMITTED},
            when=is_adult_eating_disorder,
            from_fact="received_at",
            on_return="once",
        ),
        Clock("resubmit", "referral.resubmit", runs_in={State.RETURNED}, on_return="restart", label="Send again"),
    ),
    wording={
        State.DRAFT: Wording("Draft", "Finish and send the referral", "others", row=0, column=0),
        State.SUBMITTED: Wording("Submitted", "Start the review", "us", row=0, column=1),
        State.IN_REVIEW: Wording("In review", "Accept, decline or redirect", "us", row=0, column=2, is_decision=True),
        State.RETURNED: Wording("Returned", "Send what is missing", "others", row=1, column=1),
        State.ACCEPTED: Wording("Accepted", "", "done", row=0, column=3),
        State.DECLINED: Wording("Declined", "", "done", row=1, column=3),
        State.REDIRECTED: Wording("Redirected", "", "done", row=2, column=3),
        State.SUPERSEDED: Wording("Superseded", "", "done", row=2, column=2),
        State.WITHDRAWN: Wording("Withdrawn", "", "done", row=2, column=0),
    },
)
