"""A spec's text, read within limits.

Each function returns a ``Result``: bad input gives diagnostics and no exception.
Reading decodes without loss (a byte that is not UTF-8 becomes a lone surrogate), so that the text can be shown;
``check_text``, which ``parse_document`` calls, then reports what is wrong with it.
"""

from __future__ import annotations

import os
import re
import stat
from bisect import bisect_right
from collections import Counter
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.diagnostics import Diagnostic, Result, Span, error
from generator.diagnostics.wording import quoted, system_reason, visible

if TYPE_CHECKING:
    from pathlib import Path

_BREAK = re.compile(r"\r\n|\r|\n")
#: The characters used as a colon: those of Chinese and Japanese keyboards are wider.
_COLON = re.compile("[:\uff1a\ufe55]")
_REST_OF_LINE = re.compile(r"[^\r\n]*")


class LineIndex(Struct, frozen=True):
    """The offsets at which the lines of a file's text begin."""

    file: str
    starts: tuple[int, ...]

    @classmethod
    def of(cls, file: str, text: str) -> LineIndex:
        """The places of a text; lines end as they do for YAML: LF, CR or both."""
        return cls(file, (0, *(match.end() for match in _BREAK.finditer(text))))

    def span(self, index: int, length: int = 1) -> Span:
        """The span of ``length`` characters of one line."""
        line = bisect_right(self.starts, index)
        column = index - self.starts[line - 1] + 1
        return Span(self.file, line, column, line, column + length)


def rest_of_line(text: str, index: int) -> str:
    """The text from an offset to the end of its line, without trailing blanks."""
    match = _REST_OF_LINE.match(text, index)
    return match.group().rstrip() if match else ""


def start_of_line(text: str, index: int) -> str:
    """The text on the line before an offset."""
    begin = max(text.rfind("\n", 0, index), text.rfind("\r", 0, index)) + 1
    return text[begin:index]


def at_colon(text: str) -> tuple[str, str]:
    """Split a text at its first colon of any kind; the second part is empty where there is none."""
    name, *rest = _COLON.split(text, maxsplit=1)
    return name, "".join(rest).strip()


#: A spec is written by hand; a larger file is another kind of file.
MAX_BYTES = 1024 * 1024

_BOM = "\ufeff"
# Besides controls: surrogates and bytes that are not UTF-8, the line breaks of YAML 1.1 that editors do not count,
# characters without a width (but for those that join emoji and letters) and those that change the direction of text,
# and code points without a character.
FORBIDDEN = re.compile(
    "[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u180e\u200b\u2028-\u202e\u2060-\u2064\u2066-\u2069\ud800-\udfff"
    "\ufdd0-\ufdef\ufeff\ufffe\uffff]"
)
# A blank of web pages that is none of YAML's: before a key or an entry of a list, or after its colon or dash; text that
# is quoted may have it.
_ODD_BLANK = re.compile(
    "^(?:[ ]*(?:- +)*(?P<before>[\u00a0\u202f\u2007])[\u00a0\u202f\u2007 ]*(?:[\\w.-]+:|-)"
    "|[ ]*(?:- *)*-(?P<dash>[\u00a0\u202f\u2007])"
    "|(?:[ ]*(?:- +)*|[^\"'#\n]*[{,] *)[\\w.-]+:(?P<colon>[\u00a0\u202f\u2007]))",
    re.MULTILINE,
)
_NOT_UTF8 = re.compile("[\udc80-\udcff]")
_UTF16_MARKS = ("\udcff\udcfe", "\udcfe\udcff")
_UTF32_MARKS = ("\udcff\udcfe\0\0", "\0\0\udcfe\udcff")
_CONFLICT = re.compile(r"^<{7}(?: [^\r\n]*)?$", re.MULTILINE)
_BYTE_OFFSET = 0xDC00
#: A text may have this many control characters by mistake; a file in another encoding is full of undecodable bytes.
_FEW, _MOST_OF_TEXT = 8, 0.1


class SourceText(Struct, frozen=True):
    """A file's text; ``path`` is how diagnostics name the file."""

    path: str
    text: str


def read_source(path: Path, shown_as: str = "") -> Result[SourceText]:
    """The file's text.

    Args:
        path: the file on disk.
        shown_as: how diagnostics name it; its path with ``/`` unless given.
    """
    name = shown_as or path.as_posix()
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            what = "this is a directory" if path.is_dir() else "this is not a regular file"
            return Result.failed(
                _of_file("source/not-a-file", name, what, "move it away, or have a YAML file in its place")
            )
        data = _read(path)
        if data is None:
            message = "the file changed while it was read"
            return Result.failed(_of_file("source/unreadable", name, message, "run again when it is saved"))
        return decode_source(name, data)
    except FileNotFoundError:
        missing = "this link leads to nothing" if path.is_symlink() else "there is no such file"
        return Result.failed(_of_file("source/missing", name, missing, "check the path"))
    except (OSError, ValueError) as problem:
        message = f"the file cannot be read: {system_reason(problem)}"
        return Result.failed(
            _of_file("source/unreadable", name, message, "check its permissions and its path")
        )


