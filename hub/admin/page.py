"""What the administrator's pages have in common: who may, the form of one change, and how it is asked and refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template
from flask.typing import ResponseReturnValue
from wtforms import HiddenField, TextAreaField
from wtforms.validators import DataRequired, Length

from hub.accounts.services import AccountRefused
from hub.admin.queries import names_of
from hub.db import transaction
from hub.engine.admin_log import AdminChange, ChangedMeanwhile, Subject, last_change
from hub.engine.refusal import ActionRefused
from hub.web.access import roles
from hub.web.database import db
from hub.web.page_forms import PageDrafts, PageForm, stripped
from workflows.roles import Role

READERS = (Role.ADMINISTRATOR, Role.INFORMATION_GOVERNANCE, Role.HEAD_OF_COMMISSIONING, Role.DIRECTOR)
"""Who may look at people and settings. Only an administrator changes them."""
LONGEST_REASON = 500

blueprint = Blueprint("admin", __name__, url_prefix="/admin")
TYPED = PageDrafts("admin")
reads = roles(*READERS)
writes = roles(Role.ADMINISTRATOR)


def may_write() -> bool:
    """Whether the buttons are shown."""
    return Role.ADMINISTRATOR in g.actor.roles


def chosen(words: Mapping[str, str], value: str | None) -> list[tuple[str, str, bool]]:
    """The choices of a filter: (value, words, whether it is on)."""
    return [(str(each), said, each == (value or "")) for each, said in words.items()]


class AdminForm(PageForm):
    """One change: the last change its page knew of, and why."""

    seen = HiddenField(default="0")
    why = TextAreaField(
        "Why",
        [DataRequired("Enter why, in a few words"), Length(max=LONGEST_REASON, message="Use 500 letters or fewer")],
        filters=[stripped],
        description="It is kept in the history with your name. For example: Asked for by the ward manager on Friday",
        render_kw={"rows": 2},
    )

    @property
    def last_seen(self) -> int:
        """The last change the page knew of."""
        text = str(self.seen.data or "")
        return int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else 0

    def given(self, *leave_out: str) -> dict[str, Any]:
        """What was typed, by the name of the column."""
        own = {"page", "seen", "why", "csrf_token", *leave_out}
        return {name: answer.data for name, answer in self._fields.items() if name not in own}


@dataclass(frozen=True)
class Question:
    """How one change is asked: its words, where it leads back, what will happen, and what it is about."""

    title: str
    button: str
    back_href: str
    crumbs: Sequence[tuple[str, str]]
    below: str = ""
    points: Sequence[str] = ()
    facts: Sequence[tuple[str, object]] = ()
    tone: str = ""
    subject: Subject | None = None
    key: int | str = ""


def ask(form: AdminForm, question: Question, do: Callable[[], tuple[str, str]]) -> ResponseReturnValue:
    """The page of one change: asked, refused with everything still filled in, or done.

    `do` makes the change and gives what to say and where to go. Whoever comes second is told what changed meanwhile.
    """
    changes: Sequence[AdminChange] = ()
    if form.validate_on_submit():
        try:
            with transaction(db.session):
                said, href = do()
                TYPED.discard()
            flash(f"{said}.", "success")
            return redirect(href, HTTPStatus.SEE_OTHER)
        except ChangedMeanwhile as late:
            form.show(late)
            changes = late.changes
            form.seen.data = str(changes[0].id)
        except ActionRefused as refused:
            form.show(refused)
        except AccountRefused as refused:
            form.form_errors.extend(refused.reasons)
    elif not form.is_submitted() and question.subject is not None:
        form.seen.data = str(last_change(db.session, question.subject, question.key))
    windows = TYPED.windows_of(form)
    shown = render_template(
        "admin/change.html", form=form, asked=question, changed=names_of(db.session, changes), windows=windows
    )
    return shown, HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK
