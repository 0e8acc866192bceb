"""Every role and capacity, with a sentence each."""

from enum import StrEnum


class Role(StrEnum):
    """What a person is, by a dated membership of an organisation (product.md, "Roles and capacities")."""

    COORDINATOR = "coordinator"
    CASE_MANAGER = "case_manager"
    CLINICAL_REVIEWER = "clinical_reviewer"
    FINANCE_LEAD = "finance_lead"
    HEAD_OF_COMMISSIONING = "head_of_commissioning"
    DIRECTOR = "director"
    QUALITY_LEAD = "quality_lead"
    QUALITY_GROUP_CHAIR = "quality_group_chair"
    FAMILY_LIAISON = "family_liaison"
    INFORMATION_GOVERNANCE = "information_governance"
    ADMINISTRATOR = "administrator"
    UNIT_MANAGER = "unit_manager"
    UNIT_CLINICIAN = "unit_clinician"
    ACCESS_ASSESSOR = "access_assessor"
    PROVIDER_QUALITY_LEAD = "provider_quality_lead"
    REFERRER = "referrer"
    FUNDER = "funder"
    OUTSIDE_MEMBER = "outside_member"
    ON_CALL = "on_call"
    SYSTEM = "system"

    @property
    def label(self) -> str:
        """The role in words, as in "a case manager can do this"."""
        return ROLE_LABELS[self]


ROLE_LABELS: dict[Role, str] = {
    Role.COORDINATOR: "coordinator",
    Role.CASE_MANAGER: "case manager",
    Role.CLINICAL_REVIEWER: "clinical reviewer",
    Role.FINANCE_LEAD: "finance lead",
    Role.HEAD_OF_COMMISSIONING: "head of commissioning",
    Role.DIRECTOR: "director",
    Role.QUALITY_LEAD: "quality lead",
    Role.QUALITY_GROUP_CHAIR: "quality group chair",
    Role.FAMILY_LIAISON: "family liaison",
    Role.INFORMATION_GOVERNANCE: "information governance lead",
    Role.ADMINISTRATOR: "administrator",
    Role.UNIT_MANAGER: "unit manager",
    Role.UNIT_CLINICIAN: "unit clinician",
    Role.ACCESS_ASSESSOR: "access assessor",
    Role.PROVIDER_QUALITY_LEAD: "provider quality lead",
    Role.REFERRER: "referrer",
    Role.FUNDER: "funder",
    Role.OUTSIDE_MEMBER: "outside member",
    Role.ON_CALL: "on-call manager",
    Role.SYSTEM: "the hub itself",
}

ROLE_SENTENCES: dict[Role, str] = {
    Role.COORDINATOR: "Takes in referrals, chases, convenes and sends, for the hub.",
    Role.CASE_MANAGER: "A clinician of the hub who triages, recommends or decides, and owns cases.",
    Role.CLINICAL_REVIEWER: "Gives the hub's clinical view on a request.",
    Role.FINANCE_LEAD: "Gives the hub's view on cost; sees no clinical text.",
    Role.HEAD_OF_COMMISSIONING: "Decides within a limit and ratifies what was done in an emergency.",
    Role.DIRECTOR: "Decides above the head of commissioning's limit.",
    Role.QUALITY_LEAD: "Sets surveillance levels with evidence.",
    Role.QUALITY_GROUP_CHAIR: "Chairs the quality group that confirms levels.",
    Role.FAMILY_LIAISON: "Keeps one family informed and heard.",
    Role.INFORMATION_GOVERNANCE: "Answers who looked at a record and why; sees the trail, not the content.",
    Role.ADMINISTRATOR: "Looks after people and settings; opens no case.",
    Role.UNIT_MANAGER: "Keeps a unit's beds and answers for it.",
    Role.UNIT_CLINICIAN: "Treats people on a unit.",
    Role.ACCESS_ASSESSOR: "Assesses, for a provider, whether an admission would help.",
    Role.PROVIDER_QUALITY_LEAD: "Answers quality concerns for a provider.",
    Role.REFERRER: "Refers a person to the hub.",
    Role.FUNDER: "Accepts or refuses an organisation's own share of a cost.",
    Role.OUTSIDE_MEMBER: "Decides or advises from outside when the hub is itself a side.",
    Role.ON_CALL: "Acts out of hours; named by the rota, not by a standing role.",
    Role.SYSTEM: "The hub's own clocks and settlements; no person.",
}

