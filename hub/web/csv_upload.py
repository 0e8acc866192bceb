"""The text of a CSV file that was sent in a form."""

from __future__ import annotations

from werkzeug.datastructures import FileStorage


def text_of(sent: object, largest: int) -> tuple[str, str]:
    """A file's text, at most `largest` bytes of UTF-8, and what is wrong with it; both empty when none was chosen."""
    if not isinstance(sent, FileStorage) or not sent.filename:
        return "", ""
    with sent.stream as stream:
        content = stream.read(largest + 1)
    if len(content) > largest:
        return "", f"This file is larger than {largest // 1000} KB. Send it in parts"
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return "", "This file is not UTF-8 text. In Excel choose “CSV UTF-8”"
    if "\0" in text:
        return "", "This file is not a CSV file"
    return (text, "") if text.strip() else ("", "The file is empty: choose another")
