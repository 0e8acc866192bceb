"""Between the browser and its sign-in session: the cookie, and who `g.person` and `g.actor` are in this request."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask, Request, current_app, g, request
from flask import session as form_session
from flask_login import LoginManager
from werkzeug.wrappers import Response

from hub.accounts.sessions import Found, Limits, end_session, find, touch
from hub.config import Settings
from hub.db import transaction
from hub.engine.code_lists import keep_up
from hub.engine.on_behalf import STANDS_IN_FOR
from hub.web.database import db
from hub.web.person import Person, current_person
from hub.web.security import SIGN_IN_COOKIE, cookie_name
from hub.web.trail import note

_LIMITS = "hub.session_limits"


def init_app(app: Flask, settings: Settings) -> None:
    """Find the person of every request before anything else asks who it is."""
    app.extensions[_LIMITS] = Limits(
        idle=timedelta(minutes=settings.idle_minutes), absolute=timedelta(hours=settings.absolute_hours)
    )
    app.config["HUB_SIGN_IN_COOKIE"] = cookie_name(SIGN_IN_COOKIE, is_secure=settings.secure_cookies)
    app.before_request(_find_person)
    login = LoginManager()
    # Our session is in the database: Flask-Login keeps nothing of its own in the browser.
    login.session_protection = None
    login.request_loader(_person_of)
    login.init_app(app)


def limits() -> Limits:
    """The limits sessions of this app have."""
    bounds: Limits = current_app.extensions[_LIMITS]
    return bounds


def set_cookie(response: Response, token: str) -> Response:
    """Give the browser its token, and start a new form cookie: the old one was made before it was known who this is."""
    form_session.clear()
    response.set_cookie(
        current_app.config["HUB_SIGN_IN_COOKIE"],
        token,
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite="Lax",
        path="/",
    )
    return response


def forget_cookie(response: Response) -> Response:
    """Take the token away from the browser."""
    form_session.clear()
    response.delete_cookie(
        current_app.config["HUB_SIGN_IN_COOKIE"],
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite="Lax",
        path="/",
    )
    return response


def _find_person() -> None:
    g.person = g.actor = g.ended_session = None
    token = request.cookies.get(current_app.config["HUB_SIGN_IN_COOKIE"])
    if not token or request.endpoint == "static":
        return
    found = find(db.session, token, g.now, limits())
    _keep_up(found)
    if found.code_lists is not None:
        keep_up(db.session, found.code_lists)
    g.person = found.person
    db.session.info[STANDS_IN_FOR] = found.person.actor.on_behalf_of if found.person and found.person.actor else None
    g.actor = found.person.actor if found.person else None
    g.ended_session = found.ended


def _keep_up(found: Found) -> None:
    if found.session_id is None:
        return
    if found.is_to_be_ended is not None:
        with transaction(db.session):
            end_session(db.session, found.session_id, found.is_to_be_ended, g.now)
            if found.ended is not None:
                why = found.is_to_be_ended.value
                note(db.session, "signed_out", user_id=found.ended.user_id, why=why)
    elif found.is_to_be_touched:
        with transaction(db.session):
            touch(db.session, found.session_id, g.now)


def _person_of(_request: Request) -> Person | None:
    return current_person()
