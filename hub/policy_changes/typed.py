"""Values of a policy set as a person types them into a box, and back."""

from __future__ import annotations

import re
from typing import Final

from workflows.policy import Kind, Never, PolicyError
from workflows.policy.entry import Plain, Value

NONE: Final = "none:"
HINTS: Final = {
    Kind.DURATION: "A whole number and hours, calendar days, months, working days or working hours: 5 working days",
    Kind.NUMBER: "A whole number",
    Kind.PERCENT: "A whole number from 0 to 100",
    Kind.PENCE: "Pounds, such as 25,000 or 25,000.50",
    Kind.TIME: "A time of day with four digits: 09:00",
    Kind.LIST: "Words or numbers with commas between them",
}
_POUNDS: Final = re.compile(r"£?\s*(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d{2}))?")
_YES_NO: Final = {"yes": True, "no": False}


def as_typed(value: Value | Plain, kind: Kind) -> str:
    """One value, no table, as it stands in its box."""
    if isinstance(value, Never):
        return f"{NONE} {value.reason}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(str(part) for part in value)
    if kind is Kind.PENCE and isinstance(value, int):
        pounds, pence = divmod(value, 100)
        return f"{pounds:,}.{pence:02d}" if pence else f"{pounds:,}"
    return str(value)


def read_typed(text: str, kind: Kind) -> Plain | Never:
    """The value that was typed. PolicyError, in words, when it is none of this kind; `Entry` checks the rest."""
    text = " ".join(text.split())
    if not text:
        raise PolicyError("Write a value")
    if text.lower().startswith(NONE):
        return Never(text[len(NONE) :].strip())
    if kind is Kind.PENCE:
        return _pence(text)
    if kind in {Kind.NUMBER, Kind.PERCENT}:
        return _whole(text.removesuffix("%").strip())
    if kind is Kind.YES_NO:
        if text.lower() not in _YES_NO:
            raise PolicyError("Write yes or no")
        return _YES_NO[text.lower()]
    if kind is Kind.LIST:
        return _list(text)
    return text


def _pence(text: str) -> int:
    found = _POUNDS.fullmatch(text)
    if found is None or len(found[1]) > 16:
        raise PolicyError(f"“{text[:40]}” is not a sum of money. Write pounds, such as 25,000 or 25,000.50")
    return int(found[1].replace(",", "")) * 100 + int(found[2] or 0)


def _whole(text: str) -> int:
    digits = text.replace(",", "")
    if not (digits.isascii() and digits.isdecimal()) or len(digits) > 12:
        raise PolicyError(f"“{text[:40]}” is not a whole number")
    return int(digits)


def _list(text: str) -> tuple[str | int, ...]:
    parts = [part.strip() for part in text.split(",")]
    if not all(parts):
        raise PolicyError("Write one comma between two parts, and none at the end")
    if all(part.isascii() and part.isdecimal() and len(part) <= 12 for part in parts):
        return tuple(int(part) for part in parts)
    return tuple(part.lower().replace(" ", "_") for part in parts)
