"""Prometheus's HTTP API: queries, rules, readiness. All times are Unix seconds."""

from __future__ import annotations

from math import floor
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from msgspec import Struct

from generator.live.answers import (
    Answer,
    InstantResult,
    RangeResult,
    RangeSeries,
    expecting,
    instant_result,
    range_result,
    read_answer,
)
from generator.live.errors import LiveError
from generator.live.rule_states import group_states
from generator.live.transport import open_connection

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from generator.live.rule_states import GroupState
    from generator.live.transport import Connection, Response

MAX_POINTS = 11_000  # what a server answers at most for one series and query
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class PrometheusApi(Struct, frozen=True):
    """A Prometheus server, by its HTTP API. Every method raises LiveError when it fails."""

    connection: Connection

    @property
    def url(self) -> str:
        """The server's address, without credentials."""
        return self.connection.url

    def query(self, expr: str, at: float) -> InstantResult:
        """Evaluate ``expr``, an instant vector or a scalar, at one instant."""
        return instant_result(self._post("/api/v1/query", {"query": expr, "time": _time(at)}))

    def query_samples(self, selector: str, at: float) -> RangeResult:
        """Return the stored samples of a range selector such as ``up[5m]``, less staleness markers."""
        return range_result(self._post("/api/v1/query", {"query": selector, "time": _time(at)}))

    def query_range(self, expr: str, start: float, end: float, step: float) -> RangeResult:
        """Evaluate ``expr`` at ``start``, ``start + step`` and so on, until ``end`` at the latest.

        Longer ranges than one request may ask for are put together from several.
        """
        if step <= 0:
            message = f"a step is more than 0 seconds, not {step:g}"
            raise LiveError(message)
        return _joined([self._range(expr, *part, step) for part in _parts(start, end, step)])

    def rules(self) -> tuple[GroupState, ...]:
        """Return the rule groups that the server runs, with health and alerts."""
        return group_states(self._get("/api/v1/rules"))

    def flags(self) -> Mapping[str, str]:
        """Return the command line flags that the server runs with."""
        answer = self._get("/api/v1/status/flags")
        with expecting("a list of flags"):
            return {str(name): str(value) for name, value in answer.data.items()}

    def ask(self, path: str, fields: Mapping[str, str], *, post: bool = False) -> Answer:
        """Return what another path of the API answers, such as ``/api/v1/labels``.

        ``post`` sends long fields where an address would not hold them; only some paths take that.
        """
        return self._post(path, fields) if post else self._get(f"{path}?{urlencode(fields)}")

    def ready(self) -> bool:
        """Whether the server answers and is ready; never raises."""
        try:
            return self.connection.send("GET", "/-/ready").ok
        except LiveError:
            return False

    def close(self) -> None:
        """Close the connections; a later request opens new ones."""
        self.connection.pool.clear()

    def _range(self, expr: str, start: float, end: float, step: float) -> RangeResult:
        fields = {"query": expr, "start": _time(start), "end": _time(end), "step": _time(step)}
        return range_result(self._post("/api/v1/query_range", fields))

    def _get(self, path: str) -> Answer:
        return self._read(self.connection.send("GET", path))

    def _post(self, path: str, fields: Mapping[str, str]) -> Answer:
        return self._read(self.connection.send("POST", path, urlencode(fields).encode(), _FORM))

    def _read(self, response: Response) -> Answer:
        try:
            return read_answer(response.body)
        except LiveError as error:
            # What a proxy says is no JSON: its status and first line tell more than that.
            foreign = not response.ok and error.__cause__ is not None
            said = f"HTTP {response.status}: {response.text}" if foreign else str(error)
            message = f"{self.url}: {said}"
            raise LiveError(message) from error


def connect(
    url: str, *, timeout: float = 150.0, retries: int = 2, headers: Mapping[str, str] | None = None
) -> PrometheusApi:
    """Address the Prometheus at ``url``; nothing is sent yet.

    Args:
        url: may hold a path and credentials, as in ``https://user:password@example.com/prometheus``.
        timeout: seconds to wait for an answer; the default is a little above Prometheus's own for a query.
        retries: how often a connection that fails is tried again.
        headers: sent with each request, such as ``Authorization``.

    Raises:
        LiveError: ``url`` is no http or https address.
    """
    return PrometheusApi(open_connection(url, timeout=timeout, retries=retries, headers=headers or {}))


def _time(seconds: float) -> str:
    return f"{seconds:.3f}"


def _parts(start: float, end: float, step: float) -> Iterator[tuple[float, float]]:
    """Cut a range at its steps into stretches of at most MAX_POINTS points."""
    # An end that lies on a step by intention may fall short of it by rounding.
    points = floor((end - start) / step + 1e-6) + 1
    for first in range(0, points, MAX_POINTS):
        last = min(first + MAX_POINTS, points) - 1
        yield start + first * step, start + last * step


def _joined(results: Iterable[RangeResult]) -> RangeResult:
    """Put stretches together, series by series."""
    stretches: dict[frozenset[tuple[str, str]], list[RangeSeries]] = {}
    warnings: dict[str, None] = {}
    for result in results:
        warnings.update(dict.fromkeys(result.warnings))
        for one in result.series:
            stretches.setdefault(frozenset(one.labels.items()), []).append(one)
    return RangeResult(tuple(_end_to_end(parts) for parts in stretches.values()), tuple(warnings))


def _end_to_end(parts: list[RangeSeries]) -> RangeSeries:
    if len(parts) == 1:
        return parts[0]
    timestamps = tuple(time for part in parts for time in part.timestamps)
    values = tuple(value for part in parts for value in part.values)
    return RangeSeries(parts[0].labels, timestamps, values)
