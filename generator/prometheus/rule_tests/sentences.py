"""The text of alerts where they fire: labels and annotations from the rules' templates, with the expected culprit."""

from __future__ import annotations

import re
from math import floor, inf
from typing import TYPE_CHECKING
from urllib.parse import quote_plus

from generator.alerts.burn_rate import LEFT
from generator.alerts.culprit import BY_CHANCE, LEAST_REST, MOST, OF_ALERT, TIMES, Against, clues, culprit
from generator.alerts.rules import alerting_rules
from generator.model.alerts import Alert, BurnRate, Overflow, Reported, Threshold, Tier
from generator.model.service import RELEASE_PLACEHOLDER
from generator.model.signals import Better
from generator.model.streams import STOP_REASON
from generator.model.units import DAY, HOUR, MINUTE, Unit
from generator.promql.shape import takes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from generator.alerts.condition import Ground
    from generator.alerts.culprit import Clue, Events
    from generator.scenarios import Subject

    #: The events of each series of a stream within its window: labels and number.
    Happened = Callable[[Events], Iterable[tuple[Mapping[str, str], float]]]

_BOUND = re.compile(r'\{\{ with printf "service:agent_alert:bound\{.*?\{\{ end \}\}\{\{ end \}\}')
_RUN = re.compile(r'\{\{ with printf "service:agent_info\{run.*?\{\{ else \}\}(\w+)\{\{ end \}\}')
_LINK = re.compile(r'\{\{ with printf "service:agent_link:info\{link=\\"(\w+)\\".*?\{\{ end \}\}')
_NO_RUN = re.compile(
    r'\{\{ with printf "[^"]*:unfinished\{[^"]*\}" [^}]*\}\}No .*? were counted\.\{\{ else \}\}(.*)\{\{ end \}\}'
)
_OR_MORE = re.compile(r'\{\{ with printf "max\(le:[^"]*:upper\{.*? or more\{\{ end \}\}\{\{ end \}\}')
_WINDOW = re.compile(
    r'\{\{ with printf "round\([^"]*\) == %\[\d\]v" [^}]*\}\}(\w+)\{\{ else \}\}\w+\{\{ end \}\}'
)
_LEFT = re.compile(
    r'\{\{ with printf "service:agent_error_budget:remaining\{.*? of it is left\.\{\{ end \}\}'
)
_CHOICE = re.compile(r"\{\{ if \$labels\.(\w+) \}\}(.*?)\{\{ else \}\}(.*?)\{\{ end \}\}")
_LABEL = re.compile(r"\{\{ \$labels\.(\w+)( \| urlquery)? \}\}")
_EITHER = re.compile(r"\{\{ if lt \$value ([0-9.]+) \}\}(.*?)\{\{ else \}\}(.*?)\{\{ end \}\}")
_VALUE = re.compile(r'\{\{ \$value(?: \| (\w+)(?: "(%[^"]*)")?)?( \| reReplaceAll "%" "([^"]*)")? \}\}')
_STEP = 1000
_LARGE, _SMALL = ("", "k", "M", "G", "T", "P", "E", "Z", "Y"), ("", "m", "u", "n", "p", "f", "a", "z", "y")


def also_fires(subject: Subject, value: float) -> Iterator[Tier]:
    """List the severities of an alert whose bound a value is beyond: its own, and those with a looser bound."""
    for tier in subject.alert.tiers:
        crossed = tier.written is not None and _beyond(subject, value, tier.bound)
        if tier == subject.tier or crossed or _burns(subject, value, tier):
            yield tier


def _burns(subject: Subject, value: float, tier: Tier) -> bool:
    """Whether a budget that burns at the subject's quickest pace from the start burns too fast for a severity."""
    kind = subject.alert.kind
    covered = min((burn.long for burn in subject.tier.burns), default=0)
    return isinstance(kind, BurnRate) and any(
        burn.long <= covered and value > burn.factor * kind.budget for burn in tier.burns
    )


def _beyond(subject: Subject, value: float, bound: float) -> bool:
    kind = subject.alert.kind
    if isinstance(kind, Threshold) and subject.signal.better is Better.HIGHER:
        return value < bound
    return kind.reports is Reported.VALUE and not isinstance(kind, BurnRate) and value > bound


