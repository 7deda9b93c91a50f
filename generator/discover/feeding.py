"""The choice of the foreign metrics that feed each stream, by their names, types and values."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from generator.discover import meaning
from generator.discover.foreign import COUNTER, HISTOGRAM, SUMMARY, Exposed, Part, Place
from generator.discover.label_finders import currency_label, status_label, token_label
from generator.promql.expr import escape_regex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

_OK, _ERROR, _TOTAL = "ok", "error", "total"
#: The units of times that a histogram may have in a profile.
READ_UNITS = ("", "s", "ms")
_NO_CALLS = meaning.TOKENS | meaning.COSTS | meaning.UNFINISHED | meaning.ELSEWHERE | {"per", "first", "ttft"}


def fed(metrics: Sequence[Exposed], place: Place) -> dict[str, tuple[Part, ...]]:
    """Choose the sources of each stream."""
    calls = [one for one in metrics if not one.words & _NO_CALLS]
    of_tools = [one for one in calls if one.words & meaning.TOOLS]
    of_models = [one for one in calls if _is_of_models(one)]
    of_runs = [
        one
        for one in calls
        if one.words & meaning.RUNS.keys() and not one.words & meaning.TOOLS and one not in of_models
    ]
    runs = of_runs if _outcomes(of_runs, place) else of_models
    fed = {
        "run": _outcomes(runs, place),
        "run_latency": _times(runs, place),
        "run_steps": _steps(metrics),
        "tool_call": _outcomes(of_tools, place),
        "tool_latency": _times(of_tools, place),
        "llm_error": _failures(of_models),
        "time_to_first_token": _first_tokens(metrics, place),
        "token_usage": _tokens(metrics, place),
        "cost": _costs(metrics, place),
    }
    if runs is not of_models:
        fed |= {"llm_call": _outcomes(of_models, place)[:1], "llm_latency": _times(of_models, place)}
    if not any(part.constants for part in fed["tool_call"]):
        fed["tool_error"] = _failures(of_tools)
    return fed


def _is_of_models(metric: Exposed) -> bool:
    """Whether a metric measures calls of models; OpenTelemetry names such metrics ``gen_ai.client``."""
    named = metric.words & meaning.MODELS or {"gen", "ai", "client"} <= metric.words
    return bool(named) and not metric.words & (meaning.TOOLS | meaning.CERTAIN | meaning.STEPS)


def _rank(metric: Exposed) -> tuple[int, ...]:
    """Prefer the surest word for runs, then counters, then short names."""
    return (
        _surety(metric),
        (COUNTER, HISTOGRAM, SUMMARY).index(metric.type),
        len(metric.words),
        len(metric.name),
    )


def _surety(metric: Exposed) -> int:
    """Rank by the words for runs; 0 without any."""
    return min((place for place, one in enumerate(meaning.RUNS) if one in metric.words), default=0)


def _best(metrics: Iterable[Exposed]) -> Exposed | None:
    return min(metrics, key=_rank, default=None)


def _count(metric: Exposed, *constants: tuple[str, str], minus: str = "") -> Part:
    return Part(metric, "" if metric.type == COUNTER else "count", constants, minus)


def _outcomes(metrics: Sequence[Exposed], place: Place) -> tuple[Part, ...]:
    """Count ends: of one metric with a status, or of one for all or for successes and another one for failures."""
    # A turn may be a step of a run; one that is timed is more likely a run.
    certain = meaning.CERTAIN - meaning.STEPS | meaning.TIMES
    events = [one for one in metrics if not one.words & meaning.STEPS or one.words & certain]
    bad = _best(one for one in events if one.type == COUNTER and one.words & meaning.FAILED)
    good = _best(one for one in events if one.type == COUNTER and one.words & meaning.SUCCEEDED)
    whole = [one for one in events if not one.words & (meaning.FAILED | meaning.SUCCEEDED)]
    surest = min(map(_surety, whole), default=0)
    every = _best(one for one in whole if _surety(one) == surest and status_label(one, place)) or _best(whole)
    if good and bad and (every is None or every.type != COUNTER):
        return _count(good, ("status", _OK)), _count(bad, ("status", _ERROR))
    if every and (bad is None or status_label(every, place)):
        return (_count(every),)
    if every and bad and every.type == COUNTER:
        return _count(every, ("status", _OK), minus=bad.name), _count(bad, ("status", _ERROR))
    return tuple(_count(one) for one in (every or good,) if one)


def _of_best(metrics: Iterable[Exposed], part: Callable[[Exposed], Part] = Part) -> tuple[Part, ...]:
    best = _best(metrics)
    return (part(best),) if best else ()


def _failures(metrics: Sequence[Exposed]) -> tuple[Part, ...]:
    bad = (one for one in metrics if one.type == COUNTER and one.words & meaning.FAILED)
    return _of_best(bad, _count)


def _times(metrics: Iterable[Exposed], place: Place) -> tuple[Part, ...]:
    """Time events by a histogram in a unit that a stream can have."""
    timed = [one for one in metrics if one.type == HISTOGRAM and one.words & meaning.TIMES]
    return _of_best(
        (one for one in timed if place.time_unit(one) in READ_UNITS), partial(_timed, place=place)
    )


def _timed(metric: Exposed, place: Place) -> Part:
    if place.time_unit(metric):
        return Part(metric)
    return Part(metric, doubts=(f"{metric.name}: nothing says its unit, so it is taken as seconds",))


def _steps(metrics: Sequence[Exposed]) -> tuple[Part, ...]:
    others = meaning.TIMES | meaning.TOKENS | meaning.COSTS
    counted = (one for one in metrics if one.words & meaning.STEPS and not one.words & others)
    return _of_best(one for one in counted if one.type == HISTOGRAM)


def _first_tokens(metrics: Sequence[Exposed], place: Place) -> tuple[Part, ...]:
    first = (one for one in metrics if "ttft" in one.words or {"first", "token"} <= one.words)
    timed = (one for one in first if one.type == HISTOGRAM and place.time_unit(one) in READ_UNITS)
    return _of_best(timed, partial(_timed, place=place))


def _tokens(metrics: Sequence[Exposed], place: Place) -> tuple[Part, ...]:
    """Sum the tokens of one metric with their types, or of one metric a type."""
    others = meaning.TIMES | meaning.UNFINISHED | meaning.UNSPENT | meaning.COSTS | {"per", "first", "ttft"}
    found = sorted((one for one in metrics if "token" in one.words and not one.words & others), key=_rank)
    typed = next((one for one in found if token_label(one, place)), None)
    if typed:
        return (_sum(typed),)
    by_type: dict[str, Exposed] = {}
    for one in found:
        by_type.setdefault(meaning.token_type_of_name(one.name), one)
    apart = {kind: one for kind, one in by_type.items() if kind not in {"", _TOTAL}}
    return tuple(_sum(one, ("token_type", kind)) for kind, one in apart.items())


def _costs(metrics: Sequence[Exposed], place: Place) -> tuple[Part, ...]:
    """Sum the dollars of one metric, of which another currency is no part."""
    others = meaning.UNFINISHED | meaning.UNSPENT
    spent = (one for one in metrics if one.words & meaning.COSTS and not one.words & others)
    return _of_best(filter(None, (in_dollars(one, place) for one in spent)), partial(_spent, place=place))


def in_dollars(metric: Exposed, place: Place) -> Exposed | None:
    """Select the part of a metric that is in dollars; None where it is in another currency."""
    label = currency_label(metric, place)
    values = place.values(metric, label) if label else ()
    dollars = tuple(escape_regex(one) for one in values if meaning.says_dollars(one))
    if not any(values):
        return None if meaning.currency(metric.name) else metric
    if len(dollars) == len(values):
        return metric
    return replace(metric, where=(*metric.where, (label, dollars))) if dollars else None


def _spent(metric: Exposed, place: Place) -> Part:
    part, doubt = _sum(metric), ""
    if metric.where:
        doubt = f"{metric.name}: its series in dollars are read, and no others"
    elif not meaning.says_dollars(metric.name) and not currency_label(metric, place):
        doubt = f"{metric.name}: its name says no currency, so it is taken as USD"
    return replace(part, doubts=(doubt,)) if doubt else part


def _sum(metric: Exposed, *constants: tuple[str, str]) -> Part:
    return Part(metric, "" if metric.type == COUNTER else "sum", constants)
