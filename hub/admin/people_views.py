"""People: the list, one person, inviting, roles with dates, switching off and on, sending a link."""

from __future__ import annotations

from http import HTTPStatus

from flask import abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from hub.accounts import administering
from hub.accounts.models import UserAccount
from hub.accounts.services import AccountRefused
from hub.admin import place_queries, queries
from hub.admin.page import TYPED, AdminForm, Question, ask, blueprint, chosen, may_write, reads, writes
from hub.admin.people_forms import NewPersonForm, PersonForm, RoleDatesForm, RoleForm
from hub.admin.queries import Asked, Held
from hub.db import transaction
from hub.engine.admin_log import Subject
from hub.messages.bounces import bounce_of, clear_bounce
from hub.organisations.queries import current_organisations
from hub.web.database import db
from hub.web.filters import day
from hub.web.paging import address
from hub.web.trail import note
from workflows.core import upper_first
from workflows.durations import local
from workflows.roles import PERSON_ROLES, Role

_SHOWN = {"": "Everybody", "without": "Without a role today", "ending": "A role ends in 14 days", "off": "Switched off"}
_LAST = "The hub always keeps one administrator."


@blueprint.get("/people")
@reads
def people() -> str:
    """Everybody with an account, by name; by words, role, organisation or what is wrong."""
    asked, after = _asked(), request.args.get("after", "")
    today = local(g.now).date()
    lines, following = queries.people(
        db.session, asked, today, int(after) if after.isdecimal() and len(after) < 10 else None
    )
    if asked.words:
        with transaction(db.session):
            note(db.session, "searched", among="accounts", count=len(lines))
    kept = [(name, value) for name, value in request.args.items() if name in {"q", "role", "organisation", "show"}]
    return render_template(
        "admin/people.html",
        asked=asked,
        lines=lines,
        today=today,
        shown=_SHOWN,
        role_choices=chosen({"": "Any role", **{role: upper_first(role.label) for role in PERSON_ROLES}}, asked.role),
        show_choices=chosen(_SHOWN, asked.show),
        next_href=address("admin.people", [*kept, ("after", str(following))]) if following else "",
        first_href=address("admin.people", kept) if after else "",
        may_write=may_write(),
    )


@blueprint.get("/people/<int(max=2147483647):user_id>")
@reads
def person(user_id: int) -> str:
    """One person: account, roles past and to come, and what was changed."""
    account = _account(user_id)
    return render_template(
        "admin/person.html",
        account=account,
        held=queries.held_by(db.session, [user_id]).get(user_id, []),
        today=local(g.now).date(),
        last_seen=queries.last_seen(db.session, user_id),
        history=queries.history(db.session, Subject.PERSON, user_id),
        may_write=may_write() and user_id != g.actor.user_id,
        is_oneself=may_write() and user_id == g.actor.user_id,
        bounce=bounce_of(db.session, account.email),
        form=FlaskForm(),
    )


@blueprint.route("/people/add", methods=["GET", "POST"])
@writes
def add_person() -> ResponseReturnValue:
    """Invite somebody, with their first role."""
    form = TYPED.form_of(NewPersonForm)
    _offer(form)

    def do() -> tuple[str, str]:
        made = administering.add_person(
            db.session,
            g.actor,
            email=form.email.data,
            name=form.name.data,
            first=form.chosen(),
            why=form.why.data,
            now=g.now,
        )
        return f"{made.name} is invited by e-mail", url_for("admin.person", user_id=made.id)

    points = (
        "They are sent an e-mail with a link, and choose their own password. Nobody else ever knows it.",
        "The link works once. You can send another one from their page.",
    )
    back = url_for("admin.people")
    asked = Question("Add a person", "Send the invitation", back, _crumbs(), points=points)
    return ask(form, asked, do)


@blueprint.route("/people/<int(max=2147483647):user_id>/change", methods=["GET", "POST"])
@writes
def change_person(user_id: int) -> ResponseReturnValue:
    """Another name or e-mail address."""
    account = _account(user_id)
    form = TYPED.form_of(PersonForm, obj=account)

    def do() -> tuple[str, str]:
        said = {"email": form.email.data, "name": form.name.data, "why": form.why.data}
        administering.change_person(db.session, g.actor, user_id, **said, now=g.now, seen=form.last_seen)
        return "The change is recorded", _href(user_id)

    points = (
        "With another e-mail address, their open sessions end and links sent before stop working.",
        "What they did before keeps standing under their name.",
    )
    return ask(form, _question(account, "Change name or e-mail address", "Record the change", points), do)


@blueprint.route("/people/<int(max=2147483647):user_id>/roles/add", methods=["GET", "POST"])
@writes
def add_role(user_id: int) -> ResponseReturnValue:
    """Give one more role."""
    account = _account(user_id)
    form = TYPED.form_of(RoleForm)
    _offer(form)

    def do() -> tuple[str, str]:
        given = form.chosen()
        administering.give_role(db.session, g.actor, user_id, given, why=form.why.data, now=g.now, seen=form.last_seen)
        return f"{account.name} is {given.role.label} from {day(given.from_on)}", _href(user_id)

    points = (
        "Nobody may hold a role of the hub and one of the lead provider’s own services on the same day.",
        "They are told by e-mail.",
    )
    return ask(form, _question(account, "Give a role", "Give the role", points), do)


