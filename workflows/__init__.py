"""What may happen, and nothing else: every workflow of the hub, listed by hand."""

from workflows.admission import ADMISSION
from workflows.approach import APPROACH
from workflows.core import Workflow
from workflows.escalation import ESCALATION
from workflows.merge import MERGE
from workflows.placement import PLACEMENT
from workflows.policy_change import POLICY_CHANGE
from workflows.referral import REFERRAL
from workflows.stay import STAY
from workflows.task import TASK

ALL: dict[str, Workflow] = {
    workflow.name: workflow
    for workflow in (REFERRAL, ADMISSION, PLACEMENT, APPROACH, STAY, ESCALATION, TASK, MERGE, POLICY_CHANGE)
}
