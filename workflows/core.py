"""The vocabulary every workflow is written in: May, Ask, Action, Clock, Wording, Workflow."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any, Final

from workflows.actor import SYSTEM, Actor
from workflows.roles import Capacity, Role

__all__ = [
    "A_YEAR",
    "SAME",
    "SYSTEM",
    "TWENTY_YEARS",
    "Action",
    "Actor",
    "Ask",
    "Clock",
    "May",
    "Wording",
    "Workflow",
    "WorkflowError",
]

SAME: Final = "="
"""The destination of an action that keeps the state; also how `transitions` writes it."""

A_YEAR: Final = 366
"""In days: how far ahead anything may be offered, planned or allowed in a search for a bed."""
TWENTY_YEARS: Final = 20 * A_YEAR
"""In days: the longest stays and orders end well before."""

Reasons = str | Iterable[str] | None
Condition = Callable[[Any, Actor], str | None]
Need = Callable[[Any, Actor], Reasons]
Check = Callable[[Any, Mapping[str, Any]], str | None]


class WorkflowError(Exception):
    """A definition that contradicts itself; raised at import, with every problem listed."""


@dataclass(frozen=True, slots=True)
class May:
    """Who may act: a role, a capacity, or both together; `when(item, actor)` gives None or the reason why not."""

    role: Role | None = None
    capacity: Capacity | None = None
    when: Condition | None = None

    @property
    def words(self) -> str:
        """In words: "case manager", "owner", "referrer who is referrer of this item"."""
        names = [part.label for part in (self.role, self.capacity) if part]
        said = " as ".join(names)
        return f"{said} ({sentence_of(self.when)})" if self.when else said


@dataclass(frozen=True, slots=True)
class Ask:
    """One field of the action page. `check(item, values)` gives None or what is wrong, with the whole form in view."""

    name: str
    label: str = ""
    kind: str = "text"
    hint: str = ""
    codes: str = ""
    """Name of the code list behind a choice."""
    optional: bool = False
    check: Check | None = None
    tense: str = ""
    """Of a moment, "future" or "past", where the other one cannot be meant; of a date, "future" with today in it."""
    within_days: int = TWENTY_YEARS
    """How many days ahead a date or moment may lie; one that lies further is a slip."""
    stays: bool = False
    """Who may decide hangs on it: given again by its own action, never corrected afterwards."""
    parts: tuple["Ask", ...] = ()
    """Of kind "rows": the columns of a table that is filled in, row by row; the answer is a list of dictionaries."""

    def __post_init__(self) -> None:
        if not self.label:
            object.__setattr__(self, "label", in_words(self.name))


@dataclass(frozen=True, eq=False)
class Action:
    """What a person (or the hub) does to an item. One arrow for each source state."""

    name: str
    label: str
    source: str | tuple[str, ...]
    dest: str
    by: tuple[May, ...] = ()
    needs: tuple[Need, ...] = ()
    asks: tuple[Ask | str, ...] = ()
    when: Condition | None = None
    reason: bool = False
    emits: tuple[str, ...] = ()
    about: str = ""
    """One sentence for the person who may press it: what follows."""
    reopening: bool = False
    """Leaves an ending state on purpose."""
    abandons: bool = False
    """Gives the item up: its clocks end as stopped or missed, never as met."""
    aside: bool = False
    """Beside the way: never the one button that is most likely to be needed."""
    marks: str = ""
    """A word: the item's columns `<word>_by_id`, `<word>_role` and `<word>_at` keep who did this last, and when."""
    lets_in: Mapping[str, Capacity] = field(default_factory=dict)
    """The organisation given as this answer becomes a party with this capacity."""
    lets_go: tuple[Capacity, ...] = ()
    """These capacities end; a party that held nothing else may not see the item any more."""
    is_inside: bool = False
    """The hub's own matter: a party outside is not told that it was done."""
    clears: tuple[str, ...] = ()
    """Answers that hold no more: emptied, and the history keeps what they were."""

    @cached_property
    def sources(self) -> tuple[str, ...]:
        """The states it leaves, as plain text."""
        given = (self.source,) if isinstance(self.source, str) else self.source
        return tuple(str(state) for state in given)

    @cached_property
    def questions(self) -> tuple[Ask, ...]:
        """`asks` with plain names made into fields."""
        return tuple(ask if isinstance(ask, Ask) else Ask(ask) for ask in self.asks)

    def dest_from(self, state: str) -> str:
        """The state it leads to when pressed in `state`."""
        return str(state) if self.dest == SAME else str(self.dest)


@dataclass(frozen=True, eq=False)
class Clock:
    """A promise with a deadline, running in some states and standing still in others."""

    name: str
    rule: str
    runs_in: frozenset[str] | set[str]
    pauses_in: frozenset[str] | set[str] = frozenset()
    stops_on: tuple[str, ...] = ()
    when: Callable[[Any], bool] | None = None
    from_fact: str | None = None
    """Attribute with the moment the first start counts from, instead of now."""
    due_fact: str | None = None
    """Attribute with a recorded due moment, instead of a rule's length."""
    per: str | None = None
    """One running row for each party of this capacity, or each of the item's own rows by this name (`clock_rows`)."""
    at_least: str = ""
    """On return, however little was left: the rule of the least time it then has."""
    pauses_with: str = ""
    """The clock that takes this one along when it is paused on request, and when it goes on."""
    on_return: str = "resume"
    """When the item comes back after it left: "resume" (the same clock goes on), "restart" (another one), "once"."""
    less_fact: str | None = None
    """Attribute with pauses from before the first start, as clocks keep them; they count as its own."""
    given_up_on: tuple[str, ...] = ()
    """Actions that end it without fulfilling it: stopped or missed, never met."""
    on_ring: str | None = None
    """The action the hub performs when it rings; without one the clock is marked and a message written."""
    can_be_paused: bool = True
    """Whether a person may ask for a pause of it; not where it stands for a moment that comes of itself."""
    tells: tuple[Role, ...] = ()
    """Roles of the hub told of its warning and its ring, besides the owner: those whose answer it waits for."""
    tells_parties: tuple[Capacity, ...] = ()
    """Parties told of its warning and its ring, whoever the item waits for."""
    label: str = ""

    @property
    def title(self) -> str:
        """What the clock is called on a page."""
        return self.label or in_words(self.name)


