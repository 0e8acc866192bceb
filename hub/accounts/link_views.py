"""A forgotten password, and the page that a one-time link opens: GET changes nothing, POST uses it."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import EmailField, PasswordField
from wtforms.validators import InputRequired

from hub.accounts.asking import confirm
from hub.accounts.domains import clean_address, problem_with_address
from hub.accounts.lengths import plainly
from hub.accounts.links import LinkIsDead, find_link, lock_link, use
from hub.accounts.models import UserAccount
from hub.accounts.passwords import SHORTEST, problems_with_password
from hub.accounts.queries import held_roles
from hub.accounts.request_models import OneTimeLink, Purpose
from hub.accounts.services import set_password
from hub.accounts.throttle import account_hash, begin_asking, forgive
from hub.db import transaction
from hub.engine.outbox import queue_mail
from hub.web.access import public
from hub.web.database import db
from hub.web.person import current_person
from hub.web.shell import chosen_settings
from hub.web.trail import client_address, note
from workflows.durations import local

_SECRET_ADDRESS = {"Referrer-Policy": "strict-origin"}
"""The address of a link's page is the secret itself: no other page is told of it."""
blueprint = Blueprint("account_links", __name__, url_prefix="/account")
_MOST_BYTES = 64 * 1024
"""Of a post from anybody: many times what the fields may hold, and too little to keep the hub busy."""


class ForgottenForm(FlaskForm):
    """Whose password was forgotten. Says nothing about whether there is such an account."""

    email = EmailField(
        "Your e-mail address",
        [InputRequired("Enter the e-mail address you sign in with")],
        render_kw={"autocomplete": "username", "spellcheck": "false", "autocapitalize": "none"},
    )


class NewPasswordForm(FlaskForm):
    """The password that a link lets its person choose."""

    new_password = PasswordField(
        "New password",
        [InputRequired("Enter a new password")],
        description=f"{SHORTEST} characters or more. Three random words work well",
        render_kw={"autocomplete": "new-password"},
    )


class ConfirmForm(FlaskForm):
    """Nothing but the button."""


@blueprint.before_request
def refuse_long_posts() -> None:
    """A page for everybody takes no long answers."""
    if (request.content_length or 0) > _MOST_BYTES:
        abort(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)


@blueprint.route("/forgotten", methods=["GET", "POST"])
@public
def forgotten() -> ResponseReturnValue:
    """Ask for a link to choose a new password; the same answer in the same time, whoever has an account."""
    form = ForgottenForm()
    if not form.validate_on_submit():
        return render_template("accounts/forgotten.html", form=form), _status(form)
    email = clean_address(form.email.data)
    if wrong := problem_with_address(email):
        form.email.errors = [wrong]
        return render_template("accounts/forgotten.html", form=form), HTTPStatus.UNPROCESSABLE_ENTITY
    with transaction(db.session):
        wait = begin_asking(db.session, "password", email, client_address(), g.now)
        if not wait:
            # Whether there is such an account is looked up by the worker: here it would show in the time it takes.
            queue_mail(db.session, "password", {"account_hash": account_hash(email)}, now=g.now)
        note(db.session, "password_asked_for", told_to_wait=bool(wait))
    if wait:
        form.form_errors.append(wait_words(wait))
        return render_template("accounts/forgotten.html", form=form), *slow_down(wait)
    return redirect(url_for("account_links.forgotten_sent"), HTTPStatus.SEE_OTHER)


@blueprint.get("/forgotten/sent")
@public
def forgotten_sent() -> str:
    """What happens now; the same for every address."""
    return render_template("accounts/mail_sent.html", is_password=True, folder=chosen_settings().mail_folder)


@blueprint.route("/link", methods=["GET", "POST"])
@public
def follow() -> ResponseReturnValue:
    """The page of a one-time link. Mail scanners open links, so only the button on it uses the link."""
    token, person = request.values.get("t", ""), current_person()
    reader = person.user_id if person else None
    try:
        if request.method != "POST":  # a scanner also asks with HEAD
            return _page(find_link(db.session, token, g.now, reader=reader), token)
        with transaction(db.session):
            return _use(lock_link(db.session, token, g.now, reader=reader), token)
    except LinkIsDead:
        with transaction(db.session):
            note(db.session, "link_refused")
        page = render_template("accounts/link_dead.html", person=person)
        return page, HTTPStatus.GONE, _SECRET_ADDRESS


def _page(link: OneTimeLink, token: str, form: FlaskForm | None = None) -> ResponseReturnValue:
    is_request = link.purpose == Purpose.CONFIRM_ADDRESS
    shown = form or (ConfirmForm() if is_request else NewPasswordForm())
    page = render_template(
        "accounts/confirm_address.html" if is_request else "accounts/new_password.html",
        form=shown,
        link=link,
        token=token,
        is_invitation=link.purpose == Purpose.INVITATION,
        held=[] if is_request else held_roles(db.session, local(g.now).date(), user_id=link.user_id),
    )
    return page, _status(shown), _SECRET_ADDRESS


def _use(link: OneTimeLink, token: str) -> ResponseReturnValue:
    if link.request_id is not None:
        use(link, g.now)
        confirm(db.session, link.request_id, g.now)
        note(db.session, "address_confirmed", request_id=link.request_id)
        return render_template("accounts/asked.html")
    form, account = NewPasswordForm(), db.session.get_one(UserAccount, link.user_id)
    if form.validate():
        password = form.new_password.data
        form.new_password.errors = problems_with_password(password, email=account.email, name=account.name)
    if form.errors:
        return _page(link, token, form)
    use(link, g.now)
    set_password(db.session, account, password, g.now, is_first=link.purpose == Purpose.INVITATION)
    forgive(db.session, account.email, client_address(), g.now)
    note(db.session, "password_set", user_id=account.id, how=link.purpose)
    flash("Your password is set. Sign in with it now: that shows that it works, and the link alone opens nothing.")
    return redirect(url_for("accounts.sign_in"), HTTPStatus.SEE_OTHER)


def wait_words(wait: timedelta) -> str:
    """What somebody is told who asks for too much e-mail."""
    return f"Too many e-mails were asked for. Wait {plainly(_rounded(wait))}, then try again"


def slow_down(wait: timedelta) -> tuple[int, dict[str, str]]:
    """The status and headers of that answer."""
    return HTTPStatus.TOO_MANY_REQUESTS, {"Retry-After": str(int(_rounded(wait).total_seconds()))}


def _rounded(wait: timedelta) -> timedelta:
    """Whole seconds, and never none."""
    return timedelta(seconds=int(wait.total_seconds()) + 1)


def _status(form: FlaskForm) -> int:
    return HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
