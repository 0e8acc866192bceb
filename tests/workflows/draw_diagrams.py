"""Draws every workflow into docs/diagrams; `make diagrams` runs it, and a test fails when one is out of date."""

from pathlib import Path

import workflows
from workflows.diagram import draw

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "diagrams"


def drawings() -> dict[str, str]:
    """File name to SVG text, for every workflow."""
    return {f"{name}.svg": draw(workflow, standalone=True) + "\n" for name, workflow in workflows.ALL.items()}


def main() -> None:
    """Write them all."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, svg in drawings().items():
        (FOLDER / name).write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    main()
