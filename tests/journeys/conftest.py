"""A real browser against the real application on a real database, served on loopback."""

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from werkzeug.serving import make_server

from hub.accounts.models import Membership, UserAccount
from hub.accounts.passwords import hash_password as hash_slowly
from hub.accounts.sessions import start_session
from hub.app import create_app
from hub.config import Settings
from hub.db import make_engine, make_sessions, transaction
from hub.web.security import SIGN_IN_COOKIE
from tests.factories import make_hub, make_membership, make_person, make_referring
from workflows.roles import Role

PASSWORD = "plenty of words for a test"
hash_password = cache(hash_slowly)
"""Slow on purpose, so once for each password and not for each person of each journey."""
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
NAMES = {
    Role.COORDINATOR: "Dele Okafor",
    Role.CASE_MANAGER: "Priya Nandakumar",
    Role.REFERRER: "Joy Fenwick",
    Role.HEAD_OF_COMMISSIONING: "Ruth Calloway",
    Role.DIRECTOR: "Karen Stott",
    Role.FINANCE_LEAD: "Omar Fell",
    Role.ACCESS_ASSESSOR: "Ewan Sallis",
}
SECOND_COORDINATOR = "Morag Tennant"
SECOND_EMAIL = "second.coordinator@hub.example"


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as made:
        yield made


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """Chromium: HUB_CHROMIUM, else the system's, else Playwright's own. A missing browser fails, never skips."""
    found = os.environ.get("HUB_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    made = playwright.chromium.launch(executable_path=found, args=list(QUIET))
    yield made
    made.close()


@pytest.fixture
def database(make_database: Callable[[str], str]) -> Iterator[Engine]:
    """A database of its own for each journey: the server commits."""
    made = make_engine(make_database("journey"), pool_size=4)
    yield made
    made.dispose()


@pytest.fixture
def people(database: Engine) -> dict[Role, str]:
    """One person for each role of a journey; the e-mail address signs them in."""
    found: dict[Role, str] = {}
    with Session(database, expire_on_commit=False) as session, transaction(session):
        make_hub(session)
        make_referring(session)
        for role, name in (*NAMES.items(), (Role.COORDINATOR, SECOND_COORDINATOR)):
            person = make_person(session, name)
            person.email = f"{role}@hub.example" if name in NAMES.values() else SECOND_EMAIL
            person.password_hash = hash_password(PASSWORD)
            make_membership(session, role, user=person)
            found.setdefault(role, person.email)
    return found


@pytest.fixture
def address(database: Engine, test_settings: Settings) -> Iterator[str]:
    """The application, served on loopback by threads; its address."""
    app = create_app(
        test_settings.model_copy(update={"hosts": ("127.0.0.1",)}), session_factory=make_sessions(database)
    )
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(timeout=10)
    server.server_close()


@dataclass
class Person:
    """Somebody at a browser of their own."""

    page: Page
    address: str
    email: str
    violations: list[str] = field(default_factory=list)

    def sign_in(self, password: str = PASSWORD) -> None:
        """Through the page, as people do."""
        self.page.goto(f"{self.address}/sign-in")
        self.page.get_by_label("E-mail").fill(self.email)
        self.page.get_by_label("Password", exact=True).fill(password)
        self.page.locator("main").get_by_role("button", name="Sign in").click()
        self.page.get_by_role("button", name="Sign out").wait_for()

    def open(self, path: str) -> None:
        """Go to a path of the application."""
        self.page.goto(f"{self.address}{path}")

    def press(self, name: str) -> None:
        """Press the button or link called `name` in the page's main part."""
        main = self.page.locator("main")
        main.get_by_role("button", name=name, exact=True).or_(
            main.get_by_role("link", name=name, exact=True)
        ).first.click()

    def says(self, text: str) -> None:
        """Wait until the page shows `text`."""
        self.page.get_by_text(text).first.wait_for()

    def is_accessible(self) -> None:
        """No axe violation, and nothing to scroll sideways for."""
        found = Axe().run(self.page).response["violations"]
        assert not found, [(each["id"], [node["html"] for node in each["nodes"]]) for each in found]
        wide = self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, f"{self.page.url} is {wide} px too wide"


def cookie_of(database: Engine, email: str) -> str | None:
    """Sign the person in without the page; None for one who has to choose a role there."""
    with make_sessions(database)() as session, transaction(session):
        chosen = select(Membership).join(UserAccount, UserAccount.id == Membership.user_id)
        memberships = session.scalars(chosen.where(UserAccount.email == email)).all()
        if len(memberships) != 1:
            return None
        [one] = memberships
        now = datetime.now(UTC)
        return start_session(session, user_id=one.user_id, membership_id=one.id, address="127.0.0.1", now=now)


@pytest.fixture
def person(
    browser: Browser, address: str, people: dict[Role, str], database: Engine
) -> Iterator[Callable[..., Person]]:
    """Puts somebody with a role at a new browser, or a stranger; options go to the browser context.

    They come with the cookie of a sign-in. The journey of accounts goes through the page, as people do.
    """
    contexts: list[BrowserContext] = []

    def arrive(role: Role | None, email: str = "", **options: Any) -> Person:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        contexts.append(context)
        context.set_default_timeout(10_000)
        made = Person(context.new_page(), address, email or (people[role] if role else ""))
        token = cookie_of(database, made.email) if made.email else None
        if token is not None:
            context.add_cookies([{"name": SIGN_IN_COOKIE, "value": token, "url": address}])
            made.open("/")
        elif made.email:
            made.sign_in()
        return made

    yield arrive
    for context in contexts:
        context.close()
