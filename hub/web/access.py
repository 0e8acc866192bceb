"""Default deny: every route says who may use it, and a route that does not say so answers as if it did not exist."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ParamSpec, TypeVar
from urllib.parse import urlsplit

from flask import Flask, Request, abort, current_app, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from hub.db import transaction
from hub.web.database import db
from hub.web.person import EndedSession, Person, current_actor, current_person, ended_session
from hub.web.trail import note
from workflows.actor import Actor
from workflows.roles import Role

P = ParamSpec("P")
R = TypeVar("R")

_KEEPERS = "hub.keepers"
KEPT_AFTER_THE_END = "You have been signed out. What you typed until now is kept."
LOST_WITHOUT_SIGNING_IN = "You have been signed out, and this is not saved. Keep this page open."
ROLE_ENDED_KEPT = "The role you were using has ended. What you typed until now is kept."
LOST_WITHOUT_A_ROLE = "You have no role now, and this is not saved. Keep this page open."
Keeper = Callable[[EndedSession, Request], bool]


class Kind(StrEnum):
    """The ways a route may be open."""

    PUBLIC = "public"
    IDENTIFIED = "identified"
    SIGNED_IN = "signed_in"
    HUB_STAFF = "hub_staff"
    ROLES = "roles"


@dataclass(frozen=True, slots=True)
class Access:
    """Who may use a route; `roles` is filled only for Kind.ROLES."""

    kind: Kind
    roles: frozenset[Role] = field(default_factory=frozenset)

    def allows(self, actor: Actor | None) -> bool:
        """Whether `actor` may use it. IDENTIFIED asks for a person, not an actor: the caller has checked that."""
        match self.kind:
            case Kind.PUBLIC | Kind.IDENTIFIED:
                return True
            case Kind.SIGNED_IN:
                return actor is not None
            case Kind.HUB_STAFF:
                return actor is not None and actor.is_hub
            case Kind.ROLES:
                return actor is not None and bool(actor.roles & self.roles)

    def __str__(self) -> str:
        return f"roles: {', '.join(sorted(self.roles))}" if self.kind is Kind.ROLES else self.kind.value


def _declare(access: Access) -> Callable[[Callable[P, R]], Callable[P, R]]:
    def mark(view: Callable[P, R]) -> Callable[P, R]:
        view.access = access  # type: ignore[attr-defined]  # Flask keeps the function; the attribute is ours
        return view

    return mark


def public(view: Callable[P, R]) -> Callable[P, R]:
    """Anybody, signed in or not."""
    return _declare(Access(Kind.PUBLIC))(view)


def identified(view: Callable[P, R]) -> Callable[P, R]:
    """Anybody who has signed in, even before a role is chosen: choosing it, and signing out."""
    return _declare(Access(Kind.IDENTIFIED))(view)


def signed_in(view: Callable[P, R]) -> Callable[P, R]:
    """Anybody who has signed in and acts in a role."""
    return _declare(Access(Kind.SIGNED_IN))(view)


def hub_staff(view: Callable[P, R]) -> Callable[P, R]:
    """Anybody who acts for the hub."""
    return _declare(Access(Kind.HUB_STAFF))(view)


def roles(*who: Role) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Only these roles; Role.ON_CALL while the rota names the person. ValueError when none is given."""
    if not who:
        raise ValueError("roles() needs at least one role")
    return _declare(Access(Kind.ROLES, frozenset(who)))


def access_of(app: Flask, endpoint: str) -> Access | None:
    """What the route declares, or None when it declares nothing."""
    if endpoint == "static":
        return Access(Kind.PUBLIC)
    access = getattr(app.view_functions.get(endpoint), "access", None)
    return access if isinstance(access, Access) else None


def declared_access(app: Flask) -> list[tuple[str, frozenset[str], Access | None]]:
    """Every route as (rule, methods, access), in order of the rule; for the test of every route by every role."""
    return [
        (rule.rule, frozenset(rule.methods or ()) - {"HEAD", "OPTIONS"}, access_of(app, rule.endpoint))
        for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule)
    ]


def undeclared_routes(app: Flask) -> list[str]:
    """The rules that do not say who may use them; must be empty."""
    return [rule for rule, _, access in declared_access(app) if access is None]


