"""Policy sets and their changes: the list, one set, one change, what it would mean; TOML out."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, abort, g, render_template, request
from sqlalchemy.orm import joinedload

from hub.db import transaction
from hub.engine.reading import Reading, read_item
from hub.policy_changes.change_queries import open_changes
from hub.policy_changes.forms import StartForm
from hub.policy_changes.models import PolicyChange
from hub.policy_changes.page import DRAFTING, ChangePage, ComparisonPage, rules_by_subject
from hub.policy_changes.queries import find_set, set_lines
from hub.policy_changes.services import content_of
from hub.web.access import hub_staff
from hub.web.actions import Pages, action_routes, keep_typed, log_item, refuse_unseen, show_item
from hub.web.database import db
from hub.web.paging import read_cursor
from hub.web.trail import note
from workflows.policy import PolicySet

blueprint = Blueprint("policy_changes", __name__, url_prefix="/policy-changes")


def more(reading: Reading) -> dict[str, Any]:
    """What the change changes, beside the item."""
    return {"change": ChangePage(db.session, reading, g.actor)}


PAGES = Pages(
    model=PolicyChange,
    endpoint="policy_changes.show",
    options=(joinedload(PolicyChange.owner),),
    more=more,
    elsewhere={"revise": "policy_changes.edit"},
    action_template="policy_changes/act.html",
)


def may_draft() -> bool:
    """Whether this person may draft changes."""
    return bool(g.actor.roles & set(DRAFTING))


def read_change(reference: str) -> Reading:
    """The change as this person may see it; 404 when there is none."""
    reading = read_item(db.session, PolicyChange, reference, g.actor, options=PAGES.options)
    return reading or refuse_unseen(PAGES, reference)


@blueprint.get("")
@hub_staff
def index() -> str:
    """Every set, in force, to come and past, and the changes that go on."""
    return render_template(
        "policy_changes/index.html",
        sets=set_lines(db.session, g.now),
        changes=open_changes(db.session, g.actor),
        form=StartForm(),
        may_draft=may_draft(),
    )


@blueprint.get("/sets/<int(max=2147483647):number>")
@hub_staff
def show_set(number: int) -> str:
    """One set in sentences, by subject, with the source of each."""
    lines = {line.number: line for line in set_lines(db.session, g.now)}
    found = find_set(db.session, number) or abort(HTTPStatus.NOT_FOUND)
    subjects = rules_by_subject(PolicySet.from_json(found.content))
    return render_template("policy_changes/set.html", line=lines[number], subjects=subjects)


@blueprint.get("/sets/<int(max=2147483647):number>/toml")
@hub_staff
def set_toml(number: int) -> Response:
    """One set as TOML."""
    found = find_set(db.session, number) or abort(HTTPStatus.NOT_FOUND)
    return _toml(PolicySet.from_json(found.content), f"policy-set-{number}")


@blueprint.get("/<reference>")
@hub_staff
def show(reference: str) -> Any:
    """One change: every value that differs."""
    return show_item(PAGES, reference, "policy_changes/show.html", may_draft=may_draft())


@blueprint.get("/<reference>/compare")
@hub_staff
def compare(reference: str) -> str:
    """What the change changes, and what it would mean for the items now open."""
    reading = read_change(reference)
    log_item(reading.item, "opened")
    after = read_cursor(request.args.get("after"))
    change = ChangePage(db.session, reading, g.actor)
    open_items = ComparisonPage(db.session, change.new, g.actor, after)
    with transaction(db.session):
        note(db.session, "listed", query="deadlines that a policy change would move", count=open_items.touched.seen)
    return render_template("policy_changes/compare.html", change=change, found=open_items, is_first=after is None)


@blueprint.get("/<reference>/toml")
@hub_staff
def toml(reference: str) -> Response:
    """The set as it would be, as TOML."""
    change = read_change(reference).item
    return _toml(content_of(change), change.reference)


def _toml(policy: PolicySet, name: str) -> Response:
    with transaction(db.session):
        note(db.session, "exported", query=f"policy set, {name}")
    headers = {"Content-Disposition": f'attachment; filename="{name}.toml"'}
    return Response(policy.to_toml(), mimetype="application/toml", headers=headers)


action_routes(blueprint, PAGES)
KEEPERS = [keep_typed(PAGES)]
"""What the application asks to keep a post that came too late; the pages of drafts add theirs."""
