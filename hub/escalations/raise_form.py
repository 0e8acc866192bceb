"""The form that raises a dispute: one page of plain questions; what is asked depends on who asks and from where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from wtforms import HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from hub.codes import codes
from hub.engine.refusal import ActionRefused, Problem
from hub.escalations.raising import MOST_SIDES, Raised
from hub.flash_points.models import FlashPoint
from hub.organisations.models import Organisation
from hub.web.nhs_forms import choices
from hub.web.page_forms import PageForm, stripped

LONGEST_QUESTION: Final = 160
LONGEST_TEXT: Final = 4_000
ANSWERS_HERE: Final = "Somebody there can answer here"
NOBODY_THERE: Final = "Nobody there has an account yet: the hub rings them"
NONE_OF_THESE: Final = "none"
RENAMED: Final[Mapping[str, str]] = {
    "new_facts": "facts",
    "interim_funder_id": "funder",
    "flash_point_id": "flash_point",
}
"""What `raise_dispute` calls an answer, and the box it stands in here."""


@dataclass(frozen=True)
class Places:
    """What can be chosen as a side or a payer."""

    answering: Sequence[Organisation]
    others: Sequence[Organisation]
    payers: frozenset[int]
    own: Organisation
    chooses_all: bool
    """A case manager raises it for others, so even the first side is chosen."""

    @property
    def sides(self) -> list[SelectChoice]:
        """Every organisation that may be a side, in two groups."""
        groups = ((ANSWERS_HERE, self.answering), (NOBODY_THERE, self.others))
        return [
            SelectChoice(str(each.id), each.name, optgroup=group)
            for group, organisations in groups
            for each in organisations
            if self.chooses_all or each.id != self.own.id
        ]

    @property
    def funding(self) -> list[tuple[str, str]]:
        """Who can be asked to pay."""
        return [(str(each.id), each.name) for each in (*self.answering, *self.others) if each.id in self.payers]


def side_fields(chooses_all: bool) -> list[str]:
    """The names of the boxes for sides: all of them, or those beside one's own organisation."""
    return [f"side_{number}" for number in range(1 if chooses_all else 2, MOST_SIDES + 1)]


