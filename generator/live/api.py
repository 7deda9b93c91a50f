"""Prometheus's HTTP API: queries, rules, readiness, the real scrape interval. All times are Unix seconds."""

from __future__ import annotations

import re
from functools import lru_cache
from http import HTTPStatus
from itertools import pairwise
from math import floor
from statistics import median
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlencode

from msgspec import Struct, field

from generator.live import answers
from generator.live.errors import LiveError, NotFoundError, RefusedError, TimedOutError, TooLargeError
from generator.live.retry import Patience, gave_up
from generator.live.transport import Connection, Response, open_connection
from generator.model.units import MINUTE, parse_duration
from generator.promql.expr import call, series

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from generator.live.credentials import Credentials

    T = TypeVar("T")

MAX_POINTS = 11_000  # the server's limit for one series and query
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
#: The number of times that a range with too large an answer is halved.
_MOST_HALVINGS = 4
#: Prometheus's own message is enough where it rejects the query.
_OF_THE_QUERY = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY})
#: Words of Prometheus, Thanos and Mimir about a query that is too large.
_OF_LIMITS = re.compile("limit|too many|too large|exceed|maximum", re.IGNORECASE)
_LIMITS = "the server refuses the question: its limits on queries are too low for it"
#: The time over which scrapes are looked at, in seconds.
_LATELY = 10 * MINUTE
#: The fewest gaps between scrapes that show a usual interval.
_FEWEST_GAPS = 3
#: The factor from which an interval counts as a different one.
_TOLERANCE = 1.25


class PrometheusApi(Struct, frozen=True):
    """A Prometheus server, by its HTTP API.

    Every method raises LiveError when it fails: UnreachedError, TimedOutError, TooLargeError, or RefusedError where
    the query is well-formed and fails, as by many-to-many matching or too many samples.
    """

    connection: Connection

    @property
    def url(self) -> str:
        """The server's address, without credentials."""
        return self.connection.url

    def query(self, expr: str, at: float | None = None) -> tuple[answers.InstantSample, ...]:
        """Evaluate ``expr``, an instant vector or a scalar, at one instant; the default is now."""
        fields = {"query": expr} | ({} if at is None else {"time": _time(at)})
        return self._request("/api/v1/query", fields, answers.instant_samples)

    def query_samples(self, selector: str, at: float) -> answers.RangeResult:
        """Return the stored samples of a range selector such as ``up[5m]``, less staleness markers."""
        return self._request("/api/v1/query", {"query": selector, "time": _time(at)}, answers.range_result)

    def query_range(self, expr: str, start: float, end: float, step: float) -> answers.RangeResult:
        """Evaluate ``expr`` at ``start``, ``start + step`` and so on, until ``end`` at the latest.

        A range that is too long for one request, or whose answer is too large, is composed of several requests.
        """
        if step <= 0:
            message = f"a step is more than 0 seconds, not {step:g}"
            raise LiveError(message)
        return _joined([self._range(expr, *part, step) for part in _parts(start, end, step)])

    def one_range(self, expr: str, start: float, end: float, step: float) -> answers.RangeResult:
        """Evaluate like ``query_range``, but in one request, which fails where the range is too large."""
        fields = {"start": _time(start), "end": _time(end), "step": _time(step)}
        body = f"{_queried(expr)}&{urlencode(fields)}".encode()
        return self._answered("/api/v1/query_range", body, answers.range_result)

    def rules(self) -> tuple[answers.GroupState, ...]:
        """Return the rule groups that the server runs, with health and alerts."""
        return self._read(self.connection.send("GET", "/api/v1/rules"), answers.group_states)

    def flags(self) -> Mapping[str, str]:
        """Return the command line flags that the server runs with."""
        return self.look("/api/v1/status/flags", {}, dict[str, str], "a list of flags")

    def look(
        self, path: str, fields: Mapping[str, str], shape: type[T], noun: str, *, post: bool = False
    ) -> T:
        """Return the answer of another path of the API, such as ``/api/v1/labels``, as a value of a type.

        Args:
            path: begins with ``/api``.
            fields: of the request.
            shape: the type.
            noun: its name, for people.
            post: sends fields that are too long for an address; only some paths accept it.
        """

        def read(answer: answers.Answer) -> T:
            return answers.decoded(answer.data, shape, noun)

        if post:
            return self._request(path, fields, read)
        return self._read(self.connection.send("GET", f"{path}?{urlencode(fields)}"), read)

    def ready(self) -> bool:
        """Whether the server answers and is ready; never raises."""
        try:
            return self.connection.send("GET", "/-/ready").ok
        except LiveError:
            return False

    def close(self) -> None:
        """Close the connections; a later request opens new ones."""
        self.connection.close()

    def _range(
        self, expr: str, start: float, end: float, step: float, halvings: int = _MOST_HALVINGS
    ) -> answers.RangeResult:
        try:
            return self.one_range(expr, start, end, step)
        except TooLargeError:
            later = floor((end - start) / step + 1e-6) // 2 + 1
            if not halvings or start + later * step > end:
                raise
        middle = start + later * step
        halves = ((start, middle - step), (middle, end))
        return _joined([self._range(expr, *half, step, halvings - 1) for half in halves])

    def _request(self, path: str, fields: Mapping[str, str], read: Callable[[answers.Answer], T]) -> T:
        """Send a request that only reads, and read its answer."""
        return self._answered(path, urlencode(fields).encode(), read)

    def _answered(self, path: str, body: bytes, read: Callable[[answers.Answer], T]) -> T:
        return self._read(self.connection.send("POST", path, body, _FORM, safe=True), read)

    def _read(self, response: Response, read: Callable[[answers.Answer], T]) -> T:
        try:
            return read(answers.read_answer(response.body))
        except answers.ServerError as error:
            raise self._refusal(response, error) from None
        except LiveError as error:
            # A proxy's answer is not JSON: its status and first line are more useful.
            if not response.ok:
                raise self.connection.refusal(response) from None
            raise self.connection.error(error.message, error.help, type(error)) from None

    def _refusal(self, response: Response, error: answers.ServerError) -> LiveError:
        of_the_query = response.ok or response.status in _OF_THE_QUERY
        message = error.message if of_the_query else f"HTTP {response.status}: {error.message}"
        if gave_up(response):
            return self.connection.error(message, _LIMITS, TimedOutError)
        if response.status == HTTPStatus.NOT_FOUND:
            return self.connection.error(message, self.connection.help_for(response.status), NotFoundError)
        # Prometheus answers 422 for any failure of an evaluation, and its words say which.
        if response.status == HTTPStatus.UNPROCESSABLE_ENTITY:
            help_ = _LIMITS if _OF_LIMITS.search(error.message) else ""
            return self.connection.error(message, help_, RefusedError)
        return self.connection.error(message, self.connection.help_for(response.status))


