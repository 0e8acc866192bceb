"""The hash chain of one item's history: SHA-256 over canonical JSON, previous hash included."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

FIRST = "0" * 64
"""What the first row of a history names as the hash before it."""

LINKED = (
    "item_id",
    "position",
    "action",
    "from_state",
    "to_state",
    "actor_id",
    "acting_as",
    "acting_role",
    "on_behalf_of",
    "reason",
    "values",
    "audience",
    "at",
    "prev_hash",
)
"""The columns of a history row that its hash covers: all but the row's own id and hash."""


def canonical(value: Any) -> str:
    """JSON with sorted keys, no spaces, UTF-8 kept; datetimes in UTC to the microsecond, as PostgreSQL keeps them."""
    return _ENCODER.encode(value)


def link(row: Mapping[str, Any]) -> str:
    """The hash of one history row, 64 hex digits."""
    return hashlib.sha256(canonical({name: row[name] for name in LINKED}).encode()).hexdigest()


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    raise TypeError(f"history cannot hold {type(value).__name__}")


# Made once: json.dumps makes a new one for every call that is not plain.
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain)
