"""The import reader: CSV and JSON, files that cannot be read, repeats, and files of any length."""

from __future__ import annotations

import csv
import json
import tracemalloc
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.demo import make_referrals_file as shipped
from hub.referrals.import_file import FileProblem, Limits, Row, examine, fingerprint, read_rows
from hub.referrals.validation import COLUMNS, REQUIRED

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
HEADER = ",".join(REQUIRED)
LINE = "list,1,2026-03-27T23:30,ZD201,cyp,urgent"


def write(folder: Path, content: str | bytes, name: str = "in.csv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def refused(path: Path, limits: Limits | None = None) -> str:
    with pytest.raises(FileProblem) as caught:
        list(read_rows(path, limits))
    return str(caught.value)


@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_csv_is_read_with_or_without_a_byte_order_mark(tmp_path: Path, start: bytes, end: str) -> None:
    content = start + f'{HEADER.upper()},given_name{end}{LINE},Zoë{end}{end}{LINE},"A""b, c"{end}'.encode()
    rows = list(read_rows(write(tmp_path, content)))
    assert [row.number for row in rows] == [2, 4]
    assert [row.values["given_name"] for row in rows] == ["Zoë", 'A"b, c']
    assert rows[0].problems == ()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "The file is empty"),
        (b"\n", "“source_system” is missing"),
        (f"{HEADER},given_name\n{LINE},Zo\u00eb\n".encode("cp1252"), "not in UTF-8"),
        (f"{HEADER}\n".encode("utf-16"), "UTF-16"),
        (b"PK\x03\x04rest", "This is a spreadsheet"),
        (HEADER.replace(",", ";").encode(), "divided by semicolons"),
        (HEADER.replace(",", "\t").encode(), "divided by tabs"),
        (f"{HEADER},priority".encode(), "“priority” stands there twice"),
        (f"{HEADER},famly_name".encode(), "did you mean “family_name”?"),
        (f"{HEADER},qqqq".encode(), "“qqqq” is not one of them"),
        (f"{HEADER},".encode(), "one column has no name"),
        (b"source_system,received_at", "“source_reference” is missing; “referring_organisation” is missing"),
        (f"{HEADER}\n{LINE}\0\n".encode(), "Line 2 has a NUL"),
        (f'{HEADER}\n"list" ,1\n'.encode(), "After row 1 the quote marks do not pair up"),
        (f'{HEADER}\n{LINE}\n"list,1\n'.encode(), "After row 2 the quote marks do not pair up"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(tmp_path: Path, content: bytes, words: str) -> None:
    assert words in refused(write(tmp_path, content))


def test_other_kinds_of_file_are_refused(tmp_path: Path) -> None:
    assert "not a kind of file" in refused(write(tmp_path, b"x", "in.xlsx"))


def test_sizes_have_limits(tmp_path: Path) -> None:
    path = write(tmp_path, f"{HEADER}\n{LINE}\n{LINE}\n")
    assert "larger than 0 MB" in refused(path, Limits(file_bytes=10))
    assert "more than 1 rows" in refused(path, Limits(rows=1))
    assert "Line 1 is longer than 20 characters" in refused(path, Limits(line_characters=20))
    assert len(list(read_rows(path, Limits(rows=2)))) == 2


@pytest.mark.parametrize("line", [f"{LINE},extra", "list,1,2026-03-27T23:30"])
def test_a_ragged_row_is_a_problem_of_that_row_alone(tmp_path: Path, line: str) -> None:
    rows = list(read_rows(write(tmp_path, f"{HEADER}\n{line}\n{LINE}\n")))
    assert "look for a comma" in rows[0].problems[0].message
    assert rows[1].problems == ()
    first = next(examine(rows, now=NOW, known_organisations=()))
    assert first.problems == rows[0].problems
    assert not first.is_good


@pytest.mark.parametrize("shape", ["[{0},\n {1}]", "[{0},{1}] ", "{0}\n{1}\n", "\n{0} {1}", "\ufeff[{0}, {1}]"])
def test_json_is_read_as_a_list_or_as_lines(tmp_path: Path, shape: str) -> None:
    one = json.dumps({"source_reference": "A", "nhs_number": 9990000018, "sharing_restricted": True, "phone": None})
    two = json.dumps({"source_reference": "Ω" * 40_000, "sharing_restricted": False})
    rows = list(read_rows(write(tmp_path, shape.replace("{0}", one).replace("{1}", two), "in.json")))
    assert [row.number for row in rows] == [1, 2]
    assert rows[0].values == {
        **{"source_reference": "A", "nhs_number": "9990000018", "sharing_restricted": "yes", "phone": ""},
    }
    assert rows[1].values["sharing_restricted"] == "no"


def test_an_empty_json_list_has_no_rows(tmp_path: Path) -> None:
    assert list(read_rows(write(tmp_path, "[]", "in.json"))) == []


def test_json_values_must_be_plain_and_named_once(tmp_path: Path) -> None:
    text = '[{"priority": "urgent", "priority": "routine", "phone": {"home": "1"}, "email": ["a"]}]'
    (row,) = read_rows(write(tmp_path, text, "in.json"))
    assert [problem.field for problem in row.problems] == ["priority", "phone", "email"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "must be a list of objects"),
        ("17", "must be a list of objects"),
        ("[1, 2]", "Item 1 is not an object"),
        ("[{},]", "Item 2 is not an object"),
        ("[{} {}]", "no comma before object 2"),
        ('[{"a": 1', "Object 1 cannot be read"),
        ('{"a": 1}\n{"a": tru}', "Object 2 cannot be read"),
        ("[{}", "cut short"),
        ("[{}] x", "text after"),
        ("{} ]", "never opened"),
        ('{"a": ' + "[" * 200_000, "Object 1"),
    ],
)
def test_json_that_cannot_be_read_says_why(tmp_path: Path, text: str, words: str) -> None:
    assert words in refused(write(tmp_path, text, "in.jsonl"))


