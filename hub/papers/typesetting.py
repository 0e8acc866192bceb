"""Typesets one paper. Run as a process of its own: `python -I typesetting.py < job > paper.pdf`.

It knows nothing of the hub, so that it starts at once and can be ended when it takes too long.
"""

import json
import resource
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import typst

FOLDER: Final = Path(__file__).parent
TEMPLATE: Final = FOLDER / "typst" / "paper.typ"
FONTS: Final = FOLDER / "fonts"
MEMORY: Final = 2 * 1024**3
"""Bytes a typesetter may take."""


def typeset(job: Mapping[str, Any]) -> bytes:
    """The PDF of {"paper": …, "made_at": ISO moment}: tagged, PDF/UA-1, the same bytes for the same job."""
    # A letter that no font has would stop PDF/UA-1; better a paper with an empty box than none.
    try:
        return _compile(job, "ua-1")
    except typst.TypstError:
        return _compile(job, "1.7")


def _compile(job: Mapping[str, Any], standard: Any) -> bytes:
    return typst.compile(
        str(TEMPLATE),
        format="pdf",
        root=str(TEMPLATE.parent),
        font_paths=typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)]),
        ignore_system_fonts=True,
        sys_inputs={"paper": json.dumps(job["paper"], ensure_ascii=False)},
        pdf_standards=standard,
        timestamp=datetime.fromisoformat(job["made_at"]).astimezone(UTC).replace(microsecond=0),  # typst takes none
    )


def main() -> None:
    """Read a job, write its PDF."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    sys.stdout.buffer.write(typeset(json.load(sys.stdin.buffer)))


if __name__ == "__main__":
    main()
