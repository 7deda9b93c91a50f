"""The choice of the foreign metrics that feed each stream, by their names, types and values.

Ends are counted by one metric with a status, or by several that are apart or within each other.
"""

from __future__ import annotations

from functools import partial
from math import isclose
from typing import TYPE_CHECKING

from msgspec.structs import replace

from generator.discover import meaning
from generator.discover.foreign import COUNTER, HISTOGRAM, Exposed, Part, Place, best, rank, surety
from generator.discover.labels import currency_label, model_label, request_label, status_label, token_label
from generator.model.streams import STATUS, TOKEN_TYPE
from generator.promql.expr import escape_regex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

#: Each call of a model has tokens of both.
_BOTH = ("prompt", "completion")
#: The units of times that a histogram may have in a profile.
READ_UNITS = ("", "s", "ms")
#: What a metric measures: the kinds that may be runs, the likeliest first, and tools.
_WHOLE, _RUN, _MODEL, _SERVED, _TOOL = "whole", "run", "model", "served", "tool"
_RUNS = (_WHOLE, _RUN, _MODEL, _SERVED)
_NO_CALLS = (
    meaning.TOKENS
    | meaning.COSTS
    | meaning.UNFINISHED
    | meaning.OTHER_SYSTEMS
    | meaning.TOKEN_TIMES
    | meaning.PARTIAL_TIMES
    | {"per", "first"}
)
#: Streams of failures, which runs and calls may count already.
_ERRORS = ("llm_error", "tool_error")
_OK, _ERROR = (STATUS, meaning.OK), (STATUS, meaning.ERROR)
_ENDS = meaning.FAILED | meaning.SUCCEEDED | meaning.FINISHED
#: The part by which a sum of others differs from them while they grow.
_ALMOST = 0.01
#: The part of failures by which two counts of the same events differ while some happen.
_AT_ONCE = 0.05
_NO_SUBJECT = _ENDS | meaning.STARTED | meaning.TIMES | {"total", "count"}


def stream_sources(metrics: Sequence[Exposed], place: Place) -> dict[str, tuple[Part, ...]]:
    """Choose the sources of each stream."""
    of = _by_kind(metrics)
    chosen = next((kind for kind in _RUNS if _outcomes(of[kind], metrics, place)), _MODEL)
    runs = _outcomes(of[chosen], metrics, place) or _answers(metrics, place)
    calls = _outcomes(of[_TOOL], metrics, place)
    streams = {
        "run": tuple(_all_served(one, place) if _is_of_paths(one, place) else one for one in runs),
        "run_latency": _times(of[_WHOLE if chosen == _RUN else chosen], place),
        "run_steps": _steps(metrics),
        "tool_call": calls,
        "tool_latency": _times(of[_TOOL], place),
        "llm_error": _failures(of[_MODEL]),
        "time_to_first_token": _first_tokens(metrics, place),
        "token_usage": _tokens(metrics, place),
        "cost": _costs(metrics, place),
    }
    if chosen != _MODEL:
        streams |= _of_models(of[_MODEL], metrics, place)
    if not any(part.constants for part in calls):
        streams["tool_error"] = _failures(of[_TOOL])
    return _once(_with_doubts(streams, place))


def _once(streams: Mapping[str, tuple[Part, ...]]) -> dict[str, tuple[Part, ...]]:
    """Let failures that are a part of runs or calls feed no stream of errors as well."""
    used = {_series(part) for name, parts in streams.items() if name not in _ERRORS for part in parts}
    return {
        name: tuple(part for part in parts if name not in _ERRORS or _series(part) not in used)
        for name, parts in streams.items()
    }


def _series(part: Part) -> tuple[object, ...]:
    return part.metric.name, part.metric.where, part.value


def _with_doubts(streams: Mapping[str, tuple[Part, ...]], place: Place) -> dict[str, tuple[Part, ...]]:
    """Doubt a time of runs that is shorter than that of the calls of models in them."""
    runs, models = streams.get("run_latency", ()), streams.get("llm_latency", ())
    if not runs or not models or not 0 < _mean(runs[0], place) < _mean(models[0], place):
        return dict(streams)
    name, other = runs[0].metric.name, models[0].metric.name
    doubt = f"{name}: it is shorter on average than {other}, so it may not be the time of the whole"
    return {**streams, "run_latency": (replace(runs[0], doubts=(*runs[0].doubts, doubt)), *runs[1:])}


