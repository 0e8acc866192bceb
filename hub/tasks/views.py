"""Task pages: the item, and the one action page."""

from flask import Blueprint
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import joinedload

from hub.cases.banner import banner_loads, banner_of_item
from hub.tasks.models import Task
from hub.web import access
from hub.web.actions import Pages, action_routes, keep_typed, show_item
from workflows.form1 import follow_up

blueprint = Blueprint("tasks", __name__, url_prefix="/tasks")


def still_owed(task: Task) -> list[str]:
    """What is still to be given, one sentence each; nothing once the task has ended."""
    return [missing.sentence for missing in follow_up(task.owed_on)] if task.is_open and task.owed_on else []


PAGES = Pages(
    model=Task,
    endpoint="tasks.show",
    options=(joinedload(Task.owner), joinedload(Task.owed_on), *banner_loads(Task.case)),
    banner=banner_of_item,
    more=lambda reading: {"owed": [] if reading.is_content_hidden else still_owed(reading.item)},
)


@blueprint.get("/<reference>")
@access.signed_in
def show(reference: str) -> ResponseReturnValue:
    """One task."""
    return show_item(PAGES, reference, "tasks/show.html")


action_routes(blueprint, PAGES)
KEEPERS = (keep_typed(PAGES),)
"""What the application asks to keep a post that came too late."""