def connect(
    url: str,
    *,
    timeout: float = 150.0,
    credentials: Credentials | None = None,
    patience: Patience | None = None,
) -> PrometheusApi:
    """Prepare requests to the Prometheus at ``url``; nothing is sent yet.

    Args:
        url: may contain a path and credentials, as in ``https://user:password@example.com/prometheus``.
        timeout: seconds to wait for an answer; the default is a little above Prometheus's own for a query.
        credentials: sent with each request.
        patience: how often a request is sent.

    Raises:
        LiveError: ``url`` is not an http or https address.
    """
    connection = open_connection(
        url.rstrip("/"), timeout=timeout, called="Prometheus", credentials=credentials, patience=patience
    )
    return PrometheusApi(connection)


@lru_cache(maxsize=1024)
def _queried(expr: str) -> str:
    """Write an expression as a field of a form; one that reads its own record is sent at every step."""
    return urlencode({"query": expr})


def _time(seconds: float) -> str:
    return f"{seconds:.3f}".removesuffix(".000")


def _parts(start: float, end: float, step: float) -> Iterator[tuple[float, float]]:
    """Cut a range at its steps into stretches of at most MAX_POINTS points."""
    # An end that is meant to be a step may be slightly before it by rounding.
    points = floor((end - start) / step + 1e-6) + 1
    for first in range(0, points, MAX_POINTS):
        last = min(first + MAX_POINTS, points) - 1
        yield start + first * step, start + last * step


def _joined(results: Iterable[answers.RangeResult]) -> answers.RangeResult:
    """Join stretches, series by series."""
    stretches: dict[frozenset[tuple[str, str]], list[answers.RangeSeries]] = {}
    warnings: dict[str, None] = {}
    for result in results:
        warnings.update(dict.fromkeys(result.warnings))
        for one in result.series:
            stretches.setdefault(frozenset(one.labels.items()), []).append(one)
    return answers.RangeResult(tuple(_end_to_end(parts) for parts in stretches.values()), tuple(warnings))


def _end_to_end(parts: list[answers.RangeSeries]) -> answers.RangeSeries:
    if len(parts) == 1:
        return parts[0]
    timestamps = tuple(time for part in parts for time in part.timestamps)
    values = tuple(value for part in parts for value in part.values)
    return answers.RangeSeries(parts[0].labels, timestamps, values)


class _Target(Struct):
    """A target with the labels of its series; older servers do not name its interval."""

    labels: dict[str, str]
    interval: str = field(default="", name="scrapeInterval")


class _Targets(Struct):
    """The targets that a server scrapes."""

    active: list[_Target] = field(name="activeTargets")


def observed_scrape_interval(
    api: PrometheusApi, selector: Mapping[str, str], at: float | None = None
) -> float | None:
    """Compute the median seconds between two samples, or read the configured interval of new targets.

    Args:
        api: The server.
        selector: The labels of the targets.
        at: The end of the time to look at, in Unix seconds; now by default.

    Raises:
        LiveError: the server fails.
    """
    end = at if at is not None else _now(api)
    found = api.query_samples(series("up", selector).over(_LATELY).text, end)
    gaps = [later - earlier for one in found.series for earlier, later in pairwise(one.timestamps)]
    if len(gaps) >= _FEWEST_GAPS:
        return median(gaps)
    return _configured(api, selector) if at is None else None


def is_other(interval: float, said: float) -> bool:
    """Whether an interval differs from the one in a spec by more than chance."""
    return not said / _TOLERANCE <= interval <= said * _TOLERANCE


def _now(api: PrometheusApi) -> float:
    return next((one.value for one in api.query(call("time").text)), 0.0)


def _configured(api: PrometheusApi, selector: Mapping[str, str]) -> float | None:
    """Read the interval at which targets are to be scraped, if the server names it."""
    pool = {"scrapePool": selector["job"]} if "job" in selector else {}
    try:
        answer = api.look("/api/v1/targets", {"state": "active", **pool}, _Targets, "a list of targets")
    except (NotFoundError, TooLargeError):
        return None
    every = (parse_duration(one.interval) for one in answer.active if selector.items() <= one.labels.items())
    known = [seconds for seconds in every if seconds]
    return median(known) if known else None
