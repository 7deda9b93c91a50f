"""Expositions, Prometheus text or OpenMetrics: fetched within limits, parsed, and as the source of an audit.

An exposition has the series that one instance exposes, or several together.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from math import isnan
from typing import TYPE_CHECKING

from msgspec import Struct
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families as plain_text

from generator.audit.source import MOST_VALUES, Described, Groups, content, of_target
from generator.diagnostics.wording import printable, shortened
from generator.live.errors import LiveError
from generator.live.transport import open_connection
from generator.model.metrics import TARGET_LABELS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from prometheus_client import Metric

    from generator.live.credentials import Credentials
    from generator.model.service import Service

#: One instance exposes a small part of this, and each line takes more than a kilobyte when it is parsed.
_MOST_LINES = 60_000
#: A series is alive for this long after its last sample, as in Prometheus.
_LOOKBACK = 300.0
_WANTED = "give a file with what an instance exposes, or its address, as in http://localhost:8000/metrics"
_EOF = re.compile(r"(?:^|\n)# EOF\n*$")
_OPEN_METRICS = "application/openmetrics-text"
_COUNTER = re.compile(r"^[#]\s+TYPE\s+(\S+)\s+counter\s*$", re.MULTILINE)
#: Signs of OpenMetrics, which is cut short without its last line.
_SIGNS = re.compile(
    r"^# UNIT |^# TYPE \S+ (?:unknown|stateset|info|gaugehistogram)$|^[^#\n].* # \{", re.MULTILINE
)
_WHOLE = "save the whole answer; a scrape that fails half way leaves such a file"
_ACCEPT = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
_NO_EXPOSITION = "Prometheus text or OpenMetrics is wanted, as a target answers at /metrics"
#: The first characters of what is no exposition, so that large answers are not read for it.
_PAGE = re.compile(r"\s*<")
_JSON = re.compile(r'\s*(?:\[|\{\s*(?:\}|"[^"\\]{0,200}"\s*:))')
_UNKNOWN = Described()


class Line(Struct, frozen=True):
    """A series as exposed, and its value."""

    name: str
    labels: Mapping[str, str]
    value: float


class Exposition(Struct, frozen=True):
    """All live series, and the descriptions of metrics, by their names with ``_total``."""

    place: str
    lines: tuple[Line, ...]
    described: Mapping[str, Described]


class Fetched(Struct, frozen=True):
    """Text and, for a URL, its content type; ``place`` is its origin, without a query."""

    place: str
    text: str
    content_type: str = ""


def parse_exposition(fetched: Fetched) -> Exposition:
    """Parse an exposition.

    Raises:
        LiveError: it is empty, cut short, or not an exposition.
    """
    text = fetched.text.replace("\r\n", "\n")
    if not text.strip():
        raise LiveError(f"{fetched.place} is empty", "is this the address of an exposition?")
    if text.count("\n") > _MOST_LINES:
        message = f"{fetched.place} has more than {_MOST_LINES} lines"
        raise LiveError(message, "give the exposition of one instance of one service")
    families = list(_families(text, fetched))
    lines = _living(families)
    if not lines:
        raise LiveError(f"{fetched.place} holds no samples", "is this the address of an exposition?")
    return Exposition(fetched.place, lines, _described(families))


def _families(text: str, fetched: Fetched) -> Iterable[Metric]:
    ends = bool(_EOF.search(text[-16:]))
    open_ = ends or fetched.content_type.startswith(_OPEN_METRICS)
    if not ends and (open_ or _SIGNS.search(text)):
        raise LiveError(f"{fetched.place} is cut short: OpenMetrics ends with # EOF", _WHOLE)
    if other := _of_others(text):
        # Such an answer mostly lacks the end of its line, and is whole.
        raise LiveError(f"{fetched.place} is no exposition: it is {other}", _NO_EXPOSITION)
    if not open_ and not text.endswith("\n"):
        raise LiveError(f"{fetched.place} is cut short: its last line has no end", _WHOLE)
    try:
        if open_:
            return list(open_metrics(text))  # type: ignore[no-untyped-call]  # the library's
        unsuffixed = {name for name in _COUNTER.findall(text) if not name.endswith("_total")}
        return [_as_exposed(family, unsuffixed) for family in plain_text(text)]
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, AssertionError) as error:
        # Prometheus would refuse the whole scrape as well.
        said = printable(shortened(str(error) or "a line that is none", 200))
        raise LiveError(f"{fetched.place} is no exposition: {said}", _NO_EXPOSITION) from error


def _of_others(text: str) -> str:
    """Name what a login or an API answers in place of an exposition; a line of one may begin with a brace."""
    if _PAGE.match(text):
        return "a page of the web"
    return "JSON" if _JSON.match(text) else ""


def _as_exposed(family: Metric, unsuffixed: set[str]) -> Metric:
    """Undo the suffix ``_total`` that the parser gives every counter, unlike Prometheus."""
    if family.type == "counter" and family.name in unsuffixed:
        family.samples = [
            sample._replace(name=sample.name.removesuffix("_total")) for sample in family.samples
        ]
    return family


def _living(families: Iterable[Metric]) -> tuple[Line, ...]:
    """Keep each series once, with its last value; with timestamps, only those alive at the last one."""
    latest: dict[tuple[str, frozenset[tuple[str, str]]], tuple[float | None, Line]] = {}
    for family in families:
        for sample in family.samples:
            at = None if sample.timestamp is None else float(sample.timestamp)
            labels = {name: value for name, value in sample.labels.items() if value}
            line = Line(sample.name, labels, float(sample.value))
            latest[sample.name, frozenset(labels.items())] = (at, line)
    end = max((at for at, _ in latest.values() if at is not None), default=0.0)
    return tuple(line for at, line in latest.values() if at is None or at >= end - _LOOKBACK)


def _described(families: Iterable[Metric]) -> dict[str, Described]:
    types: defaultdict[str, set[str]] = defaultdict(set)
    units: defaultdict[str, set[str]] = defaultdict(set)
    helps: defaultdict[str, set[str]] = defaultdict(set)
    for family in families:
        names = {sample.name for sample in family.samples}
        total = f"{family.name}_total"
        name = total if family.type == "counter" and total in names else family.name
        types[name].add(family.type)
        units[name].add(family.unit)
        helps[name].add(family.documentation)
    return {name: Described.of(types[name], units[name], helps[name]) for name in types}


def fetch_file(path: Path) -> Fetched:
    """Read a file.

    Raises:
        LiveError: it cannot be read, is too large, or not UTF-8.
    """
    body = content(path, _WANTED, "give the exposition of one instance")
    return Fetched(str(path), _decoded(body, str(path)))


def fetch_url(address: str, query: str, *, timeout: float, credentials: Credentials) -> Fetched:
    """Get the exposition at ``address + query``; no message repeats the query.

    Raises:
        LiveError: no answer within ``timeout`` seconds, or one that is not an exposition.
    """
    connection = open_connection(address, timeout=timeout, called="target", credentials=credentials)
    try:
        response = connection.send("GET", query, headers={"Accept": _ACCEPT})
    finally:
        connection.close()
    if not response.ok:
        raise connection.refusal(response)
    text = _decoded(response.body, connection.url)
    return Fetched(connection.url, text, response.headers.get("Content-Type", ""))


def _decoded(body: bytes, place: str) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise LiveError(f"{place} is not text in UTF-8", "is it compressed, or binary?") from error


class ExposedSource(Struct, frozen=True):
    """The series of an exposition that may be a service's, by name."""

    exposition: Exposition
    selector: Mapping[str, str]
    by_name: Mapping[str, tuple[Line, ...]]

    @property
    def place(self) -> str:
        """The origin of the exposition."""
        return self.exposition.place

    @property
    def lone(self) -> bool:
        """True: instances expose it."""
        return True

    def names(self, prefixes: Sequence[str]) -> Mapping[str, int]:
        """Count by name."""
        wanted = tuple(prefixes)
        return {name: len(lines) for name, lines in self.by_name.items() if name.startswith(wanted)}

    def labels(self, name: str) -> frozenset[str]:
        """List the labels."""
        found = {label for line in self._of(name) for label in line.labels}
        return frozenset(label for label in found if not of_target(label, self.selector))

    def groups(self, name: str, by: Sequence[str]) -> Groups:
        """Count by labels."""
        return _most(tuple(line.labels.get(label, "") for label in by) for line in self._of(name))

    def strays(self, name: str, label: str, listed: Sequence[str]) -> Groups:
        """Count by unlisted values."""
        values = (line.labels.get(label, "") for line in self._of(name))
        return _most((value,) for value in values if value and value not in listed)

    def merged(self, name: str, label: str) -> int:
        """Count the series that remain without a label."""
        rest = (
            frozenset((key, value) for key, value in line.labels.items() if key != label)
            for line in self._of(name)
        )
        return len(set(rest))

    def total(self, name: str) -> float:
        """Sum."""
        return sum(line.value for line in self._of(name))

    def totals(self, name: str, label: str) -> Mapping[str, float]:
        """Sum by a label."""
        found: defaultdict[str, float] = defaultdict(float)
        for line in self._of(name):
            found[line.labels.get(label, "")] += line.value
        return {value: total for value, total in found.items() if total > 0}

    def below_zero(self, name: str) -> int:
        """Count the values that no counter can have."""
        return sum(line.value < 0 or isnan(line.value) for line in self._of(name))

    def falling(self, _name: str) -> int:
        """Return 0: an exposition has no history."""
        return 0

    def described(self, name: str) -> Described:
        """Return the exposition's own description."""
        return self.exposition.described.get(name, _UNKNOWN)

    def instances(self, name: str) -> int:
        """Count targets, where the series have their labels."""
        return len({tuple(line.labels.get(label, "") for label in TARGET_LABELS) for line in self._of(name)})

    def past(self, _name: str, _label: str, _seconds: int) -> None:
        """Return None: an exposition has no history."""

    def exposed(self) -> None:
        """Return None: a process's own metrics are not compared with the budget here."""

    def interval(self) -> None:
        """Return None: an exposition has no history."""

    def elsewhere(self, name: str, by: Sequence[str]) -> Groups:
        """Count series of other services."""
        lines = (line for line in self.exposition.lines if line.name == name)
        return _most(tuple(line.labels.get(label, "") for label in by) for line in lines)

    def _of(self, name: str) -> tuple[Line, ...]:
        return self.by_name.get(name, ())


def exposed_source(exposition: Exposition, service: Service) -> ExposedSource:
    """Select the series that are not another service's: the selector's labels are equal or still missing."""
    found: defaultdict[str, list[Line]] = defaultdict(list)
    for line in exposition.lines:
        if all(line.labels.get(label, value) == value for label, value in service.selector.items()):
            found[line.name].append(line)
    by_name = {name: tuple(lines) for name, lines in found.items()}
    return ExposedSource(exposition, service.selector, by_name)


def _most(keys: Iterable[tuple[str, ...]]) -> Groups:
    counted = Counter(keys)
    ordered = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    return Groups(dict(ordered[:MOST_VALUES]), len(ordered))