def test_a_json_object_without_an_end_is_given_up_early(tmp_path: Path) -> None:
    path = write(tmp_path, '{"a": "' + "x" * 400_000, "in.json")
    assert "Object 1 cannot be read" in refused(path, Limits(line_characters=100_000))


def test_the_same_reference_is_a_duplicate_or_a_clash() -> None:
    rows = list(read_rows(shipped.FILE))
    known = {code for row in rows for name, code in row.values.items() if COLUMNS[name].kind == "organisation"}
    first, clash, faulty = rows[0], {**rows[0].values, "given_name": "Other"}, {**rows[0].values, "priority": "asap"}
    spaced = {**first.values, "given_name": f" {first.values['given_name']} "}
    found = list(
        examine(
            [Row(2, faulty), Row(3, first.values), Row(4, spaced), Row(5, clash)], now=NOW, known_organisations=known
        )
    )
    assert [(row.is_good, row.is_duplicate) for row in found] == [
        *((False, False), (True, False), (True, True), (False, False)),
    ]
    assert "stands on row 3 too" in found[3].problems[0].message
    assert found[1].fingerprint == found[2].fingerprint != ""


def test_a_fingerprint_is_of_what_is_said_and_not_how() -> None:
    assert fingerprint({"a": "1", "b": True}) == fingerprint({"b": True, "a": "1"})
    assert fingerprint({"a": "1"}) != fingerprint({"a": "2"}) != fingerprint({"b": "2"})
    assert fingerprint({"received_at": NOW}) != fingerprint({"received_at": NOW.date()})
    assert len(fingerprint({})) == 64


@pytest.mark.property
@pytest.mark.parametrize("kind", ["csv", "json"])
def test_ten_thousand_rows_take_the_memory_of_few(tmp_path: Path, kind: str) -> None:
    row = {**dict.fromkeys(COLUMNS, ""), **dict(zip(REQUIRED, LINE.split(","), strict=True)), "risk_to_self": "x" * 500}
    path = tmp_path / f"long.{kind}"
    with path.open("w", encoding="utf-8", newline="") as stream:
        if kind == "csv":
            writer = csv.DictWriter(stream, tuple(COLUMNS))
            writer.writeheader()
            writer.writerows(row for _ in range(10_000))
        else:
            stream.write("[" + ",".join([json.dumps(row)] * 10_000) + "]")
    tracemalloc.start()
    try:
        count = sum(1 for _ in read_rows(path))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 10_000
    assert peak < 2_000_000


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200), st.sampled_from(["in.csv", "in.json"]), st.booleans())
def test_no_bytes_make_the_reader_fall_over(tmp_path: Path, content: bytes, name: str, has_header: bool) -> None:
    start = f"{HEADER}\n".encode() if has_header and name == "in.csv" else b""
    path = write(tmp_path, start + content, name)
    texts: list[object] = []
    # The reader may refuse a file, and then in words; anything else it raises fails the test.
    with suppress(FileProblem):
        for row in examine(read_rows(path), now=NOW, known_organisations=()):
            texts += [*row.raw.values(), *(problem.message for problem in row.problems)]
    assert all(isinstance(text, str) for text in texts)