def texts_where_firing(  # noqa: PLR0913, PLR0917 - all that a sentence can hold
    alert: Alert,
    ground: Ground,
    labels: Mapping[str, str],
    value: float,
    links: Mapping[str, str],
    happened: Happened,
) -> Iterator[tuple[dict[str, str], dict[str, str]]]:
    """Write the labels and annotations of each severity of an alert that fires with a value.

    Args:
        alert: The alert, with the bounds of its service.
        ground: The inputs of its rules.
        labels: The labels of the firing series, including the service and its owner.
        value: The value.
        links: The links to logs and traces of the service; ``{release}`` is a placeholder.
        happened: The events, for the culprit.
    """
    culprit_query = culprit(alert, ground)
    for tier, rule in zip(alert.tiers, alerting_rules(alert, ground), strict=True):
        all_labels = {**labels, **rule.labels}
        annotations = {
            **rule.annotations,
            "description": rule.annotations["description"].removesuffix(culprit_query),
        }
        text = _annotations(annotations, all_labels, value, _bound_in_words(alert, tier, ground), links)
        yield (
            all_labels,
            {**text, "description": text["description"] + _mostly_in(alert, ground, all_labels, happened)},
        )


def _bound_in_words(alert: Alert, tier: Tier, ground: Ground) -> str:
    """Write the bound of a shared alert as its description does: its author's words have # for the amount."""
    if tier.written is None:
        return ""
    unit = Unit.RATIO if isinstance(alert.kind, Overflow) else ground.signal(alert).unit
    return tier.written.words.replace("#", templated_amount(tier.bound, unit))


def templated_amount(value: float, unit: Unit) -> str:
    """Write an amount as the templates of alerts do: 0.204, ``1.8k``, ``$15230``."""
    match unit:
        case Unit.SECONDS:
            return _humanize_duration(value)
        case Unit.RATIO:
            return _humanize_percentage(value)
        case Unit.USD:
            return f"${value:.4g}" if value < 10 * _STEP else f"${value:.0f}"
        case Unit.COUNT:
            return f"{value:.4g}" if value < _STEP else _humanize(value)


def _annotations(
    templates: Mapping[str, str],
    labels: Mapping[str, str],
    value: float,
    bound: str,
    links: Mapping[str, str],
) -> dict[str, str]:
    return {name: _written(text, labels, value, bound, links) for name, text in templates.items()}


def _written(text: str, labels: Mapping[str, str], value: float, bound: str, links: Mapping[str, str]) -> str:
    def linked(match: re.Match[str]) -> str:
        address = links.get(match[1], "")
        release = quote_plus(labels.get("release", ""))
        return (
            address.replace(RELEASE_PLACEHOLDER, release)
            if "url_of_release" in match[0]
            else address.partition("&")[0]
        )

    text = _NO_RUN.sub(r"\1", text)  # runs finish in each case with a sentence
    text = _BOUND.sub(lambda _: bound, text)
    text = _RUN.sub(lambda match: match[1], text)
    text = _WINDOW.sub(r"\1", text)  # no case with a sentence has too few events
    text = _OR_MORE.sub("", text)  # no case is in the last bucket
    text = _LEFT.sub(f" {_humanize_percentage(LEFT)} of it is left.", text)
    text = _LINK.sub(linked, text)
    text = _CHOICE.sub(lambda match: match[2] if labels.get(match[1]) else match[3], text)
    text = _LABEL.sub(lambda match: (quote_plus if match[2] else str)(labels.get(match[1], "")), text)
    text = _EITHER.sub(lambda match: match[2 if value < float(match[1]) else 3], text)
    text = _VALUE.sub(lambda match: _formatted(match, value), text)
    return text.replace('{{ "{{" }}', "{{")


def _formatted(match: re.Match[str], value: float) -> str:
    verb, layout, _, instead = match.groups()
    text = _FUNCTIONS[verb](value) if verb in _FUNCTIONS else (layout or "%.16g") % value
    return text.replace("%", instead) if instead is not None else text


