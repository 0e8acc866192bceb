"""Topics of the outbox that are about a unit and no item."""

from typing import Final

BEDS_STALE: Final = "beds.stale"
"""A unit's bed figures are too old to go by; the payload holds `unit_id` and the unit's name as `unit`."""
