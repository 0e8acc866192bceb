"""What a form is made of: sections and fields, so that every form is a table and not a page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal[
    "text",
    "long_text",
    "date",
    "moment",
    "yes_no",
    "choice",
    "nhs_number",
    "postcode",
    "phone",
    "email",
    "organisation",
]

NAME_LENGTH: Final = 120
LINE_LENGTH: Final = 250
STORY_LENGTH: Final = 8000


@dataclass(frozen=True, slots=True)
class Section:
    """One page of a form, saved on its own."""

    name: str
    title: str


@dataclass(frozen=True, slots=True)
class Field:
    """One question of a form.

    `codes` names a list in `hub/codes`; `max_length` is in characters; `identifies` marks what can name a person;
    `clinical` marks health, risk and care facts, so that exports and notices can leave either out.
    """

    name: str
    label: str
    section: str
    kind: Kind
    hint: str = ""
    codes: str | None = None
    max_length: int | None = None
    identifies: bool = False
    clinical: bool = False
