"""Signing in and out, choosing a role, and a person's own account page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from hub.accounts.absences import stand_ins
from hub.accounts.browser import forget_cookie, limits, set_cookie
from hub.accounts.forms import PasswordForm, RoleForm, SignInForm
from hub.accounts.lengths import plainly
from hub.accounts.models import SessionEnd, UserAccount
from hub.accounts.passwords import SHORTEST, verify_password
from hub.accounts.queries import HeldRole, held_roles, last_membership
from hub.accounts.services import AccountRefused, set_password
from hub.accounts.sessions import change_membership, end_session, start_session
from hub.accounts.sign_in import Refused, check_password
from hub.accounts.throttle import Attempt, begin_attempt, succeed
from hub.db import transaction
from hub.web.access import identified, public, safe_next
from hub.web.database import db
from hub.web.person import Person, current_person
from hub.web.trail import client_address, note
from workflows.durations import local

blueprint = Blueprint("accounts", __name__)

HOME = "/"
_LOST = {
    SessionEnd.ABSENCE_OVER.value: "You no longer stand in for anybody in the role you were using.",
    SessionEnd.ROLE_CHANGED.value: "The role you were using has ended.",
}
_WRONG = "The e-mail address or password is not right. Check both and try again"


@blueprint.route("/sign-in", methods=["GET", "POST"])
@public
def sign_in() -> ResponseReturnValue:
    """The sign-in page; on POST, check the password and start a session."""
    form = SignInForm(next=safe_next(request.args.get("next")))
    if request.method == "GET" and current_person() is not None:
        return redirect(safe_next(form.next.data) or HOME)
    if not form.validate_on_submit():
        return _sign_in_page(form)
    with transaction(db.session):
        attempt = begin_attempt(db.session, form.email.data, client_address(), g.now)
    if attempt.wait:
        return _told_to_wait(form, attempt)
    with transaction(db.session):
        outcome = check_password(db.session, form.email.data, form.password.data)
        if isinstance(outcome, Refused):
            note(db.session, "sign_in_failed", user_id=outcome.user_id, why=outcome.why)
        else:
            succeed(db.session, attempt)
            answer = admit(outcome, safe_next(form.next.data))
    if isinstance(outcome, Refused):
        form.form_errors.append(_WRONG)
        return _sign_in_page(form), 422
    return answer


@blueprint.route("/sign-in/role", methods=["GET", "POST"])
@identified
def choose_role() -> ResponseReturnValue:
    """Which of their roles a person acts in, or for whom they stand in; a change gives the session a new token."""
    person = _person()
    held = held_roles(db.session, local(g.now).date(), user_id=person.user_id)
    standing = stand_ins(db.session, person.user_id, g.now) if person.may_stand_in else []
    form = RoleForm(next=safe_next(request.args.get("next")))
    form.offer(held, standing)
    if request.method == "GET":
        form.membership.data = _role_to_offer(person, held)
    if not (held or standing) or not form.validate_on_submit():
        lost = _LOST.get(request.args.get("ended", ""))
        is_kept = request.args.get("kept") == "yes"
        return render_template("accounts/choose_role.html", form=form, person=person, lost=lost, is_kept=is_kept)
    membership_id, absence_id = form.chosen()
    with transaction(db.session):
        token = change_membership(db.session, person, membership_id, client_address(), g.now, absence_id=absence_id)
        how = "stands in for somebody" if absence_id else "changed role" if person.actor else "chose role"
        said: dict[str, Any] = {"absence": absence_id} if absence_id else {}
        note(db.session, "signed_in", user_id=person.user_id, membership_id=membership_id, how=how, **said)
    return set_cookie(redirect(safe_next(form.next.data) or HOME, 303), token)


@blueprint.post("/sign-out")
@identified
def sign_out() -> ResponseReturnValue:
    """End the session on the server, so that the token is worth nothing, and take the cookie away."""
    person = _person()
    with transaction(db.session):
        end_session(db.session, person.session_id, SessionEnd.SIGNED_OUT, g.now)
        note(db.session, "signed_out")
    return forget_cookie(redirect(url_for("accounts.sign_in", ended=SessionEnd.SIGNED_OUT.value), 303))


@blueprint.route("/account", methods=["GET", "POST"])
@identified
def account() -> ResponseReturnValue:
    """A person's own account: who they are here, their roles, and a new password."""
    person, form = _person(), PasswordForm()
    if form.validate_on_submit() and _change_password(person, form):
        flash("Your password has been changed. You have been signed out everywhere else.")
        return redirect(url_for("accounts.account"), 303)
    held = held_roles(db.session, local(g.now).date(), user_id=person.user_id)
    return render_template("accounts/account.html", form=form, held=held, person=person, shortest=SHORTEST)


