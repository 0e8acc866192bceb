"""Journey: a coordinator keeps a view, gives three rows to Tom, comes back to the same place, takes the list along."""

import csv
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

from playwright.sync_api import Page
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from hub.db import transaction
from hub.engine.models import WorkItem
from tests.factories import make_membership, make_person, make_referral
from tests.journeys.conftest import Person
from workflows.roles import Role

LINES = 28
NOW = datetime.now(UTC).replace(microsecond=0)


def press_by_key(page: Page, name: str, key: str = "Enter") -> None:
    """Go to the one control of this name with the keyboard's own focus, and press a key on it."""
    main = page.locator("main")
    found = main.get_by_role("button", name=name).or_(main.get_by_role("link", name=name))
    found.or_(main.get_by_role("checkbox", name=name)).first.focus()
    page.keyboard.press(key)


def looks_right(page: Person) -> None:
    """On a wide screen and on a narrow one."""
    page.is_accessible()
    page.page.set_viewport_size({"width": 320, "height": 640})
    page.is_accessible()
    page.page.set_viewport_size({"width": 1280, "height": 900})


def owners(database: Engine) -> list[str]:
    """The references of what has an owner."""
    with Session(database) as session:
        return sorted(session.scalars(select(WorkItem.reference).where(WorkItem.owner_id.is_not(None))))


def test_a_view_three_rows_for_tom_and_the_list_as_a_file(person: Callable[..., Person], database: Engine) -> None:
    with Session(database, expire_on_commit=False) as session, transaction(session):
        make_membership(session, Role.CASE_MANAGER, user=make_person(session, "Tom Brierley"))
        for minutes in range(LINES):
            make_referral(session, priority="urgent", now=NOW + timedelta(minutes=minutes - LINES))
        make_referral(session, priority="routine", now=NOW)

    # Given a coordinator who filters the list and gives the filters a name
    dele = person(Role.COORDINATOR)
    page = dele.page
    dele.open("/worklist")
    press_by_key(page, "Urgent", "Space")
    press_by_key(page, "Apply filters")
    dele.says(f"{LINES} items")
    press_by_key(page, "Save this view")
    page.get_by_label("Name of the view").fill("Urgent ones")
    looks_right(dele)
    press_by_key(page, "Save the view")
    dele.says("“Urgent ones” is saved.")
    assert page.locator(".hub-tabs [aria-current]").inner_text() == f"Urgent ones {LINES}"
    # When they choose all three rows of the second page and give them to Tom
    press_by_key(page, "Next page")
    dele.says("3 more shown")
    here = page.url
    boxes = page.get_by_role("checkbox", name=re.compile("^Choose REF-"))
    chosen = page.locator("tbody .hub-nowrap").all_inner_texts()
    for number in range(3):
        boxes.nth(number).focus()
        page.keyboard.press("Space")
    dele.says("3 chosen")
    looks_right(dele)
    page.get_by_label("Give them to").select_option(label="Tom Brierley")
    press_by_key(page, "Reassign")
    dele.says("Goes to Tom Brierley, from nobody")
    looks_right(dele)
    assert owners(database) == []
    press_by_key(page, "Give 3 items to Tom Brierley")
    # Then each row says what became of it, however often the page is read again
    dele.says("Done for 3 of 3 items")
    for _ in range(2):
        assert page.get_by_text("Given to Tom Brierley, from nobody").count() == 3
        page.reload()
    looks_right(dele)
    assert owners(database) == sorted(chosen)
    # And the way back leads to the same page of the same view
    press_by_key(page, "Back to the list, where you were")
    dele.says("3 more shown")
    assert page.url == f"{here}#row-{chosen[0]}"
    assert page.get_by_text("Owner: Tom Brierley").count() == 3
    # And the file holds all of the list, not the page
    with page.expect_download() as coming:
        press_by_key(page, f"Export all {LINES} (CSV)")
    lines = rows_of(coming.value.path())
    assert ["Filters", "Saved view: Urgent ones; Priority: urgent"] in lines and ["Holds", f"{LINES} items"] in lines
    assert len(lines[lines.index([]) + 2 :]) == LINES
    assert [line[-1] for line in lines[-3:]] == ["Tom Brierley"] * 3

    # And the same without JavaScript, in another role's window
    priya = person(Role.CASE_MANAGER, java_script_enabled=False)
    priya.open("/worklist?priority=routine")
    assert not priya.page.get_by_label("All on this page").is_visible()
    priya.page.get_by_role("checkbox", name=re.compile("^Choose REF-")).check()
    priya.press("Add a note")
    priya.page.get_by_label("Your note").fill("Rang the team")
    priya.page.get_by_label("The hub only").check()
    priya.press("Look at what will happen")
    priya.says("The note goes into its history")
    priya.press("Add a note to 1 item")
    priya.says("Done for 1 of 1 item")
    priya.press("Back to the list, where you were")
    assert priya.page.url.partition("#")[0].endswith("/worklist?priority=routine")


def rows_of(path: Any) -> list[list[str]]:
    """The lines of a file that was fetched."""
    return list(csv.reader(StringIO(Path(path).read_text(encoding="utf-8-sig"))))
