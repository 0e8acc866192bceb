"""The forms about places: organisations, sites, units, collaboratives, e-mail domains and the import of files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from flask_wtf import FlaskForm
from wtforms import BooleanField, FileField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from hub.admin.page import AdminForm
from hub.codes import codes, known_label
from hub.organisations.models import Arm, UnitGender
from hub.organisations.positions import ADMISSIONS, LEVELS
from hub.organisations.services import KINDS, STATUSES
from hub.web.csv_upload import text_of
from hub.web.date_fields import DateParts
from hub.web.nhs_forms import choices
from hub.web.page_forms import stripped
from workflows.core import in_words, upper_first

LARGEST_FILE: Final = 400_000
"""Bytes of one file of organisations, sites or units: all three go through a form of 2 MB at most."""
_LAST_DAY: Final = "Leave it empty when it goes on. Nothing is ever deleted"


def _words(values: Iterable[str]) -> list[tuple[str, str]]:
    return [(str(value), upper_first(in_words(value))) for value in values]


class ReasonLastForm(AdminForm):
    """A form whose reason stands last, though it comes from above."""

    def __iter__(self) -> Any:
        """A code stands first and the reason last."""
        last = [self._fields[name] for name in ("why",)]
        first = [each for name, each in self._fields.items() if name.endswith("_code") or name in {"page", "seen"}]
        rest = [each for each in self._fields.values() if each not in first and each not in last]
        return iter([*first, *rest, *last])


class PlaceForm(ReasonLastForm):
    """What the forms about places have in common: a name."""

    name = StringField("Name", [DataRequired("Enter the name"), Length(max=200)], [stripped])

    def leave_out(self, *names: str) -> None:
        """Take out questions that are asked only once, or only later."""
        for name in names:
            del self[name]


class OrganisationForm(PlaceForm):
    """One organisation; an arm names its lead provider."""

    ods_code = StringField(
        "ODS code",
        [DataRequired("Enter the ODS code")],
        [stripped],
        description="3 to 12 letters and digits. It cannot be changed later",
        render_kw={"width": 10},
    )
    kind = SelectField("Kind", choices=choices(KINDS))
    parent_id = SelectField(
        "Lead provider or organisation above it", description="The hub and the lead provider’s own services name it"
    )
    arm = SelectField(
        "Arm of the lead provider",
        choices=choices([("", "Neither"), (Arm.HUB, "The hub"), (Arm.PROVIDER, "Its own services")]),
        description="The two are kept apart: nobody holds roles of both",
    )
    from_on = DateParts("First day", [InputRequired("Enter the first day")], description="For example 1 4 2026")
    until_on = DateParts("Last day", description=_LAST_DAY)

    def values(self) -> dict[str, Any]:
        """The answers as the service takes them."""
        given = self.given()
        if "parent_id" in given:
            given["parent_id"] = int(given["parent_id"]) if given["parent_id"] else None
            given["arm"] = given["arm"] or None
        return given


class SiteForm(PlaceForm):
    """One site of an organisation."""

    site_code = StringField(
        "Site code",
        [DataRequired("Enter the site code")],
        [stripped],
        description="The ODS site code: 3 to 12 letters and digits. It cannot be changed later",
        render_kw={"width": 10},
    )
    postcode = StringField(
        "Postcode",
        [DataRequired("Enter the postcode")],
        [stripped],
        description="It gives the distance to a person’s home, for example LS1 4AP",
        render_kw={"width": 10},
    )
    until_on = DateParts("Last day", description=_LAST_DAY)


class UnitForm(PlaceForm):
    """One unit of a site."""

    unit_code = StringField(
        "Unit code",
        [DataRequired("Enter the unit code")],
        [stripped],
        description="2 to 20 letters, digits and hyphens. It cannot be changed later",
        render_kw={"width": 20},
    )
    bed_type = SelectField("Type of bed", [InputRequired("Choose the type of bed")])
    gender = SelectField("Whom it takes", choices=choices(_words(UnitGender)))
    age_from = IntegerField("Youngest age", [InputRequired("Enter the youngest age")], render_kw={"width": 3})
    age_to = IntegerField("Oldest age", [InputRequired("Enter the oldest age")], render_kw={"width": 3})
    until_on = DateParts("Last day", description=_LAST_DAY)

    def offer(self, recorded: str = "") -> None:
        """Today's types of bed, and the one that is recorded though it has ended."""
        usable = dict(codes("bed_type"))
        if recorded and recorded not in usable:
            usable[recorded] = f"{known_label('bed_type', recorded)} (has ended)"
        self.bed_type.choices = choices([("", "Choose one"), *usable.items()])


