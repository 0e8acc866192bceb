"""Code lists: every list, one list with its codes and dates, and adding, renaming and ending a code."""

from __future__ import annotations

from http import HTTPStatus

from flask import abort, g, render_template, request, url_for
from flask.typing import ResponseReturnValue

from hub import codes
from hub.admin import code_queries, queries
from hub.admin.code_forms import EndForm, RenameForm, add_form, begin_today
from hub.admin.page import TYPED, Question, ask, blueprint, may_write, reads, writes
from hub.admin.place_page import today
from hub.codes import Code
from hub.engine.admin_log import Subject
from hub.policies import code_lists
from hub.web.database import db
from hub.web.filters import day

_KEPT = "Records that hold the code keep it, and its name stays readable everywhere."


@blueprint.get("/codes")
@reads
def all_codes() -> str:
    """Every code list, or those with a change to come."""
    is_to_come = request.args.get("show") == "to_come"
    lines = [line for line in code_queries.lists(today()) if line.to_come or not is_to_come]
    return render_template("admin/codes.html", lines=lines, is_to_come=is_to_come)


@blueprint.get("/codes/<reference>")
@reads
def code_list(reference: str) -> str:
    """One list: every code with its dates and source, where it is used, and what was changed."""
    name = _list_name(reference)
    return render_template(
        "admin/code_list.html",
        name=name,
        title=code_queries.title_of(name),
        lines=code_queries.lines(db.session, name, today()),
        uses=code_queries.used_in(name),
        is_closed=code_lists.is_closed(name),
        fixed=code_lists.FIXED.get(name),
        history=queries.history(db.session, Subject.CODE_LIST, name),
        may_write=may_write(),
    )


@blueprint.route("/codes/<reference>/add", methods=["GET", "POST"])
@writes
def add_code(reference: str) -> ResponseReturnValue:
    """A new code, local or national."""
    name = _list_name(reference)
    form = TYPED.form_of(add_form(name))
    begin_today(form)
    own = codes.columns(name)

    def do() -> tuple[str, str]:
        code_lists.add_code(
            db.session,
            g.actor,
            name,
            str(form.code.data),
            str(form.label.data),
            from_on=form.from_on.data,
            to_on=form.to_on.data,
            source=str(form.source.data),
            more={column: str(form[column].data or "") for column in own},
            why=form.why.data,
            now=g.now,
            seen=form.last_seen,
        )
        return f"“{form.label.data}” is on the list from {day(form.from_on.data)}", _href(name)

    points = ("From its first day everybody can choose it, in forms and in imports. No restart is needed.",)
    return ask(form, _question(name, "Add a code", "Add the code", points), do)


@blueprint.route("/codes/<reference>/<code>/rename", methods=["GET", "POST"])
@writes
def rename_code(reference: str, code: str) -> ResponseReturnValue:
    """Another label from a day on."""
    name = _list_name(reference)
    row = _row(name, code)
    form = TYPED.form_of(RenameForm, data={"label": row.label, "source": row.source})
    begin_today(form)

    def do() -> tuple[str, str]:
        code_lists.rename_code(
            db.session,
            g.actor,
            name,
            row.code,
            str(form.label.data),
            from_on=form.from_on.data,
            source=str(form.source.data),
            why=form.why.data,
            now=g.now,
            seen=form.last_seen,
        )
        return f"It is called “{form.label.data}” from {day(form.from_on.data)}", _href(name)

    points = (
        "The code stays the same, so records and returns need no change.",
        "The old name stays for the days before.",
    )
    return ask(form, _question(name, "Give a code a new name", "Record the new name", points, row), do)


@blueprint.route("/codes/<reference>/<code>/end", methods=["GET", "POST"])
@writes
def end_code(reference: str, code: str) -> ResponseReturnValue:
    """The last day on which a code can be chosen."""
    name = _list_name(reference)
    row = _row(name, code)
    form = TYPED.form_of(EndForm)

    def do() -> tuple[str, str]:
        code_lists.end_code(
            db.session,
            g.actor,
            name,
            row.code,
            last_day=form.last_day.data,
            why=form.why.data,
            now=g.now,
            seen=form.last_seen,
        )
        return f"“{row.label}” can be chosen until {day(form.last_day.data)}", _href(name)

    points = (_KEPT, "A form that was filled in before, and is sent after, says that it must be chosen again.")
    return ask(form, _question(name, "End a code", "End the code", points, row), do)


def _question(name: str, title: str, button: str, points: tuple[str, ...], row: Code | None = None) -> Question:
    facts: list[tuple[str, object]] = [("List", code_queries.title_of(name))]
    if row is not None:
        held = code_queries.records(db.session, name).get(row.code, 0)
        facts += [("Code", f"{row.code}, {row.label}"), ("Records that hold it", f"{held:,}")]
        if fixed := code_lists.why_fixed(name, row.code):
            facts.append(("Fixed", fixed))
    lists = url_for("admin.all_codes")
    crumbs = [
        ("Administration", url_for("admin.index")),
        ("Code lists", lists),
        (code_queries.title_of(name), _href(name)),
    ]
    return Question(title, button, _href(name), crumbs, points=points, facts=facts, subject=Subject.CODE_LIST, key=name)


def _list_name(reference: str) -> str:
    return reference if reference in codes.list_names() else abort(HTTPStatus.NOT_FOUND)


def _row(name: str, code: str) -> Code:
    return code_queries.find(name, code) or abort(HTTPStatus.NOT_FOUND)


def _href(name: str) -> str:
    return url_for("admin.code_list", reference=name)
