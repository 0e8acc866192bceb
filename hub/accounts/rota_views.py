"""The on-call rota: who is on call, putting people on it, and taking them off."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import SelectField
from wtforms.validators import DataRequired

from hub.accounts.models import OnCallShift, UserAccount
from hub.accounts.on_call import KEEPERS, add_shift, end_shift, hub_people, open_shift
from hub.accounts.rota_page import change_words, read_rota
from hub.accounts.services import AccountRefused
from hub.db import transaction
from hub.web.access import hub_staff, roles
from hub.web.database import db
from hub.web.filters import moment
from hub.web.nhs_forms import MomentParts, choices
from hub.web.trail import note
from workflows.durations import parse_moment
from workflows.roles import Role

blueprint = Blueprint("rota", __name__, url_prefix="/rota")


class ShiftForm(FlaskForm):
    """One shift: who, from when until when, and who stands in."""

    person = SelectField("Who is on call?", [DataRequired("Choose who is on call")])
    from_at = MomentParts(
        "When does the shift start?",
        [DataRequired("Enter when the shift starts")],
        description="For example 27 3 2026 and 5pm",
        called="The start",
    )
    until_at = MomentParts(
        "When does it end?",
        [DataRequired("Enter when the shift ends")],
        description="Seven days after the start at most",
        called="The end",
    )
    deputy = SelectField("Who stands in, if the person cannot be reached?")


@blueprint.get("")
@hub_staff
def show() -> str:
    """Who is on call now, the coming weeks, and where nobody is."""
    return render_template("accounts/rota.html", page=read_rota(db.session, g.actor, g.now))


@blueprint.route("/add", methods=["GET", "POST"])
@roles(*KEEPERS)
def add() -> ResponseReturnValue:
    """Put somebody on the rota."""
    form = _form()
    if form.validate_on_submit():
        try:
            with transaction(db.session):
                shift = _add(form)
                note(db.session, "rota_changed", **change_words("added", shift))
        except AccountRefused as no:
            form.form_errors.extend(no.reasons)
        else:
            flash(f"{shift.user.name} is on call from {moment(shift.from_at)} until {moment(shift.until_at)}.")
            return redirect(url_for("rota.show"), 303)
    return render_template("accounts/rota_add.html", form=form), 422 if form.is_submitted() else 200


@blueprint.route("/<int(max=2147483647):shift_id>/end", methods=["GET", "POST"])
@roles(*KEEPERS)
def end(shift_id: int) -> ResponseReturnValue:
    """Take a shift off the rota, or end the one that runs; asked once more before it is done."""
    shift = open_shift(db.session, shift_id, g.now)
    if shift is None:
        abort(404)
    form = FlaskForm()
    has_begun = shift.from_at < g.now
    if not form.validate_on_submit():
        return render_template("accounts/rota_end.html", form=form, shift=shift, has_begun=has_begun)
    try:
        with transaction(db.session):
            detail = change_words("ended" if has_begun else "removed", shift)
            end_shift(db.session, shift.id, g.now)
            note(db.session, "rota_changed", **detail)
    except AccountRefused as no:
        flash(f"{no}.", "late")
    else:
        flash(f"{shift.user.name} is {'no longer on call' if has_begun else 'off the rota for that shift'}.")
    return redirect(url_for("rota.show"), 303)


def _form() -> ShiftForm:
    """The form with the hub's people; the times of a gap come in the address."""
    form = ShiftForm(from_at=_moment("from"), until_at=_moment("until"))
    people = [(str(who), words) for who, words in hub_people(db.session, g.now)]
    form.person.choices = choices([("", "Choose a person"), *people])
    form.deputy.choices = choices([("", "Nobody"), *people])
    return form


def _add(form: ShiftForm) -> OnCallShift:
    deputy, from_at, until_at = form.deputy.data, form.from_at.data, form.until_at.data
    assert isinstance(from_at, datetime) and isinstance(until_at, datetime)
    if g.actor.role is Role.ADMINISTRATOR and str(g.actor.user_id) in {form.person.data, deputy}:
        # The rota gives sight of every emergency, which an administrator has not: somebody else must say so.
        raise AccountRefused("You cannot put yourself on call: ask a coordinator or the head of commissioning")
    return add_shift(
        db.session,
        user=db.session.get_one(UserAccount, int(form.person.data)),
        from_at=from_at,
        until_at=until_at,
        deputy=db.session.get_one(UserAccount, int(deputy)) if deputy else None,
        now=g.now,
    )


def _moment(name: str) -> datetime | None:
    try:
        return parse_moment(request.args.get(name, ""))
    except ValueError:
        return None
