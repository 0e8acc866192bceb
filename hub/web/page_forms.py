"""What every form of the hub carries, and the drafts of what is typed on pages that belong to no item."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Request, g, request
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import HiddenField

from hub.db import transaction
from hub.engine.drafts import Draft
from hub.engine.refusal import ActionRefused
from hub.web import drafts
from hub.web.access import Keeper
from hub.web.database import db
from hub.web.other_windows import Window, other_windows
from hub.web.person import EndedSession
from hub.web.rows_field import RowsField

F = TypeVar("F", bound=FlaskForm)


def stripped(text: str | None) -> str:
    """Typed text without blanks round it, and without the one character that cannot be stored."""
    return (text or "").replace("\0", "").strip()


class PageForm(FlaskForm):
    """What forms have in common: the window's token, and a refusal that stands beside its field."""

    page = HiddenField(default=drafts.new_page)
    """Names the window, so that what is typed in another one is another draft."""

    def show(self, refused: ActionRefused) -> None:
        """Put everything that was refused beside its field, or at the top when it has none."""
        for problem in refused.problems:
            field = self._fields.get(problem.field)
            table = self._table_of(problem.field) if field is None else None
            if table is not None:
                table.refuse(problem.message, problem.field)
            elif field is None:
                self.form_errors.append(problem.message)
            else:
                field.errors = [*field.errors, problem.message]

    def _table_of(self, name: str) -> RowsField | None:
        """The table that has a box of this name."""
        tables = (field for field in self if isinstance(field, RowsField))
        return next((table for table in tables if table.cell_named(name) is not None), None)


@dataclass(frozen=True)
class PageDrafts:
    """Where what is typed on pages of one `kind` is kept: by `action`, else by the address a form is sent to."""

    kind: str
    action: str = ""

    def find(self, address: str = "") -> Draft | None:
        """What the signed-in person typed and did not send, at this request's address or another one."""
        return drafts.find(db.session, **self._key(g.actor.user_id, address or request.path))

    def form_of(self, made: type[F], **given: Any) -> F:
        """The form as it was sent; when it is asked for, with what was typed when a session ended."""
        if request.method != "POST":
            found = self.find()
            given["formdata"] = drafts.as_form(found) if found else None
        form: F = made(**given)
        return form

    def windows_of(self, form: FlaskForm) -> list[Window]:
        """What this person typed into the same form elsewhere, when the form is asked for."""
        if form.is_submitted():
            return []
        return other_windows(db.session, form, **self._key(g.actor.user_id, request.path))

    def save(self) -> ResponseReturnValue:
        """Keep what is being typed; gives the words to show beside the form."""
        return drafts.save(kind=self.kind, action=self.action or request.path, item_id=None)

    def discard(self, address: str = "") -> None:
        """Forget it, for it was sent. The caller commits."""
        drafts.discard(db.session, **self._key(g.actor.user_id, address or request.path))

    def keeper(self, is_one: Callable[[Request], bool]) -> Keeper:
        """Keeps a post that came after the session ended, when it `is_one` of these pages, to be offered back."""

        def keep_typed(ended: EndedSession, posted: Request) -> bool:
            if not is_one(posted):
                return False
            with transaction(db.session):
                key = self._key(ended.user_id, posted.path)
                drafts.keep(db.session, **key, fields=drafts.typed(posted), now=g.now)
            return True

        return keep_typed

    def _key(self, user_id: int, address: str) -> dict[str, Any]:
        return {"user_id": user_id, "kind": self.kind, "action": self.action or address, "item_id": None}