class CollaborativeForm(PlaceForm):
    """One provider collaborative."""

    service_line = SelectField("Service line")
    lead_organisation_id = SelectField("Led by", [InputRequired("Choose the lead organisation")], coerce=int)
    policy_set = SelectField("Policy set", description="The numbers of the SOP that its items go by")
    status = SelectField("Status", choices=choices(_words(STATUSES)))

    def offer(self, leads: Mapping[int, str], policy_sets: list[tuple[str, str]]) -> None:
        """Service lines, organisations that may lead, and the policy sets there are."""
        self.service_line.choices = choices(codes("service_line"))
        self.lead_organisation_id.choices = choices((str(identity), name) for identity, name in leads.items())
        self.policy_set.choices = choices(policy_sets)


class PositionForm(ReasonLastForm):
    """How closely the hub watches a unit, and whether it may admit."""

    level = SelectField("Level", choices=choices(LEVELS))
    level_since = DateParts("On this level since", description="For example 9 2 2026")
    admissions = SelectField("Admissions", choices=choices(ADMISSIONS))
    admissions_since = DateParts("Admissions so since", description="For example 9 2 2026")
    admissions_why = TextAreaField(
        "Why admissions are so",
        filters=[stripped],
        description="Whoever looks for a bed reads it, and the unit too. Leave it empty when it is open",
        render_kw={"rows": 2},
    )


class MemberForm(ReasonLastForm):
    """An organisation's time in a collaborative."""

    organisation_id = SelectField(
        "Organisation", [InputRequired("Choose the organisation")], description="Its units count as in the area"
    )
    from_on = DateParts("First day", [InputRequired("Enter the first day")], description="For example 1 4 2026")
    until_on = DateParts("Last day", description=_LAST_DAY)

    def offer(self, organisations: Mapping[int, str]) -> None:
        """The organisations that may be members."""
        pairs = ((str(identity), name) for identity, name in organisations.items())
        self.organisation_id.choices = choices([("", "Choose one"), *pairs])


class DomainForm(AdminForm):
    """A domain whose addresses belong to an organisation."""

    domain = StringField(
        "Domain",
        [DataRequired("Enter the part after the @")],
        [stripped],
        description="The part after the @ alone, for example brackendale.nhs.uk",
    )
    has_subdomains = BooleanField("Domains below it count too, for example ward.brackendale.nhs.uk")


class FilesForm(FlaskForm):
    """Files of organisations, sites and units; each may be left out."""

    organisations = FileField(
        "Organisations", [Optional()], description="Columns: ods_code, name, kind, parent_ods_code, arm"
    )
    sites = FileField("Sites", [Optional()], description="Columns: site_code, name, organisation_ods_code, postcode")
    units = FileField(
        "Units", [Optional()], description="Columns: unit_code, name, site_code, bed_type, gender, age_from, age_to"
    )

    def validate(self, extra_validators: Any = None) -> bool:
        """All three are read together: a site may belong to an organisation of the same import."""
        is_valid = super().validate(extra_validators)
        self.lines: dict[str, list[str]] = {}
        for answer in (self.organisations, self.sites, self.units):
            text, wrong = text_of(answer.data, LARGEST_FILE)
            if wrong:
                answer.errors = [*answer.errors, wrong]
            elif text:
                self.lines[answer.name] = text.splitlines(keepends=True)
        if is_valid and not self.lines and not self.errors:
            self.form_errors.append("Choose at least one file")
        return is_valid and bool(self.lines) and not self.errors
