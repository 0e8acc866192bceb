"""What happens inside the hub because of an action, in the same transaction: topic to function, one line each."""

from functools import partial

import hub.models  # noqa: F401 - every table must be known before the first mapper is used
import workflows
from hub.admissions.papers import keep_decision_notice, keep_form_2, keep_refusal_to_ratify
from hub.admissions.services import another_wants_a_bed, open_admission
from hub.cases.services import (
    complete_legal_status,
    keep_facts,
    lock_case,
    note_facts,
    open_case,
    record_legal_status,
    reopen_case,
)
from hub.engine.attach import attach_case
from hub.engine.topics import Happened, listen, listeners
from hub.escalations.papers import keep_whole
from hub.escalations.services import give_it_to_convenor, settle_when_all_accepted
from hub.merges.joining import join
from hub.merges.parting import part
from hub.merges.services import lock_for_undoing
from hub.messages.who_is_told import is_told
from hub.patients.services import complete_record, find_or_add
from hub.placements.approaching import (
    ask_the_unit,
    compare_with_its_beds,
    give_the_bed_back,
    keep_the_exception,
    search_again,
    take_the_offer,
)
from hub.placements.pack import keep_pack
from hub.placements.services import open_placement, stand_down_search, taken_beds
from hub.policy_changes.services import put_in_force, settle_day, take_back
from hub.referrals.papers import keep_form_1
from hub.referrals.services import title_of
from hub.stays.services import ask_for_no_follow_up, begin_stay, keep_the_dates, move_on
from hub.tasks.services import call_off, hand_to_head, open_task, tick_off
from workflows.everyday import TOPICS as EVERYDAY_TOPICS
from workflows.form1 import EMERGENCY, follow_up


def open_the_case(happened: Happened) -> None:
    """A sent referral belongs to a case: the person's open one, or a new one."""
    referral, session = happened.item, happened.session
    named = title_of({"family_name": referral.family_name, "given_name": referral.given_name})
    if referral.title != named:  # a draft is often begun before the person has a name; lists outside the hub show it
        referral.title = named
    if referral.case_id is None:
        patient = find_or_add(session, referral, now=happened.at)
        case = open_case(
            session, patient_id=patient.id, service_line=referral.service_line, now=happened.at, facts=referral
        )
        attach_case(session, referral, case.id)
    else:
        case = open_case(
            session, patient_id=referral.case.patient_id, service_line=referral.service_line, now=happened.at
        )
    keep_facts(session, case, referral)
    record_legal_status(
        session,
        case,
        code=referral.legal_status,
        from_on=referral.legal_status_from,
        expires_at=referral.legal_status_expires_at,
        by_id=happened.actor.user_id,
        now=happened.at,
    )


def ask_for_the_rest(happened: Happened) -> None:
    """An emergency goes on with the minimum; what the whole form lacks is owed. An import brings what there is."""
    referral = happened.item
    if referral.priority == EMERGENCY and not happened.actor.is_system and follow_up(referral):
        open_task(happened.session, referral, f"The rest of the form of {referral.reference}", now=happened.at)


def take_in_the_rest(happened: Happened) -> None:
    """What was added to an emergency's form: the record and the case know it too, and nothing is owed any more."""
    referral, session = happened.item, happened.session
    case = lock_case(session, referral.case_id)
    referral.title = title_of({"family_name": referral.family_name, "given_name": referral.given_name})
    complete_record(session, case.patient_id, referral)
    keep_facts(session, case, referral)
    complete_legal_status(
        session, case, from_on=referral.legal_status_from, expires_at=referral.legal_status_expires_at
    )
    if not follow_up(referral):
        tick_off(session, referral, now=happened.at)


def ask_for_nothing_more(happened: Happened) -> None:
    """A referral that goes no further owes nothing."""
    why = f"{happened.item.reference}: {happened.item.workflow.wording_of(happened.item.state).label.lower()}"
    call_off(happened.session, happened.item, now=happened.at, why=why)


def reopen_the_case(happened: Happened) -> None:
    """Reopening an item reopens its case, or moves the item to the person's newer open one."""
    if happened.item.case_id is not None:
        attach_case(happened.session, happened.item, reopen_case(happened.session, happened.item.case_id))


def open_the_admission(happened: Happened) -> None:
    """An accepted referral is followed by the decision on admission."""
    open_admission(happened.session, happened.item, now=happened.at)


def note_form_2(happened: Happened) -> None:
    """The case knows that Form 2 is signed: an admission to a bed asks for it."""
    note_facts(happened.session, happened.item.case_id, form2_signed_at=happened.at)


def search_for_a_bed(happened: Happened) -> None:
    """An agreed admission opens the search, unless one is open."""
    open_placement(happened.session, happened.item, now=happened.at)


def search_in_an_emergency(happened: Happened) -> None:
    """The emergency route is on record, and the search begins before anybody ratified it."""
    note_facts(happened.session, happened.item.case_id, emergency_route_at=happened.at)
    search_for_a_bed(happened)


