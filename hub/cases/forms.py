"""The forms of a case: opening and closing it, alerts, legal status and stays."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import g
from wtforms import BooleanField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, Optional, ValidationError

from hub.cases.alerts import LONGEST
from hub.cases.legal_status import Entry
from hub.cases.models import CaseStay, LegalStatus
from hub.cases.opening import Whom
from hub.cases.stays import LONGEST_HOSPITAL, StayEntry
from hub.codes import codes, known_label
from hub.patients.models import Patient
from hub.patients.nhs_numbers import digits_of, why_wrong
from hub.web.date_fields import DateParts, MomentParts
from hub.web.filters import nhs_number as spaced
from hub.web.filters import plain_day
from hub.web.nhs_forms import choices
from hub.web.page_forms import PageForm, stripped
from workflows.durations import local

LONGEST_TEXT = 2000
"""Characters of a reason or of an alert's details."""


def _reason(question: str, please: str) -> TextAreaField:
    too_long = f"Use {LONGEST_TEXT:,} letters or fewer"
    return TextAreaField(
        question,
        [DataRequired(please), Length(max=LONGEST_TEXT, message=too_long)],
        filters=[stripped],
        render_kw={"rows": 3},
    )


class AlertForm(PageForm):
    """A new alert."""

    text = StringField(
        "Alert in a few words",
        [DataRequired("Enter the alert"), Length(max=LONGEST, message=f"Use {LONGEST} letters or fewer")],
        filters=[stripped],
        description="It stands in the banner of every page about this person. For example: Penicillin allergy",
    )
    detail = TextAreaField(
        "What to know and do",
        [Length(max=LONGEST_TEXT, message=f"Use {LONGEST_TEXT:,} letters or fewer")],
        filters=[stripped],
        description="Where it comes from, and what to do about it. Leave it empty when the words above say all",
        render_kw={"rows": 3},
    )


class EndAlertForm(PageForm):
    """Why an alert no longer holds."""

    reason = _reason("Why it ends", "Enter why it ends")


class LegalStatusForm(PageForm):
    """A new legal status."""

    code = SelectField("Legal status", [InputRequired("Choose the legal status")])
    from_on = DateParts("When it began", [InputRequired("Enter the day it began")], description="For example 17 3 2026")
    expires_at = MomentParts(
        "When it runs out",
        description=(
            "Leave it empty when the law sets no end. A section counted in days ends at 11:59pm on its last day, and "
            "the first day counts"
        ),
    )

    def __init__(self, *args: Any, status: LegalStatus | None = None, **kwargs: Any) -> None:
        super().__init__(*args, obj=status, **kwargs)
        usable = dict(codes("legal_status"))
        if status is not None and status.code not in usable:  # one that ended since may still be corrected in its dates
            usable[status.code] = known_label("legal_status", status.code)
        self.code.choices = choices([("", "Choose one"), *usable.items()])

    def entry(self) -> Entry:
        """What was typed, once the form is valid."""
        ends = self.expires_at.data
        return Entry(str(self.code.data), self.from_on.data, ends if isinstance(ends, datetime) else None)


class CorrectStatusForm(LegalStatusForm):
    """A right entry for a wrong one."""

    reason = _reason("What was wrong", "Enter what was wrong with the old entry")


