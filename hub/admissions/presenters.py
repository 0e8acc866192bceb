"""What the page of an admission decision says: what was booked, found, recommended and decided, and who may decide."""

from collections.abc import Sequence
from dataclasses import dataclass

from hub.admissions.decision_words import (
    ENDING,
    WHAT_IT_DECIDES,
    Pairs,
    by,
    decider_of,
    decision_words,
    named,
    signature_words,
)
from hub.admissions.models import Admission
from hub.admissions.queries import waits_for_ratification
from hub.codes import label
from hub.engine.authority import is_party
from hub.engine.available import Offer
from hub.engine.reading import Reading
from hub.engine.visibility import View
from hub.web.filters import count, moment
from hub.web.sections import answered, given
from hub.web.stored_words import shown
from workflows import form1_fields, form2
from workflows.actor import Actor
from workflows.admission import State
from workflows.admission.guards import SCHEME
from workflows.authority import pounds as in_pounds
from workflows.roles import Capacity

CLINICAL = frozenset({"Reasons", "If it does not work", "Conditions", "Advice", "How to disagree"})
"""Parts of the decision in somebody's own words, which whoever looks after the money does not read."""
DECIDING = ("agree_admission", "agree_alternative", "refuse_admission")


@dataclass(frozen=True)
class Authority:
    """Who may decide and why: cost, limits, dispute, names."""

    cost: str
    limits: Pairs
    contested: Sequence[str]
    who: Sequence[tuple[str, str]]
    nobody: str
    """What to do when nobody inside may; empty when somebody may."""
    ratifying: bool = False


