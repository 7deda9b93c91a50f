"""One call of ``generate``, and the conditions on it for any specs."""

from __future__ import annotations

import contextlib
import io
import re
import signal
import traceback
from typing import TYPE_CHECKING, NoReturn

from msgspec import Struct

from generator.cli import main
from tests.output.trees import files, snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fuzz.corpus import Files

#: The largest CPU seconds of a call on a machine with any load; a large spec takes about one.
LONGEST = 30


#: A directory without services is the call's fault.
_NO_SPECS = re.compile(r"error\[source/no-(?:specs|services)\]")


class CompilerRun(Struct, frozen=True):
    """A correct call: its exit status, and its files, none where a spec has errors."""

    code: int
    made: dict[str, str]


class Broken(Exception):  # noqa: N818 - a finding
    """A call that broke a condition; ``kind`` is equal for equal causes, as far as that is known."""

    def __init__(self, kind: str, told: str) -> None:
        super().__init__(kind)
        self.kind = kind
        self.told = told


class _TooSlowError(BaseException):
    """An exception that no ``except Exception`` catches."""


def generate(specs: Files, folder: Path) -> CompilerRun:
    """Write ``specs`` below ``folder`` and compile them into the existing output.

    Raises:
        Broken: an exception, a status that blames the call, no message about a failure, an output that changed although
            a spec has errors, or more than ``LONGEST`` seconds.
    """
    _write(specs, folder / "specs")
    output = folder / "output"
    before = snapshot(output)
    code, told = _called("generate", str(folder / "specs"), "-o", str(output), "--no-cache")
    right = {2} if _NO_SPECS.search(told) else {0, 1}
    if code not in right or (code and "error[" not in told):
        raise Broken(f"exit status {code}: {told.splitlines()[-1] if told else 'without a word'}", told)
    if "error[internal/" in told:
        raise Broken("an error of the compiler's own", told)
    if code and snapshot(output) != before:
        raise Broken("the output changed although a spec is at fault", told)
    return CompilerRun(code, {} if code else files(output))


def _write(specs: Files, directory: Path) -> None:
    for path in sorted(directory.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    for name, data in specs.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_bytes(data)


def _called(*arguments: str) -> tuple[int, str]:
    written = io.BytesIO()
    said = io.TextIOWrapper(written, encoding="utf-8")
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said), _limited():
            code = main(arguments)
    except (Exception, SystemExit, _TooSlowError) as problem:
        frame = traceback.extract_tb(problem.__traceback__)[-1]
        kind = f"{type(problem).__name__} in {frame.filename.rpartition('/generator/')[2]}:{frame.lineno}"
        if isinstance(problem, _TooSlowError):
            kind = f"more than {LONGEST} seconds"
        raise Broken(kind, "".join(traceback.format_exception(problem))) from problem
    said.flush()
    return code, written.getvalue().decode()


@contextlib.contextmanager
def _limited() -> Iterator[None]:
    def stop(_number: int, _frame: object) -> NoReturn:
        raise _TooSlowError

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, LONGEST)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