class StayForm(PageForm):
    """A stay on a ward."""

    unit_id = SelectField("Which unit?", [Optional()], description="If it is not on the list, leave this as it is")
    hospital = StringField(
        "Or which ward and hospital, if the unit is not on the list?",
        [Length(max=LONGEST_HOSPITAL, message=f"Use {LONGEST_HOSPITAL} letters or fewer")],
        filters=[stripped],
        description="For example: Ward 6, Calder Royal Hospital",
    )
    from_at = MomentParts("When it began", [InputRequired("Enter when it began")])
    until_at = MomentParts("When it ended", description="Leave it empty while the person is there")
    why = TextAreaField(
        "Why the person is or was there",
        [Length(max=LONGEST_TEXT, message=f"Use {LONGEST_TEXT:,} letters or fewer")],
        filters=[stripped],
        render_kw={"rows": 2},
    )

    def __init__(self, *args: Any, units: Sequence[tuple[str, str]], stay: CaseStay | None = None, **kw: Any) -> None:
        super().__init__(*args, obj=stay, **kw)
        self.unit_id.choices = choices([("", "Choose one"), *units])

    def entry(self) -> StayEntry | None:
        """What was typed, once the form is valid."""
        unit, begins, ends = self.unit_id.data, self.from_at.data, self.until_at.data
        assert isinstance(begins, datetime)
        return StayEntry(
            unit_id=int(unit) if unit else None,
            hospital=self.hospital.data or "",
            from_at=begins,
            until_at=ends if isinstance(ends, datetime) else None,
            why=self.why.data or "",
        )


class CorrectStayForm(StayForm):
    """A right entry for a wrong one, or for one that has ended."""

    never = BooleanField("There was no such stay, or it is recorded twice: strike it out")
    reason = _reason("What changes, and why", "Enter what changes, and why")

    def entry(self) -> StayEntry | None:
        """The right entry; None when there was no such stay."""
        return None if self.never.data else super().entry()


NEW_PERSON = "new"
"""Chosen when nobody that was offered is the person."""


class OpenCaseForm(PageForm):
    """A case without any referral: for whom, in which service line, and why."""

    person = RadioField("Is it one of these people?", [Optional()], validate_choice=False)
    nhs_number = StringField(
        "NHS number, if you know it",
        [Length(max=20, message="An NHS number has 10 digits")],
        filters=[stripped],
        description="10 digits, like 999 000 0018",
        render_kw={"width": 10},
    )
    family_name = StringField("Family name", [DataRequired("Enter the family name"), Length(max=200)], [stripped])
    given_name = StringField("Given name", [Length(max=200)], [stripped])
    date_of_birth = DateParts("Date of birth", [InputRequired("Enter the date of birth")])
    service_line = SelectField("Service line", [InputRequired("Choose the service line")])
    reason = _reason("Why a case is opened", "Enter why a case is opened")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.service_line.choices = choices([("", "Choose one"), *codes("service_line").items()])
        self.person.choices = []

    def validate_nhs_number(self, field: StringField) -> None:
        """Ten digits whose last fits the rest."""
        digits = digits_of(field.data)
        if digits and why_wrong(digits):
            raise ValidationError("This is not an NHS number. Check it with the record, or leave it out")

    def validate_date_of_birth(self, field: DateParts) -> None:
        """Nobody is born tomorrow."""
        if field.data and field.data > local(g.now).date():
            raise ValidationError("The date of birth is in the future. Check it")

    @property
    def whom(self) -> Whom:
        """What was typed, once the form is valid."""
        digits = digits_of(self.nhs_number.data)
        return Whom(digits, self.family_name.data or "", self.given_name.data or "", self.date_of_birth.data)

    def offer(self, found: Sequence[Patient]) -> bool:
        """Offer known people. True once one of them, or a new person, is chosen, or when there is nobody to offer."""
        known = [(str(each.id), _known(each)) for each in found]
        self.person.choices = choices([*known, (NEW_PERSON, "None of these: a new person")]) if known else []
        return not known or self.person.data in {value for value, _ in [*known, (NEW_PERSON, "")]}

    @property
    def patient_id(self) -> int | None:
        """The person that was chosen; None for a new one."""
        is_known = self.person.choices and self.person.data != NEW_PERSON
        return int(self.person.data) if is_known else None


def _known(patient: Patient) -> str:
    born = plain_day(patient.date_of_birth) or "date of birth not known"
    return f"{patient.full_name}, born {born}, NHS number {spaced(patient.nhs_number) or 'not known'}"


class CloseCaseForm(PageForm):
    """Why a case is closed."""

    reason = _reason("Why it is closed", "Enter why the case is closed")
