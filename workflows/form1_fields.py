"""The questions of Form 1 as a table: sections in the page's order and one row per field."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from workflows.form_fields import LINE_LENGTH, NAME_LENGTH, STORY_LENGTH, Field, Kind, Only, Section

__all__ = [
    "FIELD",
    "FIELDS",
    "LINE_LENGTH",
    "NAME_LENGTH",
    "SECTIONS",
    "STORY_LENGTH",
    "Field",
    "Kind",
    "Section",
    "fields_of",
]

SECTIONS: Final = (
    Section("priority", "Priority and service wanted"),
    Section("where_now", "Where the person is now"),
    Section("person", "The person and how to reach them"),
    Section("parents", "Parental responsibility and who is kept informed"),
    Section("consent", "Consent"),
    Section("sharing", "Limits on sharing information"),
    Section("legal", "Legal status"),
    Section("safeguarding", "Safeguarding"),
    Section("clinical", "Clinical picture and risk"),
    Section("neurodiversity", "Learning disability, autism and care reviews"),
    Section("education", "Education and social care"),
    Section("tried", "What has been tried"),
    Section("purpose", "What admission is for and when it would end"),
    Section("views", "What the young person and family think"),
)


def _text(name: str, label: str, section: str, hint: str = "", *, who: bool = False, clinical: bool = False) -> Field:
    length = NAME_LENGTH if who else LINE_LENGTH
    return Field(name, label, section, "text", hint, max_length=length, identifies=who, clinical=clinical)


def _story(name: str, label: str, section: str, hint: str = "", *, who: bool = False, clinical: bool = True) -> Field:
    return Field(name, label, section, "long_text", hint, max_length=STORY_LENGTH, identifies=who, clinical=clinical)


def _choice(name: str, label: str, section: str, codes: str, hint: str = "", *, clinical: bool = False) -> Field:
    return Field(name, label, section, "choice", hint, codes=codes, clinical=clinical)


def _yes_no(name: str, label: str, section: str, hint: str = "", *, clinical: bool = False) -> Field:
    return Field(name, label, section, "yes_no", hint, clinical=clinical)


def _phone(name: str, label: str, section: str, hint: str = "") -> Field:
    return Field(name, label, section, "phone", hint, max_length=40, identifies=True)


def _email(name: str, label: str, section: str, hint: str = "") -> Field:
    return Field(name, label, section, "email", hint, max_length=254, identifies=True)


def _date(name: str, label: str, section: str, hint: str = "", *, who: bool = False, clinical: bool = False) -> Field:
    return Field(name, label, section, "date", hint, identifies=who, clinical=clinical)


EMERGENCIES: Final = Only("priority", ("emergency",))
CHILDREN: Final = Only("service_line", ("cyp",))
SECURE: Final = Only("service_line", ("secure",))


def _only(when: Only, *fields: Field) -> tuple[Field, ...]:
    return tuple(replace(field, only=when) for field in fields)


FIELDS: Final[tuple[Field, ...]] = (
    _choice("service_line", "Service line", "priority", "service_line"),
    _choice("priority", "Priority", "priority", "priority", "Adult secure services take no emergency referrals."),
    *_only(EMERGENCIES, _story("why_it_cannot_wait", "Why it cannot wait", "priority", "What happens if we wait.")),
    _choice("bed_type_wanted", "Type of bed or service wanted", "priority", "bed_type_wanted"),
    _choice("referral_source", "Where the referral comes from", "priority", "referral_source"),
    Field("referring_organisation", "Referring organisation", "priority", "organisation", "Its ODS code."),
    _text("referrer_name", "Name of the referrer", "priority", who=True),
    _text("referrer_role", "Job of the referrer", "priority"),
    _email("referrer_email", "E-mail address of the referrer", "priority"),
    _choice("location_kind", "Kind of place", "where_now", "location_kind"),
    _text("where_now", "Where the person is now", "where_now", "Name of the place, and the ward or room."),
    _phone("call_back_number", "Call-back number", "where_now", "A direct line that is answered, at night too."),
    _text("family_name", "Family name", "person", who=True),
    _text("given_name", "Given name", "person", who=True),
    _text("preferred_name", "Name the person likes to be called", "person", who=True),
    _text("previous_family_names", "Earlier family names", "person", who=True),
    _date("date_of_birth", "Date of birth", "person", who=True),
    Field("nhs_number", "NHS number", "person", "nhs_number", "10 digits, like 999 000 0018.", identifies=True),
    _choice("nhs_number_status", "NHS number status", "person", "nhs_number_status", "When there is no number."),
    _choice(
        "no_identity_reason", "Why there is no NHS number", "person", "no_identity_reason", "When there is no number."
    ),
    _choice("gender", "Gender", "person", "gender"),
    _choice("ethnic_category", "Ethnic category", "person", "ethnic_category"),
    _text("first_language", "First language", "person"),
    _yes_no("interpreter_needed", "Is an interpreter needed?", "person"),
    _text("address", "Home address", "person", who=True),
    Field("postcode", "Home postcode", "person", "postcode", "No fixed home: ZZ99 3VZ.", identifies=True),
    _phone("phone", "Phone number", "person"),
    _email("email", "E-mail address", "person"),
    _text("gp_practice", "GP practice", "person"),
    Field("responsible_icb", "Responsible ICB", "person", "organisation", "The ODS code of the NHS board that pays."),
    *_only(
        CHILDREN,
        _text("parental_responsibility_name", "Who has parental responsibility", "parents", who=True),
        _choice("parental_responsibility_relationship", "What they are to the person", "parents", "relationship"),
        _phone("parental_responsibility_phone", "Their phone number", "parents"),
    ),
    _text("kept_informed_name", "Who else is kept informed", "parents", who=True),
    _choice("kept_informed_relationship", "What that person is to them", "parents", "relationship"),
    _phone("kept_informed_phone", "Phone number of who is kept informed", "parents"),
    _story("do_not_contact", "Anyone we must not contact", "parents", "Who, and why.", who=True, clinical=False),
    _choice("consent_basis", "Basis of consent", "consent", "consent_basis"),
    _text("consent_given_by", "Who gave consent", "consent", who=True),
    _date("consent_on", "Date of consent", "consent"),
    _choice("lawful_basis", "Lawful basis without consent", "consent", "lawful_basis", "When nobody has consented."),
    _story("capacity_notes", "Capacity or competence", "consent", "Who judged it, when, for which decision."),
    _yes_no("sharing_restricted", "Is there a limit on sharing information?", "sharing"),
    *_only(
        Only("sharing_restricted", (True,)),
        _story(
            "sharing_restriction_details", "What must not be shared, and with whom", "sharing", who=True, clinical=False
        ),
    ),
    _choice("legal_status", "Legal status", "legal", "legal_status", "Under the Mental Health Act or another act."),
    _date("legal_status_from", "Date the legal status began", "legal", "Needed when the person is held under it."),
    Field("legal_status_expires_at", "When the legal status runs out", "legal", "moment"),
    *_only(CHILDREN, _choice("children_act_status", "Children Act status", "legal", "children_act_status")),
    *_only(
        SECURE,
        _text("prison_number", "Prison number", "legal", who=True),
        _story("index_offence", "Offence and court dates", "legal"),
        _date("earliest_release_on", "Earliest date of release", "legal"),
    ),
    _story("safeguarding_concerns", "Safeguarding concerns", "safeguarding"),
    *_only(
        CHILDREN,
        _yes_no("child_protection_plan", "Is there a child protection plan?", "safeguarding", clinical=True),
        _yes_no("child_in_need_plan", "Is there a child in need plan?", "safeguarding", clinical=True),
    ),
    _yes_no("likely_pregnant", "Is the person likely to be pregnant?", "safeguarding", clinical=True),
    _choice("primary_reason", "Main reason for referral", "clinical", "primary_reason", clinical=True),
    _story(
        "presenting_problem", "Problem and its history", "clinical", "What is happening, since when, and any diagnosis."
    ),
    _story(
        "immediate_risk", "Immediate risk", "clinical", "What could happen tonight, and what keeps the person safe."
    ),
    _story("risk_to_self", "Risk to self", "clinical"),
    _story("risk_to_others", "Risk to others", "clinical"),
    _story("risk_from_others", "Risk from others", "clinical"),
    _story("physical_health", "Physical health", "clinical", "Height, weight, blood tests and heart trace with dates."),
    _story("medication_and_allergies", "Medicines and allergies", "clinical"),
    _choice(
        "learning_disability", "Learning disability status", "neurodiversity", "learning_disability", clinical=True
    ),
    _choice("autism", "Autism status", "neurodiversity", "autism", clinical=True),
    _yes_no("on_support_register", "On the dynamic support register?", "neurodiversity", clinical=True),
    _date("cetr_on", "Date of the community C(E)TR", "neurodiversity", clinical=True),
    _choice("cetr_outcome", "What the C(E)TR said", "neurodiversity", "cetr_outcome", clinical=True),
    _date("laep_on", "Date of the emergency meeting (LAEP)", "neurodiversity", clinical=True),
    _choice("no_cetr_reason", "Why there was no C(E)TR or LAEP", "neurodiversity", "no_cetr_reason", clinical=True),
    _story("reasonable_adjustments", "Changes that help the person", "neurodiversity"),
    _choice("education", "Education or work", "education", "education"),
    _text("school_name", "School or college", "education", who=True),
    _yes_no("has_ehcp", "Is there an education, health and care plan?", "education"),
    _choice("accommodation", "Where the person lives", "education", "accommodation"),
    Field("local_authority", "Local authority", "education", "organisation", "Its ODS code."),
    _text("social_worker_name", "Social worker", "education", who=True),
    _phone("social_worker_phone", "Phone number of the social worker", "education"),
    _text("care_coordinator_name", "Care coordinator", "tried", who=True),
    _phone("care_coordinator_phone", "Phone number of the care coordinator", "tried"),
    _text("consultant_name", "Consultant psychiatrist", "tried", who=True),
    _story(
        "interventions_tried", "What has been tried", "tried", "What, when and how it went. Earlier admissions too."
    ),
    _story("why_not_community", "Why care at home is not enough", "tried"),
    _story("purpose_of_admission", "What admission is for", "purpose"),
    _text("expected_length", "How long it would last", "purpose", "For example: 6 weeks."),
    _story("when_it_would_end", "When it would end", "purpose", "What would have to be true, and where they would go."),
    _story("young_person_views", "What the person thinks", "views", "In their own words if you can."),
    _story("family_views", "What the family thinks", "views"),
    _yes_no("family_told", "Has the family been told about this referral?", "views"),
    _yes_no("family_objects", "Does the family object?", "views"),
)

FIELD: Final[dict[str, Field]] = {field.name: field for field in FIELDS}


def fields_of(section: str) -> tuple[Field, ...]:
    """Return the fields of one section in the order they are asked; an unknown section has none."""
    return tuple(field for field in FIELDS if field.section == section)
