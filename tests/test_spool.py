"""What waits in a spool comes back as it was, and waits in memory where there is no room."""

from __future__ import annotations

import errno
import os
import tempfile
from typing import TYPE_CHECKING, NoReturn

from generator.artifact import Artifact, packed
from generator.frozen import freeze
from generator.spool import Spool, Spooled, read

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_everything_comes_back_in_any_order() -> None:
    texts = [b"", b"one", bytes(range(256)) * 1000, b"last"]
    with Spool() as spool:
        waiting = [spool.put(text) for text in texts]
        assert all(isinstance(each, Spooled) for each in waiting)
        assert [read(each) for each in reversed(waiting)] == texts[::-1]


def test_values_and_files_wait_there_too() -> None:
    with Spool() as spool:
        value = freeze({"a": (1, 2)}).spooled(spool)
        file = packed(Artifact("a", "text")).spooled(spool)
        assert (value.thaw(), file.data()) == ({"a": (1, 2)}, b"text")
        assert (value.spooled(spool).thaw(), file.spooled(spool).data()) == ({"a": (1, 2)}, b"text")
        assert file.bare().spooled(spool).data() is None
        assert isinstance(value.data, Spooled)


def test_a_write_that_takes_only_a_part_is_gone_on_with(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda file, data, place: whole(file, data[:3], place))
    with Spool() as spool:
        assert [read(spool.put(text)) for text in (b"0123456789", b"abc")] == [b"0123456789", b"abc"]


def test_without_room_it_waits_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> NoReturn:
        raise OSError(errno.ENOSPC, "No space left on device")

    with Spool() as spool:
        first = spool.put(b"before")
        with monkeypatch.context() as patched:
            patched.setattr(os, "pwrite", full)
            assert spool.put(b"meanwhile") == b"meanwhile"
        assert [read(each) for each in (first, spool.put(b"after"))] == [b"before", b"after"]


def test_without_a_place_for_files_it_waits_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    with Spool() as spool:
        assert spool.put(b"text") == b"text"
