"""Writes the guide to the import file from the field table and the code lists, so that it cannot fall behind them.

Run `python -m hub.referrals.import_guide > docs/import-referrals.md` to write it again.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Final

from hub import codes
from hub.referrals.text_file import Limits
from hub.referrals.validation import AGE_LIMITS, COLUMNS, REQUIRED, SOURCE_FIELDS
from workflows.form1 import EMERGENCY, ROUTINE, missing_fields, priorities_for
from workflows.form1_fields import SECTIONS, Field, Kind, fields_of

KIND_WORDS: Final[dict[Kind, str]] = {
    "text": "Text on one line",
    "long_text": "Text, line breaks allowed",
    "date": "Date: `2026-03-27` or `27/03/2026`",
    "moment": "Date and time: `2026-03-27T23:30` or `27/03/2026 23:30`",
    "yes_no": "`yes` or `no`",
    "choice": "Code",
    "nhs_number": "10 digits, spaces allowed",
    "postcode": "Postcode",
    "phone": "Phone number",
    "email": "E-mail address",
    "organisation": "ODS code of an organisation the hub knows",
}

# Asked for unless another answer stands in their place; the opening says which.
_EITHER_OR: Final = ("no_identity_reason", "nhs_number_status", "consent_basis")

OPENING: Final = """# Importing referrals

This page lists every column of an import file and every code. It is written by the program from its own tables.

```
hub import referrals FILE.csv --dry-run
hub import referrals FILE.csv
hub import referrals FILE.csv --skip-bad REJECTS.csv
```

## On the page

A coordinator or an administrator can do the same on the page **Import** (`/referrals/import`), while `hub worker` is
running:

1. Send the file. It is checked, and every problem is listed by row and field; all of them can be downloaded.
2. Look at the counts. Mend the file and send it again, or import the good rows without the others.
3. The rows come in, all together or not at all. The page shows how far it is, and may be left and come back to.

A coordinator sees every file, an administrator only their own: problems quote what the rows say. The page takes files
up to `HUB_MAX_UPLOAD_BYTES` (16 MB unless set). A file is deleted as soon as it is imported, or when it has waited
longer than the policy number `imports.keep_file`. When the worker is killed, nothing is in by halves, and the next one
begins the step again.

## The file

- **CSV**: UTF-8, with or without a byte order mark, commas between the columns. In Excel choose "CSV UTF-8 (comma
  delimited)". The first row has the names of the columns below, in any order.
- **JSON** (`.json`): one list of objects. **JSON lines** (`.jsonl`): one object on each line. The names are the same;
  `true` and `false` may stand for yes and no. Put codes and NHS numbers between quote marks.
- At most {rows:,} rows and {megabytes} MB. Larger files must be split.
- A blank answer is the same as no answer. Spaces at either end do not count, nor do capitals in a code.
- A row number is the one a spreadsheet shows: the header is row 1. In JSON the first object is 1.

## What happens

- Every row is checked before anything is written, and everything wrong with a row is listed by field.
- One bad row stops the whole file, unless you use `--skip-bad`: then the good rows go in and the bad ones are written
  to the file of rejects.
- A complete row becomes a submitted referral as of its `received_at`. The same file twice adds nothing.
- The same `source_system` and `source_reference` twice: an exact repeat is counted once; other answers are an error.
- Times are London time. A time in the hour that the clocks skip in March does not exist. A time in the hour that comes
  twice in October needs `+01:00` (first) or `+00:00` (second) at its end.

## What a row must have

Every row: {required}.

An emergency also: {emergency}; and who it is about: `nhs_number`, or `family_name` and `date_of_birth`, or
`no_identity_reason`.

An urgent or routine referral also: {full}; and `nhs_number`, or `nhs_number_status` with `no_identity_reason`.

Both: `consent_basis` (other than `not_established`) or `lawful_basis`. When `sharing_restricted` is yes:
`sharing_restriction_details`. Urgent or routine, and the person is held under the legal status: `legal_status_from`.

| Service line | Priorities | Age on the day of receipt |
|---|---|---|
{lines}

A person of 17 is referred in the children's line until the 18th birthday.
"""


def import_guide() -> str:
    """Return the whole guide as Markdown."""
    limits = Limits()
    opening = OPENING.format(
        rows=limits.rows,
        megabytes=limits.file_bytes // 1_000_000,
        required=_names(REQUIRED),
        emergency=_names(_always_asked(EMERGENCY)),
        full=_names(_always_asked(ROUTINE)),
        lines="\n".join(_line(name, label) for name, label in codes.codes("service_line").items()),
    )
    return "\n".join([opening, *_columns(), *_lists()])


def _names(names: Iterator[str] | tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in dict.fromkeys(names))


def _always_asked(priority: str) -> Iterator[str]:
    return (item.field for item in missing_fields({}, priority) if item.field not in (*REQUIRED, *_EITHER_OR))


def _line(name: str, label: str) -> str:
    youngest, oldest = AGE_LIMITS[name]
    return f"| `{name}` {label} | {', '.join(priorities_for(name))} | {youngest} to {oldest} |"


def _columns() -> Iterator[str]:
    yield "## Columns\n"
    yield from _table("Where the row comes from", SOURCE_FIELDS)
    for section in SECTIONS:
        yield from _table(section.title, fields_of(section.name))


def _table(title: str, fields: tuple[Field, ...]) -> Iterator[str]:
    yield f"### {title}\n\n| Column | Question | What to write |\n|---|---|---|"
    for field in fields:
        kind = (
            f"{KIND_WORDS[field.kind]} from [{field.codes}](#{field.codes})" if field.codes else KIND_WORDS[field.kind]
        )
        length = f", at most {field.max_length:,} characters" if field.max_length else ""
        hint = f". {field.hint.removesuffix('.')}" if field.hint else ""
        yield f"| `{field.name}` | {field.label} | {kind}{length}{hint} |"
    yield ""


def _lists() -> Iterator[str]:
    yield "## Codes\n"
    for name in sorted({field.codes for field in COLUMNS.values() if field.codes}):
        yield f"### {name}\n\n| Code | Meaning |\n|---|---|"
        yield from (f"| `{code}` | {label} |" for code, label in codes.codes(name).items())
        yield ""


if __name__ == "__main__":
    sys.stdout.write(import_guide())
