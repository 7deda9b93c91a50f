"""Bring the generated rules to a Prometheus: reload it, verify that it runs them, and warn where they stay empty.

Rules stay empty where the server scrapes at another interval, or stores histograms in another form.
"""

from __future__ import annotations

import time
from http import HTTPStatus
from itertools import islice
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from generator.diagnostics.wording import listed, printable
from generator.live.api import is_other, observed_scrape_interval
from generator.live.errors import LiveError, UncertainError
from generator.model import names
from generator.model.metrics import HISTOGRAM_SUFFIXES
from generator.model.units import duration, parse_duration
from generator.promql.expr import aggregate, escape_regex, series
from generator.promql.syntax import PromqlError, Reading, parse, readings
from generator.streams.raw import reads_native

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from generator.apply.generated import Generated
    from generator.live.answers import GroupState, RuleState
    from generator.live.api import PrometheusApi
    from generator.live.transport import Response

    Groups = Mapping[str, tuple[Mapping[str, Any], ...]]

_OFF = "start Prometheus with --web.enable-lifecycle, or send it SIGHUP; then run again, which checks what it runs"
_WHERE = "is this a Prometheus? its address ends with the path of --web.external-url, if there is one"
# Without the flag Prometheus itself answers a POST with 403.
_CLOSED: dict[int, str] = {
    HTTPStatus.FORBIDDEN: _OFF,
    HTTPStatus.NOT_FOUND: f"{_WHERE}; or a proxy hides /-/reload: {_OFF}",
    HTTPStatus.METHOD_NOT_ALLOWED: f"a proxy lets no POST through, or this is no Prometheus: {_OFF}",
}
#: In seconds: a group with a longer interval is not awaited, since its first evaluation may be that far away.
_LONGEST, _SLACK = 600.0, 30.0
_HELP = {
    "not loaded": "rule_files in the server's prometheus.yml leads to no such file: name the directories that output/"
    " is copied to, such as /etc/prometheus/agents/rules/*.rules.yml",
    "loaded from several files": "rule_files leads to several copies of output/: leave one",
    "loaded, but not as generated": "the files that the server reads are not those of output/: copy them there",
}
#: A rule file's name without its directory, and a group's.
_Key = tuple[str, str]
#: The beginnings of the records of raw passes.
_RAW = ("stream:", "metric:")
#: The most services that are looked at: one cause is mostly that of all.
_MOST = 50


class Waiting(Struct, frozen=True):
    """The time to wait for the first evaluation, in seconds (None: by the groups' interval), and the clock."""

    seconds: float | None = None
    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


class Running(Struct, frozen=True):
    """The generated groups by their state in the server, each by file and name, in the files' order.

    Attributes:
        sizes: the number of groups in each file.
        missing: are not loaded.
        twice: are loaded from several files of that name.
        outdated: are loaded with other rules, or no longer generated.
        failing: have a rule whose last evaluation failed, with the reason.
        waiting: were never evaluated yet.
        slow: those of them with an interval that is too long to wait for, in seconds.
    """

    sizes: Mapping[str, int]
    missing: tuple[_Key, ...] = ()
    twice: tuple[_Key, ...] = ()
    outdated: tuple[_Key, ...] = ()
    failing: tuple[str, ...] = ()
    waiting: tuple[_Key, ...] = ()
    slow: Mapping[_Key, float] = {}

    @property
    def awaited(self) -> tuple[_Key, ...]:
        """The groups whose first evaluation is due within the wait."""
        return tuple(key for key in self.waiting if key not in self.slow)

    @property
    def total(self) -> int:
        """The number of groups."""
        return sum(self.sizes.values())

    @property
    def loaded(self) -> bool:
        """Whether the server runs exactly these groups, healthy or not."""
        return not (self.missing or self.twice or self.outdated)


