"""A new referral: what it is begun with, once for each page however often that is sent."""

from http import HTTPStatus
from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from hub.db import transaction
from hub.engine.drafts import Draft
from hub.engine.refusal import ActionRefused
from hub.referrals.forms import answers_to_begin, beginning_form
from hub.referrals.models import Referral
from hub.referrals.services import AlreadyBegun, begun_before, new_referral
from hub.web import drafts
from hub.web.action_form import ActionForm
from hub.web.database import db
from hub.web.page_forms import PageDrafts

TYPED = PageDrafts(Referral.workflow.name, "new")
"""What is typed on the start page."""


def ask_to_begin() -> ResponseReturnValue:
    """The start page, with what was typed on it before."""
    found = unsent(TYPED)
    form = beginning_form(g.actor)(formdata=drafts.as_form(found) if found else None)
    return _page(form, found)


def unsent(typed: PageDrafts) -> Draft | None:
    """What was typed on such a page that has begun no referral yet.

    What was saved late, after its page had been sent, is shown beside the form to be copied, and fills none: it would
    be sent a second time.
    """
    found = typed.find()
    return None if found is not None and begun_before(db.session, g.actor, found.page) else found


def begin() -> ResponseReturnValue:
    """Begin the referral as a draft, and go to its form."""
    form = beginning_form(g.actor)()
    form.validate()
    values, problems = answers_to_begin(form, g.now)
    try:
        if problems or form.errors:
            raise ActionRefused(problems)
        made = _write_down(values)
    except AlreadyBegun:
        return _sent_twice(form, values)
    except ActionRefused as refused:
        form.show(refused)
        return _page(form), HTTPStatus.UNPROCESSABLE_ENTITY
    flash(f"{made.reference} is begun as a draft. Nothing is sent yet.", "success")
    return redirect(url_for("referrals.show_form", reference=made.reference), HTTPStatus.SEE_OTHER)


def _write_down(values: dict[str, Any]) -> Referral:
    with transaction(db.session):
        # The hub has it from the telephone call on; from a referrer only when it is sent, and the engine sets that.
        received = {"received_at": g.now} if g.actor.is_hub else {}
        made = new_referral(db.session, g.actor, now=g.now, values={**values, **received}, page=this_page())
        TYPED.discard()
    return made


def _sent_twice(form: ActionForm, values: dict[str, Any]) -> ResponseReturnValue:
    earlier = earlier_of_this_page(form, values)
    if earlier is None:
        return _page(form), HTTPStatus.CONFLICT
    return redirect(url_for("referrals.show_form", reference=earlier.reference), HTTPStatus.SEE_OTHER)


def earlier_of_this_page(form: ActionForm, values: dict[str, Any]) -> Referral | None:
    """The referral this very page made before, when it says the same.

    When it says something else it may be about another person: None, and `form` says so and can be sent once more.
    """
    earlier = begun_before(db.session, g.actor, this_page())
    if earlier is not None and all(value == getattr(earlier, name) for name, value in values.items()):
        return earlier
    begun = earlier.reference if earlier is not None else "Another referral"
    form.form_errors.append(f"{begun} was begun from this page before. To begin one more, look it over and press again")
    form["page"].data = form["page"].raw_data = None
    form["page"].data = drafts.new_page()
    return None


def this_page() -> str:
    """The token of the page that was sent."""
    return drafts.page_of(drafts.typed(request))


def _page(form: ActionForm, draft: Draft | None = None) -> str:
    return render_template("referrals/new.html", form=form, draft=draft, windows=TYPED.windows_of(form))
