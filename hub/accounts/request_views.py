"""Asking for an account as a referrer, and the hub's page on which such requests are approved or refused."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, abort, flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import EmailField, Field, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional, StopValidation

from hub.accounts import request_queries as queries
from hub.accounts.asking import APPROVERS, REFUSALS, AlreadyDecided, approve, ask, refuse
from hub.accounts.domains import clean_address, problem_with_work_address
from hub.accounts.link_views import refuse_long_posts, slow_down, wait_words
from hub.accounts.models import EMAIL_LENGTH
from hub.accounts.request_models import JOB_LENGTH, NAME_LENGTH, ORGANISATION_LENGTH, REASON_LENGTH
from hub.accounts.services import AccountRefused
from hub.accounts.throttle import begin_asking
from hub.db import transaction
from hub.web import drafts
from hub.web.access import public, roles
from hub.web.database import db
from hub.web.date_fields import DateParts
from hub.web.nhs_forms import choices
from hub.web.page_forms import PageDrafts
from hub.web.shell import chosen_settings
from hub.web.trail import client_address, note

blueprint = Blueprint("account_requests", __name__)
blueprint.before_request(refuse_long_posts)
YES = "account_requests.say_yes"
NO = "account_requests.say_no"
TYPED = PageDrafts("account_request")
_HIDDEN_SIGNS = frozenset(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x2028, 0x2029)))
"""They turn or break a line, so that a name is read as something else than it is."""


def _plain(several_lines: bool = False) -> object:
    def check(_form: object, field: Field) -> None:
        allowed = "\n\r\t" if several_lines else ""
        if any((letter < " " and letter not in allowed) or letter in _HIDDEN_SIGNS for letter in field.data or ""):
            raise StopValidation(f"“{field.label.text}” holds signs that cannot be seen. Type it, rather than paste it")
        field.data = (field.data or "").strip() if several_lines else " ".join((field.data or "").split())
        if not field.data:
            raise StopValidation(f"Fill in “{field.label.text}”")

    return check


def _at_most(most: int) -> Length:
    return Length(max=most, message=f"Use {most} characters or fewer")


class AskForm(FlaskForm):
    """Who asks for an account, where they work and why."""

    name = StringField(
        "Your name",
        [InputRequired("Enter your name"), _at_most(NAME_LENGTH), _plain()],
        render_kw={"autocomplete": "name"},
    )
    job = StringField(
        "Your job",
        [InputRequired("Enter your job"), _at_most(JOB_LENGTH), _plain()],
        description="For example consultant psychiatrist, or community nurse",
        render_kw={"autocomplete": "organization-title"},
    )
    email = EmailField(
        "Your work e-mail address",
        [InputRequired("Enter your work e-mail address"), _at_most(EMAIL_LENGTH)],
        description="The one your organisation gave you. We send a link to it",
        render_kw={"autocomplete": "email", "spellcheck": "false", "autocapitalize": "none"},
    )
    organisation = StringField(
        "Your organisation",
        [InputRequired("Enter your organisation"), _at_most(ORGANISATION_LENGTH), _plain()],
        description="Its full name, or its ODS code",
        render_kw={"autocomplete": "organization"},
    )
    reason = TextAreaField(
        "Why do you need an account, and for which team?",
        [
            InputRequired("Say why you need an account, and for which team"),
            _at_most(REASON_LENGTH),
            _plain(several_lines=True),
        ],
        description="Write nothing about a patient here",
        render_kw={"rows": 3, "count": REASON_LENGTH},
    )

    def validate_email(self, field: Field) -> None:
        """The address must be one that an organisation gives."""
        field.data = clean_address(field.data)
        if wrong := problem_with_work_address(field.data):
            raise StopValidation(wrong)


class ApproveForm(FlaskForm):
    """Where the person will be a referrer, and until when."""

    organisation = SelectField("Organisation", [InputRequired("Choose the organisation")])
    until_on = DateParts(
        "Last day", [Optional()], description="Leave it empty when there is none. For example 27 3 2027"
    )


class RefuseForm(FlaskForm):
    """Why not."""

    code = RadioField(
        "Reason", [InputRequired("Choose a reason")], choices=choices(REFUSALS), description="The person is sent this"
    )
    words = TextAreaField(
        "More, for the hub alone", [_at_most(REASON_LENGTH)], render_kw={"rows": 2, "count": REASON_LENGTH}
    )


@blueprint.route("/account/ask", methods=["GET", "POST"])
@public
def ask_for_account() -> ResponseReturnValue:
    """Ask for an account; nobody learns here whether there is one already."""
    form = AskForm()
    if not form.validate_on_submit():
        return render_template("accounts/ask.html", form=form), (422 if form.errors else 200)
    given = {name: value for name, value in form.data.items() if name != "csrf_token"}
    with transaction(db.session):
        wait = begin_asking(db.session, "account", given["email"], client_address(), g.now)
        if not wait:
            ask(db.session, **given, now=g.now)
        note(db.session, "account_asked_for", told_to_wait=bool(wait))
    if wait:
        form.form_errors.append(wait_words(wait))
        return render_template("accounts/ask.html", form=form), *slow_down(wait)
    return redirect(url_for("account_requests.ask_sent"), HTTPStatus.SEE_OTHER)


@blueprint.get("/account/ask/sent")
@public
def ask_sent() -> str:
    """What happens now; the same for every address."""
    return render_template("accounts/mail_sent.html", is_password=False, folder=chosen_settings().mail_folder)


@blueprint.get("/account-requests")
@roles(*APPROVERS)
def list_requests() -> str:
    """The requests that wait for a yes or no, and those that were decided last."""
    waiting = queries.read_waiting(db.session, g.now)
    with transaction(db.session):
        note(db.session, "listed", query="account requests", count=len(waiting))
    return render_template(
        "accounts/requests.html", waiting=waiting, past=queries.read_past(db.session), most=queries.MOST_SHOWN
    )


@blueprint.get("/account-requests/<int(max=9223372036854775807):request_id>")
@roles(*APPROVERS)
def show(request_id: int) -> ResponseReturnValue:
    """One request, with all that helps to decide, and what was typed when a session ended."""
    return _page(request_id, ApproveForm(formdata=_kept(request_id, YES)), RefuseForm(formdata=_kept(request_id, NO)))


@blueprint.post("/account-requests/<int(max=9223372036854775807):request_id>/approve")
@roles(*APPROVERS)
def say_yes(request_id: int) -> ResponseReturnValue:
    """Make the person a referrer."""
    form = ApproveForm()
    page = _read(request_id)
    form.organisation.choices = _places(page)
    if not form.validate_on_submit():
        return _page(request_id, form, RefuseForm(formdata=None))
    try:
        with transaction(db.session):
            made = approve(
                db.session,
                request_id,
                organisation_id=int(form.organisation.data),
                until_on=form.until_on.data,
                by=g.person.user_id,
                now=g.now,
            )
            _forget_typed(request_id)
            note(db.session, "account_approved", request_id=request_id, account_id=made.user_id)
    except AccountRefused as no:
        form.form_errors.extend(no.reasons)
        return _page(request_id, form, RefuseForm(formdata=None), _why(no))
    said = "is told by e-mail" if page.has_account else "is sent an invitation by e-mail"
    flash(f"Approved: {made.name} {said}.")
    return redirect(url_for("account_requests.list_requests"), HTTPStatus.SEE_OTHER)


@blueprint.post("/account-requests/<int(max=9223372036854775807):request_id>/refuse")
@roles(*APPROVERS)
def say_no(request_id: int) -> ResponseReturnValue:
    """Refuse, with a reason the person is sent."""
    form = RefuseForm()
    _read(request_id)
    if not form.validate_on_submit():
        return _page(request_id, ApproveForm(formdata=None), form)
    try:
        with transaction(db.session):
            words, by = (form.words.data or "").strip(), g.person.user_id
            made = refuse(db.session, request_id, code=form.code.data, words=words, by=by, now=g.now)
            _forget_typed(request_id)
            note(db.session, "account_refused", request_id=request_id, code=form.code.data)
    except AccountRefused as no:
        form.form_errors.extend(no.reasons)
        return _page(request_id, ApproveForm(formdata=None), form, _why(no))
    flash(f"Refused: {made.name} is told by e-mail, with the reason.")
    return redirect(url_for("account_requests.list_requests"), HTTPStatus.SEE_OTHER)


KEEPERS = (TYPED.keeper(lambda posted: posted.endpoint in {YES, NO}),)


def _kept(request_id: int, endpoint: str) -> MultiDict[str, str] | None:
    found = TYPED.find(url_for(endpoint, request_id=request_id))
    return drafts.as_form(found) if found else None


def _forget_typed(request_id: int) -> None:
    for endpoint in (YES, NO):
        TYPED.discard(url_for(endpoint, request_id=request_id))


def _page(request_id: int, yes: ApproveForm, no: RefuseForm, status: int = 0) -> ResponseReturnValue:
    page = _read(request_id)
    yes.organisation.choices = _places(page)
    if yes.organisation.data is None and page.asked.place is not None:
        yes.organisation.data = str(page.asked.place.id)
    shown = render_template("accounts/request.html", page=page, yes=yes, no=no, refusals=REFUSALS)
    return shown, status or (422 if yes.errors or no.errors else 200)


def _read(request_id: int) -> queries.AskedPage:
    page = queries.read_request(db.session, request_id, g.now)
    if page is None:
        abort(HTTPStatus.NOT_FOUND)
    return page


def _places(page: queries.AskedPage) -> list[object]:
    named = [(str(place.id), f"{place.name} ({place.ods_code})") for place in page.places]
    return list(choices([("", "Choose the organisation"), *named]))


def _why(no: AccountRefused) -> int:
    return HTTPStatus.CONFLICT if isinstance(no, AlreadyDecided) else HTTPStatus.UNPROCESSABLE_ENTITY
