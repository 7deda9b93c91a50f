"""``init`` as its user calls it, and without a trial where a test is not about data in panels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.commands.calls import CallResult, CommandCalls

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> CommandCalls:
    """Call a command."""
    return CommandCalls(capsys)


@pytest.fixture
def untried(call: CommandCalls, monkeypatch: pytest.MonkeyPatch) -> Callable[..., CallResult]:
    """Call a command on a machine without a Prometheus: it recognises and writes the same, and tries nothing.

    A trial takes several seconds of a processor, most of what such a call takes.
    """

    def without_programs(*arguments: str) -> CallResult:
        with monkeypatch.context() as patched:
            patched.setenv("PATH", "")
            answer = call(*arguments)
        assert "panels" not in answer.out
        return answer

    return without_programs
