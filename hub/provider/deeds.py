"""What a side did, as it says it of itself: "Stated our position", "Accepted version 3"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import workflows
from workflows.core import upper_first
from workflows.escalation.states import IN_WORDS, SHORT
from workflows.everyday import STARTED, label_of

OF_A_DISPUTE: Final[Mapping[str, str]] = {
    STARTED: "Raised it",
    "agree_interim_funding": "Agreed to pay meanwhile",
    "accept": "Accepted it",
    "reject": "Said that it is out of scope",
    "state_position": "Stated our position",
    "agree_facts": "Agreed or disputed facts",
    "propose": "Proposed a settlement",
    "accept_proposal": "Accepted version {version}",
    "name_speaker": "Said who speaks",
    "ask_to_escalate": "Asked to go up a stage",
    "raise_urgency": "Made it urgent",
    "appoint_panel": "Appointed the panel",
    "determine": "Determined it",
    "refer_on": "Referred it on",
    "start_implementing": "Started carrying it out",
    "claim_done": "Said that action {action_number} is done",
    "confirm_done": "Confirmed that action {action_number} is done",
    "dispute_done": "Disputed that action {action_number} is done",
    "change_actions": "Changed an action",
    "reopen_dispute": "Reopened the dispute",
    "close": "Closed it",
    "change_convenor": "Changed who convenes",
    "withdraw": "Withdrew it",
    **{f"escalate_to_{short}": f"Took it up to {IN_WORDS[stage]}" for stage, short in SHORT.items()},
    **{f"return_to_{short}": f"Sent it back to {IN_WORDS[stage]}" for stage, short in SHORT.items()},
}
EVERYDAY: Final[Mapping[str, str]] = {
    "note": "Added a note",
    "add_document": "Added a document",
    "correct_field": "Corrected an answer",
    "ask_pause": "Asked for a pause",
}


def deed_words(kind: str, action: str, values: Mapping[str, Any]) -> str:
    """One history row of ours in words; an action of another kind is called what its button says."""
    said = OF_A_DISPUTE.get(action) if kind == "escalation" else None
    said = said or EVERYDAY.get(action)
    if said is None:
        return upper_first(label_of(workflows.ALL[kind], action))
    return said.format_map(_New(values))


class _New(dict[str, Any]):
    """The new values by name, for a sentence; one that is not there is left out of it."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        super().__init__(
            {name: each["new"] for name, each in values.items() if isinstance(each, dict) and "new" in each}
        )

    def __missing__(self, _name: str) -> str:
        return "of it"
