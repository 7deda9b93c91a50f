"""``generate --watch``: compile again whenever a spec is saved, until Ctrl-C.

Files are polled: a library for change events would have to be installed for every system, and misses changes on network
and container mounts.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from generator.cache import Cache
from generator.commands.call import shown
from generator.commands.generate_afresh import generated, inputs, opened_cache
from generator.commands.terminal import complain
from generator.output.errors import OutputError

if TYPE_CHECKING:
    from pathlib import Path

    from generator.compiler import Compilation

_PAUSE_S = 0.02
#: The files of a fleet take long to check; at most this part of the time is spent on it.
_PART = 20
#: An editor may empty a file before it writes it; and modification times differ only after this long.
_SETTLING_S = 0.012


def watch(specs: Path, output: Path, *, cached: bool) -> None:
    """Compile, and compile changed specs again; findings and errors are shown, and do not end the command."""
    with opened_cache(output, wanted=cached) as cache:
        try:
            memory = cache or Cache(None, output)
            sys.stderr.write(f"watching {shown(specs)}; Ctrl-C ends it\n")
            seen, found = None, None
            while True:
                seen = _settled(specs, seen)
                found = _generated(specs, output, memory, found)
        except KeyboardInterrupt:
            return


def _settled(specs: Path, seen: dict[str, str] | None) -> dict[str, str]:
    """Wait until the files differ from those seen before, and no longer change."""
    while True:
        begun = time.monotonic()
        now = inputs(specs)
        if now == seen:
            time.sleep(max(_PAUSE_S, (time.monotonic() - begun) * _PART))
            continue
        time.sleep(_SETTLING_S)
        if inputs(specs) == now:
            return now


def _generated(specs: Path, output: Path, cache: Cache, before: Compilation | None) -> Compilation | None:
    try:
        return generated(specs, output, cache, before)
    except OutputError as problem:
        complain(str(problem), problem.help)
        return before
    finally:
        sys.stdout.flush()