class RaiseForm(PageForm):
    """What somebody says who raises a dispute."""

    shown_for = HiddenField(default="")
    """The kind whose flash points the page has shown."""
    question = StringField(
        "What is it about, in one line?",
        [
            DataRequired("Say in one line what is to be settled"),
            Length(max=LONGEST_QUESTION, message=f"Use {LONGEST_QUESTION} letters or fewer"),
        ],
        [stripped],
        description="Put it as a question, such as: Who finds the home, and by when? "
        "Write no name: everybody who takes part reads it.",
    )
    dispute_kind = SelectField("What kind of disagreement is it?", [DataRequired("Choose the kind")], choices=[])
    urgency = RadioField("How urgent is it?", [InputRequired("Choose how urgent it is")], choices=[])
    side_1 = SelectField("The side that raises it", [Optional()], choices=[])
    side_2 = SelectField("Another side", [Optional()], choices=[])
    side_3 = SelectField("A third side, if there is one", [Optional()], choices=[])
    side_4 = SelectField("A fourth side", [Optional()], choices=[])
    side_5 = SelectField("A fifth side", [Optional()], choices=[])
    side_6 = SelectField("A sixth side", [Optional()], choices=[])
    wanted = TextAreaField(
        "What do you want?",
        [DataRequired("Say what you want"), Length(max=LONGEST_TEXT, message=f"Use {LONGEST_TEXT} letters or fewer")],
        [stripped],
        description="What would settle it for you, and by when.",
        render_kw={"rows": 3},
    )
    facts = TextAreaField(
        "Facts as you see them",
        [DataRequired("Write down at least one fact as you see it")],
        [stripped],
        description="One on each line, at most 500 letters each. The other sides can agree or dispute each.",
        render_kw={"rows": 8},
    )
    safety_plan = TextAreaField(
        "How is the person kept safe meanwhile?",
        [
            DataRequired("It is about a person: say how they are kept safe meanwhile"),
            Length(max=LONGEST_TEXT, message=f"Use {LONGEST_TEXT} letters or fewer"),
        ],
        [stripped],
        description="The safety plan, who keeps it, and when it was last looked at.",
        render_kw={"rows": 3},
    )
    funder = SelectField(
        "Who is asked to pay meanwhile? (optional)",
        [Optional()],
        choices=[],
        description="They are asked to pay until it is settled. It says nothing about who pays in the end.",
    )
    flash_point = RadioField("Which of these is it?", [Optional()], choices=[])

    def __init__(
        self, *given: Any, places: Places, points: Sequence[FlashPoint], hints: Mapping[str, str], **more: Any
    ) -> None:
        super().__init__(*given, **more)
        self.places = places
        self.points = points
        self.dispute_kind.choices = choices([("", "Choose one"), *codes("dispute_kind").items()])
        self.urgency.choices = choices(codes("escalation_urgency"))
        self.urgency.render_kw = {"hints": hints}
        names = side_fields(places.chooses_all)
        for name in side_fields(chooses_all=True):
            if name in names:
                self[name].choices = [SelectChoice("", "Choose an organisation"), *places.sides]
            else:
                del self[name]
        self.funder.choices = choices([("", "Nobody is asked"), *places.funding])
        self._offer_points()

    @property
    def suggested(self) -> list[FlashPoint]:
        """The flash points of the kind that is chosen, then those that may come with any; none before one is."""
        kind = self.dispute_kind.data
        if not kind:
            return []
        return [each for each in self.points if each.dispute_kind == kind] + [
            each for each in self.points if each.dispute_kind is None
        ]

    @property
    def sides(self) -> list[Any]:
        """The boxes for sides that are always shown."""
        return [self[name] for name in side_fields(self.places.chooses_all)[:3] if name != "side_4"]

    @property
    def more_sides(self) -> list[Any]:
        """Those that few disputes need."""
        return [self[f"side_{number}"] for number in range(4, MOST_SIDES + 1)]

    @property
    def has_more_sides(self) -> bool:
        """Whether one of those is filled in or wrong, so that they are not hidden."""
        return any(field.data or field.errors for field in self.more_sides)

    def show_points(self) -> bool:
        """Remember that the page shows what was agreed for this kind; True when it had not yet, and there is any."""
        is_new = bool(self.suggested) and self.shown_for.data != self.dispute_kind.data
        self.shown_for.data = self.shown_for.raw_data = None
        self.shown_for.data = self.dispute_kind.data
        return is_new

    def said(self) -> Raised:
        """What was typed, of a form that was found valid."""
        chosen = [self[name].data for name in side_fields(self.places.chooses_all)]
        sides = [int(each) for each in chosen if each]
        own = [] if self.places.chooses_all else [self.places.own.id]
        is_one = self.flash_point.data and self.flash_point.data != NONE_OF_THESE
        return Raised(
            question=str(self.question.data),
            dispute_kind=str(self.dispute_kind.data),
            urgency=str(self.urgency.data),
            side_ids=(*own, *sides),
            wanted=str(self.wanted.data),
            facts=str(self.facts.data),
            safety_plan=self.safety_plan.data or None if "safety_plan" in self else None,
            interim_funder_id=int(self.funder.data) if self.funder.data else None,
            flash_point_id=int(self.flash_point.data) if is_one else None,
        )

    def show(self, refused: ActionRefused) -> None:
        """Everything that was refused beside its box; what is wrong with the sides at the first box for one."""
        first = side_fields(self.places.chooses_all)[0]
        named = {**RENAMED, "side_ids": first}
        problems = [Problem(each.message, named.get(each.field, each.field)) for each in refused.problems]
        super().show(ActionRefused(problems, is_stale=refused.is_stale))

    def _offer_points(self) -> None:
        offered = self.suggested
        self.flash_point.choices = choices(
            [(str(each.id), f"{each.id}. {each.goes_wrong}") for each in offered] + [(NONE_OF_THESE, "None of these")]
        )
        hints = {
            str(each.id): f"What we do first: {each.first_response.rstrip('. ')}. Whom to ring: {each.whom_to_ring}"
            for each in offered
        }
        self.flash_point.render_kw = {"hints": hints}
        if self.flash_point.data not in {str(choice.value) for choice in self.flash_point.choices}:
            # The kind was changed since: what was chosen for another one holds no more.
            self.flash_point.data = self.flash_point.raw_data = None
