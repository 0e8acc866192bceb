"""My messages."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from hub.db import transaction
from hub.messages import queries
from hub.web.access import signed_in
from hub.web.database import db
from hub.web.filters import count
from hub.web.item_rows import item_href
from hub.web.paging import address, read_cursor

blueprint = Blueprint("messages", __name__, url_prefix="/messages")


@blueprint.get("")
@signed_in
def inbox() -> str:
    """What the hub told this person, newest first."""
    after = read_cursor(request.args.get("after"))
    page = queries.read_inbox(db.session, g.actor.user_id, after)
    return render_template(
        "messages/inbox.html",
        now=g.now,
        entries=page.rows,
        unread=queries.count_unread(db.session, g.actor.user_id),
        most=queries.MOST_COUNTED,
        next_href=address("messages.inbox", (), page.next) if page.next else "",
        first_href=url_for("messages.inbox") if after else "",
    )


@blueprint.post("/read")
@signed_in
def mark_all() -> ResponseReturnValue:
    """Mark every message as read."""
    with transaction(db.session):
        number = queries.mark_read(db.session, g.actor.user_id, g.now)
    flash(f"{count(number, 'message')} marked as read." if number else "Nothing was unread.", "success")
    return redirect(url_for("messages.inbox"), HTTPStatus.SEE_OTHER)


@blueprint.get("/<reference>")
@signed_in
def follow(reference: str) -> ResponseReturnValue:
    """Go to the item of a message; everything told about it so far counts as read."""
    item = queries.find_item_told_of(db.session, g.actor.user_id, reference)
    if item is None:
        abort(HTTPStatus.NOT_FOUND)
    with transaction(db.session):
        queries.mark_read(db.session, g.actor.user_id, g.now, item.id)
    return redirect(item_href(item.kind, item.reference))