@blueprint.route("/roles/<int(max=2147483647):membership_id>/change", methods=["GET", "POST"])
@writes
def change_role(membership_id: int) -> ResponseReturnValue:
    """Other first and last days of a role."""
    held = _held(membership_id)
    account = _account(held.user_id)
    form = TYPED.form_of(RoleDatesForm, obj=held)

    def do() -> tuple[str, str]:
        days = {"from_on": form.from_on.data, "until_on": form.until_on.data}
        administering.change_role(
            db.session, g.actor, membership_id, **days, why=form.why.data, now=g.now, seen=form.last_seen
        )
        return "The new dates are recorded", _href(held.user_id)

    points = ("A role whose last day is over ends at once, with the sessions that act under it.", _LAST)
    return ask(form, _question(account, "Change the dates of a role", "Record the dates", points, held), do)


@blueprint.route("/roles/<int(max=2147483647):membership_id>/end", methods=["GET", "POST"])
@writes
def end_role(membership_id: int) -> ResponseReturnValue:
    """End a role at once."""
    held = _held(membership_id)
    account = _account(held.user_id)
    form = TYPED.form_of(AdminForm)

    def do() -> tuple[str, str]:
        administering.end_role_now(
            db.session, g.actor, membership_id, why=form.why.data, now=g.now, seen=form.last_seen
        )
        return "The role has ended", _href(held.user_id)

    points = ("Yesterday is recorded as its last day, and sessions that act under it end now.", _LAST)
    return ask(form, _question(account, "End a role now", "End the role", points, held, tone="warning"), do)


@blueprint.route("/people/<int(max=2147483647):user_id>/switch", methods=["GET", "POST"])
@writes
def switch(user_id: int) -> ResponseReturnValue:
    """Switch an account off, or on again."""
    account = _account(user_id)
    is_on, name = account.is_active, account.name
    form = TYPED.form_of(AdminForm)

    def do() -> tuple[str, str]:
        administering.switch_account(
            db.session, g.actor, user_id, is_active=not is_on, why=form.why.data, now=g.now, seen=form.last_seen
        )
        said = f"{name} can no longer sign in" if is_on else f"{name} can sign in again"
        return said, _href(user_id)

    off = ("They are signed out now and cannot sign in. Roles and history stay as they are.", _LAST)
    on = ("They can sign in again with the password they had, in the roles that hold today.",)
    words = "Switch the account off" if is_on else "Switch the account on"
    return ask(form, _question(account, words, words, off if is_on else on, tone="warning" if is_on else ""), do)


@blueprint.post("/people/<int(max=2147483647):user_id>/link")
@writes
def send_link(user_id: int) -> ResponseReturnValue:
    """Send a new invitation, or a link for a new password to who has signed in before."""
    account = _account(user_id)
    try:
        with transaction(db.session):
            is_new = administering.send_link(db.session, g.actor, user_id, now=g.now)
    except AccountRefused as no:
        flash(f"{no}.", "late")
    else:
        what = "A new invitation" if is_new else "A link for a new password"
        flash(f"{what} is on its way to {account.email}.", "success")
    return redirect(_href(user_id), HTTPStatus.SEE_OTHER)


@blueprint.post("/people/<int(max=2147483647):user_id>/mail-works")
@writes
def mail_works(user_id: int) -> ResponseReturnValue:
    """Send e-mail again to an address that mail came back from; the mark may be one's own, since it gives no power."""
    account = _account(user_id)
    with transaction(db.session):
        is_cleared = clear_bounce(db.session, g.actor, account, now=g.now)
    said = f"E-mail to {account.email} is sent again" if is_cleared else "E-mail was sent to this address already"
    flash(f"{said}.", "success")
    return redirect(_href(user_id), HTTPStatus.SEE_OTHER)


def _question(
    account: UserAccount, title: str, button: str, points: tuple[str, ...], held: Held | None = None, tone: str = ""
) -> Question:
    facts: list[tuple[str, object]] = [("Person", account.name), ("E-mail", account.email)]
    if held is not None:
        facts += [("Role", held.words), ("Where", held.place)]
    return Question(
        title,
        button,
        _href(account.id),
        [*_crumbs(), (account.name, _href(account.id))],
        points=points,
        facts=facts,
        tone=tone,
        subject=Subject.PERSON,
        key=account.id,
    )


def _offer(form: RoleForm) -> None:
    today = local(g.now).date()
    form.offer(current_organisations(db.session, today), place_queries.all_units(db.session, today))


def _asked() -> Asked:
    """What the address asks for; what it does not know is left out."""
    given = request.args
    words = " ".join(given.get("q", "").replace("\0", "").split())[:100]
    role = Role(given["role"]) if given.get("role") in set(PERSON_ROLES) else None
    place = (
        place_queries.find_organisation(db.session, given["organisation"][:20].replace("\0", ""))
        if given.get("organisation")
        else None
    )
    return Asked(words, role, place, given.get("show", "") if given.get("show", "") in _SHOWN else "")


def _account(user_id: int) -> UserAccount:
    return queries.find_person(db.session, user_id) or abort(HTTPStatus.NOT_FOUND)


def _held(membership_id: int) -> Held:
    return queries.find_membership(db.session, membership_id) or abort(HTTPStatus.NOT_FOUND)


def _href(user_id: int) -> str:
    return url_for("admin.person", user_id=user_id)


def _crumbs() -> list[tuple[str, str]]:
    return [("Administration", url_for("admin.index")), ("People", url_for("admin.people"))]
