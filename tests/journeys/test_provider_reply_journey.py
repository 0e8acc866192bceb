"""From the e-mail to the sent reply: by keyboard alone, at 320 px, without JavaScript, with a real worker and SMTP."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from threading import Event

import pytest
from aiosmtpd.smtp import SMTP, Envelope
from aiosmtpd.smtp import Session as SmtpSession
from playwright.sync_api import Locator
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from hub.accounts.models import UserAccount
from hub.db import transaction
from tests.escalation_factory import do, make_dispute, make_table
from tests.features.mailbox import Mailbox, mail_server, text_of
from tests.journeys.conftest import PASSWORD, Person, hash_password

pytestmark = pytest.mark.journey
PHONE = {"viewport": {"width": 320, "height": 640}, "java_script_enabled": False}
MANAGER = "grace@larkwood.example"
WORDS = "The home said yes on Monday. We wait for the council to sign."
COMMAND = "from hub.cli import main; main(prog_name='hub')"
MOST_STEPS = 80
"""More presses of Tab than any page here has stops before what is looked for."""


@dataclass
class Post(Mailbox):
    """A mailbox that says when something came."""

    came: Event = field(default_factory=Event)

    async def handle_DATA(self, server: SMTP, session: SmtpSession, envelope: Envelope) -> str:
        """What it says."""
        answered = await super().handle_DATA(server, session, envelope)
        self.came.set()
        return answered

    def first_to(self, address: str) -> EmailMessage:
        """The first e-mail to somebody, waited for."""
        while address not in (found := dict(self.got)):
            assert self.came.wait(60), "the worker sent nothing"
            self.came.clear()
        return next(mail for mail, (to, _) in zip(self.mails, self.got, strict=True) if to == address and found)


@pytest.fixture
def box() -> Iterator[Post]:
    made = Post()
    with mail_server(made):
        yield made


@pytest.fixture
def worker(database: Engine, box: Post, address: str, tmp_path: Path) -> Iterator[Callable[[], None]]:
    """Starts the worker as operators do, with this database and this mail server; it is stopped at the end."""
    started: list[subprocess.Popen[bytes]] = []
    environment = {
        **os.environ,
        "HUB_DATABASE_URL": database.url.render_as_string(hide_password=False),
        "HUB_DATA_DIR": str(tmp_path),
        "HUB_SECRET_KEY": "a key for tests only",
        "HUB_SMTP_URL": box.url,
        "HUB_MAIL_FROM": "hub@hub.example",
        "HUB_ADDRESS": address,
    }

    def begin() -> None:
        words = [sys.executable, "-W", "ignore", "-c", COMMAND, "worker"]
        started.append(subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL))

    yield begin
    for process in started:
        process.kill()
        process.wait()


@dataclass
class Keys:
    """Somebody with a keyboard and nothing else. `presses` counts what opens or sends something."""

    person: Person
    presses: int = 0

    def to(self, wanted: Locator) -> None:
        """Press Tab until `wanted` has the focus."""
        handle = wanted.element_handle()
        for _ in range(MOST_STEPS):
            if handle is not None and handle.evaluate("each => each === document.activeElement"):
                return
            self.person.page.keyboard.press("Tab")
        raise AssertionError(f"{MOST_STEPS} presses of Tab do not lead to {wanted}")

    def write(self, label: str, words: str) -> None:
        """Go to a field and type."""
        self.to(self.person.page.get_by_label(label).first)
        self.person.page.keyboard.type(words)

    def press(self, wanted: Locator) -> None:
        """Go to a link or button and press it; the next page is there afterwards."""
        self.to(wanted)
        self.presses += 1
        with self.person.page.expect_navigation():
            self.person.page.keyboard.press("Enter")


def _disagree(database: Engine) -> str:
    """A dispute that has just come to local resolution, which MANAGER speaks in for a provider; gives its reference."""
    now = datetime.now(UTC)
    with Session(database, expire_on_commit=False) as session, transaction(session):
        table = make_table(session)
        account = session.get_one(UserAccount, table.speakers[0].user_id)
        account.email, account.name, account.password_hash = MANAGER, "Grace Lindley", hash_password(PASSWORD)
        item = make_dispute(session, "raised", table=table, now=now)
        do(session, item, "accept", table.convenor, now, convenor_id=table.convenor.user_id)
        return item.reference


def test_from_the_mail_to_the_reply_and_its_proof(
    database: Engine, box: Post, worker: Callable[[], None], person: Callable[..., Person]
) -> None:
    # Given a dispute that has entered a stage, and the worker at its work
    reference = _disagree(database)
    worker()
    # When the provider's manager gets the e-mail, which names nobody and says nothing of the matter
    mail = box.first_to(MANAGER)
    assert reference in text_of(mail)
    for told in ("home", "Brackendale", "Ready to leave"):
        assert told not in text_of(mail)
    link = next(line for line in text_of(mail).split() if line.endswith(f"/messages/{reference}"))
    # And opens its link on a phone without JavaScript, and signs in there
    grace = person(None, **PHONE)
    keys = Keys(grace)
    grace.page.goto(link)
    keys.write("E-mail", MANAGER)
    keys.write("Password", PASSWORD)
    keys.press(grace.page.locator("main").get_by_role("button", name="Sign in"))
    # Then she lands on the dispute, and the form to reply is at most two presses away
    assert grace.page.url.endswith(f"/escalations/{reference}")
    keys.presses = 0
    keys.press(grace.page.locator("main").get_by_role("link", name="State your position").first)
    words = grace.page.get_by_label("Your position, in your own words")
    assert words.is_visible() and keys.presses <= 2
    # When she writes it and sends it
    keys.write("Your position, in your own words", WORDS)
    keys.write("What do you propose?", "Friday 27 March")
    keys.press(grace.page.locator("main").get_by_role("button", name="State your position"))
    # Then it is on record, and the proof of it among her receipts
    grace.says(WORDS)
    assert grace.page.url.endswith(f"/escalations/{reference}")
    grace.open("/home/")
    assert "Nothing needs your answer now" in grace.page.content()
    keys.press(grace.page.locator("main").get_by_role("link", name="All receipts"))
    keys.press(grace.page.locator("main").get_by_role("link", name="Stated our position").first)
    for said in (WORDS, "Friday 27 March", reference, "Grace Lindley", "It fits"):
        grace.says(said)
    assert grace.page.locator("html").evaluate("each => each.scrollWidth") <= 320
    receipt = grace.page.url.removeprefix(grace.address)
    # And none of these pages keeps anybody out
    seen = person(None, MANAGER, viewport=PHONE["viewport"])
    for path in ("/home/", "/home/escalations", "/home/sent", receipt):
        seen.open(path)
        seen.is_accessible()
