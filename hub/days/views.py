"""Days nobody works: the calendar by year, adding and removing a day with a preview, and what a change has moved."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from flask import Response, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from hub.days import import_views, queries
from hub.days.forms import DayForm, WhyForm
from hub.days.importing import to_csv
from hub.days.page import TYPED, blueprint, changes, known_day, may_change
from hub.db import transaction
from hub.engine.recount_days import about_how_many, add_days, known_days, remove_day, why_not
from hub.engine.refusal import ActionRefused
from hub.web.access import hub_staff
from hub.web.database import db
from hub.web.filters import day as day_words
from hub.web.trail import note
from workflows.durations import local

__all__ = ["KEEPERS", "blueprint", "import_views"]

LARGEST_ID: Final = 2**63 - 1


@blueprint.get("")
@hub_staff
def index() -> str:
    """The days of one year, and the last changes."""
    days = queries.days_of(db.session)
    year = request.args.get("year", local(g.now).year, int)
    return render_template(
        "days/index.html",
        rows=[each for each in days.values() if each.on_date.year == year],
        year=year,
        year_tabs=_year_tabs(queries.years_near(days, local(g.now).year), year),
        known_until=queries.known_until(days),
        runs=queries.latest_runs(db.session),
        may_change=may_change(),
        today=local(g.now).date(),
    )


def _year_tabs(years: list[int], chosen: int) -> list[tuple[str, str, int | None, bool]]:
    return [(str(year), url_for("days.index", year=year), None, year == chosen) for year in years]


@blueprint.route("/add", methods=["GET", "POST"])
@changes
def add() -> ResponseReturnValue:
    """A new day: asked, shown what it would touch, and then done."""
    form = TYPED.form_of(DayForm)
    touched = None
    if form.validate_on_submit():
        if problem := why_not(form.day, known_days(db.session)):
            form.show(ActionRefused([problem]))
        elif form.is_previewed:
            if done := _add(form):
                return done
        else:
            touched = about_how_many(db.session, form.day.on_date)
    shown = render_template(
        "days/add.html", form=form, touched=touched, windows=TYPED.windows_of(form), today=local(g.now).date()
    )
    is_refused = form.is_submitted() and touched is None
    return shown, HTTPStatus.UNPROCESSABLE_ENTITY if is_refused else HTTPStatus.OK


def _add(form: DayForm) -> ResponseReturnValue | None:
    try:
        with transaction(db.session):
            (made,) = add_days(db.session, g.actor, [form.day], now=g.now, why=str(form.why.data))
            TYPED.discard()
    except ActionRefused as refused:
        form.show(refused)
        return None
    flash(f"{day_words(form.day.on_date)} is added. The deadlines it touches are being worked out again.", "success")
    return redirect(url_for("days.recount", recount_id=made), HTTPStatus.SEE_OTHER)


@blueprint.route("/<on_date>/remove", methods=["GET", "POST"])
@changes
def remove(on_date: str) -> ResponseReturnValue:
    """Take a day back, with what it would touch and why."""
    day = known_day(on_date)
    form = TYPED.form_of(WhyForm)
    if form.validate_on_submit():
        try:
            with transaction(db.session):
                made = remove_day(db.session, g.actor, day.on_date, now=g.now, why=str(form.why.data))
                TYPED.discard()
        except ActionRefused as refused:
            form.show(refused)
        else:
            flash(f"{day_words(day.on_date)} is a working day again.", "success")
            return redirect(url_for("days.recount", recount_id=made), HTTPStatus.SEE_OTHER)
    touched = about_how_many(db.session, day.on_date)
    shown = render_template("days/remove.html", form=form, day=day, touched=touched, windows=TYPED.windows_of(form))
    return shown, HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK


@blueprint.get("/recounts/<int(max=9223372036854775807):recount_id>")
@hub_staff
def recount(recount_id: int) -> str:
    """How far a change is, what it moved, and who was told."""
    run = queries.find_run(db.session, recount_id) or abort(HTTPStatus.NOT_FOUND)
    moves = queries.read_moves(db.session, recount_id, g.actor, _after())
    names, told = queries.who_was_told(db.session, recount_id)
    with transaction(db.session):
        note(db.session, "listed", query="deadlines that a change of the calendar moved", count=moves.seen)
    return render_template("days/recount.html", run=run, moves=moves, names=names, told=told, now=g.now)


def _after() -> int | None:
    """The clock that ended the page before; None for what is no number of one."""
    number = request.args.get("after", 0, int)
    return number if 0 < number <= LARGEST_ID else None


@blueprint.get("/days.csv")
@hub_staff
def export() -> Response:
    """Every day as a file, with the columns that the import takes."""
    content = to_csv(known_days(db.session).values())
    return Response(content, mimetype="text/csv", headers={"Content-Disposition": 'attachment; filename="days.csv"'})


KEEPERS = (TYPED.keeper(lambda posted: posted.endpoint in {"days.add", "days.remove"}),)
"""What the application asks to keep a post that came too late."""