def _mean(part: Part, place: Place) -> float:
    """Compute the mean time of a metric in seconds; 0 where it is unknown."""
    count = place.total(part.metric)
    thousandth = 0.001 if place.time_unit(part.metric) == "ms" else 1
    return place.amount(part.metric) / count * thousandth if count else 0.0


def _of_models(
    of_models: Sequence[Exposed], metrics: Sequence[Exposed], place: Place
) -> dict[str, tuple[Part, ...]]:
    return {"llm_call": _outcomes(of_models, metrics, place)[:1], "llm_latency": _times(of_models, place)}


def _by_kind(metrics: Iterable[Exposed]) -> dict[str, list[Exposed]]:
    """Group the metrics of calls; what a run consists of is no whole run."""
    found: dict[str, list[Exposed]] = {kind: [] for kind in (*_RUNS, _TOOL)}
    for one in metrics:
        if _is_served(one):
            found[_SERVED].append(one)
        elif not one.words & _NO_CALLS and (kind := _kind(one)):
            found[kind].append(one)
    found[_WHOLE] = [one for one in found[_RUN] if not meaning.is_inside(one.name)]
    return found


def is_of_calls(name: str) -> bool:
    """Whether a metric of this name measures runs, tools or models."""
    found = meaning.words(name)
    return not found & _NO_CALLS and bool(found & (meaning.RUNS.keys() | meaning.TOOLS | meaning.MODELS))


def _is_served(metric: Exposed) -> bool:
    """Whether a metric counts the requests to a server, which are runs only where nothing else is."""
    is_web = {"http", "request"} <= metric.words and "client" not in metric.words
    return is_web and not metric.words & (_NO_CALLS - {"http"})


def _is_of_paths(part: Part, place: Place) -> bool:
    """Whether a metric counts all requests to a server, also those that reach no agent."""
    only = part.metric.words & meaning.RUNS.keys() == {"request"} and not _is_of_models(part.metric)
    return _is_served(part.metric) or (only and bool(request_label(part.metric, place)))


def _all_served(part: Part, place: Place) -> Part:
    label = request_label(part.metric, place)
    way_out = f"where: {{{label}: <its path>}}" if label else "another metric"
    doubt = f"{part.metric.name}: all requests are taken as runs; choose the agent's by {way_out}"
    return replace(part, doubts=(*part.doubts, doubt))


def _kind(metric: Exposed) -> str:
    """Return what a metric measures: runs, tools or models; empty for none of them."""
    if metric.kind:
        return metric.kind
    if metric.words & meaning.TOOLS:
        return _TOOL
    return _MODEL if _is_of_models(metric) else _RUN if metric.words & meaning.RUNS.keys() else ""


def _is_of_models(metric: Exposed) -> bool:
    """Whether a metric measures calls of models; OpenTelemetry names such metrics ``gen_ai.client``."""
    named = metric.words & meaning.MODELS or {"gen", "ai", "client"} <= metric.words
    return bool(named) and not metric.words & (meaning.TOOLS | meaning.CERTAIN | meaning.STEPS)


def _of_best(metrics: Iterable[Exposed], part: Callable[[Exposed], Part] = Part) -> tuple[Part, ...]:
    found = best(metrics)
    return (part(found),) if found else ()


def _outcomes(metrics: Sequence[Exposed], everything: Sequence[Exposed], place: Place) -> tuple[Part, ...]:
    """Count ends: of one metric with a status, or of one for all or for successes and another one for failures."""
    # A turn may be a step of a run; one that is timed is more likely a run.
    certain = meaning.CERTAIN - meaning.STEPS | meaning.TIMES
    events = [one for one in metrics if not one.words & meaning.STEPS or one.words & certain]
    bad, good, ended = (
        _counter(events, some) for some in (meaning.FAILED, meaning.SUCCEEDED, meaning.FINISHED)
    )
    every = _whole(events, place)
    has_status = every is not None and status_label(every, place)
    if good and bad and not has_status:
        return _count(good, _OK), _count(bad, _ERROR)
    if ended and bad and (every is None or every.type != COUNTER):
        return _with_failures(ended, bad, everything, place)
    if every and (bad is None or has_status):
        return (_count(every),)
    if every and bad and every.type == COUNTER:
        return _with_failures(every, bad, everything, place)
    return tuple(_count(one) for one in (every or good or ended,) if one)


