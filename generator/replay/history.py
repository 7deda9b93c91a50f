"""Alerting rules over a span: evaluated in requests of limited size, then followed step by step."""

from __future__ import annotations

import json
import re
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.live.errors import LiveError
from generator.live.states import Activity, activities
from generator.model import names
from generator.promql.expr import escape_regex, literal
from generator.replay.evaluations import Evaluated, Steps, evaluated
from generator.replay.jobs import Job, WorkerPool

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from generator.live.api import PrometheusApi
    from generator.replay.subject import ReplayedRule

LabelSet = frozenset[tuple[str, str]]
#: A string, which is skipped, or a record's name with the brace of its selector, if it has one.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|(?<![\w:])([a-zA-Z_]\w*(?::\w+)+)(\{?)')
#: With more services than this, a server saves little.
_MOST_NAMED = 50


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
