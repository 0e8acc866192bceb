"""The forms about people: a new person, name and address, a role and its dates."""

from __future__ import annotations

from typing import Any

from flask import g
from wtforms import SelectField, StringField
from wtforms.fields import EmailField
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from hub.accounts.administering import NewRole
from hub.accounts.models import EMAIL_LENGTH
from hub.admin.page import AdminForm
from hub.organisations.models import Organisation, Unit
from hub.web.date_fields import DateParts
from hub.web.nhs_forms import choices
from hub.web.page_forms import stripped
from workflows.core import upper_first
from workflows.durations import local
from workflows.roles import HUB_ROLES, PERSON_ROLES, Role


class PersonForm(AdminForm):
    """Name and e-mail address."""

    name = StringField("Full name", [DataRequired("Enter the person’s name"), Length(max=120)], [stripped])
    email = EmailField(
        "E-mail address",
        [DataRequired("Enter the e-mail address"), Length(max=EMAIL_LENGTH)],
        [stripped],
        description="The one their organisation gave them: links are sent to it, and they sign in with it",
    )


class RoleForm(AdminForm):
    """A role at an organisation, for some days."""

    role = SelectField("Role", [InputRequired("Choose the role")])
    organisation = SelectField("Organisation", [InputRequired("Choose the organisation")])
    unit = SelectField("Unit", [Optional()], description="Only for somebody who works for one unit alone")
    from_on = DateParts("First day", [InputRequired("Enter the first day")], description="For example 27 3 2026")
    until_on = DateParts("Last day", description="Leave it empty when no end is known")

    def offer(self, organisations: list[Organisation], units: list[Unit]) -> None:
        """The roles, organisations and units to choose from; the first day is today unless another is given."""
        roles = [(role.value, _role_words(role)) for role in PERSON_ROLES]
        places = [(str(place.id), f"{place.name} ({place.ods_code})") for place in organisations]
        wards = [(str(unit.id), f"{unit.site.organisation.name}: {unit.name}") for unit in units]
        self.role.choices = choices([("", "Choose a role"), *roles])
        self.organisation.choices = choices([("", "Choose an organisation"), *places])
        self.unit.choices = choices([("", "The whole organisation"), *wards])
        if not self.is_submitted() and self.from_on.data is None:
            self.from_on.process(None, local(g.now).date())

    def chosen(self) -> NewRole:
        """What was chosen, once the form is valid."""
        return NewRole(
            organisation_id=int(self.organisation.data),
            unit_id=int(self.unit.data) if self.unit.data else None,
            role=Role(self.role.data),
            from_on=self.from_on.data,
            until_on=self.until_on.data,
        )


class NewPersonForm(PersonForm, RoleForm):
    """A new person with a first role."""

    def __iter__(self) -> Any:
        order = ("page", "seen", "csrf_token", "name", "email", "role", "organisation", "unit", "from_on", "until_on")
        return iter([self._fields[name] for name in (*order, "why") if name in self._fields])


class RoleDatesForm(AdminForm):
    """When a role begins and ends."""

    from_on = DateParts("First day", [InputRequired("Enter the first day")], description="For example 27 3 2026")
    until_on = DateParts(
        "Last day", description="The role holds to the end of this day. Leave it empty when no end is known"
    )


def _role_words(role: Role) -> str:
    return f"{upper_first(role.label)} (the hub)" if role in HUB_ROLES else upper_first(role.label)
