"""My messages."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from hub.accounts.models import UserAccount
from hub.db import transaction
from hub.messages import queries
from hub.messages.bounces import bounce_of
from hub.messages.forms import KEEPERS, TYPED, WishesForm, shown
from hub.messages.kinds import WORDS, MessageKind
from hub.messages.preferences import digest_words, read_wishes, save_wishes
from hub.web.access import signed_in
from hub.web.database import db
from hub.web.filters import count
from hub.web.item_rows import item_href
from hub.web.paging import address, read_cursor

__all__ = ["KEEPERS", "blueprint"]

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


@blueprint.get("/event/<int(max=9223372036854775807):message_id>")
@signed_in
def event(message_id: int) -> str:
    """Every message of one event: what stands in one line of the inbox."""
    after = read_cursor(request.args.get("after"))
    found = queries.read_event(db.session, g.actor.user_id, message_id, after) or abort(HTTPStatus.NOT_FOUND)
    here = {"message_id": str(message_id)}
    return render_template(
        "messages/event.html",
        now=g.now,
        event=found,
        next_href=address("messages.event", (), found.lines.next, **here) if found.lines.next else "",
        first_href=url_for("messages.event", message_id=message_id) if after else "",
    )


@blueprint.post("/event/<int(max=9223372036854775807):message_id>/read")
@signed_in
def mark_event(message_id: int) -> ResponseReturnValue:
    """Mark every message of one event as read."""
    found = queries.read_event(db.session, g.actor.user_id, message_id) or abort(HTTPStatus.NOT_FOUND)
    with transaction(db.session):
        number = queries.mark_event_read(db.session, found, g.now)
    flash(f"{count(number, 'message')} marked as read." if number else "Nothing was unread.", "success")
    return redirect(url_for("messages.inbox"), HTTPStatus.SEE_OTHER)


@blueprint.route("/preferences", methods=["GET", "POST"])
@signed_in
def preferences() -> ResponseReturnValue:
    """What this person gets by e-mail, and how often."""
    person = g.actor.user_id
    wishes = read_wishes(db.session, [person], g.now)
    form = TYPED.form_of(WishesForm, data=shown(wishes, person)).keep_to(g.actor, wishes.always)
    if form.validate_on_submit():
        with transaction(db.session):
            save_wishes(db.session, person, form.ways(), now=g.now)
            TYPED.discard()
        flash("What you get by e-mail is recorded.", "success")
        return redirect(url_for("messages.preferences"), HTTPStatus.SEE_OTHER)
    account = db.session.get_one(UserAccount, person)
    page = render_template(
        "messages/preferences.html",
        form=form,
        address=account.email,
        always=[WORDS[kind] for kind in MessageKind if kind in wishes.always],
        digest_at=digest_words(db.session, g.now),
        bounce=bounce_of(db.session, account.email),
        windows=TYPED.windows_of(form),
        now=g.now,
    )
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK


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