def stand_the_search_down(happened: Happened) -> None:
    """Nobody looks for a bed that is not wanted any more; one that another decision of the case asks for goes on.

    A bed that is planned or taken stays: nobody is put out of it by a form, so the head of commissioning settles it.
    """
    session, item = happened.session, happened.item
    is_still_wanted = partial(another_wants_a_bed, session, item)
    taken = stand_down_search(
        session,
        item.case_id,
        now=happened.at,
        why=f"{item.reference}: {happened.reason}",
        is_still_wanted=is_still_wanted,
    )
    taken += [bed for bed in taken_beds(session, item.case_id) if not is_still_wanted(bed.opened_at)]
    for placement in taken:
        state = placement.workflow.wording_of(placement.state).label.lower()
        what = f"The bed of {placement.reference} ({state}), since {item.reference} does not stand any more"
        hand_to_head(session, placement, what, now=happened.at)


def take_in_the_facts(happened: Happened) -> None:
    """What an admission needs, written down on the search: the case knows it from then on."""
    case = lock_case(happened.session, happened.item.case_id)
    keep_facts(happened.session, case, happened.item)


def note_the_dispute(happened: Happened) -> None:
    """An objection makes the whole case contested."""
    note_facts(happened.session, happened.item.case_id, is_contested=True)


def settle_the_dispute(happened: Happened) -> None:
    """Every side has accepted the same version: it is agreed."""
    settle_when_all_accepted(happened.session, happened.item, now=happened.at)


def give_to_convenor(happened: Happened) -> None:
    """Who convenes has it on their lists."""
    give_it_to_convenor(happened.session, happened.item, now=happened.at)


def make_them_one(happened: Happened) -> None:
    """Two people agree that two records are one person's: the other becomes part of the one that stands."""
    join(happened.session, happened.item, happened.actor, now=happened.at)


def ask_to_take_them_apart(happened: Happened) -> None:
    """While that is undecided, neither record is made one with a third."""
    lock_for_undoing(happened.session, happened.item, happened.actor)


def take_them_apart(happened: Happened) -> None:
    """Two people agree that the records are of two people after all: both are as they were."""
    part(happened.session, happened.item, happened.actor, now=happened.at)


listen("referral.submitted", open_the_case)
listen("referral.submitted", ask_for_the_rest)  # in the case that was just opened
listen("referral.rest_added", take_in_the_rest)
for ended in ("referral.declined", "referral.redirected", "referral.superseded", "referral.withdrawn"):
    listen(ended, ask_for_nothing_more)
listen("referral.reopened", reopen_the_case)
listen("referral.accepted", open_the_admission)
listen("admission.assessed", note_form_2)
listen("admission.late_assessment_signed", note_form_2)
listen("admission.agreed", search_for_a_bed)
listen("admission.admitted_in_emergency", search_in_an_emergency)
listen("admission.ratification_refused", stand_the_search_down)
listen("admission.withdrawn", stand_the_search_down)
listen("admission.reconsidered", reopen_the_case)
listen("admission.objected", note_the_dispute)
listen("placement.unit_approached", ask_the_unit)
listen("placement.exception_allowed", keep_the_exception)
listen("placement.bed_accepted", take_the_offer)
for given_up in ("placement.search_reopened", "placement.stood_down"):
    listen(given_up, give_the_bed_back)
listen("placement.facts_completed", take_in_the_facts)
listen("placement.admitted", begin_stay)
listen("approach.refused", compare_with_its_beds)
listen("approach.taken_withdrawn", search_again)
for told in ("stay.ended", "stay.dates_corrected"):
    listen(told, keep_the_dates)
listen("stay.ended", ask_for_no_follow_up)
listen("stay.transferred", move_on)
listen("escalation.accepted_by_side", settle_the_dispute)
for chosen in ("escalation.accepted", "escalation.convenor_changed"):
    listen(chosen, give_to_convenor)
listen("merge.agreed", make_them_one)
listen("merge.undo_asked", ask_to_take_them_apart)
listen("merge.undone", take_them_apart)
for dated in ("policy_change.proposed", "policy_change.day_moved"):
    listen(dated, settle_day)
listen("policy_change.approved", put_in_force)
listen("policy_change.revoked", take_back)

# Papers last: what they say is as it became, and a decision is made before it is told.
for sent in ("referral.submitted", "referral.rest_added"):
    listen(sent, keep_form_1)
for signed in ("admission.assessed", "admission.late_assessment_signed"):
    listen(signed, keep_form_2)
for decided in ("admission.agreed", "admission.alternative_agreed", "admission.refused", "admission.ratified"):
    listen(decided, keep_decision_notice)
listen("admission.ratification_refused", keep_refusal_to_ratify)
listen("approach.asked", keep_pack)
for ended in ("escalation.determined", "escalation.referred_on", "escalation.closed"):
    listen(ended, keep_whole)


class NobodyListens(Exception):
    """An action announces something, and nothing follows from it and nobody is told: a promise that is not kept."""


def check_every_topic_is_heard() -> None:
    """Raise NobodyListens, naming every topic that has no reaction and nobody who is told of it."""
    silent = [
        topic
        for workflow in workflows.ALL.values()
        for topic in (*workflow.topics, *EVERYDAY_TOPICS)
        if not listeners(topic) and not is_told(topic)
    ]
    if silent:
        raise NobodyListens(f"Nothing follows from {', '.join(silent)}, and nobody is told")


check_every_topic_is_heard()
