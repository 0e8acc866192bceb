"""Who moves an item about one person's care: roles of the hub, and on-call in an emergency; once for all workflows."""

from typing import Any

from workflows.core import Actor, May
from workflows.form1 import EMERGENCY
from workflows.roles import Role


def is_an_emergency(item: Any, _actor: Actor) -> str | None:
    """Emergencies only"""
    return None if item.priority == EMERGENCY else "On-call takes emergencies; this one is not an emergency"


COORDINATOR = May(Role.COORDINATOR)
CASE_MANAGER = May(Role.CASE_MANAGER)
HEAD = May(Role.HEAD_OF_COMMISSIONING)
DIRECTOR = May(Role.DIRECTOR)
ON_CALL = May(Role.ON_CALL, when=is_an_emergency)
