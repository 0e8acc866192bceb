"""Reading JSON objects one at a time from a long file: an array of objects, or one object after another."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final, TextIO

from hub.referrals.text_file import FileProblem, Limits

CHUNK: Final = 65_536
Pairs = list[tuple[str, object]]

# Numbers stay as they are written, so that an NHS number or a code keeps every digit it was given.
_DECODER: Final = json.JSONDecoder(object_pairs_hook=list, parse_int=str, parse_float=str, parse_constant=str)


class _Window:
    """The part of the text that has been read and not yet used."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.text = ""
        self.at = 0
        self.is_at_end = False

    def more(self) -> None:
        """Read another piece and let go of what has been used."""
        piece = self.stream.read(CHUNK)
        self.is_at_end = not piece
        self.text = self.text[self.at :] + piece
        self.at = 0

    def peek(self) -> str:
        """Return the next character that is not white space, without using it; nothing at the end of the file."""
        while True:
            while self.at < len(self.text) and self.text[self.at] in " \t\r\n":
                self.at += 1
            if self.at < len(self.text):
                return self.text[self.at]
            self.more()
            if self.is_at_end:
                return ""


def read_objects(stream: TextIO, limits: Limits) -> Iterator[Pairs]:
    """Yield each object as its names and values in order, a repeated name too; numbers come as text.

    The file is one array of objects, or objects one after another (JSON lines). Raises FileProblem.
    """
    window = _Window(stream)
    is_array = window.peek() == "["
    if not is_array and window.peek() != "{":
        raise FileProblem("The file must be a list of objects between [ and ], or one object on each line")
    window.at += is_array
    number = 0
    while window.peek() not in ("", "]"):
        number += 1
        if is_array and number > 1:
            _comma(window, number)
        yield _object(window, number, limits)
    if is_array:
        _closing(window)
    elif window.peek():
        raise FileProblem(f"After object {number} stands a “]” that was never opened: delete it")


def _comma(window: _Window, number: int) -> None:
    if window.peek() != ",":
        raise FileProblem(f"There is no comma before object {number}: put one between every two objects")
    window.at += 1


def _object(window: _Window, number: int, limits: Limits) -> Pairs:
    if window.peek() != "{":
        raise FileProblem(f"Item {number} is not an object: each referral must stand between {{ and }}")
    while True:
        try:
            pairs, window.at = _DECODER.raw_decode(window.text, window.at)
        except RecursionError:
            raise FileProblem(f"Object {number} has objects inside objects: give one text for each name") from None
        except json.JSONDecodeError as problem:
            if window.is_at_end or len(window.text) - window.at > limits.line_characters:
                raise FileProblem(f"Object {number} cannot be read as JSON ({problem.msg}): check its quotes") from None
            window.more()
        else:
            return list(pairs)


def _closing(window: _Window) -> None:
    if window.peek() != "]":
        raise FileProblem("The list has no “]” at its end: the file was cut short, so ask for it again")
    window.at += 1
    if window.peek():
        raise FileProblem("There is text after the “]” that ends the list: delete it")
