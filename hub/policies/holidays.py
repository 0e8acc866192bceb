"""England's bank holidays from the copy bundled with `govuk-bank-holidays`, read without a network."""

import json
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from importlib import resources
from types import MappingProxyType

from workflows.calendar import Calendar

DIVISION = "england-and-wales"


@lru_cache(maxsize=1)
def bundled_bank_holidays() -> Mapping[date, str]:
    """Date to title of every bank holiday in England that the bundled copy knows (2012 to 2028 in version 0.19).

    The file is read directly: the package's own loader imports an HTTP client only to look online first.
    """
    text = (resources.files("govuk_bank_holidays") / "bank-holidays.json").read_text("utf-8")
    events = json.loads(text)[DIVISION]["events"]
    return MappingProxyType({date.fromisoformat(event["date"]): _title(event) for event in events})


def _title(event: Mapping[str, str]) -> str:
    return f"{event['title']} (substitute day)" if event["notes"] == "Substitute day" else event["title"]


def bundled_calendar(closures: Mapping[date, str] | None = None) -> Calendar:
    """The working calendar of England from the bundled copy, with local closures (date to reason) when given."""
    holidays = bundled_bank_holidays()
    return Calendar(holidays, closures or {}, max(day.year for day in holidays))
