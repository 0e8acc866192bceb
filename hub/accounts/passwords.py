"""Passwords: Argon2id at the OWASP setting, what makes one acceptable, and generated ones."""

from __future__ import annotations

import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# OWASP Password Storage Cheat Sheet: Argon2id, 19 MiB, two passes, one lane.
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)

SHORTEST = 12
LONGEST = 128
_TOO_COMMON = (
    "password",
    "123456",
    "qwerty",
    "letmein",
    "welcome",
    "commissioning",
    "nhs",
)
# No letters or digits that are mistaken for each other when read out over the telephone.
_READABLE = "abcdefghjkmnpqrstuvwxyz23456789"


def hash_password(password: str) -> str:
    """The Argon2id hash to store, with its parameters and salt inside."""
    return HASHER.hash(password)


def verify_password(stored: str | None, password: str) -> bool:
    """Whether `password` is the one behind `stored`; None costs the same time and is always False."""
    try:
        HASHER.verify(stored or _nobodys_hash(), password)
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


def needs_rehash(stored: str) -> bool:
    """Whether `stored` was made with other parameters than today's."""
    return HASHER.check_needs_rehash(stored)


def generate_password() -> str:
    """Four groups of five letters and digits, 98 bits: "k3mfp-7qwzr-..."."""
    return "-".join("".join(secrets.choice(_READABLE) for _ in range(5)) for _ in range(4))


def problems_with_password(password: str, *, email: str, name: str) -> list[str]:
    """Everything wrong with a new password, in words for the person choosing it; empty when it will do."""
    said = []
    lowered = password.casefold()
    if len(password) < SHORTEST:
        said.append(f"Your new password must have {SHORTEST} characters or more. Three random words work well")
    if len(password) > LONGEST:
        said.append(f"Your new password must have {LONGEST} characters or fewer")
    if password and len(set(lowered)) < 5:
        said.append("Your new password repeats the same few characters. Use more different ones")
    own = [part for part in (email.split("@")[0], *name.casefold().split()) if len(part) > 3]
    if any(part in lowered for part in own):
        said.append("Your new password must not contain your name or e-mail address")
    # A common word is fine inside a long phrase; it is not fine as most of the password.
    if any(word in lowered and len(password) - len(word) < 8 for word in _TOO_COMMON):
        said.append("Your new password is too easy to guess. Use three random words")
    return said


@cache
def _nobodys_hash() -> str:
    return HASHER.hash(secrets.token_urlsafe(16))
