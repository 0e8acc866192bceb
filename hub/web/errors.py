"""Pages for what went wrong: not found (also refused), too big, open too long, our own fault."""

from __future__ import annotations

from http import HTTPStatus

from flask import Flask, Response, current_app, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError, generate_csrf
from werkzeug.exceptions import HTTPException, SecurityError

from hub.web import drafts
from hub.web.access import Kind, access_of, ask_to_sign_in, safe_next, wants_json
from hub.web.person import current_person
from hub.web.request_log import request_id

# The codes that have a page of their own in templates/errors; any other shows the one for 400.
_PAGES = {400, 403, 404, 405, 409, 413, 429, 503}
_MOST_FIELDS = 500


def init_app(app: Flask) -> None:
    """Answer every error with a page that says what to do, or with JSON to a program."""
    app.register_error_handler(CSRFError, _open_too_long)
    app.register_error_handler(HTTPException, _expected)
    app.register_error_handler(HTTPStatus.INTERNAL_SERVER_ERROR, _broken)


def _expected(error: HTTPException) -> ResponseReturnValue:
    if isinstance(error, SecurityError):
        # Nothing is known about this address, so no page can be built from it.
        return Response("This is not an address the hub answers to.\n", 400, mimetype="text/plain")
    code = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    if code < HTTPStatus.BAD_REQUEST:
        return error.get_response()  # a redirect that Werkzeug raises
    if wants_json():
        return jsonify(error=HTTPStatus(code).phrase), code
    return render_template(f"errors/{code if code in _PAGES else 400}.html"), code


def _broken(_error: HTTPException) -> ResponseReturnValue:
    """Our own fault: the page shows the number that finds this request in the log, and nothing else of it."""
    if wants_json():
        return jsonify(error="Something went wrong.", request_id=request_id()), 500
    return render_template("errors/500.html"), 500


def _new_token(*, is_ours: bool) -> ResponseReturnValue:
    """A page that saves by itself goes on after its person signed in again: it is given the new token.

    Only a page of ours that was shown to this very person; another site cannot read the answer.
    """
    person = current_person()
    page = drafts.page_of(request.form.to_dict(flat=False))
    if not is_ours or person is None or not page:
        return jsonify(error="The form token is missing or too old."), 400
    if not drafts.is_of(person.user_id, page):
        return jsonify(said=drafts.SOMEBODY_ELSE), HTTPStatus.CONFLICT
    return jsonify(error="The form token is too old: use this one.", csrf_token=generate_csrf()), 400


def _open_too_long(_error: CSRFError) -> ResponseReturnValue:
    """The form's token is too old or missing. What was typed comes back, to be looked at and sent again.

    Only when the browser says that the form was one of ours: else a foreign page could have a person confirm it.
    """
    if request.endpoint == "accounts.sign_in":
        way_back = safe_next(request.form.get("next"))
        return redirect(url_for("accounts.sign_in", next=way_back, ended="open_too_long"), 303)
    access = access_of(current_app, request.endpoint or "")
    if current_person() is None and access is not None and access.kind is not Kind.PUBLIC:
        return ask_to_sign_in()
    is_ours = request.headers.get("Origin") is not None  # and then it is this site: security.py has checked it
    if wants_json():
        return _new_token(is_ours=is_ours)
    fields = [
        (name, value)
        for name, value in request.form.items(multi=True)
        if "password" not in name and not name.endswith("csrf_token")
    ]
    can_resend = is_ours and current_person() is not None and len(fields) <= _MOST_FIELDS
    page = render_template(
        "errors/open_too_long.html",
        fields=fields if can_resend else [],
        can_resend=can_resend,
        had_files=bool(request.files),
        target=request.full_path.rstrip("?"),
        person=current_person(),
    )
    return page, 400
