"""The form of an absence: from when until when, who stands in, and why if one likes to say."""

from __future__ import annotations

from collections.abc import Sequence

from wtforms import SelectField, StringField
from wtforms.validators import DataRequired, Length

from hub.web.nhs_forms import MomentParts, choices
from hub.web.page_forms import PageForm, stripped

LONGEST_WHY = 120


class AbsenceForm(PageForm):
    """One absence."""

    from_at = MomentParts(
        "When does it start?",
        [DataRequired("Enter when the absence starts")],
        description="For example 27 3 2026 and 5pm. It can be now, or later",
        called="The start",
    )
    until_at = MomentParts(
        "When does it end?",
        [DataRequired("Enter when the absence ends")],
        description="The moment of being back. It can be ended earlier",
        called="The end",
    )
    deputy = SelectField("Who stands in?", [DataRequired("Choose who stands in")])
    why = StringField(
        "Why? (optional)",
        [Length(max=LONGEST_WHY, message=f"Use {LONGEST_WHY} letters or fewer")],
        filters=[stripped],
        description="Colleagues can read it. For example: Annual leave",
    )

    def offer(self, people: Sequence[tuple[int, str]]) -> None:
        """Who may be chosen as deputy."""
        self.deputy.choices = choices([("", "Choose a person"), *((str(who), words) for who, words in people)])