def keep_what_was_typed(app: Flask, keeper: Keeper) -> None:
    """Call `keeper(ended, request)` when a POST arrives just after its session ended.

    It stores the fields as a draft of `ended.user_id` and returns True, or False when this page is not its matter.
    The keeper commits by itself with `transaction(db.session)`.
    """
    app.extensions.setdefault(_KEEPERS, []).append(keeper)


def safe_next(target: str | None) -> str | None:
    """`target` when it is a path on this site, else None: a link must not send a person elsewhere after signing in."""
    if not target or not target.startswith("/") or "\\" in target or any(ord(letter) < 32 for letter in target):
        return None
    parts = urlsplit(target)
    # "//host" is another site to a browser.
    if parts.scheme or parts.netloc or target.startswith("//"):
        return None
    return target


def init_app(app: Flask) -> None:
    """Check every request before its view runs; a route that declares nothing is refused and noted."""
    app.extensions.setdefault(_KEEPERS, [])
    app.before_request(_check)


def _check() -> ResponseReturnValue | None:
    if request.endpoint is None:
        return None
    access = access_of(current_app, request.endpoint)
    if access is None:
        _refuse("the route does not say who may use it")
        return None
    if access.kind is Kind.PUBLIC:
        return None
    person = current_person()
    if person is None:
        return ask_to_sign_in()
    if person.actor is None and access.kind is not Kind.IDENTIFIED:
        return _ask_for_a_role(person)
    if not access.allows(current_actor()):
        _refuse(f"needs {access}")
    return None


def _ask_for_a_role(person: Person) -> ResponseReturnValue:
    """Send a person to choose a role; what they had typed in one that has just ended is offered to the keepers."""
    words = (ROLE_ENDED_KEPT, LOST_WITHOUT_A_ROLE)
    return _lead_to("accounts.choose_role", person.lost_role, "Choose a role first.", words)


def _refuse(why: str) -> None:
    """Answer exactly as for a page that does not exist, and write down who tried."""
    with transaction(db.session):
        note(db.session, "refused", method=request.method, why=why)
    abort(404)


def ask_to_sign_in() -> ResponseReturnValue:
    """Send a signed-out person to the sign-in page and back again; what they had typed is offered to the keepers.

    A page that saves by itself gets the same as JSON: words to show, and the address to sign in at.
    """
    words = (KEPT_AFTER_THE_END, LOST_WITHOUT_SIGNING_IN)
    return _lead_to("accounts.sign_in", ended_session(), "Sign in first.", words)


def _lead_to(endpoint: str, ended: EndedSession | None, error: str, words: tuple[str, str]) -> ResponseReturnValue:
    """Send a person to `endpoint` and back again afterwards. `words`: what was typed is kept, or it is lost."""
    is_kept = ended is not None and request.method == "POST" and _keep(ended)
    address = url_for(
        endpoint,
        next=_way_back(),
        ended=ended.why if ended is not None else None,
        kept="yes" if is_kept else None,
    )
    if wants_json():
        return jsonify(error=error, said=words[0 if is_kept else 1], is_kept=is_kept, sign_in_href=address), 401
    if request.headers.get("HX-Request"):
        # A redirect would put the whole sign-in page into a fragment of the old one.
        return "", 401, {"HX-Redirect": address}
    return redirect(address)


def _keep(ended: EndedSession) -> bool:
    keepers: list[Keeper] = current_app.extensions[_KEEPERS]
    return any(keeper(ended, request) for keeper in keepers)


def _way_back() -> str | None:
    """The page to return to: the one asked for when it can be opened with GET, else the one that sent the form."""
    if request.method in {"GET", "HEAD"} and not request.headers.get("HX-Request"):
        return safe_next(request.full_path.rstrip("?"))
    # A page that saves by itself posts to an address beside its own.
    if _can_be_opened(request.path) and not request.headers.get("HX-Request") and not wants_json():
        return safe_next(request.full_path.rstrip("?"))
    came_from = urlsplit(request.headers.get("HX-Current-URL") or request.referrer or "")
    if came_from.netloc != request.host:
        return None
    return safe_next(came_from.path + (f"?{came_from.query}" if came_from.query else ""))


def _can_be_opened(path: str) -> bool:
    adapter = current_app.create_url_adapter(request)
    if adapter is None:
        return False
    try:
        adapter.match(path, method="GET")
    except HTTPException:
        return False
    return True


def wants_json() -> bool:
    """Whether the caller is a program: it asked for JSON and not for a page."""
    return request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json"
