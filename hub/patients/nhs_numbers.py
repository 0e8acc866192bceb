"""What an NHS number must be: ten digits, the last of which fits the rest."""

import re

import nhs_number


def digits_of(text: str | None) -> str:
    """The number without the spaces and hyphens people write in it."""
    return re.sub(r"[\s-]", "", text or "")


def why_wrong(digits: str) -> str | None:
    """Why these cannot be an NHS number, as the end of a sentence; None when they can.

    A number of one repeated digit passes the check digit sum, but nobody has one.
    """
    if not (digits.isascii() and digits.isdigit() and len(digits) == 10):
        return "must be 10 digits, like 999 000 0018: check it, or leave it out and say why"
    if len(set(digits)) == 1:
        return "is one digit repeated, which nobody has: check it, or leave it out and say why"
    if not nhs_number.is_valid(digits):
        return "has a wrong digit (its last digit does not fit the rest): check it with the record"
    return None
