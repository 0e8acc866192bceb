"""A doctor on the telephone at night: what is written down while they speak, and what on-call does with it."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from hub.accounts.models import OnCallShift
from hub.accounts.queries import find_account
from hub.db import transaction
from tests.journeys.conftest import Person


def put_on_call(database: Engine, email: str) -> None:
    """The rota names them now, and for the rest of the night."""
    now = datetime.now(UTC)
    with Session(database) as session, transaction(session):
        account = find_account(session, email)
        assert account is not None
        begun, ends = now - timedelta(hours=1), now + timedelta(hours=9)
        session.add(OnCallShift(user_id=account.id, from_at=begun, until_at=ends))


def fill_an_emergency(someone: Person) -> None:
    """What a doctor in A&E can give, on the page for emergencies, by keyboard from the first box to the last."""
    page = someone.page
    service = page.get_by_label("Children and young people")
    service.focus()
    page.keyboard.press("Space")
    if page.get_by_label("Referring organisation").count():
        _next(someone, "Referring organisation", "Brackendale")
    _next(someone, "Family name", "O'Neill-Ábrahám")
    _next(someone, "Given name", "Aoife")
    for part, said in (("Day", "14"), ("Month", "9"), ("Year", "2011")):
        _next(someone, part, said)
    _next(someone, "NHS number", "")
    _next(someone, "Why there is no name or NHS number", "")
    _next(someone, "Kind of place", "A&E")
    _next(someone, "Where the person is now", "Calder Royal, cubicle 4")
    _next(someone, "Call-back number", "01632 960001")
    _next(someone, "Why it cannot wait", "The ward cannot keep her safe tonight")
    _next(someone, "Immediate risk", "Has said tonight that she will run")
    _next(someone, "Legal status", "Informal")
    _next(someone, "Consent, or the lawful basis without it", "Direct")


def send_an_emergency(someone: Person) -> None:
    """From the page as it opens to the receipt."""
    fill_an_emergency(someone)
    _next(someone, "Send now", "")
    someone.page.keyboard.press("Enter")
    someone.says("The emergency referral is sent")


def takes_it_to_the_search_for_a_bed(karen: Person) -> None:
    """From the telephone to the open search, alone."""
    karen.open("/referrals/emergency")
    send_an_emergency(karen)
    karen.says("You: you are on call now")
    karen.page.get_by_role("link", name="Open REF-").click()
    # When she reviews it, accepts it and admits in an emergency, alone
    karen.press("Start the review")
    karen.press("Start the review")
    karen.press("Accept")
    karen.press("Accept")
    karen.says("is accepted")
    karen.press("Book the access assessment")
    karen.is_accessible()
    karen.press("Admit in an emergency")
    karen.is_accessible()
    karen.page.get_by_label("Why can it not wait?").fill("The ward cannot keep her safe tonight")
    karen.page.get_by_label("Which clinician is in charge?").fill("Dr Abara, 01632 960002")
    karen.page.get_by_label("Type of bed").select_option(label="General, young person (13 to 17)")
    karen.press("Admit in an emergency")
    # Then the search for a bed is open, and she may not ratify what she did: by page, and by a direct post
    karen.says("is awaiting ratification")
    karen.press("Find a bed")
    karen.says("Placement PLA-")
    karen.is_accessible()


def _next(someone: Person, label: str, said: str) -> None:
    """One press of Tab must be enough to reach it; typing picks from a list by its first letters."""
    someone.page.keyboard.press("Tab")
    focused = someone.page.evaluate("(document.activeElement.labels?.[0] ?? document.activeElement).textContent.trim()")
    assert focused == label, f"Tab reached {focused!r}, not {label!r}"
    someone.page.keyboard.type(said)
