"""A document is added by keyboard, opened by somebody else, and who opened it is seen; also without JavaScript."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from hub.db import transaction
from tests import document_files as made
from tests.factories import make_referral
from tests.journeys.conftest import Person
from workflows.roles import Role


def tab_to(person: Person, name: str) -> None:
    """Press Tab until the thing of this accessible name has the focus."""
    for _ in range(80):
        person.page.keyboard.press("Tab")
        held = person.page.evaluate(
            "document.activeElement.labels?.[0]?.innerText || document.activeElement.innerText || ''"
        )
        if held.strip() == name:
            return
    raise AssertionError(f"the keyboard does not reach “{name}”")


def test_adding_and_opening_a_document(person: Callable[..., Person], database: Engine, tmp_path: Path) -> None:
    with Session(database, expire_on_commit=False) as session, transaction(session):
        item = make_referral(session, "in_review")
        reference, case = item.reference, item.case.reference if item.case else ""
    letter, program = tmp_path / "Zoë’s letter.pdf", tmp_path / "Tool.pdf"
    letter.write_bytes(made.pdf())
    program.write_bytes(b"MZ" + b"\0" * 100)

    # A case manager on a telephone, with the keyboard alone.
    manager = person(Role.CASE_MANAGER, viewport={"width": 320, "height": 640})
    manager.open(f"/referrals/{reference}")
    tab_to(manager, "Add documents")
    manager.page.keyboard.press("Enter")
    manager.page.wait_for_url("**/add_document")
    manager.is_accessible()
    # Asking for the chooser is not awaited by the driver: on a slow machine a key pressed at once comes before it.
    with manager.page.expect_file_chooser() as chooser:
        tab_to(manager, "Document")
        manager.page.keyboard.press("Space")
    chooser.value.set_files([letter, program])
    tab_to(manager, "The hub only")
    manager.page.keyboard.press("Space")
    tab_to(manager, "Add documents")
    manager.page.keyboard.press("Enter")
    manager.says("Added: Zoë’s letter.pdf.")
    manager.says("“Tool.pdf” is a program, whatever it is called")
    expect(manager.page.get_by_label("The hub only")).to_be_checked()
    manager.is_accessible()
    manager.press("Go back without changing anything")
    manager.says("Not opened yet")

    # A colleague without JavaScript finds it on the case and saves it.
    colleague = person(Role.COORDINATOR, java_script_enabled=False)
    colleague.open(f"/cases/{case}")
    with colleague.page.expect_download() as download:
        colleague.page.get_by_role("link", name="Zoë’s letter.pdf", exact=True).click()
    assert download.value.suggested_filename == "Zoë’s letter.pdf"
    assert Path(download.value.path()).read_bytes() == letter.read_bytes()
    colleague.open(f"/referrals/{reference}/add_document")
    colleague.page.get_by_label("Document", exact=True).set_input_files(letter)
    colleague.page.get_by_label("Everybody who can see this item").check()
    colleague.press("Add documents")
    colleague.says("Added: Zoë’s letter.pdf.")

    # The case manager sees who opened it, and takes the other one back.
    manager.open(f"/referrals/{reference}")
    manager.page.get_by_text("Opened by 1 person").click()
    manager.page.get_by_role("listitem").filter(has_text="Dele Okafor, today").last.wait_for()
    manager.is_accessible()
    manager.page.get_by_role("link", name="Take back Zoë’s letter.pdf").first.click()
    manager.page.get_by_label("Your reason").fill("It is about somebody else")
    manager.is_accessible()
    manager.press("Take a document back")
    manager.says("Nobody can open it.")
