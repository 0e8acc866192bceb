"""Why a file is not taken, in words that go on after its name."""


class NotTaken(Exception):
    """The file is not taken; the words go on after its name and say what to do: "is empty. Choose it again"."""