class AdmissionPage:
    """An admission decision as one person may see it."""

    what_it_decides = WHAT_IT_DECIDES

    def __init__(self, reading: Reading, actor: Actor, who: Sequence[tuple[str, str]]) -> None:
        self.reading = reading
        self.item: Admission = reading.item
        self.actor = actor
        self._who = who

    @property
    def _held(self) -> set[str]:
        """What this person's organisation, or they themselves, are to the item."""
        live = (line.party for line in self.reading.parties if line.party.until_at is None)
        return {capacity for party in live if is_party(self.actor, party) for capacity in party.capacities}

    @property
    def sees_all(self) -> bool:
        """The whole content: the hub by role, and an outside member who was let in to decide."""
        return self.reading.view is View.ALL

    @property
    def sees_assessment(self) -> bool:
        """Form 1 and Form 2: also whoever is asked to assess."""
        return self.sees_all or (self.reading.is_theirs_to_work_on and Capacity.ASSESSOR in self._held)

    @property
    def sees_question(self) -> bool:
        """The question: also whoever was asked."""
        return self.sees_all or (self.reading.is_theirs_to_work_on and Capacity.ASKED in self._held)

    @property
    def sees_cost(self) -> bool:
        """The cost and who may decide: nobody outside but a decider."""
        return self.sees_all or self.reading.view is View.COST

    @property
    def booking(self) -> Pairs:
        """The assessment that was booked."""
        item = self.item
        return given(
            ("Who assesses", item.assessing.name if item.assessing else ""),
            ("Assessor", item.booked_assessor),
            ("When", moment(item.booked_for) if item.booked_for else ""),
            ("How", shown(item.assessment_how, codes="assessment_place")),
            ("Where", item.assessment_where),
        )

    @property
    def form_1(self) -> list[tuple[str, str, Pairs]]:
        """What the referral says, section by section."""
        return answered(self.item.referral, form1_fields.SECTIONS, form1_fields.FIELDS) if self.item.referral else []

    @property
    def form_2(self) -> list[tuple[str, str, Pairs]]:
        """What the assessment says so far, section by section."""
        return answered(self.item, form2.SECTIONS, form2.FIELDS)

    @property
    def signature(self) -> Pairs:
        """The outcome of Form 2 and its signature."""
        return signature_words(self.item, self.item.form2_signed_by)

    @property
    def recommendation(self) -> Pairs:
        """What was recommended, with the answer and the objection that belong to it."""
        item = self.item
        if item.recommended_at is None:
            return []
        weeks = count(item.expected_length_weeks, "week") if item.expected_length_weeks else ""
        return given(
            ("Recommended", shown(item.recommendation, codes="admission_recommendation")),
            ("By", f"{named(item.recommended_by)}, {moment(item.recommended_at)}"),
            ("Less restrictive options", item.alternatives_considered),
            ("Purpose", item.purpose),
            ("Type of bed", shown(item.bed_type, codes="bed_type")),
            ("Expected length", weeks),
            ("How it ends", item.exit_plan),
            ("New facts", item.new_facts),
            ("Objection", f"{label('objector', item.objection_by)}: {item.objection}" if item.objection_by else ""),
        )

    @property
    def question(self) -> Pairs:
        """What was asked, of whom, and the answer."""
        item = self.item
        return given(
            ("Asked", item.question),
            ("Of", item.asked.name if item.asked else ""),
            ("By", f"{named(item.asked_by)}, {moment(item.asked_at)}" if item.asked_at else ""),
            ("Wanted by", moment(item.answer_due_at) if item.answer_due_at else ""),
            ("Answer", item.answer_given),
        )

    @property
    def emergency(self) -> Pairs:
        """The emergency admission, and who ratified it."""
        item = self.item
        if item.admitted_at is None:
            return []
        return given(
            ("Admitted", f"{by(item.admitted_by, item.admitted_role)}, {moment(item.admitted_at)}"),
            ("Why it could not wait", item.why_it_cannot_wait),
            ("Immediate risk", item.immediate_risk),
            ("Clinician in charge", item.clinician_in_charge),
            (
                "Ratified",
                f"{by(item.ratified_by, item.ratified_role)}, {moment(item.ratified_at)}" if item.ratified_at else "",
            ),
            ("What happens to the person tonight", item.tonight),
        )

    @property
    def outcome(self) -> Pairs:
        """How it ended, for everybody who may see it: reasons, conditions, by whom, and how to disagree."""
        item = self.item
        if item.is_open or self.reading.view is View.HISTORY:
            return []
        decider = item.ratified_by if decider_of(item)[0] == item.ratified_by_id else item.decided_by
        pairs = decision_words(
            item,
            reason=self._reason,
            commissioner=item.commissioner.name if item.commissioner else "",
            decided_by=decider,
            who_pays=shown(item.funding_source, codes="funding_source") if self.sees_cost else "",
        )
        return [pair for pair in pairs if pair[0] not in CLINICAL] if self.reading.view is View.COST else pairs

    @property
    def _reason(self) -> str:
        rows = (line.row for line in self.reading.lines if line.row.action in ENDING)
        last = next(rows, None)  # an earlier decision's reason is not this one's
        return (last.reason or "") if last is not None else ""

    def authority_ticks(self, offer: Offer) -> list[str]:
        """Why this person may do it: their role with its limit, and who did what they now decide or ratify."""
        limits = dict(SCHEME.ladder(self.item.policy))
        role = self.actor.role
        if role not in limits or not any(may.when and may.role is role for may in offer.action.by):
            said = [f"You may do this: it is for {offer.who}"]
        else:
            said = [f"You may decide: {role.label}, up to {in_pounds(limits[role])}"] if role else []
        if offer.action.name in DECIDING and self.item.recommended_by is not None:
            own = self.item.recommended_by_id == self.actor.user_id
            other = f"{named(self.item.recommended_by)} recommended it"
            said.append("You recommended it, within your own limit" if own else other)
        if offer.action.name == "ratify" and self.item.admitted_by is not None:
            if self.actor.did(self.item, "admitted"):
                return [f"Your role may do this: it is for {offer.who}"]
            said.append(f"Another person admitted: {named(self.item.admitted_by)}")
        return said

    @property
    def authority(self) -> Authority | None:
        """Who may decide, while there is something to decide."""
        item = self.item
        if waits_for_ratification(item):
            lacking = "Nobody but who admitted may ratify: name another head of commissioning or director"
            return Authority("", [], (), self._who, "" if self._who else lacking, ratifying=True)
        if item.state != State.RECOMMENDED:
            return None
        cost = item.estimated_cost_pence
        ladder = [(role.label, f"up to {in_pounds(limit)}") for role, limit in SCHEME.ladder(item.policy)]
        outside = SCHEME.outside(item.policy).label
        lacking = f"Nobody in the hub may decide this: a case manager lets in an {outside}, who decides instead"
        return Authority(
            in_pounds(cost) if cost is not None else "not known",
            ladder,
            item.why_contested,
            self._who,
            "" if self._who else lacking,
        )