def admit(account: UserAccount, way_back: str | None, *, membership_id: int | None = None) -> Response:
    """Start a session and give the browser its token; with several roles to choose from, choosing comes next."""
    if membership_id is None:
        held = held_roles(db.session, local(g.now).date(), user_id=account.id)
        membership_id = held[0].membership_id if len(held) == 1 else None
    before = current_person()
    if before is not None:
        end_session(db.session, before.session_id, SessionEnd.SIGNED_OUT, g.now)
    token = start_session(
        db.session, user_id=account.id, membership_id=membership_id, address=client_address(), now=g.now
    )
    note(db.session, "signed_in", user_id=account.id, membership_id=membership_id)
    target = way_back or HOME if membership_id else url_for("accounts.choose_role", next=way_back)
    return set_cookie(redirect(target, 303), token)


def _sign_in_page(form: SignInForm) -> str:
    bounds = limits()
    words: dict[str, str] = {
        SessionEnd.SIGNED_OUT: "You have signed out.",
        SessionEnd.IDLE: f"You were signed out because nothing happened for {plainly(bounds.idle)}.",
        SessionEnd.TOO_OLD: f"You were signed out because you had been signed in for {plainly(bounds.absolute)}.",
        SessionEnd.CREDENTIALS_CHANGED: "You were signed out because your password was changed.",
        "open_too_long": "This page was open too long, so it was not sent.",
    }
    return render_template(
        "accounts/sign_in.html",
        form=form,
        ended=words.get(request.args.get("ended", "")),
        is_kept=request.args.get("kept") == "yes",
        is_going_back=bool(form.next.data),
    )


def _told_to_wait(form: SignInForm, attempt: Attempt) -> ResponseReturnValue:
    with transaction(db.session):
        note(db.session, "sign_in_failed", why="told to wait")
    # Whole seconds, and never "0 seconds".
    wait = timedelta(seconds=int(attempt.wait.total_seconds()) + 1)
    form.form_errors.append(f"Too many tries did not work. Wait {plainly(wait)}, then try again")
    return _sign_in_page(form), 429, {"Retry-After": str(int(wait.total_seconds()))}


def _change_password(person: Person, form: PasswordForm) -> bool:
    """Whether it was changed; if not, the form says why. Guessing the old password is slowed down like signing in."""
    with transaction(db.session):
        attempt = begin_attempt(db.session, person.email, client_address(), g.now)
    if attempt.wait:
        form.current_password.errors = [
            *form.current_password.errors,
            f"Too many tries did not work. Wait {plainly(attempt.wait)}",
        ]
        return False
    try:
        with transaction(db.session):
            mine = db.session.get_one(UserAccount, person.user_id)
            if not verify_password(mine.password_hash, form.current_password.data):
                form.current_password.errors = [*form.current_password.errors, "This is not your password now"]
                return False
            set_password(db.session, mine, form.new_password.data, g.now, keep_session_id=person.session_id)
            succeed(db.session, attempt)
            note(db.session, "password_changed")
    except AccountRefused as no:
        form.new_password.errors = [*form.new_password.errors, *no.reasons]
        return False
    return True


def _role_to_offer(person: Person, held: list[HeldRole]) -> str | None:
    """The role to show as chosen: the one in use, else the one used last, if it is still held."""
    used = person.actor.membership_id if person.actor else last_membership(db.session, person.user_id)
    return str(used) if used in {role.membership_id for role in held} else None


def _person() -> Person:
    person = current_person()
    if person is None:
        abort(404)
    return person
