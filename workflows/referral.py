"""A referral: from the first telephone call to accepted, declined, redirected, superseded or withdrawn."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from workflows import form1
from workflows.core import SAME, Action, Actor, Ask, Check, Clock, May, Wording, Workflow
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


def is_not_an_emergency(referral: Any, _actor: Actor) -> str | None:
    """It is not an emergency"""
    if referral.priority != form1.EMERGENCY:
        return None
    return "An emergency is never sent back: ask for the rest by telephone and go on"


def is_a_draft(referral: Any, _actor: Actor) -> str | None:
    """Only before it is sent"""
    return None if referral.is_draft else "A coordinator withdraws only a draft; this one has been sent"


def has_the_mandatory_set(referral: Any, _actor: Actor) -> tuple[str, ...]:
    """Every answer its priority must have is there"""
    return form1.missing(referral, referral.priority)


def takes_its_priority(referral: Any, _actor: Actor) -> str | None:
    """The service takes referrals of this priority"""
    allowed = form1.priorities_for(referral.service_line or "")
    if referral.priority is None or referral.priority in allowed:
        return None
    return f"This service takes no {referral.priority} referrals: choose {' or '.join(allowed)}"


def has_the_full_set(referral: Any, _actor: Actor) -> tuple[str, ...]:
    """Every answer of the full form is there, unless it is an emergency"""
    return () if referral.priority == form1.EMERGENCY else form1.missing(referral, referral.priority)


def has_a_care_review(referral: Any, _actor: Actor) -> str | None:
    """Learning disability or autism: the date of a C(E)TR or LAEP, or the reason for neither"""
    return form1.cetr_missing(referral)


def has_another_open_referral(referral: Any, actor: Actor) -> str | None:
    """Another referral of this person is open"""
    if not actor.is_hub:
        return "The hub looks whether another referral is open"  # it may be another organisation's
    return None if referral.others_open else "This person has no other open referral"


def names_another_open_referral(referral: Any, values: Mapping[str, Any]) -> str | None:
    """The reference is one of this person's other open referrals."""
    open_now = [other.reference for other in referral.others_open]
    if values.get("superseded_by") in open_now:
        return None
    return f"Choose one of this person's other open referrals: {', '.join(open_now) or 'there are none'}"


def is_ticked(_referral: Any, values: Mapping[str, Any]) -> str | None:
    """The box is ticked."""
    return None if values.get("declaration") is True else "Tick the box to say that the answers are right"


def is_routine(referral: Any) -> bool:
    """A routine referral waits while it is with the referrer."""
    return bool(referral.priority == form1.ROUTINE)


def is_not_routine(referral: Any) -> bool:
    """An emergency or urgent referral never waits."""
    return not is_routine(referral)


def is_adult_eating_disorder(referral: Any) -> bool:
    """The adult eating disorder line acknowledges within days, before its review."""
    return bool(referral.service_line == "aed")


OF_THE_REFERRER = May(Role.REFERRER, Capacity.REFERRER)
IMPORT = May(Role.SYSTEM)


def stays_once_sent(name: str) -> Check:
    """The answer cannot be changed by filling in the form again: the hub's clock and case depend on it."""

    def check(referral: Any, values: Mapping[str, Any]) -> str | None:
        if referral.is_draft or values.get(name) == getattr(referral, name):
            return None
        return f"{form1.FIELD[name].label}: this stays as it was sent; ask the hub to change it"

    return check


def stays_as_begun(referral: Any, values: Mapping[str, Any]) -> str | None:
    """The referring organisation sees the referral from its first word on, so another one needs another referral."""
    if referral.referring_organisation in {None, values.get("referring_organisation")}:
        return None
    return "Referring organisation: it sees this referral already, so it stays. Withdraw this one and begin another"


def stays_the_same_person(name: str) -> Check:
    """Once it belongs to somebody's case, a referral cannot be turned into one about somebody else."""

    def check(referral: Any, values: Mapping[str, Any]) -> str | None:
        known = getattr(referral, name)
        is_correction = set(values) == {name}  # one answer with a reason, and not the whole form written anew
        if referral.case_id is None or known is None or is_correction or values.get(name) == known:
            return None
        label = form1.FIELD[name].label
        return (
            f"{label}: this says who the person is, so it stays. Correct a slip with “Correct an answer”, or withdraw"
        )

    return check


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
            asks=(Ask("what_is_missing", "What is missing?", "long_text", "The referrer reads this."),),
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
