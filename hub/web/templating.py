"""Sets up the templates: escaping, NHS.UK macros, icons, the page shell, asset addresses."""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Final

from flask import Flask, g, url_for
from jinja2 import BaseLoader, ChainableUndefined, ChoiceLoader, PackageLoader
from markupsafe import Markup

from hub.paths import STATIC
from hub.web import filters, nhs_forms

STYLES: Final = ("tokens", "layout", "words", "lists", "items", "forms", "drawings", "places")

ICONS: Final[dict[str, str]] = {
    "alert": "M8 1 15.5 14.5H.5zM7.2 5.6v4.5h1.6V5.6zm0 5.7V13h1.6v-1.7z",
    "clock": (
        "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1zm0 1.8a5.2 5.2 0 1 1 0 10.4A5.2 5.2 0 0 1 8 2.8z"
        "M7.1 4.3v4.2l3 1.8.9-1.4-2.3-1.3V4.3z"
    ),
    "cross": "m3.4 1.6 4.6 4.6 4.6-4.6 1.8 1.8L9.8 8l4.6 4.6-1.8 1.8L8 9.8l-4.6 4.6-1.8-1.8L6.2 8 1.6 3.4z",
    "dot": "M8 3a5 5 0 1 0 0 10A5 5 0 0 0 8 3z",
    "half": "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1zm0 1.8A5.2 5.2 0 0 1 8 13.2z",
    "info": "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1zM7.1 7v5h1.8V7zm0-3v1.8h1.8V4z",
    "law": (
        "M7.2 1h1.6v1.6l5 1.2L16 9a2.6 2.6 0 0 1-5 0l1.8-3.9-4-.9"
        "V13H12v1.8H4V13h3.2V4.2l-4 .9L5 9a2.6 2.6 0 0 1-5 0l2.2-5.2 5-1.2z"
    ),
    "lock": "M8 1a4 4 0 0 0-4 4v2H3v8h10V7h-1V5a4 4 0 0 0-4-4zm0 2a2 2 0 0 1 2 2v2H6V5a2 2 0 0 1 2-2z",
    "paused": "M3 2h4v12H3zm6 0h4v12H9z",
    "person": "M8 1a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7zM1.5 15c0-3.6 2.9-6 6.5-6s6.5 2.4 6.5 6z",
    "ring": "M8 2.2a5.8 5.8 0 1 0 0 11.6A5.8 5.8 0 0 0 8 2.2zm0 1.8a4 4 0 1 1 0 8 4 4 0 0 1 0-8z",
    "search": "M7 1a6 6 0 1 0 3.5 10.9l2.8 2.8 1.4-1.4-2.8-2.8A6 6 0 0 0 7 1zm0 2a4 4 0 1 1 0 8 4 4 0 0 1 0-8z",
    "tick": "M6.2 13.2 1 8l1.9-1.9 3.3 3.3 6.9-6.9L15 4.4z",
}
"""Our own shapes, drawn on a 16 by 16 grid; holes by the even-odd rule."""


@dataclass(frozen=True, slots=True)
class Link:
    """One entry of the menu: only pages that exist and that this person may open."""

    label: str
    href: str
    current: str = ""
    """For `aria-current`: "page" when it is the page being read, "true" when that is one of its pages."""
    count: int | None = None
    count_means: str = "unread"


@dataclass(frozen=True, slots=True)
class Account:
    """Who is signed in, as the strip at the top shows it."""

    name: str
    role: str
    sign_out_href: str
    change_role_href: str | None = None
    profile_href: str | None = None


@dataclass(frozen=True, slots=True)
class Shell:
    """Everything round the page itself. The default is what a signed-out person sees."""

    home_href: str = "/"
    service: str = "Commissioning hub"
    organisation: str = ""
    logo_href: str | None = None
    links: tuple[Link, ...] = ()
    account: Account | None = None
    search_href: str | None = None
    away_until: datetime | None = None
    """When the person is recorded as away just now."""
    worklist: str = "Worklist"
    """What this person's menu calls the worklist."""
    footer_links: tuple[Link, ...] = ()
    footer: str = ""


def configure(app: Flask, shell: Callable[[], Shell] = Shell) -> None:
    """Prepares `app.jinja_env`. Call it before anything touches that attribute: the options are read only once.

    `shell` is asked once a page, inside the request; error pages never ask it, so they work when the database does not.
    """
    app.jinja_options = {
        **app.jinja_options,
        # The NHS.UK macros are .jinja files, which Flask's own choice would leave unescaped: an injection hole.
        "autoescape": True,
        "cache_size": -1,
        "trim_blocks": True,
        "lstrip_blocks": True,
        # The NHS.UK macros read options nobody gave; a test renders every page to find our own misspellings.
        "undefined": ChainableUndefined,
    }
    environment = app.jinja_env
    ours: list[BaseLoader] = [app.jinja_loader] if app.jinja_loader else []
    environment.loader = ChoiceLoader([*ours, PackageLoader("nhsuk_frontend_jinja")])
    environment.filters.update(filters.ALL)
    environment.globals.update(
        icon=icon,
        asset=asset,
        style_names=STYLES,
        nhs_field=nhs_forms.nhs_field,
        form_errors=nhs_forms.form_errors,
    )

    @app.context_processor
    def page_round() -> dict[str, object]:
        return {"csp_nonce": csp_nonce(), "page_shell": shell, "plain_shell": Shell}


def icon(name: str, label: str = "", classes: str = "hub-icon") -> Markup:
    """An icon as SVG: decoration, hidden from screen readers, unless `label` gives it words of its own."""
    # The names are ours and fixed; a misspelt one fails here rather than showing nothing.
    path = ICONS[name]
    means = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
    return Markup(
        '<svg class="{}" viewBox="0 0 16 16" width="16" height="16" {} focusable="false">'
        '<path d="{}" fill-rule="evenodd"/></svg>'
    ).format(classes, means, path)


def csp_nonce() -> str:
    """This request's nonce for `script-src`: the same for the header and the page."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return str(g.csp_nonce)


def asset(name: str) -> str:
    """The address of a static file, with its content's mark so that a new version is fetched at once."""
    return url_for("static", filename=name, v=_mark(name))


@cache
def _mark(name: str) -> str:
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:10]
