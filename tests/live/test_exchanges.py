"""Exchanges in threads: one thread for those in turn, and an exchange without an end holds up no other."""

from __future__ import annotations

import subprocess
import sys
from threading import Event, get_ident

import pytest

from generator.live.transport import within

SECONDS = 30
#: A process that exchanges something, and a child of it that does.
_FORKS = """
import os
from generator.live.transport import within

assert within(5, lambda: "parent") == "parent"
child = os.fork()
if child == 0:
    os._exit(0 if within(5, lambda: "child") == "child" else 1)
_, status = os.waitpid(child, 0)
raise SystemExit(os.waitstatus_to_exitcode(status))
"""


def test_exchanges_in_turn_share_a_thread_that_is_not_the_callers() -> None:
    threads = {within(SECONDS, get_ident) for _ in range(20)}
    # One that another test has given up may end between two of these.
    assert len(threads) <= 2
    assert get_ident() not in threads


def test_one_that_is_given_up_holds_up_no_other() -> None:
    go_on = Event()
    with pytest.raises(TimeoutError):
        within(0.01, go_on.wait)
    assert within(SECONDS, lambda: "answer") == "answer"
    go_on.set()


def test_an_error_is_raised_in_the_caller_and_the_next_one_is_answered() -> None:
    def fails() -> None:
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        within(SECONDS, fails)
    assert within(SECONDS, lambda: "answer") == "answer"


def test_a_child_process_has_a_thread_of_its_own() -> None:
    # Later versions of Python warn of a child of a process with threads.
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", _FORKS], check=False, timeout=60)
    assert done.returncode == 0
