"""What stands round every page: the menu, only with what this person may open, and who is signed in."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain

from flask import Flask, current_app, request, url_for

from hub.config import Settings
from hub.web.access import access_of
from hub.web.person import Person, current_actor, current_person
from hub.web.templating import Account, Link, Shell

MENU: tuple[tuple[str, str], ...] = (
    ("Today", "today.show"),
    ("Home", "provider.index"),
    ("My referrals", "mine.show"),
    ("Worklist", "worklist.list_items"),
    ("Beds", "beds.index"),
    ("Emergency referral", "emergency.new"),
    ("New referral", "referrals.new"),
    ("Open a case", "cases.new"),
    ("Import", "imports.show"),
    ("Raise an escalation", "raise_dispute.new"),
    ("On call", "rota.show"),
    ("Access trail", "trail.show"),
    ("Account requests", "account_requests.list_requests"),
    ("Messages", "messages.inbox"),
    ("How it works", "how_it_works.show"),
    ("Jobs", "jobs.show"),
    ("Administration", "admin.index"),
)
"""Label and endpoint, in order; one that the person may not open is left out. A page adds its line when it is there."""

UNDER: Mapping[str, tuple[tuple[str, str], ...]] = {
    "how_it_works.show": (
        ("Policy sets", "policy_changes.index"),
        ("Bank holidays and closures", "days.index"),
        ("Flash points", "flash_points.index"),
        ("Interests", "interests.index"),
        ("Try a date", "try_date.show"),
        ("Measures of disputes", "dispute_measures.show"),
    ),
}
"""What a page of the menu leads to, so that the menu stays one row: label and endpoint, as there."""

INSTEAD = {"today.show": ("mine.show", "provider.index")}
"""Who may open one of the pages on the right has it in the place of the one on the left, which leads there."""
OF_A_HOME = frozenset({"raise_dispute.new"})
"""What stands in the menu only of those who have the home of a side; others come to it from what it is about."""
AT_A_UNIT = {"worklist.list_items": "Our open items"}
"""What a page is called for those who have the home of a side."""

_SETTINGS = "hub.settings"


def init_app(app: Flask, settings: Settings) -> None:
    """Remember what the deployment calls itself."""
    app.extensions[_SETTINGS] = settings


def chosen_settings() -> Settings:
    """The settings of the application that answers this request."""
    settings: Settings = current_app.extensions[_SETTINGS]
    return settings


def page_shell() -> Shell:
    """The shell of the page being rendered."""
    settings = chosen_settings()
    person = current_person()
    return Shell(
        service=settings.service_name,
        organisation=_place(settings, person),
        logo_href=settings.logo_path,
        links=tuple(
            Link(page_name(endpoint, label), url_for(endpoint), _current(endpoint))
            for label, endpoint in MENU
            if _may_open(endpoint) and (endpoint not in OF_A_HOME or _may_open("provider.index"))
        ),
        account=_account(person) if person else None,
        away_until=person.away_until if person is not None and person.stands_in_for is None else None,
        search_href=url_for("search.find") if _may_open("search.find") else None,
        worklist=page_name("worklist.list_items", "Worklist"),
    )


def other_pages() -> dict[str, str]:
    """The pages of the menu, and those under them, that this person may open besides the one being read: label to
    address."""
    lines = chain(MENU, *UNDER.values())
    return {
        label: url_for(endpoint) for label, endpoint in lines if _may_open(endpoint) and request.endpoint != endpoint
    }


def pages_under(endpoint: str) -> list[Link]:
    """What the page of the menu behind `endpoint` leads to and this person may open."""
    return [Link(label, url_for(under)) for label, under in UNDER[endpoint] if _may_open(under)]


def page_name(endpoint: str, label: str) -> str:
    """What the page behind `endpoint` is called for this person; `label` for most."""
    return AT_A_UNIT.get(endpoint, label) if _may_open("provider.index") else label


def _place(settings: Settings, person: Person | None) -> str:
    """Whose page it is: the hub's region, and for the people of a side their own organisation."""
    own = person.organisation_name if person is not None and _may_open("provider.index") else None
    return own or settings.service_place


def _current(endpoint: str) -> str:
    """What `aria-current` says: this page, one of the pages that begin at it, or nothing."""
    if request.endpoint == endpoint:
        return "page"
    begin_there = {under.partition(".")[0] for _, under in UNDER.get(endpoint, ())}
    return "true" if endpoint == f"{request.blueprint}.index" or request.blueprint in begin_there else ""


def _may_open(endpoint: str) -> bool:
    if any(_may_open(own) for own in INSTEAD.get(endpoint, ())):
        return False
    access, actor = access_of(current_app, endpoint), current_actor()
    return actor is not None and access is not None and access.allows(actor)


def _account(person: Person) -> Account:
    return Account(
        name=person.name,
        role=person.role_words,
        sign_out_href=url_for("accounts.sign_out"),
        change_role_href=url_for("accounts.choose_role") if _may_change_role(person) else None,
        profile_href=url_for("accounts.account"),
    )


def _may_change_role(person: Person) -> bool:
    """Whether there is another role to act in: one of their own, or that of somebody away; or back to their own."""
    others = person.membership_count > 1 or person.may_stand_in or person.stands_in_for is not None
    return person.actor is not None and others