HUB_ROLES: frozenset[Role] = frozenset(
    {
        Role.COORDINATOR,
        Role.CASE_MANAGER,
        Role.CLINICAL_REVIEWER,
        Role.FINANCE_LEAD,
        Role.HEAD_OF_COMMISSIONING,
        Role.DIRECTOR,
        Role.QUALITY_LEAD,
        Role.QUALITY_GROUP_CHAIR,
        Role.FAMILY_LIAISON,
        Role.INFORMATION_GOVERNANCE,
        Role.ADMINISTRATOR,
    }
)
"""Roles that only a membership of the hub arm can carry."""

UNIT_ROLES: frozenset[Role] = frozenset({Role.UNIT_MANAGER, Role.UNIT_CLINICIAN})
"""Who answers for a unit and keeps its beds. Without a unit of their own they see what every unit of their provider is
a party to; who refers, assesses or answers for quality for that provider does not."""

PERSON_ROLES: tuple[Role, ...] = tuple(role for role in Role if role not in {Role.SYSTEM, Role.ON_CALL})
"""Roles a membership can carry; on-call comes by rota and SYSTEM is nobody."""


class Capacity(StrEnum):
    """What somebody is to one item; anyone the item names can hold it."""

    OWNER = "owner"
    REQUESTER = "requester"
    REFERRER = "referrer"
    ASSESSOR = "assessor"
    SIDE = "side"
    CONVENOR = "convenor"
    CHAIR = "chair"
    DEPUTY = "deputy"
    PANEL_CHAIR = "panel_chair"
    PANEL_MEMBER = "panel_member"
    CORE_TEAM = "core_team"
    SPECIALIST = "specialist"
    FUNDER = "funder"
    ACTION_OWNER = "action_owner"
    ASKED = "asked"
    RECEIVING = "receiving"
    TREATING = "treating"
    INTERESTED = "interested"
    ONLOOKER = "onlooker"

    @property
    def label(self) -> str:
        """The capacity in words, as in "only the owner can do this"."""
        return CAPACITY_LABELS[self]


CAPACITY_LABELS: dict[Capacity, str] = {
    Capacity.OWNER: "owner",
    Capacity.REQUESTER: "requester",
    Capacity.REFERRER: "referrer of this item",
    Capacity.ASSESSOR: "assessor",
    Capacity.SIDE: "side",
    Capacity.CONVENOR: "convenor",
    Capacity.CHAIR: "chair",
    Capacity.DEPUTY: "deputy",
    Capacity.PANEL_CHAIR: "panel chair",
    Capacity.PANEL_MEMBER: "panel member",
    Capacity.CORE_TEAM: "core team member",
    Capacity.SPECIALIST: "specialist",
    Capacity.FUNDER: "funder of a share",
    Capacity.ACTION_OWNER: "action owner",
    Capacity.ASKED: "the one who was asked",
    Capacity.RECEIVING: "receiving unit",
    Capacity.TREATING: "treating unit",
    Capacity.INTERESTED: "party",
    Capacity.ONLOOKER: "anyone who may see it",
}

CAPACITY_SENTENCES: dict[Capacity, str] = {
    Capacity.OWNER: "Answers for this item inside the hub.",
    Capacity.REQUESTER: "Asked for it; never approves it.",
    Capacity.REFERRER: "Referred the person; sees status and outcome of what follows.",
    Capacity.ASSESSOR: "Was asked to assess, until the assessment is in.",
    Capacity.SIDE: "One side of a disagreement.",
    Capacity.CONVENOR: "Holds the ladder of a dispute and takes no side.",
    Capacity.CHAIR: "Chairs the team round one person.",
    Capacity.DEPUTY: "Acts for somebody who is away.",
    Capacity.PANEL_CHAIR: "Chairs a panel that decides.",
    Capacity.PANEL_MEMBER: "Sits on a panel that decides.",
    Capacity.CORE_TEAM: "Belongs to the team round one person.",
    Capacity.SPECIALIST: "Pulled in for a question; access closes with the invitation.",
    Capacity.FUNDER: "Pays a share and speaks for that share alone.",
    Capacity.ACTION_OWNER: "Took on an action with a date.",
    Capacity.ASKED: "Was asked a question on this item.",
    Capacity.RECEIVING: "Offered the bed that was accepted; sees where the search is and records the admission.",
    Capacity.TREATING: "Has the person on its unit, or had for this stay.",
    Capacity.INTERESTED: "Has a reason to see this item.",
    Capacity.ONLOOKER: "May see this item, for whatever reason.",
}
