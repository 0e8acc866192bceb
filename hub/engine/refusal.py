"""An expected "no": everything that is wrong, in words a person can read."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong; `field` names the answer it belongs to, or is empty."""

    message: str
    field: str = ""


class ActionRefused(Exception):
    """The action was not done and nothing was written. `problems` holds all that is wrong, not the first."""

    def __init__(self, problems: Iterable[Problem | str], *, is_stale: bool = False) -> None:
        self.problems = tuple(problem if isinstance(problem, Problem) else Problem(problem) for problem in problems)
        self.is_stale = is_stale
        """Somebody else changed the item since the page was opened."""
        super().__init__("; ".join(problem.message for problem in self.problems))
