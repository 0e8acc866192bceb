"""Documents on every item's page, and their download: through the item's own rules, and every opening is logged."""

from __future__ import annotations

from http import HTTPStatus
from io import BytesIO
from typing import Any

from flask import Blueprint, Flask, abort, current_app, g, send_file
from flask.typing import ResponseReturnValue

from hub.config import Settings
from hub.db import transaction
from hub.documents.intake import Intake, intake_of
from hub.documents.kinds import KINDS
from hub.documents.models import Document
from hub.documents.presenters import Panel, line_of
from hub.documents.queries import find_document, is_read_by, may_open, openings_of
from hub.documents.storage import Storage, StorageDown
from hub.engine.reading import Reading
from hub.web import access, beside, files
from hub.web.database import db
from hub.web.item_rows import action_href
from hub.web.trail import note
from workflows.everyday import may_take_back

blueprint = Blueprint("documents", __name__, url_prefix="/documents")
_STORAGE = "hub.storage"


def init_app(app: Flask, settings: Settings) -> None:
    """Take files in as the settings say, and show documents on every item's page."""
    use(app, intake_of(settings))
    beside.show_beside(app, panel_of)


def use(app: Flask, intake: Intake) -> None:
    """Take files in through `intake`, and serve them from its storage."""
    app.extensions[_STORAGE] = intake.storage
    files.take_in_with(app, intake)


def panel_of(reading: Reading) -> dict[str, Any]:
    """The documents of an item that are this person's to read, and for the hub who opened them."""
    item = reading.item
    mine = [each for each in item.documents if is_read_by(each, reading.view, g.actor)]
    if reading.is_content_hidden and not mine:
        return {}
    # Who looked is for the hub alone, as it is on the case's page.
    openings = openings_of(db.session, item.id) if mine and g.actor.is_hub else []
    back = action_href(item, "take_back_document")
    lines = [
        line_of(
            each,
            take_back_href=f"{back}?document_id={each.id}" if may_take_back(each, item, g.actor) else "",
            openings=[opening for opening in openings if opening.document_id == each.id],
        )
        for each in mine
    ]
    return {"documents": Panel(lines, action_href(item, "add_document"), shows_openings=g.actor.is_hub)}


@blueprint.get("/<int(max=9223372036854775807):document_id>/<name>")
@access.signed_in
def download(document_id: int, name: str) -> ResponseReturnValue:
    """The bytes as they were sent, to be saved and not shown. 404 whenever this person may not have them."""
    found = find_document(db.session, document_id)
    if found is None:
        abort(HTTPStatus.NOT_FOUND)
    is_theirs = found.name == name and may_open(db.session, found, g.actor)
    storage: Storage = current_app.extensions[_STORAGE]
    try:
        data = storage.read(found.sha256) if is_theirs else b""
    except StorageDown:
        current_app.logger.exception("A document could not be read")
        abort(HTTPStatus.SERVICE_UNAVAILABLE)
    _note(found, "opened" if is_theirs else "refused")
    if not is_theirs:
        abort(HTTPStatus.NOT_FOUND)
    media_type = KINDS[found.kind].media_type
    response = send_file(BytesIO(data), media_type, as_attachment=True, download_name=found.name, conditional=False)
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


def _note(document: Document, what: str) -> None:
    """Log which document it was, and not its name, which may say whom it is about."""
    item, path = document.item, f"{blueprint.url_prefix}/{document.id}"
    with transaction(db.session):
        note(
            db.session,
            what,
            case_id=item.case_id,
            item_id=item.id,
            path=path,
            reference=item.reference,
            document=document.id,
        )
