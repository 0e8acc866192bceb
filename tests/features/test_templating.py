"""The page round every page: error pages that need nothing, the menu, escaping, no inline style or script."""

import re
from datetime import date
from types import SimpleNamespace

import pytest
from flask import Flask, render_template, render_template_string
from markupsafe import escape

from hub.paths import STATIC, TEMPLATES
from hub.web import templating
from hub.web.templating import Account, Link, Shell

CODES = (400, 403, 404, 405, 409, 413, 429, 500, 503)
PAGE = (
    "{% extends 'layouts/base.html' %}"
    "{% block title %}Worklist{% endblock %}{% block content %}<h1>W</h1>{% endblock %}"
)


def broken() -> Shell:
    """What the page round it is when the database is away."""
    raise ConnectionError("the database is away")


def app_with(shell: Shell | None) -> Flask:
    made = Flask("hub", template_folder=str(TEMPLATES), static_folder=str(STATIC))
    made.secret_key = "for this test only"
    templating.configure(made, broken if shell is None else lambda: shell)
    return made


@pytest.mark.parametrize("code", CODES)
def test_an_error_page_needs_no_database_and_nobody_signed_in(code: int) -> None:
    with app_with(None).test_request_context("/referrals/REF-2026-00042"):
        shown = render_template(f"errors/{code}.html")
    assert shown.count("<h1>") == 1 and "Go to the start page" in shown
    assert "REF-2026-00042" not in shown and "Traceback" not in shown
    assert 'aria-label="Menu"' not in shown


def test_a_refusal_and_a_missing_page_look_the_same() -> None:
    app = app_with(None)
    with app.test_request_context():
        refused, missing = render_template("errors/403.html"), render_template("errors/404.html")
    nonce = re.compile(r'nonce="[^"]+"')
    assert nonce.sub("", refused) == nonce.sub("", missing)


def test_the_menu_holds_what_the_app_gives() -> None:
    shell = Shell(
        organisation="Calder & Dales",
        links=(Link("Worklist", "/worklist", current="page"), Link("Messages", "/messages", count=5)),
        account=Account("Dele <Okafor>", "coordinator", "/sign-out", "/role"),
        search_href="/search",
    )
    with app_with(shell).test_request_context():
        shown = render_template_string(PAGE)
    assert 'href="/worklist" aria-current="page"' in shown
    assert "5<span" in shown and "Change role" in shown and 'action="/sign-out" method="post"' in shown
    assert str(escape("Dele <Okafor>")) in shown and "Calder &amp; Dales" in shown
    assert "<title>Worklist - Commissioning hub</title>" in shown


def test_a_page_has_no_inline_style_or_script() -> None:
    app = app_with(Shell(links=(Link("Today", "/"),)))
    with app.test_request_context():
        shown = render_template_string(PAGE)
        nonce = templating.csp_nonce()
    assert " style=" not in shown and "<style" not in shown and " onclick" not in shown
    scripts = re.findall(r"<script[^>]*>(.*?)</script>", shown)
    assert scripts == [""] and f'nonce="{nonce}"' in shown


def test_the_banner_says_what_is_not_known() -> None:
    nobody = SimpleNamespace(surname="", given_names="", preferred_name="", born_on=None, nhs_number=None)
    known = SimpleNamespace(
        surname="Hartwin",
        given_names="Isobel",
        preferred_name="Izzy",
        born_on=date(2010, 9, 14),
        nhs_number="9990000018",
    )
    banner = "{% import 'components/person.html' as who %}{{ who.person_banner(person, day, alerts=['<b>']) }}"
    with app_with(Shell()).test_request_context():
        unknown = render_template_string(banner, person=nobody, day=None)
        shown = render_template_string(banner, person=known, day=None)
    assert unknown.count("not known") == 3
    assert "HARTWIN, Isobel" in shown and "999 000 0018" in shown and "&lt;b&gt;" in shown


def test_what_is_missing_is_listed_and_linked() -> None:
    source = (
        "{% import 'components/items.html' as items %}"
        "{{ items.action('Decide', missing=[('Bed type', '/x'), 'Funding'], done=['Form 2 signed']) }}"
    )
    with app_with(Shell()).test_request_context():
        shown = render_template_string(source)
    assert "Not yet: 2 of 3 things missing" in shown and 'href="/x"' in shown and "button" not in shown


def test_vendored_styles_fetch_nothing_from_elsewhere() -> None:
    for path in [*STATIC.rglob("*.css"), *STATIC.rglob("*.js")]:
        text = path.read_text(encoding="utf-8")
        assert "@font-face" not in text and not re.search(r"url\(['\"]?(https?:)?//", text), path.name
        for name in re.findall(r"url\(['\"]?(?!data:)([^)'\"]+)", text):
            assert (path.parent / name).is_file(), f"{path.name}: {name}"
