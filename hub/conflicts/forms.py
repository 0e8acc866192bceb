"""The forms of the register: an interest, its last day, and why it is taken back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from wtforms import RadioField, SelectField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from hub.codes import codes
from hub.conflicts.services import LONGEST_WHAT, LONGEST_WHY
from hub.organisations.models import Organisation
from hub.web.date_fields import DateParts
from hub.web.nhs_forms import choices
from hub.web.page_forms import PageForm, stripped


class InterestForm(PageForm):
    """An interest of whoever fills it in."""

    organisation_id = SelectField("In which organisation?", [DataRequired("Choose the organisation")])
    kind = RadioField(
        "What kind of interest is it?",
        [InputRequired("Choose what kind of interest it is")],
        description="Financial: money. Professional: a post or a name to gain. Personal: family or a close friend. "
        "Indirect: somebody close to you has the interest",
    )
    what = TextAreaField(
        "What is it?",
        [
            DataRequired("Say what the interest is"),
            Length(max=LONGEST_WHAT, message=f"Use {LONGEST_WHAT} letters or fewer"),
        ],
        [stripped],
        description="A few words. For example: I worked there as a ward manager. Or: My sister is a nurse there.",
        render_kw={"rows": 3},
    )
    from_on = DateParts(
        "When did it begin?",
        [InputRequired("Enter the day it began")],
        description="For example 27 3 2024. If you do not know the day, give the first of the month",
        called="The day it began",
    )
    until_on = DateParts(
        "When did it end?",
        [Optional()],
        description="Its last day. Leave it empty while it lasts",
        called="The day it ended",
    )

    def offer(self, places: Iterable[Organisation]) -> None:
        """The organisations and kinds to choose from."""
        named = [(str(place.id), place.name) for place in places]
        self.organisation_id.choices = choices([("", "Choose an organisation"), *named])
        self.kind.choices = choices(codes("interest_kind").items())

    @property
    def answers(self) -> dict[str, Any]:
        """What was typed, as `declare` takes it; only of a form that was found valid."""
        return {
            "organisation_id": int(self.organisation_id.data),
            "kind": self.kind.data,
            "what": str(self.what.data),
            "from_on": self.from_on.data,
            "until_on": self.until_on.data,
        }


class RecordForm(InterestForm):
    """An interest of somebody else."""

    user_id = SelectField("Whose interest is it?", [DataRequired("Choose the person")])

    def __iter__(self) -> Any:
        names = [name for name in self._fields if name != "user_id"]
        place = names.index("organisation_id")
        return iter([self._fields[name] for name in (*names[:place], "user_id", *names[place:])])

    def offer_people(self, people: Iterable[tuple[int, str]]) -> None:
        """Whose it may be."""
        self.user_id.choices = choices([("", "Choose a person"), *((str(who), words) for who, words in people)])

    @property
    def answers(self) -> dict[str, Any]:
        """The same, and whose it is."""
        return {**super().answers, "user_id": int(self.user_id.data)}


class EndForm(PageForm):
    """The last day of an interest."""

    until_on = DateParts(
        "What was its last day?",
        [InputRequired("Enter its last day")],
        description="Today or before. For example 27 3 2026",
        called="Its last day",
    )


class TakeBackForm(PageForm):
    """Why an interest is taken back."""

    why = TextAreaField(
        "Why is it taken back?",
        [
            DataRequired("Say why it is taken back"),
            Length(max=LONGEST_WHY, message=f"Use {LONGEST_WHY} letters or fewer"),
        ],
        [stripped],
        description="Those who appoint read it. For example: I chose the wrong organisation.",
        render_kw={"rows": 2},
    )
