"""What a workflow's drawing says in sentences, and the colours it brings when it stands alone in a file."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from workflows.core import SAME, Action, Workflow

STYLE: Final = (
    "svg{background:#fff;font:14px Arial,Helvetica,'Liberation Sans',sans-serif}text{fill:#212b32}"
    ".t-quiet{fill:#4c6272}"
    ".t-b,.t-big,.t-next{font-weight:700}.t-s{font-size:13px}.t-big{font-size:22px}.t-inv{fill:#fff}"
    ".t-next{fill:#005eb8}.t-mid{text-anchor:middle}.t-end{text-anchor:end}"
    ".t-label{paint-order:stroke;stroke:#fff;stroke-width:5px;stroke-linejoin:round}"
    ".l,.l-rare{fill:none;stroke:#768692;stroke-width:1.5}.l-rare{stroke-dasharray:5 4}"
    ".l-been{fill:none;stroke:#212b32;stroke-width:2.5}.l-next{fill:none;stroke:#005eb8;stroke-width:2.5}"
    ".f-end{fill:#768692}.f-been{fill:#212b32}.f-next{fill:#005eb8}.n{fill:#fff;stroke:#768692;stroke-width:1.5}"
    ".n-been{fill:#f0f4f5;stroke:#212b32;stroke-width:2}.n-next{stroke:#005eb8;stroke-width:2.5}"
    ".n-here{fill:#003087;stroke:#003087}.h0{fill:#fff}.h1{fill:#e8f1f8}.h2{fill:#b9d5ec}.h3{fill:#7fb0dc}"
    ".h4{fill:#2a6fb3}.h5{fill:#003087}.late{fill:#aa2016}"
)


def describe(
    workflow: Workflow,
    here: str | None = None,
    been: Sequence[str] = (),
    open_now: Collection[str] = (),
    counts: Mapping[str, int] | None = None,
) -> list[str]:
    """The same facts as sentences, for the list beside the drawing and for who cannot see it."""

    def name(state: str) -> str:
        return workflow.wording_of(str(state)).label

    said = []
    if counts is not None:
        open_counts = [f"{name(state)} {counts.get(state, 0)}" for state in workflow.open_states]
        ended = [
            f"{name(s)} {counts[s]}" for s in workflow.state_names if s not in workflow.open_states and s in counts
        ]
        said.append(f"Open items: {', '.join(open_counts)}.")
        said += [f"Ended: {', '.join(ended)}."] if ended else []
    if here is None:
        said.append(f"{workflow.title} starts at {name(workflow.initial)}.")
        said += [_sentence(workflow, action) for action in workflow.actions if action.dest != SAME]
        return said
    after = f", after {_series([name(state) for state in been], 'then')}" if been else ""
    said.append(f"It is now {name(here)}{after}.")
    moves = [action for action in workflow.arrows(str(here)) if action.dest != SAME]
    for action in moves:
        if action.name in open_now:
            said.append(f"Open now: {action.label}, which leads to {name(action.dest_from(str(here)))}.")
    shut = list(dict.fromkeys(action.label for action in moves if action.name not in open_now))
    if shut:
        said.append(f"Not open now: {_series(shut, 'and')}.")
    if not moves:
        said.append("This is an end: nothing leads on from here.")
    return said


def _sentence(workflow: Workflow, action: Action) -> str:
    sources = [workflow.wording_of(state).label for state in action.sources]
    return f"{action.label}: from {_series(sources, 'or')} to {workflow.wording_of(str(action.dest)).label}."


def _series(words: Sequence[str], last: str) -> str:
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"