def _read(path: Path) -> bytes | None:
    """Read up to one byte too many, without waiting for a pipe's writer; None when the file changed meanwhile."""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
        before = os.fstat(file.fileno())
        data = file.read(MAX_BYTES + 1)
        after = os.fstat(file.fileno())
    same = (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
    return data if same else None


def decode_source(name: str, data: bytes) -> Result[SourceText]:
    """The text of a file's bytes; a byte order mark of UTF-8 is dropped."""
    if len(data) > MAX_BYTES:
        message = f"the file is larger than {MAX_BYTES // 1024} KiB"
        return Result.failed(_of_file("source/too-large", name, message, "split it into several services"))
    return Result(SourceText(name, data.decode("utf-8", "surrogateescape").removeprefix(_BOM)))


def check_text(source: SourceText) -> tuple[Diagnostic, ...]:
    """Find forbidden text: bytes that are not UTF-8, control characters and the like."""
    if encoding := _wide_encoding(source.text):
        message = f"the file is encoded in {encoding}"
        return (error("source/encoding", message, Span(source.path, 1, 1, 1, 2), "save it as UTF-8"),)
    if conflict := _conflict(source):
        return (conflict,)
    problems = [match.start() for match in FORBIDDEN.finditer(source.text)]
    if not problems:
        return _odd_blanks(source)
    controls = sum(source.text[at] < " " for at in problems)
    if controls > _FEW and len(problems) > len(source.text) * _MOST_OF_TEXT:
        help_ = "move it out of the specs, or save what it says as text in UTF-8"
        return (_of_file("source/not-text", source.path, "this is no text", help_),)
    places = LineIndex.of(source.path, source.text)
    not_utf8 = [at for at in problems if _NOT_UTF8.match(source.text[at])]
    others = [at for at in problems if not _NOT_UTF8.match(source.text[at])]
    return (*_encoding(source, not_utf8, places), *_characters(source, others, places))


def _wide_encoding(text: str) -> str:
    """Name the encoding that the first bytes show, if they are not of UTF-8."""
    if text.startswith(_UTF32_MARKS) or "\0\0" in text[:4]:
        return "UTF-32"
    return "UTF-16" if text.startswith(_UTF16_MARKS) or "\0" in text[:2] else ""


def _conflict(source: SourceText) -> Diagnostic | None:
    """Point at the first of the conflict markers of an unfinished merge."""
    match = _CONFLICT.search(source.text)
    if not match or "\n>>>>>>>" not in source.text:
        return None
    places = LineIndex.of(source.path, source.text)
    help_ = "keep one of the two sides, and remove the lines with <<<<<<<, ======= and >>>>>>>"
    span = places.span(match.start(), len(match.group()))
    return error("source/merge-conflict", "a merge of two versions was not finished here", span, help_)


def _encoding(source: SourceText, problems: list[int], places: LineIndex) -> list[Diagnostic]:
    if not problems:
        return []
    byte = ord(source.text[problems[0]]) - _BYTE_OFFSET
    message = f"byte 0x{byte:02X} is not UTF-8{_others(len(problems) - 1)}"
    return [error("source/encoding", message, places.span(problems[0]), "save the file as UTF-8")]


def _characters(source: SourceText, problems: list[int], places: LineIndex) -> list[Diagnostic]:
    """One diagnostic for each distinct character, at its first place."""
    counts = Counter(source.text[at] for at in problems)
    first = {source.text[at]: at for at in reversed(problems)}
    return [
        error(
            "source/control-character",
            f"character {quoted(visible(character))} is not allowed here{_others(counts[character] - 1)}",
            places.span(at),
            "delete it",
        )
        for character, at in sorted(first.items(), key=lambda item: item[1])
    ]


def _odd_blanks(source: SourceText) -> tuple[Diagnostic, ...]:
    """Point at the first blank that looks like a space of YAML and is none."""
    matches = () if source.text.isascii() else _ODD_BLANK.finditer(source.text)
    found = [match.start(match.lastgroup or 0) for match in matches]
    if not found:
        return ()
    message = f"a no-break space stands where YAML wants a space{_others(len(found) - 1)}"
    span = LineIndex.of(source.path, source.text).span(found[0])
    return (error("yaml/tab", message, span, "write a plain space in its place"),)


def _others(count: int) -> str:
    if not count:
        return ""
    return " (and at 1 more place)" if count == 1 else f" (and at {count} more places)"


def _of_file(code: str, name: str, message: str, help_: str) -> Diagnostic:
    return error(code, message, Span.of_file(name), help_)
