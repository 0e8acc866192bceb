"""A length of time in one unit, for people who are told to wait."""

from __future__ import annotations

from datetime import timedelta


def plainly(length: timedelta) -> str:
    """A length in one unit, rounded up: "16 seconds", "2 minutes", "12 hours"."""
    seconds = int(length.total_seconds())
    if seconds < 60:
        return f"{seconds} seconds"
    minutes = -(-seconds // 60)
    if minutes <= 120:
        return f"{minutes} minute{'s' if minutes > 1 else ''}"
    return f"{-(-minutes // 60)} hours"
