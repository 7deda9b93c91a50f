"""An alerting rule's expression, evaluated over steps: in requests of many steps, halved where one is too large."""

from __future__ import annotations

from math import ceil, floor
from typing import TYPE_CHECKING

from msgspec import Struct, field

from generator.live.errors import LiveError, RefusedError, TimedOutError, TooLargeError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.live.answers import RangeResult
    from generator.live.api import PrometheusApi

# A query that fails at more steps than this is wrong, not unlucky, and each step costs requests.
_MOST_FAILURES = 20
# The number of times that a request with a timeout is halved: each time costs the whole timeout.
_MOST_HALVINGS = 3
_SLOW = "the server is slow: give it --timeout 5m, fewer --points or a larger --step"


class Steps(Struct, frozen=True):
    """Every ``step`` seconds from ``first`` to ``last``; all are whole Unix seconds, multiples of the step."""

    first: int
    last: int
    step: int

    @property
    def instants(self) -> range:
        """The instants themselves."""
        return range(self.first, self.last + 1, self.step)

    def __len__(self) -> int:
        return len(self.instants)

    def since(self, time: float) -> Steps:
        """Leave out the instants before a time."""
        first = self.first if time <= self.first else ceil(time / self.step) * self.step
        return Steps(first, self.last, self.step)

    def chunks(self, points: int) -> Iterator[Steps]:
        """Cut into stretches of at most ``points`` instants; the same for the same steps."""
        for first in range(self.first, self.last + 1, points * self.step):
            yield Steps(first, min(first + (points - 1) * self.step, self.last), self.step)

    def halves(self) -> tuple[Steps, Steps]:
        """Cut in two; there are at least two instants."""
        middle = self.first + (len(self) // 2) * self.step
        return Steps(self.first, middle - self.step, self.step), Steps(middle, self.last, self.step)


class Evaluated(Struct):
    """Samples by label set and time, and failures by time; ``labels`` are those of the result, without a name."""

    samples: dict[frozenset[tuple[str, str]], dict[float, float]] = field(default_factory=dict)
    failures: dict[float, str] = field(default_factory=dict)
    warnings: dict[str, None] = field(default_factory=dict)


def steps_within(start: float, end: float, step: int) -> Steps:
    """Return the multiples of ``step`` from ``start`` to ``end``, at which Prometheus could evaluate."""
    return Steps(ceil(start / step) * step, floor(end / step) * step, step)


def evaluated(api: PrometheusApi, expr: str, steps: Steps) -> Evaluated:
    """Evaluate ``expr`` at ``steps``, which fit into one request.

    Raises:
        LiveError: the server cannot be reached or refuses, or the query fails again and again.
    """
    evaluation = Evaluated()
    _evaluate(api, expr, steps, evaluation)
    return evaluation


def _evaluate(api: PrometheusApi, expr: str, steps: Steps, evaluation: Evaluated, halvings: int = 0) -> None:
    try:
        result = api.one_range(expr, steps.first, steps.last, steps.step)
    except RefusedError as error:
        if len(steps) == 1:
            _failed(evaluation, steps.first, str(error))
            return
    except (TimedOutError, TooLargeError) as error:
        if len(steps) == 1 or halvings == _MOST_HALVINGS:
            message = f"{error}, even for {len(steps)} steps of {expr.strip()}"
            raise LiveError(message, _SLOW) from error
        halvings += 1
    else:
        _add(evaluation, result)
        return
    for half in steps.halves():
        _evaluate(api, expr, half, evaluation, halvings)


def _failed(evaluation: Evaluated, time: float, message: str) -> None:
    evaluation.failures[time] = message
    if len(evaluation.failures) > _MOST_FAILURES:
        again = f"it fails again and again: {message}"
        raise LiveError(again)


def _add(evaluation: Evaluated, result: RangeResult) -> None:
    evaluation.warnings.update(dict.fromkeys(result.warnings))
    for one in result.series:
        labels = frozenset((name, value) for name, value in one.labels.items() if name != "__name__")
        by_time = evaluation.samples.setdefault(labels, {})
        by_time.update(zip(map(float, one.timestamps), one.values, strict=True))
