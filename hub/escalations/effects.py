"""What each action of an escalation writes in its rows, in the action's own turn and before its clocks are planned."""

from __future__ import annotations

from collections.abc import Callable

from hub.engine.turn import Turn
from hub.escalations import settlement_effects, stage_effects
from hub.escalations.facts import agree_facts
from hub.escalations.visiting import leave
from workflows.escalation.states import SHORT, STAGES

EFFECTS: dict[str, Callable[[Turn], None]] = {
    "accept": stage_effects.accept,
    "change_convenor": stage_effects.let_convenor_in,
    "state_position": stage_effects.state_position,
    "agree_facts": agree_facts,
    "propose": settlement_effects.propose,
    "accept_proposal": settlement_effects.accept_proposal,
    "name_speaker": stage_effects.name_speaker,
    "ask_to_escalate": stage_effects.ask_to_escalate,
    **{f"escalate_to_{SHORT[stage]}": stage_effects.go_up for stage in STAGES[1:]},
    **{f"return_to_{SHORT[stage]}": stage_effects.go_back for stage in STAGES[:-1]},
    "reopen_dispute": stage_effects.reopen,
    **dict.fromkeys(("settle", "refer_on", "withdraw"), leave),
    "raise_urgency": stage_effects.urgent,
    "appoint_panel": settlement_effects.appoint_panel,
    "determine": settlement_effects.determine,
    "start_implementing": settlement_effects.start_implementing,
    "claim_done": settlement_effects.claim_done,
    "confirm_done": settlement_effects.confirm_done,
    "dispute_done": settlement_effects.dispute_done,
    "change_actions": settlement_effects.change_actions,
    "close": settlement_effects.close,
}
