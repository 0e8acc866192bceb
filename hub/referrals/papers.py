"""Form 1 on paper: what the referral said at the moment it was sent, in the words of its page."""

from hub.engine.topics import Happened
from hub.papers.content import bullets, heading, pairs, paragraph, sections
from hub.papers.models import PaperKind
from hub.papers.services import keep, place_names
from hub.referrals.answers_page import ORGANISATIONS
from hub.web.filters import moment
from hub.web.sections import answered, given
from hub.web.stored_words import roles_words
from workflows.core import Actor
from workflows.form1 import EMERGENCY, follow_up
from workflows.form1_fields import FIELDS, SECTIONS
from workflows.referral import REFERRAL

TITLE = "Form 1: referral"
OWED = "An emergency is sent with what is known at once. These answers follow, and stop no clock."
ABOUT = ("About this form", "What is known")
DECLARATION = next(
    ask.label for action in REFERRAL.named("submit") for ask in action.questions if ask.name == "declaration"
)


def keep_form_1(happened: Happened) -> None:
    """Freeze Form 1. Each sending makes another paper, and so does what is added to an emergency's form afterwards."""
    referral, is_sent = happened.item, happened.action == "submit"
    places = place_names(happened.session, [getattr(referral, name) for name in ORGANISATIONS])
    said = "Sent" if is_sent else "Added to"
    about = given(
        ("Reference", referral.reference),
        (said, moment(happened.at)),
        (f"{said} by", "" if happened.actor.is_system else _named(happened.actor)),
        ("How it came", happened.reason if happened.actor.is_system else ""),
    )
    declared = is_sent and not happened.actor.is_system  # a file that is imported declares nothing
    blocks = [pairs(about, ABOUT), *sections(answered(referral, SECTIONS, FIELDS, places=places))]
    if referral.priority == EMERGENCY and (owed := follow_up(referral)):
        blocks += [heading("Still to come"), paragraph(OWED), bullets([missing.sentence for missing in owed])]
    if declared:
        blocks += [heading("Declaration"), paragraph(f"{DECLARATION}.")]
    keep(happened, PaperKind.FORM_1, TITLE, blocks)


def _named(actor: Actor) -> str:
    """ "Nia Probert, referrer"; both roles of whoever is on call."""
    return f"{actor.name}, {roles_words(', '.join(sorted(actor.roles)))}"
