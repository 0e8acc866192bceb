"""A decision on paper: a case manager decides, and the referrer downloads the notice."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from hub.db import transaction
from tests.admission_factory import make_admission
from tests.journeys.conftest import Person
from tests.paper_reading import page_words, pdf_words
from workflows.roles import Role

pytestmark = pytest.mark.journey


def test_the_referrer_downloads_the_notice_and_it_says_what_the_page_says(
    database: Engine, person: Callable[..., Person], tmp_path: Path
) -> None:
    # Given an admission that was recommended, and that a case manager may decide
    with Session(database, expire_on_commit=False) as session, transaction(session):
        made = make_admission(session, "recommended", now=datetime.now(UTC) - timedelta(days=2))
        reference = made.reference
    # When she decides against it, in words with an accent, a quotation mark and another alphabet
    priya = person(Role.CASE_MANAGER)
    priya.open(f"/admissions/{reference}/refuse_admission")
    priya.page.get_by_label("Advice to the referrer").fill("Home treatment twice a day, with Zoë O’Brien and سارة")
    priya.page.get_by_label("How can they disagree?").fill("Write to the head of commissioning within 14 days")
    priya.page.get_by_role("group", name="Do you have an interest").get_by_label("No").check()
    priya.page.get_by_label("Your reason").fill("Admission would take her from #home & *school*")
    priya.press("Decide: no admission")
    priya.says("is admission refused")
    # Then the referrer finds the notice on the decision's page, and reads it on a screen of any width
    joy = person(Role.REFERRER)
    joy.open(f"/admissions/{reference}")
    joy.is_accessible()
    joy.page.get_by_role("link", name="Decision notice").first.click()
    joy.says("It is not a decision about treatment or detention")
    joy.says("Priya Nandakumar, case manager")
    for width in (1280, 320):
        joy.page.set_viewport_size({"width": width, "height": 900})
        joy.is_accessible()
    shown = page_words(joy.page.content())
    # And the file has a telling name without a person's, and the same words
    with joy.page.expect_download() as waiting:
        joy.press("Download as PDF")
    assert waiting.value.suggested_filename == f"{reference}-decision-notice.pdf"
    waiting.value.save_as(tmp_path / "notice.pdf")
    printed = pdf_words((tmp_path / "notice.pdf").read_bytes())
    assert "Admissionwouldtakeherfrom#home&*school*" in printed and "Anorexia" not in printed
    assert sorted(printed) == sorted(shown)
