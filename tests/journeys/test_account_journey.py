"""A clinician gets an account, and a forgotten password is got over, through a real mail server and the worker."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from hub.accounts.domains import add_domain
from hub.config import Settings
from hub.db import make_sessions, transaction
from hub.worker.jobs import Round, deliver, mail
from tests.factories import make_referring
from tests.features.mailbox import Mailbox, link_in, mail_server, text_of
from tests.journeys.conftest import Person
from workflows.roles import Role

pytestmark = pytest.mark.journey
NEW = "four amber ladders 8"


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mail_server() as running:
        yield running


@pytest.fixture
def work(database: Engine, test_settings: Settings, box: Mailbox, address: str, tmp_path: Path) -> Callable[[], str]:
    """The worker's round: everything that is due is sent; gives the text of the newest e-mail."""
    sends = {"smtp_url": SecretStr(box.url), "mail_from": "hub@hub.example", "address": address}
    sessions = make_sessions(database)

    def go() -> str:
        with sessions() as session:
            now = Round(session, sessions, tmp_path, chosen=test_settings.model_copy(update=sends))
            mail(now)
            deliver(now)
        return text_of(box.mails[-1])

    return go


def test_from_asking_to_the_own_page(
    person: Callable[..., Person], database: Engine, work: Callable[[], str], box: Mailbox
) -> None:
    # Given a hub that knows the team's domain, and a clinician at a phone without JavaScript
    with Session(database) as session, transaction(session):
        place = make_referring(session)
        add_domain(session, place.id, "team.example", has_subdomains=False, now=datetime.now(UTC), by=None)
    dele = person(Role.COORDINATOR)
    leila = person(None, java_script_enabled=False, viewport={"width": 320, "height": 640})
    # When she asks, everything wrong is said at once, and a link goes to her address
    leila.open("/sign-in")
    leila.press("Ask for an account")
    leila.press("Send me the link")
    leila.says("Enter your work e-mail address")
    answers = ("Dr Leila Farrant", "Consultant", "leila@team.example", "brackendale community team", "Crisis team")
    labels = ("Your name", "Your job", "Your work e-mail address", "Your organisation", "Why do you need an account")
    for label, answer in zip(labels, answers, strict=True):
        leila.page.get_by_label(label).fill(answer)
    leila.press("Send me the link")
    leila.says("Look at your e-mail")
    work()
    leila.open(link_in(box.mails[-1]))
    leila.says("Dr Leila Farrant")
    leila.press("This is my address: send my request")
    leila.says("Your request is with the hub")
    # Then the coordinator sees it on Today and approves it
    work()
    dele.open("/")
    dele.says("Somebody asks for an account")
    dele.press("1 request for an account")
    dele.is_accessible()
    dele.press("Dr Leila Farrant")
    dele.says("Domain on the list")
    dele.is_accessible()
    dele.press("Approve")
    dele.says("Approved: Dr Leila Farrant is sent an invitation by e-mail.")
    # And she chooses her password, signs in and lands on her own page
    assert "Leila" not in work()
    leila.open(link_in(box.mails[-1]))
    leila.says("Brackendale Community Team")
    leila.page.get_by_label("New password").fill(NEW)
    leila.press("Set my password")
    leila.says("Your password is set. Sign in with it now")
    leila.email = "leila@team.example"
    leila.sign_in(NEW)
    assert "Dr Leila Farrant, referrer" in leila.page.content()
    assert leila.page.locator("h1").inner_text() != "Sign in"


@pytest.mark.parametrize("width", [1280, 320])
def test_a_forgotten_password_and_every_page_on_the_way(
    person: Callable[..., Person], work: Callable[[], str], people: dict[Role, str], box: Mailbox, width: int
) -> None:
    ruth = person(None, viewport={"width": width, "height": 800})
    ruth.open("/account/ask")
    ruth.is_accessible()
    ruth.press("Send me the link")
    ruth.says("Nothing was sent")
    ruth.is_accessible()
    ruth.open("/sign-in")
    ruth.is_accessible()
    ruth.press("Forgotten your password?")
    ruth.is_accessible()
    ruth.page.get_by_label("Your e-mail address").fill(people[Role.HEAD_OF_COMMISSIONING])
    ruth.page.keyboard.press("Enter")
    ruth.says("Look at your e-mail")
    ruth.is_accessible()
    work()
    ruth.open(link_in(box.mails[-1]))
    ruth.is_accessible()
    ruth.page.get_by_label("New password").fill("short")
    ruth.press("Set my password")
    ruth.says("12 characters or more")
    ruth.is_accessible()
    ruth.page.get_by_label("New password").fill(NEW)
    ruth.page.keyboard.press("Enter")
    ruth.says("Your password is set")
    ruth.email = people[Role.HEAD_OF_COMMISSIONING]
    ruth.sign_in(NEW)
    assert "was changed" in work()
    ruth.open(link_in(box.mails[0]))
    ruth.says("This link does not work")
    ruth.is_accessible()
