"""Cells of a CSV file that people open in a spreadsheet."""

from typing import Final

# A spreadsheet takes a cell that begins with one of these for a formula, and many texts were written by strangers.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def as_text(cell: str) -> str:
    """The cell so that a spreadsheet shows it and does not work it out."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
