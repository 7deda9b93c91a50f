"""Bring the generated rules to a Prometheus: reload it, and verify that it runs them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.apply.prometheus_api import ReloadClosedError
from generator.apply.rule_groups import compare, longest_interval, named
from generator.apply.unread import warnings
from generator.diagnostics.printable import printable
from generator.diagnostics.suggest import listed
from generator.live.errors import LiveError

if TYPE_CHECKING:
    from collections.abc import Callable

    from generator.apply.generated import Generated
    from generator.apply.prometheus_api import PrometheusRules
    from generator.apply.rule_groups import Key, Running

#: The longest wait for an evaluation, for any interval of the server.
_LONGEST, _SLACK = 600.0, 30.0
_HELP = {
    "not loaded": "rule_files in the server's prometheus.yml leads to no such file: name the directories that output/"
    " is copied to, such as /etc/prometheus/agents/rules/*.rules.yml",
    "loaded from several files": "rule_files leads to several copies of output/: leave one",
    "loaded, but not as generated": "the files that the server reads are not those of output/: copy them there",
}


class Waiting(Struct, frozen=True):
    """The time to wait for the first evaluation, in seconds (None: by the groups' interval), and the clock."""

    seconds: float | None = None
    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


def apply_to_prometheus(
    server: PrometheusRules,
    generated: Generated,
    say: Callable[[str], None],
    *,
    dry_run: bool = False,
    waiting: Waiting | None = None,
) -> None:
    """Reload the server, and verify that it runs the generated groups, each evaluated without an error.

    A server that cannot be reloaded over HTTP is fine when it runs them already. Reasons for rules to stay empty are
    printed first.

    Args:
        server: the Prometheus, whose ``rule_files`` lead to a copy of the output.
        generated: the generated files.
        say: prints a line.
        dry_run: only report its current groups.
        waiting: the time for the first evaluation.

    Raises:
        LiveError: it refuses, fails, or does not run all groups, which are named.
    """
    if dry_run:
        running = compare(generated.rule_files, server.groups())
        say(f"Prometheus {server.url}: dry run, nothing is reloaded")
        for line in (*_warnings(server, generated), *_state_lines(running)):
            say(line)
        return
    closed = _reload(server)
    if closed is None:
        say(f"Prometheus {server.url}: reloaded")
    for line in _warnings(server, generated):
        say(line)
    running = _settled(server, generated, say, waiting or Waiting())
    if not running.loaded and closed is not None:
        raise LiveError(closed.message + _faults(running), closed.help)
    _refuse_faults(running)
    if closed is not None:
        say(f"Prometheus {server.url}: it does not reload over HTTP, but has what was generated")
    say(f"  {running.total} rule groups are loaded as generated and healthy")


def _warnings(server: PrometheusRules, generated: Generated) -> list[str]:
    return [f"  warning: {printable(text)}" for text in warnings(server.api, generated)]


def _reload(server: PrometheusRules) -> ReloadClosedError | None:
    try:
        server.reload()
    except ReloadClosedError as closed:
        return closed
    return None


def _settled(
    server: PrometheusRules, generated: Generated, say: Callable[[str], None], waiting: Waiting
) -> Running:
    """Wait until every group was evaluated once, or the time is over; unloaded groups will not come by waiting."""
    states = server.groups()
    running = compare(generated.rule_files, states)
    bound = waiting.seconds
    if bound is None:
        bound = min(longest_interval(generated.rule_files, states), _LONGEST) + _SLACK
    deadline = waiting.now() + bound
    if running.loaded and running.waiting:
        say(f"  waiting up to {bound:.0f}s for the first evaluation of {len(running.waiting)} rule groups")
    while running.loaded and running.waiting and waiting.now() < deadline:
        waiting.sleep(min(1.0, bound))
        running = compare(generated.rule_files, server.groups())
    return running


def _refuse_faults(running: Running) -> None:
    if not running.loaded:
        helps = [_HELP[word] for word, groups in _loading(running) if groups]
        raise LiveError(f"Prometheus does not run what was generated{_faults(running)}", "; ".join(helps))
    if running.failing:
        message = f"rules are loaded, but fail{_faults(running)}"
        raise LiveError(message, "the reason is Prometheus's own; its page /rules shows the expressions")
    if running.waiting:
        message = f"rules are loaded, but were not evaluated in time{_faults(running)}"
        raise LiveError(message, "run again, or allow more time with --wait SECONDS")


def _state_lines(running: Running) -> list[str]:
    if running.loaded and not running.failing and not running.waiting:
        return [f"  {running.total} rule groups are loaded as generated and healthy"]
    return [f"  {running.total} rule groups are generated; of these:", *_faults(running).splitlines()[1:]]


def _faults(running: Running) -> str:
    # While groups are missing, the first evaluation of the others does not matter.
    waiting = running.waiting if running.loaded else ()
    loading = [(word, named(groups, running.sizes)) for word, groups in _loading(running)]
    said = (*loading, ("failing", running.failing), ("not evaluated yet", named(waiting, running.sizes)))
    return "".join(f"\n  {word}: {printable(listed(groups))}" for word, groups in said if groups)


def _loading(running: Running) -> tuple[tuple[str, tuple[Key, ...]], ...]:
    return tuple(zip(_HELP, (running.missing, running.twice, running.outdated), strict=True))
