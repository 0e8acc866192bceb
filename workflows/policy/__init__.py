"""Policy sets: every duration, threshold, limit, list and cap of the hub, with a plain sentence and a source each."""

from workflows.policy.entry import DIMENSIONS, Entry, Kind, Never, NotAllowed, PolicyError, Value
from workflows.policy.policy_set import DEFAULT, Difference, PolicySet, load_default

__all__ = [
    "DEFAULT",
    "DIMENSIONS",
    "Difference",
    "Entry",
    "Kind",
    "Never",
    "NotAllowed",
    "PolicyError",
    "PolicySet",
    "Value",
    "load_default",
]
