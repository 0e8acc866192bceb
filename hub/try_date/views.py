"""The page "Try a date" and the same as an API; both with the policy set in force and the hub's own calendar."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import Any

from flask import Blueprint, g, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue

from hub.engine.rulebook import rulebook
from hub.policies.trying import Asked, NotTried, Tried, try_out
from hub.try_date.form import TryForm, try_form
from hub.web.access import signed_in
from hub.web.database import db
from workflows.calendar import notices, ring_moment
from workflows.policy import DIMENSIONS

blueprint = Blueprint("try_date", __name__)
FARTHEST = timedelta(days=20 * 366)
"""No deadline of the hub is longer; the days that are skipped on the way fill a page, and not a book."""
MOST = 50
"""Pauses, and closures, that one question may name."""


@blueprint.get("/try-a-date")
@signed_in
def show() -> ResponseReturnValue:
    """Any rule from any moment: when it is due, and how that was worked out."""
    form = try_form(rulebook(db.session).policy(None, g.now), formdata=request.args or None)
    if not request.args:
        form.start.process(None, g.now)
        return _page(form)
    try:
        if not form.validate():
            return _page(form), HTTPStatus.UNPROCESSABLE_ENTITY
        tried = _tried(form.asked)
    except NotTried as problem:
        form.refuse(problem)
        return _page(form), HTTPStatus.UNPROCESSABLE_ENTITY
    return _page(form, tried)


@blueprint.get("/api/clock")
@signed_in
def clock() -> ResponseReturnValue:
    """What `hub clock --json` prints: ?rule=referral.review&from=2026-04-02T16:30&priority=urgent&pause=FROM/TO."""
    given = request.args
    codes = {name: given.get(name) for name in DIMENSIONS}
    asked = Asked(given.get("rule", ""), given.get("from"), codes, given.getlist("pause"), given.getlist("closure"))
    try:
        return jsonify(_tried(asked).as_json)
    except NotTried as problem:
        return jsonify(error=str(problem)), HTTPStatus.BAD_REQUEST


def _tried(asked: Asked) -> Tried:
    """The answer of today's rulebook. Raises NotTried."""
    if not asked.rule.strip():
        raise NotTried("Name a rule: a policy key such as referral.review, or a length such as 5 working days", "rule")
    for part, given in (("pause", asked.pauses), ("closure", asked.closures)):
        if len(given) > MOST:
            raise NotTried(f"At most {MOST} can be tried at once", part)
    book = rulebook(db.session)
    tried = try_out(asked, book.policy(None, g.now), book.calendar(None, g.now), longest=FARTHEST)
    if tried.deadline.due_at - tried.deadline.start > FARTHEST:
        raise NotTried("It leads more than 20 years ahead: try something shorter", "rule")
    return tried


def _page(form: TryForm, tried: Tried | None = None) -> str:
    if tried is None:
        return render_template("try_date/show.html", form=form, tried=None)
    warned = [(notice.percent, notice.send_at) for notice in notices(tried.deadline)]
    return render_template(
        "try_date/show.html",
        form=form,
        tried=tried,
        warned=warned,
        rings_at=ring_moment(tried.deadline),
        api_href=url_for("try_date.clock", **_for_the_api(form)),
    )


def _for_the_api(form: TryForm) -> dict[str, Any]:
    asked = form.asked
    named = {name: code for name, code in asked.codes.items() if code}
    return {"rule": asked.rule, "from": asked.start, **named, "pause": asked.pauses, "closure": asked.closures}
