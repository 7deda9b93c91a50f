"""Alerting rules over a span: evaluated in requests of limited size, then followed step by step."""

from __future__ import annotations

import json
import re
from functools import partial
from hashlib import sha256
from math import ceil, floor
from typing import TYPE_CHECKING

from msgspec import Struct, field

from generator.live.errors import LiveError, RefusedError, TimedOutError, TooLargeError
from generator.live.evaluate import Activity, activities
from generator.model import names
from generator.promql.expr import escape_regex, literal
from generator.replay.jobs import Job, WorkerPool

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from generator.live.answers import RangeResult
    from generator.live.api import PrometheusApi
    from generator.live.evaluate import LabelSet
    from generator.replay.subject import ReplayedRule

# A query that fails at more steps than this is wrong, not unlucky, and each step costs requests.
_MOST_FAILURES = 20
# The number of times that a request with a timeout is halved: each time costs the whole timeout.
_MOST_HALVINGS = 3
_SLOW = "the server is slow: give it --timeout 5m, fewer --points or a larger --step"
#: A string, which is skipped, or a record's name with the brace of its selector, if it has one.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|(?<![\w:])([a-zA-Z_]\w*(?::\w+)+)(\{?)')
#: With more services than this, a server saves little.
_MOST_NAMED = 50


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
    _evaluate_in_halves(api, expr, steps, evaluation)
    return evaluation


def _evaluate_in_halves(
    api: PrometheusApi, expr: str, steps: Steps, evaluation: Evaluated, halvings: int = 0
) -> None:
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
        _evaluate_in_halves(api, expr, half, evaluation, halvings)


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


class Episode(Struct, frozen=True):
    """A period in which one alert was active; ``since_before`` means that it began before the queried time."""

    labels: Mapping[str, str]
    activity: Activity
    since_before: bool


class AlertHistory(Struct, frozen=True):
    """The history of one alerting rule; ``failures`` are the failed evaluations, by time."""

    of: ReplayedRule
    episodes: tuple[Episode, ...]
    failures: Mapping[float, str]
    warnings: tuple[str, ...] = ()


class _Question(Struct, frozen=True):
    """An expression that is evaluated once, for all services that it watches."""

    expr: str
    alert: str
    services: tuple[str, ...]
    steps: Steps


def histories(
    crew: WorkerPool,
    rules: Sequence[ReplayedRule],
    span: tuple[float, float],
    points: int,
    begun: Mapping[str, float] | None = None,
) -> tuple[AlertHistory, ...]:
    """Replay ``rules`` from the first to the second end of ``span``, with at most ``points`` steps a request.

    Times before a service has ``begun`` are not queried: missing series are no absence then.

    Raises:
        LiveError: the server cannot be reached or refuses, or a rule cannot be evaluated.
    """
    known = begun or {}
    plans = [(one, one.steps(*span).since(known.get(one.service, float("-inf")))) for one in rules]
    questions = _questions(plans)
    results = {key: Evaluated() for key in questions}
    jobs, owners = [], []
    for key, question in questions.items():
        for chunk in question.steps.chunks(points):
            jobs.append(_job(question, chunk))
            owners.append(key)
    for key, (_, text) in zip(owners, crew.answers(jobs), strict=True):
        _merge(results[key], text)
    return tuple(_history(one, steps, results[one.rule.expr, steps.step], span) for one, steps in plans)


def _questions(plans: Iterable[tuple[ReplayedRule, Steps]]) -> dict[tuple[str, int], _Question]:
    """Merge the rules with equal expression and interval: a shared rule watches many services."""
    together: dict[tuple[str, int], list[tuple[ReplayedRule, Steps]]] = {}
    for one, steps in plans:
        together.setdefault((one.rule.expr, steps.step), []).append((one, steps))
    return {key: _question(key[0], services) for key, services in together.items()}


def _question(expr: str, together: Sequence[tuple[ReplayedRule, Steps]]) -> _Question:
    rules = [one for one, _ in together]
    services = tuple(dict.fromkeys(one.service for one in rules))
    text = narrowed(expr, services) if rules[0].is_shared else expr
    first = min((steps for _, steps in together), key=lambda steps: steps.first)
    return _Question(text, rules[0].rule.alert, services, first)


def _job(one: _Question, chunk: Steps) -> Job:
    digest = sha256(one.expr.encode()).hexdigest()
    key = f"alert {digest} {chunk.first} {chunk.last} {chunk.step}"
    return Job(key, one.alert, partial(_evaluate, one=one, chunk=chunk))


def _evaluate(api: PrometheusApi, *, one: _Question, chunk: Steps) -> str:
    try:
        evaluation = evaluated(api, one.expr, chunk)
    except LiveError as error:
        of = f" of {one.services[0]}" if len(one.services) == 1 else ""
        raise error.about(f"alert {one.alert}{of}") from error
    samples = [[sorted(labels), list(values.items())] for labels, values in evaluation.samples.items()]
    return json.dumps([samples, list(evaluation.failures.items()), list(evaluation.warnings)])


def _merge(evaluation: Evaluated, text: str) -> None:
    samples, failures, warnings = json.loads(text)
    for labels, values in samples:
        by_time = evaluation.samples.setdefault(frozenset(map(tuple, labels)), {})
        by_time.update((time, value) for time, value in values)
    evaluation.failures.update((time, message) for time, message in failures)
    evaluation.warnings.update(dict.fromkeys(warnings))


def _history(
    one: ReplayedRule, steps: Steps, evaluation: Evaluated, span: tuple[float, float]
) -> AlertHistory:
    failures = {time: text for time, text in evaluation.failures.items() if time >= steps.first}
    alerts = _labelled(one, evaluation.samples, failures)
    evaluations = [float(time) for time in steps.instants if time not in failures]
    episodes = [
        Episode(dict(sorted(labels)), activity, bool(evaluations) and activity.active_at == evaluations[0])
        for labels, values in alerts.items()
        for activity in activities(values, evaluations, one.timing)
        if activity.ended_at is None or activity.ended_at > span[0]
    ]
    episodes.sort(key=lambda episode: (episode.activity.active_at, sorted(episode.labels.items())))
    return AlertHistory(one, tuple(episodes), dict(sorted(failures.items())), tuple(evaluation.warnings))


def _labelled(
    one: ReplayedRule, samples: Mapping[LabelSet, Mapping[float, float]], failures: dict[float, str]
) -> dict[LabelSet, dict[float, float]]:
    """Add the rule's labels to the results about the rule's service.

    An evaluation at which two of them become one fails, as in Prometheus.
    """
    alerts: dict[LabelSet, dict[float, float]] = {}
    for labels, values in samples.items():
        merged = {**dict(labels), **one.rule.labels, "alertname": one.rule.alert}
        if merged.get(names.SERVICE, one.service) == one.service:
            own = alerts.setdefault(frozenset((name, text) for name, text in merged.items() if text), {})
            both = (time for time in values if time in own)
            failures.update(dict.fromkeys(both, "two results become one by the rule's labels"))
            own.update(values)
    return alerts


def narrowed(expr: str, services: Sequence[str]) -> str:
    """Limit each selector of a record in ``expr`` to the series of ``services``; with many services to none."""
    if len(services) > _MOST_NAMED:
        return expr
    values = literal("|".join(map(escape_regex, services)))
    matcher = f"{names.SERVICE}=~{values}"

    def rewritten(match: re.Match[str]) -> str:
        record, brace = match[1], match[2]
        if record is None or record in names.OF_NO_SERVICE:
            return match[0]
        return f"{record}{{{matcher}" + (", " if brace else "}")

    return _TOKEN.sub(rewritten, expr)
