"""What a person typed into the same form in another window: shown beside it to be copied, or forgotten."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, abort, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, Field, Form, HiddenField, RadioField, SelectField, SelectMultipleField

from hub.db import transaction
from hub.engine.drafts import Draft
from hub.web import drafts
from hub.web.access import safe_next, signed_in
from hub.web.database import db
from hub.web.date_fields import DateParts
from hub.web.filters import moment_within, time_of_day
from hub.web.rows_field import RowsField
from workflows.durations import local

blueprint = Blueprint("drafts", __name__, url_prefix="/drafts")


@dataclass(frozen=True)
class Window:
    """One other window: when it was last typed in, and (question, words) for what is not in this form."""

    when: str
    """"at 11:32am", with the day when it was not today."""
    forget_href: str
    words: list[tuple[str, str]]


def other_windows(
    session: Session, form: Form, *, user_id: int | None, kind: str, action: str, item_id: int | None
) -> list[Window]:
    """What stands in this person's other drafts of this action and not in `form`, newest first."""
    shown = dict(_shown(form))
    found = []
    for draft in drafts.all_of(session, user_id=user_id, kind=kind, action=action, item_id=item_id):
        said = dict(_typed(draft.fields, form))
        differing = [(name, words) for name, words in said.items() if words and words not in shown.get(name, "")]
        if differing:
            pairs = [(_question(form, name), _in_words(form, name, words)) for name, words in differing]
            found.append(Window(_when(draft.saved_at), url_for("drafts.forget", draft_id=draft.id), pairs))
    return found


@blueprint.post("/<int(max=2147483647):draft_id>/forget")
@signed_in
def forget(draft_id: int) -> ResponseReturnValue:
    """Forget what was typed in another window; only its writer can."""
    draft = db.session.get(Draft, draft_id)
    if draft is None or draft.user_id != g.actor.user_id:
        abort(404)
    with transaction(db.session):
        db.session.delete(draft)
    return redirect(safe_next(request.form.get("next")) or "/", 303)


def _when(at: datetime) -> str:
    is_today = local(at).date() == local(g.now).date()
    return f"at {time_of_day(at)}" if is_today else moment_within(at, g.now)


def _fields(form: Form) -> Iterator[Field]:
    return (each for each in form if not isinstance(each, HiddenField) and each.name not in drafts.NO_WORDS)


def _shown(form: Form) -> Iterator[tuple[str, str]]:
    """What each box of the form holds as it is shown."""
    for field in _fields(form):
        if isinstance(field, DateParts):
            yield field.name, _joined(field.typed.get(box, "") for box in field.boxes)
        elif isinstance(field, RowsField):
            yield field.name, drafts.plain(field.in_words())
        else:
            yield field.name, "" if field.data is None else drafts.plain(str(field.data))


def _typed(fields: Mapping[str, list[str]], form: Form) -> Iterator[tuple[str, str]]:
    """What each box of the form held when the draft was saved. A tick is no word, and is not told."""
    said = drafts.words_in(fields)
    for field in _fields(form):
        if isinstance(field, DateParts):
            yield field.name, _joined(said.get(f"{field.name}-{box}", "") for box in field.boxes)
        elif isinstance(field, RowsField):
            yield field.name, drafts.plain(field.words_of(MultiDict(said)))
        elif not isinstance(field, BooleanField | SelectMultipleField):
            yield field.name, said.get(field.name, "")


def _joined(parts: Iterator[str]) -> str:
    return " ".join(part for part in parts if part)


def _question(form: Form, name: str) -> str:
    return str(form[name].label.text)


def _in_words(form: Form, name: str, words: str) -> str:
    field = form[name]
    if isinstance(field, SelectField | RadioField):
        return next((str(choice[1]) for choice in field.iter_choices() if str(choice[0]) == words), words)
    return words