def _humanize(value: float) -> str:
    """Write a number as Prometheus does: 8900 as ``8.9k``."""
    place, scaled = 0, abs(value)
    if scaled >= 1:
        while scaled >= _STEP and place < len(_LARGE) - 1:
            scaled, place = scaled / _STEP, place + 1
        return f"{_signed(value, scaled)}{_LARGE[place]}"
    while 0 < scaled < 1 and place < len(_SMALL) - 1:
        scaled, place = scaled * _STEP, place + 1
    return f"{_signed(value, scaled)}{_SMALL[place]}"


def _humanize_percentage(value: float) -> str:
    """Write a share as Prometheus does."""
    return f"{value * 100:.4g}%"


def _humanize_duration(value: float) -> str:
    """Write seconds as Prometheus does: 90 as ``1m 30s``, 0.25 as ``250ms``."""
    if abs(value) < 1:
        return f"{_humanize(value)}s"
    if abs(value) < MINUTE:
        return f"{value:.4g}s"
    rest, sign = int(abs(value)), "-" if value < 0 else ""
    parts = [f"{rest // DAY}d", f"{rest // HOUR % 24}h", f"{rest // MINUTE % 60}m", f"{rest % 60}s"]
    first = next(place for place, size in enumerate((DAY, HOUR, MINUTE)) if rest >= size)
    return sign + " ".join(parts[first:])


def _signed(value: float, scaled: float) -> str:
    return f"{scaled if value >= 0 else -scaled:.4g}"


_FUNCTIONS: Mapping[str, Callable[[float], str]] = {
    "humanize": _humanize,
    "humanizePercentage": _humanize_percentage,
    "humanizeDuration": _humanize_duration,
}


def _mostly_in(alert: Alert, ground: Ground, labels: Mapping[str, str], happened: Happened) -> str:
    """Write the end of the description; empty where nothing stands out.

    Raises:
        NotImplementedError: it depends on the day before, or on amounts that no test case has.
    """
    culprits = [
        f"{clue.label.replace('_', ' ')} {value} ({floor(share * 100 + 0.5)}%)"
        for clue in clues(alert, ground)
        for value, share in _stands_out(clue, labels, happened)
    ]
    return f" Mostly in: {', '.join(culprits)}." if culprits else ""


def _stands_out(clue: Clue, labels: Mapping[str, str], happened: Happened) -> Iterable[tuple[str, float]]:
    bad = _sums(clue.bad, clue.label, labels, happened)
    total = sum(bad.values())
    named = {value: amount for value, amount in bad.items() if value not in clue.unnamed}
    if not total or not named:
        return ()
    value, most = max(named.items(), key=lambda one: one[1])
    share = most / total
    if share < MOST or share <= _expected(clue, value, total, labels, happened):
        return ()
    return (
        () if clue.given is not None and not _is_condition_met(clue, labels, happened) else ((value, share),)
    )


def _expected(clue: Clue, value: str, total: float, labels: Mapping[str, str], happened: Happened) -> float:
    """Compute the share beyond which a value is bad more often than the rest."""
    if clue.against is Against.NOTHING:
        return 0.0
    all_events = _sums(clue.every or clue.bad, clue.label, labels, happened)
    if clue.against is Against.USUAL:
        if value != next(iter(all_events), value) or len(all_events) > 1:
            raise NotImplementedError(f"{clue.label}: no case says what is usual of several values")
        return inf
    part = all_events.get(value, 0.0) / sum(all_events.values())
    least = max(TIMES / (1 / part + TIMES - 1 - LEAST_REST), MOST)
    return least * (1 + BY_CHANCE / total)


def _is_condition_met(clue: Clue, labels: Mapping[str, str], happened: Happened) -> bool:
    assert clue.given is not None  # noqa: S101 - the caller has looked
    reasons = _sums(clue.given, STOP_REASON, labels, happened)
    ended = sum(amount for reason, amount in reasons.items() if reason in {"", clue.reason})
    return ended >= sum(reasons.values()) / 2


def _sums(events: Events, label: str, labels: Mapping[str, str], happened: Happened) -> dict[str, float]:
    sums: dict[str, float] = {}
    for its, amount in happened(events):
        if all(
            takes(op, labels.get(name, "") if value == OF_ALERT else value, its.get(name, ""))
            for name, op, value in events.matchers
        ):
            sums[its.get(label, "")] = sums.get(its.get(label, ""), 0.0) + amount
    return sums