def _count(metric: Exposed, *constants: tuple[str, str], minus: str = "") -> Part:
    """Count the events of a metric."""
    return Part(metric, "" if metric.type == COUNTER else "count", constants, minus)


def _counter(events: Iterable[Exposed], named: frozenset[str]) -> Exposed | None:
    return best(one for one in events if one.type == COUNTER and one.words & named)


def _whole(events: Sequence[Exposed], place: Place) -> Exposed | None:
    """Choose the metric of all ends, one with a status if there is one."""
    whole = [one for one in events if not one.words & _ENDS]
    surest = min(map(surety, whole), default=0)
    return best(one for one in whole if surety(one) == surest and status_label(one, place)) or best(whole)


def _with_failures(
    whole: Exposed, bad: Exposed, everything: Iterable[Exposed], place: Place
) -> tuple[Part, ...]:
    """Count all, or the finished, and failures: these are among them unless the values say otherwise."""
    within = _within(whole, bad, everything, place)
    if within is not None:
        return _count(whole, _OK, minus=bad.name if within else ""), _count(bad, _ERROR)
    if place.total(bad) > place.total(whole):
        doubt = f"{whole.name}: {bad.name} is larger, so failures are taken to be none of them"
        return replace(_count(whole, _OK), doubts=(doubt,)), _count(bad, _ERROR)
    doubt = (
        f"{whole.name}: {bad.name} is taken to be a part of it; if it counts successes alone, leave out minus"
    )
    return replace(_count(whole, _OK, minus=bad.name), doubts=(doubt,)), _count(bad, _ERROR)


def _within(whole: Exposed, bad: Exposed, everything: Iterable[Exposed], place: Place) -> bool | None:
    """Whether the total of other metrics of the same events shows failures among them; None without a proof."""
    failed, ended = place.total(bad), place.total(whole)
    if not failed or failed > ended:
        return None
    for total, is_started in _totals(whole, everything, place):
        if isclose(total, ended + failed, abs_tol=failed * _AT_ONCE):
            return False
        if isclose(total, ended, abs_tol=failed * _AT_ONCE) or (is_started and total < ended + failed):
            return True
    return None


def _totals(whole: Exposed, everything: Iterable[Exposed], place: Place) -> Iterator[tuple[float, bool]]:
    """Count the same events by other metrics: the times of all of them, and starts."""
    subject = whole.words - _NO_SUBJECT
    others = [one for one in everything if one.words - _NO_SUBJECT == subject and one.name != whole.name]
    timed = (one for one in others if one.type != COUNTER and not one.words & _ENDS)
    yield from ((place.total(one), False) for one in timed)
    started = (one for one in others if one.type == COUNTER and one.words & meaning.STARTED)
    yield from ((place.total(one), True) for one in started)


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
    others = meaning.TIMES | meaning.TOKEN_TIMES | meaning.TOKENS | meaning.COSTS
    counted = (one for one in metrics if one.words & meaning.STEPS and not one.words & others)
    return _of_best(one for one in counted if one.type == HISTOGRAM)


def _first_tokens(metrics: Sequence[Exposed], place: Place) -> tuple[Part, ...]:
    first = (one for one in metrics if "ttft" in one.words or {"first", "token"} <= one.words)
    timed = (one for one in first if one.type == HISTOGRAM and place.time_unit(one) in READ_UNITS)
    return _of_best(timed, partial(_timed, place=place))


def _tokens(metrics: Sequence[Exposed], place: Place) -> tuple[Part, ...]:
    """Sum the tokens of one metric with their types, or of one metric a type."""
    counted = _of_tokens(metrics, place)
    # The tokens of a run are those of its calls of models again.
    of_calls = {one.name for one in counted if one.kind == "model"}
    found = [one for one in counted if one.kind == "model" or one.name not in of_calls]
    typed = next((one for one in found if token_label(one, place)), None)
    if typed:
        return (_spent_once(_sum(typed), place),)
    by_type: dict[str, Exposed] = {}
    for one in found:
        by_type.setdefault(meaning.token_type_of_name(one.name), one)
    apart = {kind: one for kind, one in by_type.items() if kind not in {"", meaning.TOTAL}}
    parts = [_spent_once(_sum(one, (TOKEN_TYPE, kind)), place) for kind, one in apart.items()]
    if missing := [kind for kind in _BOTH if kind not in apart]:
        parts = [replace(one, doubts=(*one.doubts, *_half(one.metric, missing))) for one in parts]
    return tuple(parts)


