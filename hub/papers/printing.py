"""A paper as PDF: typeset by typst in a process of its own, bounded in time, from the frozen content."""

import json
import logging
import subprocess
import sys
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any, Final

from hub.papers.content import Block
from hub.papers.letters import FAMILIES, NOT_PRINTED, printable, runs_right_to_left
from hub.papers.models import Paper
from hub.web.filters import moment

PROGRAM: Final = Path(__file__).parent / "typesetting.py"
SECONDS: Final = 20.0
"""A paper that takes longer is given up; the longest forms take under two."""
AT_ONCE: Final = 2
"""Papers that one process of the hub has made at the same time; others wait their turn."""
_turns = BoundedSemaphore(AT_ONCE)
_log = logging.getLogger(__name__)


class CannotPrint(Exception):
    """The paper could not be made into PDF in time; its page shows the same words."""


def print_paper(paper: Paper, *, seconds: float = SECONDS) -> bytes:
    """The PDF of a paper, the same bytes each time. Raises CannotPrint. Ask with no transaction open."""
    job = json.dumps(job_of(paper), ensure_ascii=False).encode()
    if not _turns.acquire(timeout=seconds):
        raise _given_up(paper, "too many others are being made")
    try:
        command = [sys.executable, "-I", str(PROGRAM)]
        made = subprocess.run(command, input=job, capture_output=True, timeout=seconds, check=True)  # noqa: S603 - our own program
    except subprocess.TimeoutExpired as no:
        raise _given_up(paper, f"it took longer than {seconds:g} s") from no
    except subprocess.CalledProcessError as no:
        # The last line names the error; what follows the colon may quote the paper, and stays out of the log.
        name = no.stderr.decode(errors="replace").strip().rpartition("\n")[2].partition(":")[0]
        raise _given_up(paper, f"the typesetter stopped with {name or no.returncode}") from no
    finally:
        _turns.release()
    return made.stdout


def _given_up(paper: Paper, why: str) -> CannotPrint:
    _log.error("Paper %s was not made into PDF: %s", paper.id, why)
    return CannotPrint(why)


def job_of(paper: Paper) -> dict[str, Any]:
    """What the typesetter is given: the words as data, ready to be printed, and nothing to look up."""
    content, title = paper.content, f"{paper.label}, {paper.content['reference']}"
    job = _Job()
    blocks = [job.block(block) for block in content["blocks"]]
    if job.is_lacking:
        blocks.append({"kind": "note", "text": job.said(NOT_PRINTED)})
    mark = printable(content["author"])[0]
    return {
        "made_at": paper.made_at.isoformat(),
        "paper": {
            "document_title": title,
            "author": mark,
            "mark": mark,
            "reference": title,
            "foot": f"{_which(paper)}, fingerprint {paper.sha256[:12]}",
            "fonts": list(FAMILIES),
            "blocks": blocks,
        },
    }


def _which(paper: Paper) -> str:
    """What the foot calls a paper: by its number, and one that is not kept by when it was made."""
    return f"Paper {paper.id}" if paper.id is not None else f"As at {moment(paper.made_at)}"


class _Job:
    """Turns blocks into what the template writes, and remembers whether a letter was lacking."""

    def __init__(self) -> None:
        self.is_lacking = False

    def said(self, text: str) -> dict[str, Any]:
        words, lacking = printable(text)
        self.is_lacking |= lacking
        return {"lines": words.split("\n"), "rtl": runs_right_to_left(text)}

    def block(self, block: Block) -> Block:
        if block["kind"] == "pairs":
            rows = [[self.said(part) for part in row] for row in block["rows"]]
            return {"kind": "pairs", "columns": [self.said(name) for name in block["columns"]], "rows": rows}
        if block["kind"] == "list":
            return {"kind": "list", "items": [self.said(said) for said in block["items"]]}
        return {**block, "text": self.said(block["text"])}
