"""The forms of a proposal: which two records, and which value stands."""

from typing import Any

from wtforms import Field, RadioField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length

from hub.cases.forms import LONGEST_TEXT
from hub.merges.preview import Comparison
from hub.web.nhs_forms import choices
from hub.web.page_forms import PageForm, stripped

STANDING, OTHER = "standing", "other"
PREFIX = "take_"


def _who(question: str) -> StringField:
    return StringField(
        question,
        [DataRequired("Enter an NHS number or a reference"), Length(max=40, message="This is too long")],
        filters=[stripped],
        description="An NHS number, or the reference of a case or an item, like CAS-2026-00012",
        render_kw={"width": 20},
    )


class FindForm(PageForm):
    """Which two records may be one person."""

    one = _who("The first record")
    two = _who("The second record")

    def nobody(self, field: Field) -> None:
        """Say that nothing was found, the same for one that may not be seen."""
        field.errors = [*field.errors, "Nobody was found by this. Check it, or ask a head of commissioning"]


class ProposeForm(PageForm):
    """Why they are one person; the fields to choose between are added for each pair."""

    why = TextAreaField(
        "Why do you think that they are one person?",
        [
            DataRequired("Say why you think that they are one person"),
            Length(max=LONGEST_TEXT, message=f"Use {LONGEST_TEXT:,} letters or fewer"),
        ],
        filters=[stripped],
        description="For example: same address and mother’s name; the ward rang and confirmed the NHS number",
        render_kw={"rows": 3},
    )

    @property
    def choices_made(self) -> list[Field]:
        """The questions about single fields, in order."""
        return [field for name, field in self._fields.items() if name.startswith(PREFIX)]

    @property
    def taken(self) -> set[str]:
        """Fields whose value comes from the other record."""
        return {field.name.removeprefix(PREFIX) for field in self.choices_made if field.data == OTHER}


def propose_form(found: Comparison) -> type[ProposeForm]:
    """The form for one pair: one question for each field in which they differ, answered as the hub would."""
    made: dict[str, Any] = {
        f"{PREFIX}{line.name}": RadioField(
            line.label,
            choices=choices([(STANDING, line.standing or "Leave it empty"), (OTHER, line.other or "Leave it empty")]),
            default=OTHER if line.is_taken else STANDING,
        )
        for line in found.different
    }
    return type("ProposePairForm", (ProposeForm,), made)
