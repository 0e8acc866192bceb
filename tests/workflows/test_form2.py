"""Form 2: what a signature still lacks, and that the table of its questions hangs together."""

from types import SimpleNamespace
from typing import Any

import pytest

from hub.admissions.form2_columns import Form2Columns
from hub.admissions.models import Admission
from tests.admission_factory import FORM_2
from workflows import form2
from workflows.admission.asks import FORM_2 as ASKS


def facts(**changes: Any) -> Any:
    return SimpleNamespace(**FORM_2 | changes)


def test_a_complete_form_lacks_nothing() -> None:
    assert form2.missing(facts()) == ()


@pytest.mark.parametrize("name", [field.name for field in form2.FIELDS if field.name not in form2.OPTIONAL])
@pytest.mark.parametrize("empty", [None, "", "  "])
def test_every_answer_is_needed(name: str, empty: Any) -> None:
    assert f"Form 2: “{form2.FIELD[name].label}” has no answer" in form2.missing(facts(**{name: empty})) or (
        empty is not None and form2.FIELD[name].kind == "yes_no"
    )


def test_an_empty_form_names_all_of_them_in_its_order() -> None:
    said = form2.missing(SimpleNamespace())
    labels = [field.label for field in form2.FIELDS if field.name not in form2.OPTIONAL]
    assert said == tuple(f"Form 2: “{label}” has no answer" for label in labels)
    assert len(said) == 17


@pytest.mark.parametrize("question", form2.QUESTIONS, ids=lambda question: question.name)
@pytest.mark.parametrize("answer", [True, False])
def test_details_where_the_answer_calls_for_them(question: form2.Detailed, answer: bool) -> None:
    without = {question.name: answer, question.details: None}
    words = f"Form 2: “{question.label}” needs details"
    needed = answer or question.name == "addresses_needs"
    assert (form2.missing(facts(**without)) == (words,)) is needed
    assert form2.missing(facts(**without | {question.details: "  "})) == ((words,) if needed else ())
    assert form2.missing(facts(**without | {question.details: "Since May"})) == ()


def test_sections_and_fields_hang_together() -> None:
    assert [field.name for section in form2.SECTIONS for field in form2.fields_of(section.name)] == [
        field.name for field in form2.FIELDS
    ]
    assert set(form2.FIELD) == {field.name for field in form2.FIELDS} and len(form2.FIELD) == len(form2.FIELDS)
    assert set(form2.FIELD) >= form2.OPTIONAL


def test_one_column_for_each_field_in_its_order() -> None:
    columns = [name for name in Form2Columns.__annotations__ if not name.startswith("_")]
    assert columns == [field.name for field in form2.FIELDS] == [ask.name for ask in ASKS]
    kinds = {"yes_no": bool, "moment": None}
    for field in form2.FIELDS:
        held = Admission.__table__.c[field.name].type.python_type
        assert held is (kinds.get(field.kind) or held), field.name
        assert (held is bool) is (field.kind == "yes_no")


def test_it_is_filled_in_bit_by_bit() -> None:
    assert all(ask.optional and not ask.check for ask in ASKS)


def test_details_have_words_of_their_own_and_stand_under_their_question() -> None:
    labels = [question.details_label for question in form2.QUESTIONS]
    assert len(set(labels)) == len(labels) and "Details" not in labels
    order = [field.name for field in form2.FIELDS]
    for question in form2.QUESTIONS:
        assert order.index(question.details) == order.index(question.name) + 1
        only = form2.FIELD[question.details].only
        assert (only is None) is (question.name == "addresses_needs")
        if only is not None:
            assert (only.field, only.answers) == (question.name, (True,))
    lacking = form2.missing_fields(facts(may_do_harm=True, may_do_harm_details=None))
    assert [lack.field for lack in lacking] == ["may_do_harm_details"]
