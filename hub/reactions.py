"""What happens inside the hub because of an action, in the same transaction: topic to function, one line each."""

from hub.cases.services import keep_facts, open_case, record_legal_status, reopen_case
from hub.engine.attach import attach_case
from hub.engine.topics import Happened, listen
from hub.patients.services import find_or_add


def open_the_case(happened: Happened) -> None:
    """A sent referral belongs to a case: the person's open one, or a new one."""
    referral, session = happened.item, happened.session
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


listen("referral.submitted", open_the_case)
listen("referral.reopened", reopen_the_case)