def _spent_once(part: Part, place: Place) -> Part:
    """Leave out tokens without a model that are those of series with one again, as of a workflow with its steps."""
    metric, model = part.metric, model_label(part.metric, place)
    by_model = place.totals(metric, model) if model else {}
    others = _beside_models(metric, model, place) if len(by_model) > 1 and by_model.get("") else []
    if not others:
        return part
    if any(isclose(one, by_model[""], rel_tol=_ALMOST) for one in others):
        doubt = f"{metric.name}: series without {model} are taken to be sums of those with one, and left out"
        return replace(
            part,
            metric=replace(metric, where=(*metric.where, (model, (".+",)))),
            doubts=(*part.doubts, doubt),
        )
    doubt = (
        f"{metric.name}: if series without {model} are sums of others, leave them out by "
        f'where: {{{model}: ".+"}}, or they count twice'
    )
    return replace(part, doubts=(*part.doubts, doubt))


def _beside_models(metric: Exposed, model: str, place: Place) -> list[float]:
    """List the amounts of values with a model, of labels whose values tell series without one apart."""
    found: list[float] = []
    for label in sorted(place.labels(metric) - {model, token_label(metric, place)}):
        pairs = place.combinations(metric, (model, label))
        without = {value for has, value in pairs if not has}
        having = {value for has, value in pairs if has}
        if without.isdisjoint(having) and all(without):
            found += [amount for value, amount in place.totals(metric, label).items() if value in having]
    return found


def _of_tokens(metrics: Iterable[Exposed], place: Place) -> list[Exposed]:
    """List the metrics of tokens, first those that say the model, which the price needs."""
    counted = (one for one in metrics if one.words & meaning.TOKENS and not one.words & meaning.NO_TOKENS)
    return sorted(counted, key=lambda one: (not model_label(one, place), rank(one)))


def _half(metric: Exposed, missing: Sequence[str]) -> tuple[str, ...]:
    return (
        f"{metric.name}: nothing counts {' and '.join(missing)} tokens, so tokens and their cost are too low",
    )


def _answers(metrics: Iterable[Exposed], place: Place) -> tuple[Part, ...]:
    """Count the answers of models by the observations of their input tokens, where nothing counts calls."""
    for metric in _of_tokens(metrics, place):
        label = token_label(metric, place)
        kinds = {one: meaning.token_type(one) for one in place.values(metric, label)} if label else {}
        inputs = tuple(escape_regex(one) for one, kind in kinds.items() if kind == _BOTH[0])
        named = not label and meaning.token_type_of_name(metric.name) == _BOTH[0]
        if metric.type != COUNTER and (inputs or named):
            where = (*metric.where, (label, inputs)) if inputs else metric.where
            doubt = (
                f"{metric.name}: each observation of input tokens is taken as a request that a model answered"
            )
            return (Part(replace(metric, where=where, kind=_MODEL), "count", doubts=(doubt,)),)
    return ()


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
        return None if meaning.currency(place.money(metric)) else metric
    if len(dollars) == len(values):
        return metric
    return replace(metric, where=(*metric.where, (label, dollars))) if dollars else None


def _spent(metric: Exposed, place: Place) -> Part:
    part, doubt = _sum(metric), ""
    if metric.where:
        doubt = f"{metric.name}: its series in dollars are read, and no others"
    elif currency_label(metric, place):
        doubt = ""
    elif not (said := place.money(metric)):
        doubt = f"{metric.name}: nothing says its currency, so it is taken as USD"
    elif said != metric.name and place.scale(metric) != 1:
        doubt = f"{metric.name}: its description says the unit, and scale makes it USD"
    return replace(part, doubts=(doubt,)) if doubt else part


def _sum(metric: Exposed, *constants: tuple[str, str]) -> Part:
    return Part(metric, "" if metric.type == COUNTER else "sum", constants)
