"""What other parts of the hub show on every item's page, whatever its kind: its documents, for one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from flask import Flask, current_app

from hub.engine.reading import Reading

_SHOWN: Final = "hub.beside"
Part = Callable[[Reading], dict[str, Any]]


def show_beside(app: Flask, part: Part) -> None:
    """Give the item page's template what `part` makes of the item."""
    app.extensions.setdefault(_SHOWN, []).append(part)


def parts_of(reading: Reading) -> dict[str, Any]:
    """Everything shown beside this item, by the name the template knows it by."""
    parts: list[Part] = current_app.extensions.get(_SHOWN, [])
    return {name: shown for part in parts for name, shown in part(reading).items()}
