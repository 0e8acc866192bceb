"""The forms about code lists: a new code, another label, an end."""

from __future__ import annotations

from typing import Any

from flask import g
from wtforms import SelectField, StringField
from wtforms.validators import DataRequired, InputRequired, Length

from hub import codes
from hub.admin.page import AdminForm
from hub.policies.code_lists import LONGEST_LABEL, LONGEST_SOURCE
from hub.web.date_fields import DateParts
from hub.web.nhs_forms import choices
from hub.web.page_forms import stripped
from workflows.core import in_words, upper_first
from workflows.durations import local


class SourcedForm(AdminForm):
    """What a code is called, and who says so."""

    label = StringField(
        "What it is called",
        [DataRequired("Enter what the code is called"), Length(max=LONGEST_LABEL)],
        [stripped],
        description="As people choose it in a form",
    )
    source = StringField(
        "Where it comes from",
        [DataRequired("Enter where the code comes from"), Length(max=LONGEST_SOURCE)],
        [stripped],
        description="For example “MHSDS v7” for a national code, or “Hub list” for one of your own",
    )


class AddCodeForm(SourcedForm):
    """A new code, local or national; the list's own further columns are added by `add_form`."""

    code = StringField(
        "Code",
        [DataRequired("Enter the code"), Length(max=40)],
        [stripped],
        description="As the national list writes it. A code of your own: a short word, such as day_care",
        render_kw={"width": 20},
    )
    from_on = DateParts("First day", [InputRequired("Enter the first day")], description="For example 1 4 2027")
    to_on = DateParts("Last day", description="Leave it empty when no end is known")

    def __iter__(self) -> Any:
        first = ("page", "seen", "csrf_token", "code", "label", "source", "from_on", "to_on")
        between = [name for name in self._fields if name not in {*first, "why"}]
        return iter([self._fields[name] for name in (*first, *between, "why") if name in self._fields])


class RenameForm(SourcedForm):
    """Another label from a day on."""

    from_on = DateParts(
        "From", [InputRequired("Enter the first day of the new label")], description="Today or a later day"
    )

    def __iter__(self) -> Any:
        order = ("page", "seen", "csrf_token", "label", "source", "from_on", "why")
        return iter([self._fields[name] for name in order if name in self._fields])


class EndForm(AdminForm):
    """A code's last day."""

    last_day = DateParts(
        "Last day",
        [InputRequired("Enter the last day on which it can be chosen")],
        description="The last day on which it can be chosen. Yesterday ends it at once",
    )

    def __iter__(self) -> Any:
        order = ("page", "seen", "csrf_token", "last_day", "why")
        return iter([self._fields[name] for name in order if name in self._fields])


def add_form(list_name: str) -> type[AddCodeForm]:
    """The form for a new code of a list, with one question for each of the list's own columns."""
    made: dict[str, Any] = {}
    for name in codes.columns(list_name):
        words = upper_first(in_words(name))
        known = dict.fromkeys(row.more.get(name, "") for row in codes.shipped(list_name))
        if name == "service_line":
            made[name] = SelectField(words, choices=choices([("", "All of them"), *codes.codes(name).items()]))
        elif name == "renewable":
            made[name] = SelectField(words, choices=choices([(each, each or "Not said") for each in sorted(known)]))
        else:
            made[name] = StringField(f"{words} (if there is one)", [Length(max=LONGEST_LABEL)], [stripped])
    return type("AddTo", (AddCodeForm,), made)


def begin_today(form: AddCodeForm | RenameForm) -> None:
    """The first day is today unless another was given."""
    if not form.is_submitted() and form.from_on.data is None:
        form.from_on.process(None, local(g.now).date())
