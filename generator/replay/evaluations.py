"""An alerting rule's expression, evaluated over steps, in requests that are halved where one is too large."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

from generator.live.errors import LiveError, RefusedError, TimedOutError, TooLargeError

if TYPE_CHECKING:
    from generator.live.answers import RangeResult
    from generator.live.api import PrometheusApi
    from generator.replay.steps import Steps

# A query that fails at more steps than this is wrong, not unlucky, and each step costs requests.
_MOST_FAILURES = 20
# The number of times that a request with a timeout is halved: each time costs the whole timeout.
_MOST_HALVINGS = 3
_SLOW = "the server is slow: give it --timeout 5m, fewer --points or a larger --step"


class Evaluated(Struct):
    """Samples by label set and time, and failures by time; ``labels`` are those of the result, without a name."""

    samples: dict[frozenset[tuple[str, str]], dict[float, float]] = field(default_factory=dict)
    failures: dict[float, str] = field(default_factory=dict)
    warnings: dict[str, None] = field(default_factory=dict)


def evaluated(api: PrometheusApi, expr: str, steps: Steps) -> Evaluated:
    """Evaluate ``expr`` at ``steps``, which fit into one request.

    Raises:
        LiveError: the server cannot be reached or refuses, or the query fails again and again.
    """
    found = Evaluated()
    _evaluate(api, expr, steps, found)
    return found


def _evaluate(api: PrometheusApi, expr: str, steps: Steps, found: Evaluated, halvings: int = 0) -> None:
    try:
        result = api.one_range(expr, steps.first, steps.last, steps.step)
    except RefusedError as error:
        if len(steps) == 1:
            _failed(found, steps.first, str(error))
            return
    except (TimedOutError, TooLargeError) as error:
        if len(steps) == 1 or halvings == _MOST_HALVINGS:
            message = f"{error}, even for {len(steps)} steps of {expr.strip()}"
            raise LiveError(message, _SLOW) from error
        halvings += 1
    else:
        _add(found, result)
        return
    for half in steps.halves():
        _evaluate(api, expr, half, found, halvings)


def _failed(found: Evaluated, time: float, message: str) -> None:
    found.failures[time] = message
    if len(found.failures) > _MOST_FAILURES:
        again = f"it fails again and again: {message}"
        raise LiveError(again)


def _add(found: Evaluated, result: RangeResult) -> None:
    found.warnings.update(dict.fromkeys(result.warnings))
    for one in result.series:
        labels = frozenset((name, value) for name, value in one.labels.items() if name != "__name__")
        by_time = found.samples.setdefault(labels, {})
        by_time.update(zip(map(float, one.timestamps), one.values, strict=True))
