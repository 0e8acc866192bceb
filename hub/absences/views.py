"""Absences: one's own and, for an administrator, anybody's; recording one with a deputy, and ending it early."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus

from flask import Blueprint, Request, abort, flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from hub.absences import queries
from hub.absences.forms import AbsenceForm
from hub.absences.services import colleagues_of, end_absence, record_absence
from hub.accounts.absence_models import Absence
from hub.accounts.models import UserAccount
from hub.accounts.services import AccountRefused
from hub.db import transaction
from hub.web.access import roles, signed_in
from hub.web.database import db
from hub.web.filters import moment
from hub.web.page_forms import PageDrafts
from hub.web.trail import note
from workflows.roles import Role

blueprint = Blueprint("absences", __name__, url_prefix="/absences")
TYPED = PageDrafts("absence")


@blueprint.get("")
@signed_in
def show() -> str:
    """Own absences, whom one stands in for, and who else is away."""
    return render_template("absences/show.html", page=queries.read_absences(db.session, g.actor, g.now))


@blueprint.route("/add", methods=["GET", "POST"])
@signed_in
def add() -> ResponseReturnValue:
    """Record an absence of one's own."""
    _refuse_a_deputy()
    return _ask(db.session.get_one(UserAccount, g.actor.user_id))


@blueprint.route("/people/<int(max=2147483647):user_id>/add", methods=["GET", "POST"])
@roles(Role.ADMINISTRATOR)
def add_for(user_id: int) -> ResponseReturnValue:
    """Record an absence of anybody who did not do it themself."""
    return _ask(queries.find_person(db.session, user_id) or abort(HTTPStatus.NOT_FOUND))


def _ask(person: UserAccount) -> ResponseReturnValue:
    form = TYPED.form_of(AbsenceForm)
    form.offer(colleagues_of(db.session, person.id, g.now))
    if form.validate_on_submit():
        try:
            with transaction(db.session):
                made = _record(person, form)
                TYPED.discard()
        except AccountRefused as no:
            form.form_errors.extend(no.reasons)
        else:
            flash(f"Recorded: {_words(made)}. {made.deputy.name} stands in.", "success")
            return redirect(url_for("absences.show"), HTTPStatus.SEE_OTHER)
    shown = render_template(
        "absences/add.html",
        form=form,
        person=person,
        is_own=person.id == g.actor.user_id,
        windows=TYPED.windows_of(form),
    )
    return shown, HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK


@blueprint.route("/<int(max=2147483647):absence_id>/end", methods=["GET", "POST"])
@signed_in
def end(absence_id: int) -> ResponseReturnValue:
    """End an absence now, or call one off that has not begun; asked once more before it is done."""
    absence = _mine_to_end(absence_id)
    form = FlaskForm()
    has_begun = absence.from_at <= g.now
    if not form.validate_on_submit():
        is_own = absence.user_id == g.actor.user_id
        return render_template("absences/end.html", form=form, absence=absence, has_begun=has_begun, is_own=is_own)
    try:
        with transaction(db.session):
            end_absence(db.session, g.actor, absence.id, g.now)
            note(db.session, "absence_changed", change="ended" if has_begun else "called off", absence=absence.id)
    except AccountRefused as no:
        flash(f"{no}.", "late")
    else:
        said = "The absence has ended" if has_begun else "The absence is called off"
        flash(f"{said}. {absence.deputy.name} does not stand in any more.", "success")
    return redirect(url_for("absences.show"), HTTPStatus.SEE_OTHER)


def _mine_to_end(absence_id: int) -> Absence:
    _refuse_a_deputy()
    absence = queries.find_absence(db.session, absence_id)
    is_theirs = absence is not None and g.actor.user_id == absence.user_id
    if absence is None or not (is_theirs or g.actor.role is Role.ADMINISTRATOR):
        abort(HTTPStatus.NOT_FOUND)
    return absence


def _refuse_a_deputy() -> None:
    """Who is away, and who stands in, nobody says for the person they stand in for."""
    if g.actor.on_behalf_of is not None:
        abort(HTTPStatus.NOT_FOUND)


def _record(person: UserAccount, form: AbsenceForm) -> Absence:
    from_at, until_at = form.from_at.data, form.until_at.data
    assert isinstance(from_at, datetime) and isinstance(until_at, datetime)
    made = record_absence(
        db.session,
        g.actor,
        user_id=person.id,
        deputy_id=int(form.deputy.data),
        from_at=from_at,
        until_at=until_at,
        now=g.now,
        why=form.why.data,
    )
    note(db.session, "absence_changed", change="recorded", absence=made.id)
    return made


def _words(absence: Absence) -> str:
    return f"{absence.user.name} is away from {moment(absence.from_at)} until {moment(absence.until_at)}"


def _is_of_absences(posted: Request) -> bool:
    return posted.endpoint in {"absences.add", "absences.add_for"}


KEEPERS = (TYPED.keeper(_is_of_absences),)
