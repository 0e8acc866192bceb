"""Opening and closing a case, and what is dated on it: alerts, legal status and stays."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from flask import Blueprint, abort, flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from hub.cases import queries
from hub.cases.alerts import add_alert, end_alert
from hub.cases.banner import banner_of_case
from hub.cases.forms import (
    AlertForm,
    CloseCaseForm,
    CorrectStatusForm,
    CorrectStayForm,
    EndAlertForm,
    LegalStatusForm,
    OpenCaseForm,
    StayForm,
)
from hub.cases.legal_status import add_legal_status, correct_legal_status
from hub.cases.models import CareCase
from hub.cases.opening import close_case, open_by_hand, people_like
from hub.cases.stays import correct_stay, record_stay, stay_of_case
from hub.codes import label
from hub.db import transaction
from hub.engine.refusal import ActionRefused
from hub.web.access import roles
from hub.web.action_choices import units
from hub.web.database import db
from hub.web.page_forms import PageDrafts, PageForm
from hub.web.trail import note
from workflows.roles import Role

blueprint = Blueprint("cases", __name__, url_prefix="/cases")
TYPED = PageDrafts("case")
ALERT_ROLES = (Role.COORDINATOR, Role.CASE_MANAGER, Role.CLINICAL_REVIEWER, Role.ON_CALL)
STATUS_ROLES = (Role.COORDINATOR, Role.CASE_MANAGER)
OPENING_ROLES = (Role.COORDINATOR, Role.CASE_MANAGER)
CLOSING_ROLES = (Role.CASE_MANAGER,)


@blueprint.route("/new", methods=["GET", "POST"])
@roles(*OPENING_ROLES)
def new() -> ResponseReturnValue:
    """A case without any referral; a known person is offered first, never taken silently."""
    form = TYPED.form_of(OpenCaseForm)
    if not form.validate_on_submit():
        return _new_page(form, HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK)
    found = people_like(db.session, form.whom)
    with transaction(db.session):
        note(db.session, "searched", among="people", count=len(found))
    if not form.offer(found):
        return _new_page(form, HTTPStatus.OK)
    told = {"service_line": form.service_line.data, "reason": form.reason.data, "by_id": g.actor.user_id, "now": g.now}
    try:
        with transaction(db.session):
            case = open_by_hand(db.session, form.whom, patient_id=form.patient_id, **told)
            TYPED.discard()
    except ActionRefused as refused:
        form.show(refused)
        return _new_page(form, HTTPStatus.UNPROCESSABLE_ENTITY)
    flash(f"{case.reference} is open.", "success")
    return redirect(url_for("casefile.show", reference=case.reference), HTTPStatus.SEE_OTHER)


def _new_page(form: OpenCaseForm, status: HTTPStatus) -> ResponseReturnValue:
    return render_template("cases/new.html", form=form, windows=TYPED.windows_of(form)), status


@blueprint.route("/<reference>/close", methods=["GET", "POST"])
@roles(*CLOSING_ROLES)
def close(reference: str) -> ResponseReturnValue:
    """Close a case on which nothing is open."""
    case, form = _case(reference), TYPED.form_of(CloseCaseForm)

    def end() -> None:
        close_case(db.session, case.id, reason=form.reason.data, by_id=g.actor.user_id, now=g.now)

    return _ask(case, form, "Close the case", "Close the case", end, "open", "The case is closed")


@blueprint.route("/<reference>/alerts/new", methods=["GET", "POST"])
@roles(*ALERT_ROLES)
def new_alert(reference: str) -> ResponseReturnValue:
    """Put an alert on the case."""
    case, form = _case(reference), TYPED.form_of(AlertForm)

    def add() -> None:
        said = {"text": form.text.data, "detail": form.detail.data}
        add_alert(db.session, case.id, by_id=g.actor.user_id, now=g.now, **said)

    return _ask(case, form, "Add an alert", "Add the alert", add, "alerts", "The alert is on the case")


@blueprint.route("/<reference>/alerts/<int(max=2147483647):alert_id>/end", methods=["GET", "POST"])
@roles(*ALERT_ROLES)
def stop_alert(reference: str, alert_id: int) -> ResponseReturnValue:
    """End an alert, with the reason."""
    case = _case(reference)
    alert = queries.find_alert(db.session, case, alert_id) or abort(HTTPStatus.NOT_FOUND)
    form = TYPED.form_of(EndAlertForm)

    def end() -> None:
        end_alert(db.session, alert_id, reason=form.reason.data, by_id=g.actor.user_id, now=g.now)

    title = f"End the alert “{alert.text}”"
    return _ask(case, form, title, "End the alert", end, "alerts", "The alert has ended. It stays in the history")


@blueprint.route("/<reference>/legal-status/new", methods=["GET", "POST"])
@roles(*STATUS_ROLES)
def new_status(reference: str) -> ResponseReturnValue:
    """Record a new legal status."""
    case, form = _case(reference), TYPED.form_of(LegalStatusForm)

    def record() -> None:
        add_legal_status(db.session, case.id, form.entry(), by_id=g.actor.user_id, now=g.now)

    said = "The legal status is recorded"
    return _ask(case, form, "Record a legal status", "Record it", record, "legal-status", said)


@blueprint.route("/<reference>/legal-status/<int(max=2147483647):status_id>/correct", methods=["GET", "POST"])
@roles(*STATUS_ROLES)
def correct_status(reference: str, status_id: int) -> ResponseReturnValue:
    """Put a right entry in the place of a wrong one."""
    case = _case(reference)
    status = queries.find_status(db.session, case, status_id) or abort(HTTPStatus.NOT_FOUND)
    form = TYPED.form_of(CorrectStatusForm, status=status)
    told = {"reason": form.reason.data, "by_id": g.actor.user_id, "now": g.now}

    def correct() -> None:
        correct_legal_status(db.session, case.id, status_id, form.entry(), **told)

    title = f"Correct the entry “{label('legal_status', status.code)}”"
    said = "The entry is corrected. The old one stays in the history"
    return _ask(case, form, title, "Correct it", correct, "legal-status", said)


@blueprint.route("/<reference>/stays/new", methods=["GET", "POST"])
@roles(*STATUS_ROLES)
def new_stay(reference: str) -> ResponseReturnValue:
    """Record a stay on a ward."""
    case = _case(reference)
    form = TYPED.form_of(StayForm, units=units())

    def record() -> None:
        entry = form.entry()
        assert entry is not None
        record_stay(db.session, case.id, entry, by_id=g.actor.user_id, now=g.now)

    return _ask(case, form, "Record a stay", "Record it", record, "stays", "The stay is recorded")


@blueprint.route("/<reference>/stays/<int(max=2147483647):stay_id>/correct", methods=["GET", "POST"])
@roles(*STATUS_ROLES)
def change_stay(reference: str, stay_id: int) -> ResponseReturnValue:
    """Put a right entry in the place of a wrong one, or of one that has ended."""
    case = _case(reference)
    stay = stay_of_case(db.session, case, stay_id) or abort(HTTPStatus.NOT_FOUND)
    form = TYPED.form_of(CorrectStayForm, units=units(), stay=stay)
    told = {"reason": form.reason.data, "by_id": g.actor.user_id, "now": g.now}

    def correct() -> None:
        correct_stay(db.session, case.id, stay_id, form.entry(), **told)

    said = "The stay is corrected. The old entry stays in the history"
    return _ask(case, form, "End or correct a stay", "Correct it", correct, "stays", said)


KEEPERS = (TYPED.keeper(lambda posted: posted.blueprint == blueprint.name),)
"""What the application asks to keep a post that came too late."""


def _case(reference: str) -> CareCase:
    """The case, logged as opened. One that may not be seen answers as one that is not there, and the try is logged."""
    case = queries.find_case(db.session, reference, g.actor)
    known = case.id if case else queries.case_id_of(db.session, reference)
    if known is not None:
        with transaction(db.session):
            note(db.session, "opened" if case else "refused", case_id=known, reference=reference)
    return case or abort(HTTPStatus.NOT_FOUND)


def _ask(
    case: CareCase, form: PageForm, title: str, button: str, do: Callable[[], None], part: str, done: str
) -> ResponseReturnValue:
    """The page of one change: asked, refused with everything still filled in, or done and back to the case."""
    here = f"{url_for('casefile.show', reference=case.reference)}#{part}"
    banner = banner_of_case(case, g.now, is_hub=True)  # before anything is taken back, which empties the case
    if form.validate_on_submit():
        try:
            with transaction(db.session):
                do()
                TYPED.discard()
            flash(f"{done}.", "success")
            return redirect(here, HTTPStatus.SEE_OTHER)
        except ActionRefused as refused:
            form.show(refused)
    page = render_template(
        "cases/change.html",
        form=form,
        windows=TYPED.windows_of(form),
        banner=banner,
        title=title,
        button=button,
        back_href=here,
    )
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK
