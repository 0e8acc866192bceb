"""Form fields as NHS.UK markup: dates in boxes, errors in words and linked, nothing lost, nothing unescaped."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup
from werkzeug.datastructures import MultiDict
from wtforms import (
    BooleanField,
    DecimalField,
    Form,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, InputRequired

from hub.paths import STATIC, TEMPLATES
from hub.web import templating
from hub.web.nhs_forms import DateParts, MomentParts, choices, form_errors, nhs_field


class Example(Form):
    """One of each kind of field."""

    what = RadioField("What instead?", choices=choices([("day", "Day care"), ("home", "Care at home")]))
    provider = StringField("Who will provide it?", [InputRequired("Say who will provide it")], description="Any name")
    reasons = TextAreaField("Your reasons", render_kw={"count": 500})
    born_on = DateParts("Date of birth", [InputRequired("Enter a date of birth")])
    started_at = MomentParts("When did it start?", called="The start")
    unit = SelectField("Unit", choices=choices([("", "Choose one"), ("a", "Moorhen Lodge")]), validate_choice=False)
    told = SelectMultipleField("Who was told?", choices=choices([("mum", "Mum"), ("gp", "GP")]))
    is_sure = BooleanField("I am sure")
    cost = DecimalField("Weekly cost", render_kw={"prefix": "£", "width": 10})
    word = PasswordField("Password")


class Dates(Form):
    """Only a date."""

    on = DateParts("Date of birth")


class Moments(Form):
    """Only a moment."""

    at = MomentParts("When?", called="The time")


@pytest.fixture
def app() -> Iterator[Flask]:
    """Templates and nothing else: no database, nobody signed in."""
    made = Flask("hub", template_folder=str(TEMPLATES), static_folder=str(STATIC))
    made.secret_key = "for this test only"
    templating.configure(made)
    with made.test_request_context():
        yield made


def typed(**values: str | list[str]) -> MultiDict[str, str]:
    return MultiDict({name.replace("__", "-"): value for name, value in values.items()})


def dated(day: str, month: str, year: str) -> Dates:
    form = Dates(typed(on__day=day, on__month=month, on__year=year))
    form.validate()
    return form


def at(time: str, day: str = "2", month: str = "4", year: str = "2026") -> Moments:
    form = Moments(typed(at__day=day, at__month=month, at__year=year, at__time=time))
    form.validate()
    return form


@given(st.dates(date(1900, 1, 1), date(2199, 12, 31)))
def test_every_date_can_be_typed(on: date) -> None:
    form = dated(str(on.day), f" {on.month} ", f"{on.year:04d}")
    assert (form.on.data, form.on.iso, form.errors) == (on, on.isoformat(), {})
    again = Dates(data={"on": on.isoformat()})
    assert again.on.data == on and again.on.typed["year"] == f"{on.year:04d}"


@pytest.mark.parametrize(
    ("boxes", "said", "wrong"),
    [
        (("31", "2", ""), "Date of birth must include a year", ("year",)),
        (("", "", "2010"), "Date of birth must include a day and a month", ("day", "month")),
        (("31", "2", "2010"), "Date of birth must be a real date", ("day", "month")),
        (("14", "9", "10"), "Date of birth must have a year of 4 numbers", ("year",)),
        (("x", "9", "2010"), "Date of birth must have a day that is a number", ("day",)),
        (("14", "13", "2010"), "Date of birth must have a month from 1 to 12", ("month",)),
        (("14", "9", "0000"), "Date of birth must have a year from 1900 to 2199", ("year",)),
        (("1", "1", "0001"), "Date of birth must have a year from 1900 to 2199", ("year",)),
        (("9" * 30, "9", "2010"), "Date of birth must have a day that is a number", ("day",)),
        (("14", "9" * 5000, "2010"), "Date of birth must have a month from 1 to 12", ("month",)),
    ],
)
def test_what_is_wrong_with_a_date_is_said_in_words(
    boxes: tuple[str, str, str], said: str, wrong: tuple[str, ...]
) -> None:
    form = dated(*boxes)
    assert form.on.errors == [said]
    assert form.on.data is None and form.on.wrong == wrong
    assert tuple(form.on.typed.values()) == boxes


def test_a_month_may_be_a_name() -> None:
    assert dated("14", "September", "2010").on.data == date(2010, 9, 14)


@pytest.mark.parametrize("rule", [InputRequired("Enter it"), DataRequired("Enter it")])
def test_a_broken_date_keeps_its_own_message(rule: InputRequired | DataRequired) -> None:
    class Needed(Form):
        on = DateParts("Date of birth", [rule])

    form = Needed(typed(on__day="31", on__month="2", on__year=""))
    assert not form.validate() and form.on.errors == ["Date of birth must include a year"]
    empty = Needed(typed(on__day="", on__month="", on__year=""))
    assert not empty.validate() and empty.on.errors == ["Enter it"]


@pytest.mark.parametrize(
    ("time", "hour", "minute"),
    [
        ("3:30pm", 14, 30),
        ("15:30", 14, 30),
        ("3.30 PM", 14, 30),
        ("1530", 14, 30),
        ("3pm", 14, 0),
        ("12am", 23, 0),
        ("midday", 11, 0),
        ("0:05", 23, 5),
    ],
)
def test_a_time_reads_as_people_write_it(time: str, hour: int, minute: int) -> None:
    form = at(time)
    day = 1 if hour == 23 else 2  # British Summer Time: just after midnight is the day before in UTC
    assert form.at.data == datetime(2026, 4, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize("time", ["3", "25:00", "13pm", "0am", "10:75", "soon"])
def test_a_time_that_cannot_be_read_is_refused(time: str) -> None:
    form = at(time)
    assert form.at.errors == ["The time must have a time, for example 3:30pm or 15:30"]
    assert form.at.data is None and form.at.typed["time"] == time


def test_a_time_the_clocks_skipped_is_refused() -> None:
    form = at("1:30am", "29", "3")
    assert "did not exist" in str(form.at.errors[0]) and form.at.wrong == ("time",)


def test_a_time_that_came_twice_asks_which() -> None:
    form = at("1:30am", "25", "10")
    assert "1:30am BST for the first or 1:30am GMT for the second" in str(form.at.errors[0])
    first, second = at("1:30am bst", "25", "10"), at("1:30am GMT", "25", "10")
    assert first.at.data == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert second.at.data == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


@given(st.datetimes(datetime(2000, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)))
def test_a_moment_shown_can_be_sent_back(moment: datetime) -> None:
    moment = moment.replace(second=0, microsecond=0)
    shown = Moments(data={"at": moment}).at.typed
    assert at(shown["time"], shown["day"], shown["month"], shown["year"]).at.data == moment


def test_nothing_typed_is_lost(app: Flask) -> None:
    sent = typed(
        what="home", provider="", reasons="  <b>Heart</b> & lungs", born_on__day="31", born_on__month="2",
        born_on__year="", cost="lots", told=["gp"], is_sure="y", unit="a", word="secret-word",
    )  # fmt: skip
    form = Example(sent)
    assert not form.validate()
    shown = "".join(nhs_field(field) for field in form)
    assert "  &lt;b&gt;Heart&lt;/b&gt; &amp; lungs" in shown and "<b>" not in shown
    assert 'value="31"' in shown and 'value="lots"' in shown
    for checked in ("home", "gp", "y"):
        assert f'value="{checked}" checked' in " ".join(shown.split())
    assert "selected" in shown
    assert "secret-word" not in shown
    assert " style=" not in shown and "<script" not in shown


def test_every_error_leads_to_its_box(app: Flask) -> None:
    form = Example(
        typed(provider="", born_on__day="31", born_on__month="2", born_on__year="", cost="lots", what="home")
    )
    form.validate()
    assert form_errors(form) == [
        {"text": "Say who will provide it", "href": "#provider"},
        {"text": "Date of birth must include a year", "href": "#born_on-year"},
        {"text": "“Weekly cost” must be a number, such as 12.50", "href": "#cost"},
    ]
    shown = "".join(nhs_field(field) for field in form)
    for error in form_errors(form):
        assert f'id="{error["href"][1:]}"' in shown
    assert shown.count("nhsuk-form-group--error") == 3


def test_what_a_choice_shows_stands_under_it(app: Flask) -> None:
    shown = nhs_field(Example().what, {"home": Markup("<i id='more'>more</i>")})
    assert "nhsuk-radios__conditional" in shown and "<i id='more'>" in shown


def test_hints_are_tied_to_their_fields(app: Flask) -> None:
    shown = nhs_field(Example().provider)
    assert 'id="provider-hint"' in shown and 'aria-describedby="provider-hint"' in shown
