"""Doing one thing to chosen rows: the questions, what will happen to each row, one press, and what became of each."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from urllib.parse import parse_qsl, urlencode

from flask import Blueprint, abort, flash, g, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from hub.db import transaction
from hub.engine.refusal import ActionRefused, Problem
from hub.web.access import signed_in
from hub.web.action_form import ActionForm
from hub.web.database import db
from hub.web.filters import count
from hub.web.page_forms import PageDrafts
from hub.web.paging import address
from hub.web.trail import note
from hub.worklist import bulk, queries
from hub.worklist import export as files
from hub.worklist.bulk_page import ChangePage, Choice, read_choice
from hub.worklist.forms import change_form, problems_in
from hub.worklist.models import Bulk, BulkChange
from hub.worklist.presenters import origin_of
from hub.worklist.stale import Opened, open_list
from workflows.durations import local

blueprint = Blueprint("bulk", __name__, url_prefix="/worklist")
TYPED = PageDrafts("bulk_change")
EXPORT = "export"
CHANGE = "/changes/<int(max=9223372036854775807):change_id>"


@blueprint.post("/chosen")
@signed_in
def choose() -> ResponseReturnValue:
    """Rows were chosen, and what to do with them: to the questions, or to the file."""
    ground, choice = _ground(), read_choice(request.form)
    opened = _opened(choice.place, ground)
    wanted = request.form.get("do", "")
    if wanted == EXPORT and choice.is_whole_list and not opened.is_another:
        return redirect(address("worklist.export", opened.pairs()), HTTPStatus.SEE_OTHER)
    if wanted in set(Bulk) and wanted not in bulk.could_do(g.actor):
        abort(HTTPStatus.FORBIDDEN)
    chosen, problem = _chosen(choice, opened, ground, wanted)
    if problem:
        flash(problem, "late")
        return redirect(f"{url_for('worklist.list_items')}?{choice.place}".rstrip("?"), HTTPStatus.SEE_OTHER)
    if wanted == EXPORT:
        return _export(chosen, opened, ground)
    given = {"owner_id": choice.owner_id} if choice.owner_id in ground.choices.can_own else None
    told = {"query": choice.place, "is_whole_list": choice.is_whole_list, "now": g.now}
    with transaction(db.session):
        answers = given if wanted == Bulk.ASSIGN else None
        made, number = bulk.choose(db.session, g.actor, Bulk(wanted), chosen, answers=answers, **told)
    _say_what_differs(choice.seen_count if choice.is_whole_list else len(chosen), number)
    return redirect(url_for("bulk.show", change_id=made), HTTPStatus.SEE_OTHER)


def _chosen(choice: Choice, opened: Opened, ground: queries.Ground, wanted: str) -> tuple[Sequence[bulk.Chosen], str]:
    """The rows that were chosen, and why nothing can be done with them."""
    if wanted != EXPORT and wanted not in set(Bulk):
        return (), "Nothing was done: press one of the buttons below the list."
    if choice.is_whole_list and opened.is_another:
        return (), "Nothing was done: the saved view you chose from is gone."
    most = ground.book.policy(None, g.now).number("worklist.bulk_most")
    chosen: Sequence[bulk.Chosen] = choice.rows
    if choice.is_whole_list:
        chosen = queries.read_chosen(db.session, g.actor, opened.filters, g.now, most)
    if not chosen:
        return (), "Nothing was done: choose at least one row first."
    if len(chosen) > most:
        number = queries.count_all(db.session, g.actor, opened.filters, g.now) if choice.is_whole_list else len(chosen)
        return (), f"Nothing was done: you chose {number:,} items, and at most {most:,} go at once. Add a filter."
    return chosen, ""


def _export(chosen: Sequence[bulk.Chosen], opened: Opened, ground: queries.Ground) -> ResponseReturnValue:
    """The chosen rows as a file; what this person may not see is not among them."""
    rows = queries.read_seen(db.session, g.actor, [one.item_id for one in chosen])
    origin = origin_of(g.person, opened, ground, g.now, choice=f"{count(len(rows), 'row')} of this list, one by one")
    made, number = files.write_rows(rows.values(), g.actor, ground.book, origin)
    with transaction(db.session):
        note(db.session, "exported", query=urlencode(opened.filters.pairs()), count=number, is_chosen=True)
    return send_file(made, "text/csv", as_attachment=True, download_name=files.file_name(g.now), etag=False)


@blueprint.route(CHANGE, methods=["GET", "POST"])
@signed_in
def show(change_id: int) -> ResponseReturnValue:
    """The questions of a change, then what will happen to each row, and once it was pressed what became of each."""
    change, ground = _change(change_id), _ground()
    is_asking = change.pressed_at is None and (change.answers is None or "edit" in request.args)
    form = _form(change, ground) if is_asking or request.method == "POST" else None
    if form is None or not form.is_submitted():
        return _page(change, ground, form, HTTPStatus.OK)
    form.validate()
    wrong = [Problem(said, name) for name, said in problems_in(form, Bulk(change.action)).items()]
    if wrong or form.errors:
        form.show(ActionRefused(wrong))
        return _page(change, ground, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    reason = getattr(form, "reason", None)
    with transaction(db.session):
        if bulk.answer(db.session, change, form.answers(), reason.data.strip() if reason is not None else None):
            TYPED.discard()
    return redirect(url_for("bulk.show", change_id=change_id), HTTPStatus.SEE_OTHER)


@blueprint.post(f"{CHANGE}/do")
@signed_in
def do(change_id: int) -> ResponseReturnValue:
    """Do it, once: what has a result already keeps it, however often the button is pressed or the page sent again."""
    change, ground = _change(change_id), _ground()
    here = redirect(url_for("bulk.show", change_id=change_id), HTTPStatus.SEE_OTHER)
    if change.finished_at is not None or change.answers is None:
        return here
    if change.pressed_at is None and not _is_as_shown(change, ground):
        return here
    bulk.press(db.session, change, g.actor, g.now, ground.choices.owners)
    return here


def _is_as_shown(change: BulkChange, ground: queries.Ground) -> bool:
    """Whether the answers and the list are still those of the preview; else the new preview says what differs."""
    if request.form.get("stamp") != bulk.stamp_of(change):
        flash("Nothing is done yet: the answers were changed in another window. Look at the rows again.", "soon")
        return False
    if not change.is_whole_list:
        return True
    most = ground.book.policy(None, g.now).number("worklist.bulk_most")
    opened = _opened(change.query, ground)
    found = queries.read_chosen(db.session, g.actor, opened.filters, g.now, most)
    before = {row.item_id for row in change.rows}
    if {one.item_id for one in found} == before:
        return True
    if len(found) > most:
        flash(f"Nothing is done: the list holds more than {most:,} items now. Go back and add a filter.", "late")
        return False
    with transaction(db.session):
        bulk.choose_again(db.session, change, found, g.actor)
    _say_what_differs(len(before), len(found))
    return False


def _say_what_differs(seen: int, number: int) -> None:
    if seen == number:
        return
    flash(f"Nothing is done yet: {count(seen, 'item')} stood in the list, and {number:,} do now. Look again.", "soon")


def _page(
    change: BulkChange, ground: queries.Ground, form: ActionForm | None, status: HTTPStatus
) -> ResponseReturnValue:
    is_asking = form is not None and change.pressed_at is None
    tried = {}
    if change.pressed_at is None and not is_asking:
        tried = bulk.try_out(db.session, change, g.actor, g.now, ground.choices.owners)
    listed = queries.read_seen(db.session, g.actor, [row.item_id for row in change.rows])
    shown = ChangePage(change, actor=g.actor, ground=ground, now=g.now, listed=listed, tried=tried, is_asking=is_asking)
    with transaction(db.session):
        note(db.session, "listed", change=change.id, count=len(listed))
    windows = TYPED.windows_of(form) if form is not None else ()
    return render_template("worklist/change.html", page=shown, form=form, windows=windows), status


def _form(change: BulkChange, ground: queries.Ground) -> ActionForm:
    made = change_form(Bulk(change.action), ground.choices, g.actor)
    known = {name: str(value) for name, value in (change.answers or {}).items()}
    form: ActionForm = TYPED.form_of(made, data={**known, "reason": change.reason})
    return form


def _change(change_id: int) -> BulkChange:
    return bulk.find_change(db.session, change_id, g.actor) or abort(HTTPStatus.NOT_FOUND)


def _opened(place: str, ground: queries.Ground) -> Opened:
    return open_list(MultiDict(parse_qsl(place)), ground, g.actor)


def _ground() -> queries.Ground:
    return queries.read_ground(db.session, g.actor, local(g.now).date())


KEEPERS = (TYPED.keeper(lambda posted: posted.endpoint == "bulk.show"),)
"""What the application asks to keep a post that came too late."""