def apply_to_prometheus(
    api: PrometheusApi,
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
        api: the Prometheus, whose ``rule_files`` lead to a copy of the output.
        generated: the generated files.
        say: prints a line.
        dry_run: only report its current groups.
        waiting: the time for the first evaluation.

    Raises:
        LiveError: it refuses, fails, or does not run all groups, which are named.
    """
    if dry_run:
        running = compare_groups(generated.rule_files, api.rules())
        say(f"Prometheus {api.url}: dry run, nothing is reloaded")
        for line in (*_warnings(api, generated), *_state_lines(running)):
            say(line)
        return
    closed = _reload(api)
    if closed is None:
        api.rules()  # a page that answers anything has reloaded nothing
        say(f"Prometheus {api.url}: reloaded")
    for line in _warnings(api, generated):
        say(line)
    running = _settled(api, generated, say, waiting or Waiting())
    if not running.loaded and closed is not None:
        raise LiveError(closed.message, closed.help, _faults(running))
    _refuse_faults(running)
    if closed is not None:
        say(f"Prometheus {api.url}: it does not reload over HTTP, but has what was generated")
    for line in _healthy_lines(running):
        say(line)


def _warnings(api: PrometheusApi, generated: Generated) -> list[str]:
    return [f"  warning: {printable(text)}" for text in warnings(api, generated)]


def _reload(api: PrometheusApi) -> LiveError | None:
    """Make the server reload its configuration and rule files; it keeps the old ones when one is wrong.

    Returns:
        The reason where it does not allow that over HTTP, or not for us; else None.
    """
    try:
        response = api.connection.send("POST", "/-/reload")
    except UncertainError as error:
        raise error.adding("it may have been reloaded: run again to see") from None
    except LiveError as error:
        raise error.adding("it was not reloaded") from None
    return None if response.ok else _closed(api, response)


def _closed(api: PrometheusApi, response: Response) -> LiveError:
    """Explain why the server does not reload over HTTP.

    Raises:
        LiveError: it would, but cannot.
    """
    error, status = api.connection.error, response.status
    message = f"it does not reload: {response.reason}"
    general = api.connection.help_for(status)
    if status == HTTPStatus.UNAUTHORIZED:
        return error(message, general)
    if status in _CLOSED:
        return error(message, _CLOSED[status])
    # Prometheus itself answers 500 where it cannot read its configuration; other statuses come from a proxy.
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        raise error(message, "it still runs the rules from before; its log says which file is at fault")
    raise error(message, f"{general or _WHERE}; it still runs the rules from before")


def _settled(
    api: PrometheusApi, generated: Generated, say: Callable[[str], None], waiting: Waiting
) -> Running:
    """Wait until every group was evaluated once, or the time is over; unloaded groups will not come by waiting."""
    states = api.rules()
    longest = max(_LONGEST, waiting.seconds or 0)
    running = compare_groups(generated.rule_files, states, longest)
    bound = waiting.seconds
    if bound is None:
        bound = _longest_interval(generated.rule_files, states, longest) + _SLACK
    deadline = waiting.now() + bound
    if running.loaded and running.awaited:
        say(f"  waiting up to {bound:.0f}s for the first evaluation of {len(running.awaited)} rule groups")
    while running.loaded and running.awaited and waiting.now() < deadline:
        waiting.sleep(min(1.0, bound))
        running = compare_groups(generated.rule_files, api.rules(), longest)
    return running


def _refuse_faults(running: Running) -> None:
    if not running.loaded:
        helps = [_HELP[word] for word, groups in _loading(running) if groups]
        raise LiveError("Prometheus does not run what was generated", "; ".join(helps), _faults(running))
    if running.failing:
        way = "the reason is Prometheus's own; its page /rules shows the expressions"
        raise LiveError("rules are loaded, but fail", way, _faults(running))
    if running.awaited:
        way = "run again, or allow more time with --wait DURATION"
        raise LiveError("rules are loaded, but were not evaluated in time", way, _faults(running))


def _state_lines(running: Running) -> list[str]:
    if running.loaded and not running.failing and not running.awaited:
        return list(_healthy_lines(running))
    faults = [f"  {line}" for line in _faults(running)]
    return [f"  {running.total} rule groups are generated; of these:", *faults]


def _healthy_lines(running: Running) -> Iterator[str]:
    """Describe groups that are loaded, and of which none fails or is still awaited."""
    if not running.slow:
        yield f"  {running.total} rule groups are loaded as generated and healthy"
        return
    evaluated = running.total - len(running.slow)
    yield f"  {running.total} rule groups are loaded as generated, and the {evaluated} evaluated so far are healthy"
    for key, interval in running.slow.items():
        [name] = _named((key,), running.sizes)
        yield f"  {printable(name)} is evaluated every {duration(int(interval))}, and was not yet"


def _faults(running: Running) -> tuple[str, ...]:
    # While groups are missing, the first evaluation of the others does not matter.
    waiting = running.awaited if running.loaded else ()
    loading = [(word, _named(groups, running.sizes)) for word, groups in _loading(running)]
    faults = (*loading, ("failing", running.failing), ("not evaluated yet", _named(waiting, running.sizes)))
    return tuple(f"{word}: {printable(listed(groups))}" for word, groups in faults if groups)


def _loading(running: Running) -> tuple[tuple[str, tuple[_Key, ...]], ...]:
    return tuple(zip(_HELP, (running.missing, running.twice, running.outdated), strict=True))


def compare_groups(wanted: Groups, states: Iterable[GroupState], longest: float = _LONGEST) -> Running:
    """Compare the groups that a server runs with the generated ones; files are identified by their last name.

    Args:
        wanted: the generated groups of each file.
        states: the groups that the server runs.
        longest: the longest interval of a group whose first evaluation is awaited, in seconds.
    """
    running: dict[_Key, list[GroupState]] = {}
    for state in states:
        running.setdefault((PurePath(state.file).name, state.name), []).append(state)
    groups = {(file, group["name"]): group for file, listed in wanted.items() for group in listed}
    one = {key: running[key][0] for key in groups if len(running.get(key, ())) == 1}
    waiting = {key: state for key, state in one.items() if _waits(state)}
    return Running(
        sizes={file: len(listed) for file, listed in wanted.items()},
        missing=tuple(key for key in groups if key not in running),
        twice=tuple(key for key in groups if len(running.get(key, ())) > 1),
        outdated=(
            *(key for key, state in one.items() if not _same_group(groups[key], state)),
            *(key for key in running if key[0] in wanted and key not in groups),
        ),
        failing=tuple(f"{key[0]}: {key[1]}: {why}" for key, state in one.items() if (why := _failure(state))),
        waiting=tuple(waiting),
        slow={key: state.interval for key, state in waiting.items() if state.interval > longest},
    )


def _longest_interval(wanted: Groups, states: Iterable[GroupState], longest: float) -> float:
    """Return the longest interval, in seconds, of the awaited groups: each is evaluated once within it."""
    ours = (state.interval for state in states if PurePath(state.file).name in wanted)
    return max((interval for interval in ours if interval <= longest), default=60.0)


def _named(keys: Iterable[_Key], sizes: Mapping[str, int]) -> tuple[str, ...]:
    """Write groups as ``file: name``, and a file with all of its groups in one."""
    groups: dict[str, list[str]] = {}
    for file, name in keys:
        groups.setdefault(file, []).append(name)
    return tuple(text for file, names in groups.items() for text in _of_file(file, names, sizes[file]))


def _of_file(file: str, names: list[str], size: int) -> list[str]:
    if len(names) == size > 1:
        return [f"{file} (all {size} groups)"]
    return [f"{file}: {name}" for name in names]


def _failure(state: GroupState) -> str:
    return next(
        (f"{rule.name}: {rule.last_error}" for rule in state.rules if rule.health == "err"),
        "",
    )


def _waits(state: GroupState) -> bool:
    return any(rule.health == "unknown" for rule in state.rules)


def _same_group(group: Mapping[str, Any], state: GroupState) -> bool:
    rules = group["rules"]
    return (
        group.get("interval", duration(int(state.interval))) == duration(int(state.interval))
        and len(rules) == len(state.rules)
        and all(_same_rule(one, other) for one, other in zip(rules, state.rules, strict=True))
    )


def _same_rule(one: Mapping[str, Any], other: RuleState) -> bool:
    return (
        one.get("record", one.get("alert")) == other.name
        and (one.get("labels") or {}) == dict(other.labels)
        and (one.get("annotations") or {}) == dict(other.annotations)
        and _seconds(one, "for") == duration(int(other.duration))
        and _seconds(one, "keep_firing_for") == duration(int(other.keep_firing_for))
        and _same_expr(one["expr"], other.expr)
    )


def _seconds(rule: Mapping[str, Any], key: str) -> str:
    return str(rule.get(key, duration(0)))


def _same_expr(one: str, other: str) -> bool:
    """Prometheus prints expressions in its own layout; one that our parser rejects counts as the same."""
    try:
        return str(parse(one)) == str(parse(other))
    except PromqlError:
        return True


class RawReads(Struct, frozen=True):
    """The reads of one service's raw pass.

    Attributes:
        service: Its name.
        selector: The labels of its series.
        scrape: The scrape interval that the rules are made for, in seconds.
        classic: Series that are read as parts of classic histograms.
        native: Native histograms that are read.
    """

    service: str
    selector: Mapping[str, str]
    scrape: float
    classic: frozenset[str]
    native: frozenset[str]


def warnings(api: PrometheusApi, generated: Generated) -> Iterator[str]:
    """Yield the reasons as sentences, with the way out; none where the server lets nobody query it."""
    try:
        for one in islice(_raw_reads(generated), _MOST):
            yield from _of_scrape(api, one)
            yield from _of_histograms(api, one)
    except LiveError:
        return


def _raw_reads(generated: Generated) -> Iterator[RawReads]:
    """Find the raw pass of each service in the rule files."""
    for groups in generated.rule_files.values():
        found = [
            _Rate(group, rule, one) for group in groups for rule in group["rules"] for one in _rates(rule)
        ]
        if found:
            yield _together(found)


class _Rate(Struct, frozen=True):
    """A read of raw series, and the rule and the group that do it, as in YAML."""

    group: Mapping[str, Any]
    rule: Mapping[str, Any]
    reading: Reading

    @property
    def is_native(self) -> bool:
        return reads_native(self.rule["record"], self.rule["expr"])


def _rates(rule: Mapping[str, Any]) -> list[Reading]:
    own = rule.get("record", "").startswith(_RAW) and names.SERVICE in rule.get("labels", {})
    return [one for one in readings(rule["expr"]) if one.function == "rate"] if own else []


def _together(found: list[_Rate]) -> RawReads:
    """Merge the reads of a service; labels that only some of them match are not its targets'."""
    first = found[0]
    equal = [{(label, value) for label, op, value in one.reading.of.matchers if op == "="} for one in found]
    return RawReads(
        service=first.rule["labels"][names.SERVICE],
        selector=dict(sorted(set.intersection(*equal))),
        scrape=first.reading.window - (parse_duration(first.group.get("interval", "")) or 0),
        classic=frozenset(
            name
            for one in found
            if not one.is_native and (name := one.reading.of.name).endswith(HISTOGRAM_SUFFIXES)
        ),
        native=frozenset(one.reading.of.name for one in found if one.is_native),
    )


def _of_scrape(api: PrometheusApi, one: RawReads) -> Iterator[str]:
    real = observed_scrape_interval(api, one.selector)
    if real is None or not is_other(real, one.scrape):
        return
    true = duration(max(1, round(real)))
    effect = (
        "see too few samples, so that little or nothing is recorded"
        if real > one.scrape
        else "count some increases twice"
    )
    yield (
        f"{one.service} is scraped every {true}, and its rules, which are for every {duration(round(one.scrape))}, "
        f"{effect}: set scrape_interval: {true} in the spec, then generate again"
    )


def _of_histograms(api: PrometheusApi, one: RawReads) -> Iterator[str]:
    parts = {
        name.removesuffix(part): name
        for name in one.classic
        for part in HISTOGRAM_SUFFIXES
        if name.endswith(part)
    }
    asked = {*one.classic, *parts, *one.native, *(f"{name}_count" for name in one.native)}
    if not asked:
        return
    there = _there(api, one.selector, asked)
    natively = sorted(name for name, read in parts.items() if name in there and read not in there)
    classic = sorted(name for name in one.native if name not in there and f"{name}_count" in there)
    if natively:
        yield (
            f"{listed(natively)} of {one.service} {_are(natively)} stored natively, and the rules read classic "
            'buckets: set histograms: native and oldest_prometheus: "3.0" or later in site.yaml, then generate again'
        )
    if classic:
        yield (
            f"{listed(classic)} of {one.service} {_are(classic)} stored with classic buckets, and the rules read "
            "native histograms: leave histograms: native out of the spec, then generate again"
        )


def _are(several: list[str]) -> str:
    return "is" if len(several) == 1 else "are"


def _there(api: PrometheusApi, selector: Mapping[str, str], asked: Iterable[str]) -> frozenset[str]:
    """Name the existing series of those asked for."""
    pattern = "|".join(map(escape_regex, sorted(asked)))
    found = series("", selector).where("=~", __name__=pattern)
    samples = api.query(aggregate("count", found.now(), ("__name__",)).text)
    return frozenset(one.labels.get("__name__", "") for one in samples)
