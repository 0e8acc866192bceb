"""Papers of an admission decision: Form 2 as it was signed, and the notice of what was decided."""

from typing import Any

from sqlalchemy import select

from hub.accounts.models import UserAccount
from hub.admissions.decision_words import (
    ENDING,
    NOT_RATIFIED,
    TO_DISAGREE,
    WHAT_IT_DECIDES,
    Pairs,
    authority_words,
    by,
    decider_of,
    decision_words,
    signature_words,
)
from hub.engine.models import Transition
from hub.engine.topics import Happened
from hub.organisations.models import Collaborative
from hub.papers.content import Block, boxed, heading, pairs, sections
from hub.papers.models import ForWhom, PaperKind
from hub.papers.services import keep, place_names
from hub.web.filters import moment, nhs_number, plain_day
from hub.web.sections import answered, given
from workflows import form2

FORM_2_TITLE = "Form 2: access assessment"
NOTICE_TITLE = "Decision notice"
ABOUT = ("About this paper", "What is known")
DECIDED = ("What", "What was decided")


def keep_form_2(happened: Happened) -> None:
    """Freeze Form 2 as it was signed, with its outcome."""
    item, session = happened.item, happened.session
    signed_by = session.get(UserAccount, item.form2_signed_by_id) if item.form2_signed_by_id else None
    blocks = [
        pairs(_about(happened), ABOUT),
        heading("Outcome and signature"),
        pairs(signature_words(item, signed_by)),
        *sections(answered(item, form2.SECTIONS, form2.FIELDS)),
    ]
    keep(happened, PaperKind.FORM_2, FORM_2_TITLE, blocks)


def keep_decision_notice(happened: Happened) -> None:
    """Tell referrer and provider what was decided: reasons, conditions, authority, and how to disagree."""
    item, session = happened.item, happened.session
    decider, _, _ = decider_of(item)
    places = place_names(session, [item.responsible_commissioner])
    words = decision_words(
        item,
        reason=_reason(happened),
        commissioner=places.get(item.responsible_commissioner or "", ""),
        decided_by=session.get(UserAccount, decider) if decider else None,
    )
    _keep_notice(happened, words)


def keep_refusal_to_ratify(happened: Happened) -> None:
    """Tell the referrer that an emergency admission was not ratified, and what happens tonight."""
    item, session = happened.item, happened.session
    role, at = item.ratification_refused_role, item.ratification_refused_at
    refused_by = session.get(UserAccount, item.ratification_refused_by_id) if item.ratification_refused_by_id else None
    words = given(
        ("Decision", NOT_RATIFIED),
        ("Reasons", happened.reason),
        ("What happens tonight", item.tonight),
        ("What comes next", "The question of admission is decided in the usual way"),
        ("Decided by", f"{by(refused_by, role)}, {moment(at)}"),
        *authority_words(role, item.policy),
        ("How to disagree", TO_DISAGREE),
    )
    _keep_notice(happened, words)


def _keep_notice(happened: Happened, words: Pairs) -> None:
    blocks: list[Block] = [
        boxed(WHAT_IT_DECIDES),
        pairs(_about(happened), ABOUT),
        heading("The decision"),
        pairs(words, DECIDED),
    ]
    keep(happened, PaperKind.DECISION_NOTICE, NOTICE_TITLE, blocks, ForWhom.OUTCOME)


def _about(happened: Happened) -> Pairs:
    """Reference, person, date and collaborative; the person as the referrer named them, whose notice it is to read."""
    item, form = happened.item, happened.item.referral
    number = form.nhs_number if form is not None else None
    return given(
        ("Reference", item.reference),
        ("Person", item.title),
        ("Date of birth", plain_day(form.date_of_birth) if form is not None else ""),
        ("NHS number", nhs_number(number) if number else ""),
        ("Referral", form.reference if form is not None else ""),
        ("Made", moment(happened.at)),
        ("Collaborative", _collaborative(happened)),
    )


def _collaborative(happened: Happened) -> str:
    identity: Any = happened.item.collaborative_id
    found = happened.session.get(Collaborative, identity) if identity is not None else None
    return found.name if found is not None else ""


def _reason(happened: Happened) -> str:
    """The reason of the action that decided: a late Form 2 ends an admission that was ratified before."""
    rows = select(Transition.reason).where(Transition.item_id == happened.item.id, Transition.action.in_(ENDING))
    return happened.session.scalars(rows.order_by(Transition.position.desc()).limit(1)).first() or ""
