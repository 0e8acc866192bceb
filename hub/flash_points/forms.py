"""The forms of the register: what a flash point says, and why it is changed or ends."""

from __future__ import annotations

from typing import Final

from wtforms import SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length

from hub.codes import codes
from hub.flash_points.queries import ANY_KIND
from hub.flash_points.services import LONGEST_LINE, LONGEST_TEXT, SAID, Words
from hub.web.nhs_forms import choices
from hub.web.page_forms import PageForm, stripped

LINE: Final = Length(max=LONGEST_LINE, message=f"Use {LONGEST_LINE} letters or fewer")
TEXT: Final = Length(max=LONGEST_TEXT, message=f"Use {LONGEST_TEXT} letters or fewer")


def _asked(name: str) -> DataRequired:
    return DataRequired(SAID[name][1])


class WordsForm(PageForm):
    """A flash point in the words of those who meet it."""

    dispute_kind = SelectField("What kind of dispute does it lead to?", choices=[])
    goes_wrong = StringField(
        "What goes wrong?",
        [_asked("goes_wrong"), LINE],
        [stripped],
        description="A few words that others know it by, such as: Ready to leave, nowhere to go. Name no person.",
    )
    early_sign = TextAreaField(
        "How do people notice it early?",
        [_asked("early_sign"), TEXT],
        [stripped],
        description="For example: No home is named two weeks before the date.",
        render_kw={"rows": 3},
    )
    first_response = TextAreaField(
        "What does everybody do first?",
        [_asked("first_response"), TEXT],
        [stripped],
        description="What you have agreed with each other, before anybody raises an escalation.",
        render_kw={"rows": 4},
    )
    whom_to_ring = StringField(
        "Whom to ring?",
        [_asked("whom_to_ring"), LINE],
        [stripped],
        description="A post and a number, so that it still holds when people change.",
    )

    def __init__(self, *given: object, **more: object) -> None:
        super().__init__(*given, **more)
        self.dispute_kind.choices = choices([("", ANY_KIND), *codes("dispute_kind").items()])

    @property
    def words(self) -> Words:
        """What was typed."""
        return Words(
            str(self.goes_wrong.data),
            str(self.early_sign.data),
            str(self.first_response.data),
            str(self.whom_to_ring.data),
            dispute_kind=self.dispute_kind.data or None,
        )


class WhyForm(PageForm):
    """Why a flash point ends."""

    why = TextAreaField(
        "Why does it end?",
        [DataRequired("Say why it ends"), TEXT],
        [stripped],
        description="It is kept with your name, and everybody who opens it reads it.",
        render_kw={"rows": 3},
    )


class AgainForm(WordsForm):
    """The same flash point in other words, and why."""

    why = TextAreaField(
        "Why do you change it?",
        [DataRequired("Say why it is written anew"), TEXT],
        [stripped],
        description="It is kept with your name, and everybody who opens it reads it.",
        render_kw={"rows": 2},
    )
