"""Alerting rules over a span: evaluated in requests of bounded size, then brought to life step by step."""

from __future__ import annotations

import json
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.live.errors import LiveError
from generator.replay.evaluations import Evaluated, evaluated
from generator.replay.jobs import Job
from generator.replay.states import activities

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from generator.live.api import PrometheusApi
    from generator.replay.jobs import Crew
    from generator.replay.states import Activity
    from generator.replay.steps import Steps
    from generator.replay.subject import ReplayedRule

LabelSet = frozenset[tuple[str, str]]


class Episode(Struct, frozen=True):
    """One time that one alert was active; ``since_before`` says that its real begin is not within what was asked."""

    labels: Mapping[str, str]
    activity: Activity
    since_before: bool


class AlertHistory(Struct, frozen=True):
    """What became of one alerting rule; ``failures`` are the evaluations that the server could not do, by time."""

    of: ReplayedRule
    episodes: tuple[Episode, ...]
    failures: Mapping[float, str]
    warnings: tuple[str, ...] = ()


def histories(
    crew: Crew,
    rules: Sequence[ReplayedRule],
    span: tuple[float, float],
    points: int,
    begun: Mapping[str, float] | None = None,
) -> tuple[AlertHistory, ...]:
    """Replay ``rules`` from the first to the second end of ``span``, with at most ``points`` steps a request.

    What is before a service has ``begun`` is not asked for: that nothing was there then is no absence.

    Raises:
        LiveError: the server cannot be reached or refuses, or a rule cannot be evaluated.
    """
    known = begun or {}
    plans = [(one, one.steps(*span).since(known.get(one.service, float("-inf")))) for one in rules]
    found = [Evaluated() for _ in plans]
    jobs, owners = [], []
    for number, (one, steps) in enumerate(plans):
        for chunk in steps.chunks(points):
            jobs.append(_job(one, chunk))
            owners.append(number)
    for number, (_, text) in zip(owners, crew.answers(jobs), strict=True):
        _merge(found[number], text)
    return tuple(
        _history(one, steps, result, span) for (one, steps), result in zip(plans, found, strict=True)
    )


def _job(one: ReplayedRule, chunk: Steps) -> Job:
    digest = sha256(one.rule.expr.encode()).hexdigest()
    key = f"alert {digest} {chunk.first} {chunk.last} {chunk.step}"
    return Job(key, one.rule.alert, partial(_asked, one=one, chunk=chunk))


def _asked(api: PrometheusApi, *, one: ReplayedRule, chunk: Steps) -> str:
    try:
        found = evaluated(api, one.rule.expr, chunk)
    except LiveError as error:
        raise error.about(f"alert {one.rule.alert} of {one.service}") from error
    samples = [[sorted(labels), list(values.items())] for labels, values in found.samples.items()]
    return json.dumps([samples, list(found.failures.items()), list(found.warnings)])


def _merge(found: Evaluated, text: str) -> None:
    samples, failures, warnings = json.loads(text)
    for labels, values in samples:
        by_time = found.samples.setdefault(frozenset(map(tuple, labels)), {})
        by_time.update((time, value) for time, value in values)
    found.failures.update((time, message) for time, message in failures)
    found.warnings.update(dict.fromkeys(warnings))


def _history(one: ReplayedRule, steps: Steps, found: Evaluated, span: tuple[float, float]) -> AlertHistory:
    alerts = _labelled(one, found)
    evaluations = [float(time) for time in steps.instants if time not in found.failures]
    episodes = [
        Episode(dict(sorted(labels)), activity, bool(evaluations) and activity.active_at == evaluations[0])
        for labels, values in alerts.items()
        for activity in activities(values, evaluations, one.timing)
        if activity.ended_at is None or activity.ended_at > span[0]
    ]
    episodes.sort(key=lambda episode: (episode.activity.active_at, sorted(episode.labels.items())))
    return AlertHistory(one, tuple(episodes), dict(sorted(found.failures.items())), tuple(found.warnings))


def _labelled(one: ReplayedRule, found: Evaluated) -> dict[LabelSet, dict[float, float]]:
    """Give the results the rule's labels; an evaluation at which two of them become one fails, as in Prometheus."""
    alerts: dict[LabelSet, dict[float, float]] = {}
    for labels, values in found.samples.items():
        merged = {**dict(labels), **one.rule.labels, "alertname": one.rule.alert}
        own = alerts.setdefault(frozenset((name, text) for name, text in merged.items() if text), {})
        found.failures.update(
            dict.fromkeys(_both(own, values), "two results become one by the rule's labels")
        )
        own.update(values)
    return alerts


def _both(own: Mapping[float, float], other: Mapping[float, float]) -> Iterator[float]:
    return (time for time in other if time in own)
