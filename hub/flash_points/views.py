"""The register of flash points: read by everybody who takes part, filled in by the partners and the hub."""

from __future__ import annotations

from dataclasses import asdict
from http import HTTPStatus
from typing import Final

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from hub.db import transaction
from hub.engine.refusal import ActionRefused
from hub.flash_points import queries
from hub.flash_points.forms import AgainForm, WhyForm, WordsForm
from hub.flash_points.models import FlashPoint
from hub.flash_points.services import (
    WRITERS,
    end_flash_point,
    may_change,
    may_write,
    rewrite_flash_point,
    words_of,
    write_flash_point,
)
from hub.web.access import roles
from hub.web.database import db
from hub.web.page_forms import PageDrafts
from workflows.escalation.who import HUB_RAISERS, OUTSIDE_ROLES, RAISERS
from workflows.roles import Role

blueprint = Blueprint("flash_points", __name__, url_prefix="/flash-points")
TYPED = PageDrafts("flash_point")
READERS: Final = tuple(
    dict.fromkeys(
        (
            *WRITERS,
            *OUTSIDE_ROLES,
            *HUB_RAISERS,
            Role.CLINICAL_REVIEWER,
            Role.QUALITY_GROUP_CHAIR,
            Role.OUTSIDE_MEMBER,
        )
    )
)
"""Whoever raises disputes, answers, convenes or decides them, or learns from them."""
NUMBER: Final = "/<int(max=2147483647):number>"


@blueprint.get("")
@roles(*READERS)
def index() -> str:
    """What stands, by kind of dispute, and what has ended."""
    return render_template(
        "flash_points/index.html",
        groups=queries.by_kind(queries.standing_points(db.session)),
        ended=queries.ended_points(db.session),
        counts=queries.disputes_from(db.session, g.actor),
        may_write=may_write(g.actor),
        may_raise=bool(g.actor.roles & {may.role for may in RAISERS}),
    )


@blueprint.get(NUMBER)
@roles(*READERS)
def show(number: int) -> str:
    """One flash point, ended or not, with everybody who changed it."""
    point = _point(number)
    return render_template(
        "flash_points/show.html",
        point=point,
        kind=queries.by_kind([point])[0].title,
        instead=queries.written_instead(db.session, number),
        changes=queries.changes_of_point(db.session, number),
        counts=queries.disputes_from(db.session, g.actor),
        may_change=may_change(g.actor, point),
    )


@blueprint.route("/add", methods=["GET", "POST"])
@roles(*WRITERS)
def add() -> ResponseReturnValue:
    """A new flash point."""
    form = TYPED.form_of(WordsForm, dispute_kind=request.args.get("kind", ""))
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK
    if form.validate_on_submit():
        try:
            with transaction(db.session):
                made = write_flash_point(db.session, g.actor, **asdict(form.words), now=g.now)
                TYPED.discard()
            flash(f"Flash point {made.id} is in the register.", "success")
            return redirect(url_for("flash_points.show", number=made.id), HTTPStatus.SEE_OTHER)
        except ActionRefused as refused:
            form.show(refused)
    return render_template("flash_points/add.html", form=form, windows=TYPED.windows_of(form)), status


@blueprint.route(f"{NUMBER}/write-anew", methods=["GET", "POST"])
@roles(*WRITERS)
def write_anew(number: int) -> ResponseReturnValue:
    """The same flash point in other words."""
    point = _point(number)
    form = TYPED.form_of(AgainForm, obj=words_of(point))
    if form.validate_on_submit():
        try:
            with transaction(db.session):
                made = rewrite_flash_point(db.session, g.actor, number, form.words, why=str(form.why.data), now=g.now)
                TYPED.discard()
            flash(f"It is written anew as number {made.id}. Number {number} has ended.", "success")
            return redirect(url_for("flash_points.show", number=made.id), HTTPStatus.SEE_OTHER)
        except ActionRefused as refused:
            return _changing("flash_points/write_anew.html", point, form, refused)
    return _changing("flash_points/write_anew.html", point, form)


@blueprint.route(f"{NUMBER}/end", methods=["GET", "POST"])
@roles(*WRITERS)
def end(number: int) -> ResponseReturnValue:
    """A flash point that nobody goes by any more."""
    point = _point(number)
    form = TYPED.form_of(WhyForm)
    if form.validate_on_submit():
        try:
            with transaction(db.session):
                end_flash_point(db.session, g.actor, number, why=str(form.why.data), now=g.now)
                TYPED.discard()
            flash(f"Flash point {number} has ended. It stays readable.", "success")
            return redirect(url_for("flash_points.show", number=number), HTTPStatus.SEE_OTHER)
        except ActionRefused as refused:
            return _changing("flash_points/end.html", point, form, refused)
    return _changing("flash_points/end.html", point, form)


def _point(number: int) -> FlashPoint:
    return queries.find_point(db.session, number) or abort(HTTPStatus.NOT_FOUND)


def _changing(
    template: str, point: FlashPoint, form: AgainForm | WhyForm, refused: ActionRefused | None = None
) -> ResponseReturnValue:
    """The form of a change; without its button, and with the reason, for whom it is not to change."""
    if refused is not None:
        form.show(refused)
        db.session.refresh(point)
    is_theirs = may_change(g.actor, point)
    page = render_template(template, point=point, form=form, windows=TYPED.windows_of(form), is_theirs=is_theirs)
    if refused is not None and refused.is_stale:
        return page, HTTPStatus.CONFLICT
    if not is_theirs:
        return page, HTTPStatus.CONFLICT if point.until_on and form.is_submitted() else HTTPStatus.FORBIDDEN
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK


_PAGES: Final = frozenset({"flash_points.add", "flash_points.write_anew", "flash_points.end"})
KEEPERS = (TYPED.keeper(lambda posted: posted.endpoint in _PAGES),)
"""What the application asks to keep a post that came too late."""
