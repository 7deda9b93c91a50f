"""Answer a ``generate`` that finds nothing changed, before any module of the compiler is imported.

Like git's index, a record of the last run has a signature (inode, size and times) and a SHA-256 of each file that it
read or wrote. Equal signatures mean equal files; otherwise the content decides.
"""

from __future__ import annotations

import io
import os
import stat
import sys

from generator import private
from generator.colour import colours
from generator.fingerprint import described

_FORMAT = "agent-metrics 1"
#: A file changed this shortly before it was read may be changed again without another time.
_RACY_NS = 20_000_000
_SPECS, _OUTPUT = "specs", "output"
#: The remainder names a record; to load a library that hashes takes as long as the rest of the answer.
_PRIME = 2**61 - 1


class Record:
    """The output of a call of ``generate``, and the files that it depends on, each with its signature and SHA-256.

    It is no msgspec value, whose import takes longer than the answer. A digest is empty where only the signature
    counts.
    """

    def __init__(self, texts: list[str], files: dict[str, tuple[str, str]]) -> None:
        self.texts = texts
        self.files = files


def answered(argv: list[str]) -> bool:
    """Repeat the output of the last run, where nothing has changed since."""
    call = _call(argv)
    if call is None or not _is_writable() or os.path.islink(call[1]):  # a link is refused
        return False
    directory = private.opened(make=False)
    if directory is None:
        return False
    try:
        name, head = _named(*call)
        record = _parsed(private.read(directory, name), head)
        if record is None or not _holds(record, directory, name, head):
            return False
    finally:
        os.close(directory)
    return _printed(record)


def remember(directory: int, specs: str, output: str, record: Record) -> None:
    """Keep the output of a call."""
    name, head = _named(specs, output)
    private.write_file(directory, name, _text(head, record))


def signature(status: os.stat_result) -> str:
    """Sign a file by the attributes that change when anybody writes, replaces or moves it."""
    return f"{status.st_ino} {status.st_size} {status.st_mtime_ns} {status.st_ctime_ns} {status.st_mode}"


def is_racy(signed: str, read_ns: int) -> bool:
    """Whether a file could have been changed since its reading, with the same signature."""
    _, _, modified, changed, _ = map(int, signed.split())
    return max(modified, changed) > read_ns - _RACY_NS


def listing(folder: str) -> list[str]:
    """List the names that count in a directory: not those of editors, systems and Python."""
    return sorted(name for name in os.listdir(folder) if not name.startswith((".", "__pycache__")))


def digest_of(path: str) -> str:
    """Hash a file's content, or a directory's listing: SHA-256 in hex."""
    from hashlib import sha256  # noqa: PLC0415 - only where something was touched

    if os.path.isdir(path):
        return sha256("\0".join(listing(path)).encode("utf-8", "surrogateescape")).hexdigest()
    with open(path, "rb") as file:
        return sha256(file.read()).hexdigest()


def _call(argv: list[str]) -> tuple[str, str] | None:
    """Find the two directories of a plain call; None for any other call."""
    rest, output = argv[1:], _OUTPUT
    if argv[:1] != ["generate"]:
        return None
    for option in ("-o", "--output"):
        if option in rest[:-1]:
            at = rest.index(option)
            output = rest[at + 1]
            del rest[at : at + 2]
    typed = (*(rest or [_SPECS]), output)
    if len(typed) != 2 or any(not one.strip() or one.startswith("-") or ".." in one for one in typed):  # noqa: PLR2004
        return None
    return os.path.normpath(typed[0]), os.path.normpath(typed[1])


def _is_writable() -> bool:
    """Whether the output can be written: a shell may have closed the streams."""
    return sys.stdout is not None and sys.stderr is not None


def _named(specs: str, output: str) -> tuple[str, list[str]]:
    """Name the record of a call; the record's head confirms the call."""
    call = [_FORMAT, os.getcwd(), specs, output]
    text = "\0".join(call).encode("utf-8", "surrogateescape")
    return f"{int.from_bytes(text) % _PRIME:016x}.run", [*call[:-1], described(), output]


def _text(head: list[str], record: Record) -> bytes:
    files = (field for path, (signed, digest) in record.files.items() for field in (path, signed, digest))
    fields = [*head, str(len(record.texts)), *record.texts, *files]
    return "\0".join(fields).encode("utf-8", "surrogateescape")


def _parsed(data: bytes | None, head: list[str]) -> Record | None:
    try:
        fields = (data or b"").decode("utf-8", "surrogateescape").split("\0")
        start = len(head) + 1
        end = start + int(fields[start - 1])
        if fields[: len(head)] != head or (len(fields) - end) % 3:
            return None
        rest = fields[end:]
        files = {rest[at]: (rest[at + 1], rest[at + 2]) for at in range(0, len(rest), 3)}
        return Record(fields[start:end], files)
    except (ValueError, IndexError):
        return None


def _holds(record: Record, directory: int, name: str, head: list[str]) -> bool:
    """Whether every file is unchanged; signatures of files with other times and equal content are updated."""
    output = f"{head[-1]}{os.sep}"
    try:
        anew = {path: one for path, kept in record.files.items() if (one := _touched(path, *kept, output))}
    except OSError:
        return False
    if any(not digest for _, digest in anew.values()):
        return False
    if anew:
        record.files.update(anew)
        private.write_file(directory, name, _text(head, record))
    return True


def _touched(path: str, signed: str, digest: str, output: str) -> tuple[str, str] | None:
    """Return the signature and the digest of a touched file; the digest is empty where its content has changed."""
    status = os.lstat(path)
    if stat.S_ISLNK(status.st_mode) and not path.startswith(output):
        status = os.stat(path)
    now = signature(status)
    if now == signed:
        return None
    is_file = stat.S_ISREG(status.st_mode) and now.split()[1] == signed.split()[1]
    is_same = digest and (is_file or stat.S_ISDIR(status.st_mode)) and digest_of(path) == digest
    return (now, digest if is_same else "")


def _printed(record: Record) -> bool:
    """Write the recorded output; where that fails, the command finds out why."""
    plain, coloured, summary = record.texts
    try:
        for stream in (sys.stderr, sys.stdout):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")
        sys.stderr.write(coloured if colours(sys.stderr) else plain)
        sys.stdout.write(summary)
        sys.stdout.flush()
    except OSError:
        return False
    return True