@dataclass(frozen=True, slots=True)
class Wording:
    """How a state is shown: its name, the next thing to do in words, whose move it is, where the diagram draws it."""

    label: str
    to_do: str = ""
    with_whom: str = "us"
    """us, others, paused or done."""
    row: int | None = None
    column: int | None = None
    is_decision: bool = False
    """Whether what it waits for here is a decision, which the hub counts apart."""
    where: str = ""
    """After "is" or "stays", where the label does not fit there: "at local resolution"."""


@dataclass(frozen=True, eq=False, repr=False)
class Workflow:
    """A whole definition: frozen, checked at import, read by the engine, the pages, the tests and the diagram."""

    name: str
    title: str
    prefix: str
    states: type[StrEnum]
    initial: str
    ends: frozenset[str] | set[str]
    started_by: tuple[May, ...]
    actions: tuple[Action, ...]
    clocks: tuple[Clock, ...] = ()
    drafts: frozenset[str] | set[str] = frozenset()
    """States before the item is sent: no clock, no policy set stamped yet, seen only by who is writing it."""
    wording: Mapping[str, Wording] = field(default_factory=dict)
    accepting: str = ""
    """The action whose `by` also may change the priority."""
    urgent_first: tuple[str, ...] = ("emergency", "urgent", "routine")
    on_start: tuple[str, ...] = ()
    """Topics of its beginning, where somebody must hear of it before anybody acts on it."""
    start_asks: tuple[Ask, ...] = ()
    """What is answered at its beginning and asked by no action: history calls each answer as it is called here."""
    begins_in: frozenset[str] = frozenset()
    """Other states it may begin in, where what it is about says so; then it emits `<name>.<state>`, not `on_start`."""
    person_shown_in: frozenset[str] | None = None
    """The states in which a party outside the hub is told who it is about; None: in all."""
    is_inside: bool = False
    """Whether it is the hub's own matter, which nobody outside is ever let in to see."""
    is_between_sides: bool = False
    """Whether organisations disagree on it: each sees the others' deadlines, and takes back its own papers alone."""
    pauses_a_clock: str = "pauses.most_times"
    """Policy key: how many times one clock may be paused on request."""
    pauses_in_all: str = ""
    """Policy key: how long all pauses on request of one item may last together; empty for no such limit."""
    everyday: Mapping[str, Action] = field(default_factory=dict)
    """Everyday actions that are other people's here, or ask for more: by name, in place of the usual ones."""

    def __post_init__(self) -> None:
        from workflows.checking import problems_of

        found = problems_of(self)
        if found:
            raise WorkflowError(f"{self.name}: " + "; ".join(found))

    def __repr__(self) -> str:
        return f"<workflow {self.name}>"

    @cached_property
    def state_names(self) -> tuple[str, ...]:
        """Every state as plain text, in declared order."""
        return tuple(str(state) for state in self.states)

    @cached_property
    def open_states(self) -> tuple[str, ...]:
        """States that are not an end."""
        return tuple(state for state in self.state_names if state not in self.ends)

    def is_open(self, state: str) -> bool:
        """Whether an item in `state` still moves."""
        return state not in self.ends

    def wording_of(self, state: str) -> Wording:
        """How `state` is shown; its own name when nothing was said."""
        found = self.wording.get(state)
        return found or Wording(in_words(state), with_whom="us" if self.is_open(state) else "done")

    def arrows(self, state: str) -> tuple[Action, ...]:
        """The actions out of `state`, in declared order."""
        return self._arrows.get(str(state), ())

    def named(self, name: str) -> tuple[Action, ...]:
        """Every action called `name`: usually one, two when a `when` tells them apart."""
        return tuple(action for action in self.actions if action.name == name)

    @cached_property
    def _arrows(self) -> dict[str, tuple[Action, ...]]:
        return {
            state: tuple(action for action in self.actions if state in action.sources) for state in self.state_names
        }

    @cached_property
    def topics(self) -> tuple[str, ...]:
        """Every topic of its beginning and its actions."""
        emitted = (topic for action in self.actions for topic in action.emits)
        begun = (topic for state in sorted(self.begins_in) for topic in self.begun(state))
        return tuple(dict.fromkeys((*self.on_start, *begun, *emitted)))

    def begun(self, state: str) -> tuple[str, ...]:
        """The topics of a beginning in `state`."""
        return (f"{self.name}.{state}",) if state in self.begins_in else self.on_start


def in_words(name: str) -> str:
    """`return_incomplete` -> "Return incomplete"."""
    return str(name).replace("_", " ").strip().capitalize()


def upper_first(text: str) -> str:
    """For words that begin a sentence; the rest keeps its capitals, as `capitalize` would not."""
    return text[:1].upper() + text[1:]


def sentence_of(function: Callable[..., Any] | None) -> str:
    """A guard in words: the first line of its docstring, else its name."""
    if function is None:
        return ""
    doc = (function.__doc__ or "").strip().splitlines()
    return doc[0].rstrip(".") if doc else in_words(getattr(function, "__name__", "condition"))
