"""PDF: whole from the first byte to the last, to be read without a password, and with nothing in it that acts."""

from __future__ import annotations

import logging
import re
import struct
import time
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import Any, Final
from zipfile import is_zipfile

from pypdf import PdfReader
from pypdf.errors import PyPdfError
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject

from hub.documents.refusals import NotTaken

MOST_OBJECTS: Final = 200_000
MOST_SECONDS: Final = 20.0
"""A file made to be slow is given up: a request has thirty seconds."""
_ACTS: Final = {
    "/JS": "has a program (JavaScript) in it",
    "/JavaScript": "has a program (JavaScript) in it",
    "/Launch": "would start a program",
    "/RichMedia": "has a film or a program in it",
    "/EmbeddedFiles": "has other files attached inside it",
    "/EmbeddedFile": "has other files attached inside it",
    "/EF": "has other files attached inside it",
    "/XFA": "is a form that only one program can fill in",
}
_DAMAGE: Final = (
    PyPdfError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    RecursionError,
    ArithmeticError,
    OSError,
    struct.error,
    zlib.error,
)
"""What reading a PDF made to be wrong ends with."""
_MEND: Final = "Print it to a new PDF, and send that"
_AFTER_THE_END: Final = re.compile(rb"%%EOF[\r\n\t \0]*\Z")

logging.getLogger("pypdf").setLevel(logging.ERROR)  # of what it mends by itself nobody need read in the log


def check(data: bytes) -> None:
    """Raise NotTaken unless the bytes are one PDF and nothing more, open to everybody, that does nothing by itself."""
    if not _AFTER_THE_END.search(data[-2048:]) or is_zipfile(BytesIO(data)):
        raise NotTaken(f"has something else after the end of the PDF, or is not whole. {_MEND}")
    try:
        reader = PdfReader(BytesIO(data))
        if reader.is_encrypted:
            raise NotTaken("is protected with a password. Save it without the password, and send it again")
        pages = len(reader.pages)
        for found in _names(reader):
            raise NotTaken(f"{_ACTS[found]}. {_MEND}")
    except NotImplementedError as error:  # locked with a certificate, or packed in a way that nobody uses
        raise NotTaken(f"is protected or packed in a way that cannot be looked through. {_MEND}") from error
    except _DAMAGE as error:
        raise NotTaken(f"is a damaged PDF. {_MEND}") from error
    if not pages:
        raise NotTaken(f"has no pages. {_MEND}")


def _names(reader: PdfReader) -> Iterator[str]:
    """Names of things that act, anywhere in the file: as a key, as the kind of an action, as the type of an object."""
    until = time.monotonic() + MOST_SECONDS
    waiting: list[Any] = [reader.trailer]
    seen: set[tuple[int, int]] = set()
    while waiting:
        each = waiting.pop()
        if isinstance(each, IndirectObject):
            if (each.idnum, each.generation) in seen:
                continue
            seen.add((each.idnum, each.generation))
            if len(seen) > MOST_OBJECTS or time.monotonic() > until:
                raise NotTaken(f"is too complicated to be looked through. {_MEND}")
            each = each.get_object()
        if isinstance(each, DictionaryObject):
            kinds = (each.get(name) for name in ("/S", "/Type", "/Subtype"))
            yield from (str(name) for name in (*each, *kinds) if isinstance(name, str) and name in _ACTS)
            waiting += each.raw_values() if hasattr(each, "raw_values") else dict.values(each)
        elif isinstance(each, ArrayObject):
            waiting += list.__iter__(each)
