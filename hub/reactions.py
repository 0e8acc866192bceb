"""What happens inside the hub because of an action, in the same transaction: topic to function, one line each."""

from functools import partial

import hub.models  # noqa: F401 - every table must be known before the first mapper is used
import workflows
from hub.admissions.services import another_wants_a_bed, open_admission
from hub.cases.services import keep_facts, note_facts, open_case, record_legal_status, reopen_case
from hub.engine.attach import attach_case
from hub.engine.topics import Happened, listen, listeners
from hub.messages.who_is_told import is_told
from hub.patients.services import find_or_add
from hub.placements.services import open_placement, stand_down_search
from hub.referrals.services import title_of


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
    """Nobody looks for a bed that is not wanted any more; one that another decision of the case asks for goes on."""
    stand_down_search(
        happened.session,
        happened.item.case_id,
        now=happened.at,
        why=f"{happened.item.reference}: {happened.reason}",
        is_still_wanted=partial(another_wants_a_bed, happened.session, happened.item),
    )


def note_the_dispute(happened: Happened) -> None:
    """An objection makes the whole case contested."""
    note_facts(happened.session, happened.item.case_id, is_contested=True)


listen("referral.submitted", open_the_case)
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


class NobodyListens(Exception):
    """An action announces something, and nothing follows from it and nobody is told: a promise that is not kept."""


def check_every_topic_is_heard() -> None:
    """Raise NobodyListens, naming every topic that has no reaction and nobody who is told of it."""
    silent = [
        topic
        for workflow in workflows.ALL.values()
        for topic in workflow.topics
        if not listeners(topic) and not is_told(topic)
    ]
    if silent:
        raise NobodyListens(f"Nothing follows from {', '.join(silent)}, and nobody is told")


check_every_topic_is_heard()
