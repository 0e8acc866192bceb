"""What a signed Form 2 and a decision say, in the words that the page and the paper share."""

from datetime import datetime
from typing import Any

from hub.web.filters import moment
from hub.web.sections import given
from hub.web.stored_words import shown
from workflows.admission.states import State
from workflows.policy import PolicySet
from workflows.roles import Role

Pairs = list[tuple[str, str]]
WHAT_IT_DECIDES = (
    "This decides what the hub arranges and pays for. It is not a decision about treatment or detention: those stay "
    "with the clinicians and the Mental Health Act professionals."
)
DECISIONS = {
    State.ADMISSION_AGREED: "Admission agreed",
    State.ALTERNATIVE_AGREED: "Alternative to admission agreed",
    State.ADMISSION_REFUSED: "No admission",
    State.WITHDRAWN: "Withdrawn",
}
NOT_RATIFIED = "The emergency admission is not ratified"
ENDING = ("agree_admission", "agree_alternative", "refuse_admission", "ratify", "withdraw")
"""Actions whose reason stands with the decision."""
TO_DISAGREE = "Write to the hub, give the reference and say why you disagree."
"""How to disagree, where the decision itself names no way."""
ON_NEW_FACTS = f"{TO_DISAGREE} On new facts a case manager can have it decided again."


def named(person: Any) -> str:
    """A person by name; the hub where there is none."""
    return str(person.name) if person is not None else "The hub"


def by(person: Any, role: str | None) -> str:
    """ "Ruth Calloway, head of commissioning"."""
    return f"{named(person)}, {Role(role).label}" if role else named(person)


def signature_words(item: Any, signed_by: Any) -> Pairs:
    """The outcome of a signed Form 2 and its signature; nothing before it is signed."""
    if item.form2_signed_at is None:
        return []
    paper = f"On paper, by {item.paper_signed_by}. Kept: {item.paper_kept_at}" if item.paper_signed_by else ""
    return given(
        ("Appropriate for admission", shown(item.is_appropriate)),
        ("Comments", item.outcome_comments),
        ("Only because services are missing", shown(item.only_for_lack_of_services)),
        ("What is missing", shown(item.missing_service, codes="missing_community_service")),
        ("What it would take", item.missing_service_details),
        ("Signed", f"{named(signed_by)}, {moment(item.form2_signed_at)}"),
        ("Paper form", paper),
    )


def decision_words(item: Any, *, reason: str, commissioner: str, decided_by: Any, who_pays: str = "") -> Pairs:
    """How an ended admission decision was decided: reasons, conditions or what instead, by whom, how to disagree.

    `decided_by` is the person of `decider_of`. No cost and no recommendation: everybody reads this who sees the end.
    """
    own: dict[str, Pairs] = {
        State.ADMISSION_AGREED: [("Conditions", item.conditions or "None"), ("Responsible commissioner", commissioner)],
        State.ALTERNATIVE_AGREED: [
            ("Instead of admission", shown(item.alternative, codes="alternative_care")),
            ("Who provides it", item.alternative_provider or ""),
            ("If it does not work", item.contingency or ""),
        ],
        State.ADMISSION_REFUSED: [("Advice", item.advice or "")],
    }
    is_decided = item.state in own  # and not withdrawn, perhaps after an earlier decision
    _, role, at = decider_of(item)
    ways = {State.ADMISSION_REFUSED: item.dispute_route, State.ALTERNATIVE_AGREED: ON_NEW_FACTS}
    return given(
        ("Decision", DECISIONS.get(item.state, "")),
        ("Reasons", reason),
        *own.get(item.state, []),
        ("Who pays", who_pays),
        ("Decided by", f"{by(decided_by, role)}, {moment(at)}" if is_decided and at else ""),
        ("Interest declared", item.interest if is_decided and item.has_interest else ""),
        *authority_words(role if is_decided else None, item.policy),
        ("How to disagree", (ways.get(item.state) or TO_DISAGREE) if is_decided else ""),
    )


def authority_words(role: str | None, policy: PolicySet) -> Pairs:
    """Under which authority: the role that the scheme of delegation names, and the policy set that holds it."""
    scheme = policy.origin("admission.limit_pence").rpartition(", key ")[0]
    held = f"{Role(role).label} under the hub’s scheme of delegation" if role else ""
    return given(("Authority", held[:1].upper() + held[1:]), ("Under", scheme))


def decider_of(item: Any) -> tuple[int | None, str | None, datetime | None]:
    """(user id, role, when) of whoever decided last: whoever ratified, where that came after any other decision."""
    if item.ratified_at is not None and (item.decided_at is None or item.decided_at < item.ratified_at):
        return item.ratified_by_id, item.ratified_role, item.ratified_at
    return item.decided_by_id, item.decided_role, item.decided_at
