"""One thing that `hub doctor` looked at."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `mend` says what to do, and is empty when it is as it should be."""

    about: str
    found: str
    mend: str = ""

    def __str__(self) -> str:
        state = "to mend" if self.mend else "ok"
        line = f"{state:<8} {self.about}: {self.found}."
        return f"{line}\n{'':<8} {self.mend}." if self.mend else line
