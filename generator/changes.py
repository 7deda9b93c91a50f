"""The effects of a change of specs, for its reviewers: the differences between two models, as text and as Markdown.

Each difference is listed once, with all the services that it affects.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.alerts.registry import in_words
from generator.diagnostics.wording import listed, printable, shortened
from generator.markdown import code, text
from generator.model.metrics import Label, Metric, MetricType
from generator.model.streams import Stream
from generator.model.units import Unit, duration, human, plain

if TYPE_CHECKING:
    from generator.checks.cardinality.account import SharedAccount
    from generator.checks.facts import ServiceFacts
    from generator.model.alerts import Alert
    from generator.model.delivery import Receiver
    from generator.model.service import Model, Objective, Service, Site
    from generator.model.signals import Signal

ALERTS, PROMISES, LABELS, SIGNALS, OTHERS = "Alerts", "Objectives", "Labels", "Signals and metrics", "Others"
#: The kinds of changes, the most important for a reviewer first.
_KINDS = (ALERTS, PROMISES, LABELS, SIGNALS, OTHERS)
#: Parts of a service that follow from others, or are places in files.
_DERIVED = {"origins", "alerts", "streams", "signals", "metrics", "runs", "deviations"}
_SECONDS = {"scrape_interval", "rule_interval", "retention"}
#: Above this number, services are only counted.
_NAMED = 5
_NOTHING = "Nothing changes: the same alerts, objectives, series and dashboards."


class ModelChange(Struct, frozen=True, order=True):
    """One change in some services; ``before`` is empty for a new thing, ``after`` for a removed one."""

    kind: str
    subject: str
    before: str
    after: str


class Changes(Struct, frozen=True):
    """All effects of a change of specs.

    Attributes:
        added: new services, with their series at once.
        gone: removed services, with theirs.
        found: each change with its services, none for a change of the site.
        series: the series at once of services that have more or fewer, before and after.
        total: of all services and shared rules, before and after.
        dashboards: the uids of the changed ones.
    """

    added: Mapping[str, int]
    gone: Mapping[str, int]
    found: Mapping[ModelChange, tuple[str, ...]]
    series: Mapping[str, tuple[int, int]]
    total: tuple[int, int]
    dashboards: tuple[str, ...]

    def __bool__(self) -> bool:
        """Whether there is any change."""
        return bool(self.added or self.gone or self.found or self.series or self.dashboards)


class CompiledSpecs(Struct, frozen=True):
    """Valid specs and their cost; ``dashboards`` are their JSON by uid."""

    model: Model
    facts: tuple[ServiceFacts, ...]
    shared: SharedAccount
    dashboards: Mapping[str, str]

    @property
    def series(self) -> dict[str, int]:
        """The series at once of each service, raw and recorded."""
        return {each.service.name: each.account.live for each in self.facts}


def compare_models(before: CompiledSpecs, after: CompiledSpecs) -> Changes:
    """Find all differences between two models."""
    old, new = ({one.name: one for one in each.model.services} for each in (before, after))
    both = [name for name in new if name in old]
    changes: dict[ModelChange, list[str]] = {change: [] for change in _of_site(before.model, after.model)}
    for name in both:
        found = tuple(_of_service(old[name], new[name])) or tuple(_unnamed(old[name], new[name]))
        for change in found:
            changes.setdefault(change, []).append(name)
    series = {name: (before.series[name], after.series[name]) for name in both}
    return Changes(
        added={name: after.series[name] for name in new if name not in old},
        gone={name: before.series[name] for name in old if name not in new},
        found={change: tuple(changes[change]) for change in sorted(changes, key=_order)},
        series={name: counts for name, counts in series.items() if counts[0] != counts[1]},
        total=(_total(before), _total(after)),
        dashboards=tuple(_differ(before.dashboards, after.dashboards)),
    )


def _order(change: ModelChange) -> tuple[int, str, str]:
    return _KINDS.index(change.kind), change.subject, change.before


def _total(compiled: CompiledSpecs) -> int:
    return sum(compiled.series.values()) + compiled.shared.recorded.live


def _differ(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    return (uid for uid in sorted(before.keys() | after.keys()) if before.get(uid) != after.get(uid))


def _of_service(old: Service, new: Service) -> Iterator[ModelChange]:
    yield from _changed(ALERTS, _alerts(old), _alerts(new))
    was, now = ({f"summary of {_called(one)}": one.summary for one in each.alerts} for each in (old, new))
    # Those of new or removed alerts add nothing.
    yield from (change for change in _changed(OTHERS, was, now) if change.before and change.after)
    yield from _changed(PROMISES, _promises(old), _promises(new))
    yield from _changed(LABELS, _labels(old), _labels(new))
    yield from _changed(SIGNALS, _measured(old), _measured(new))
    yield from _changed(OTHERS, _others(old), _others(new))


def _unnamed(old: Service, new: Service) -> Iterator[ModelChange]:
    """Name the details of a service that differ, where no other change shows them."""
    for part in old.__struct_fields__:
        if part not in _DERIVED:
            for place, *texts in _details(getattr(old, part), getattr(new, part), part.replace("_", " ")):
                yield ModelChange(OTHERS, place, *map(shortened, texts))


def _details(old: object, new: object, place: str) -> Iterator[tuple[str, str, str]]:
    """Descend to the smallest parts that differ."""
    if old == new:
        return
    if isinstance(old, Struct) and type(old) is type(new):
        for name in old.__struct_fields__:
            yield from _details(getattr(old, name), getattr(new, name), f"{place} {name.replace('_', ' ')}")
    elif isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in dict.fromkeys((*old, *new)):
            yield from _details(old.get(name, ""), new.get(name, ""), f"{place} {name}")
    else:
        yield place, _spelled(old), _spelled(new)


def _changed(kind: str, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[ModelChange]:
    for subject in dict.fromkeys((*before, *after)):
        if before.get(subject) != after.get(subject):
            yield ModelChange(kind, subject, before.get(subject, ""), after.get(subject, ""))


def _alerts(service: Service) -> dict[str, str]:
    """Describe the condition of each severity of each alert."""
    return {
        f"{_called(alert)} {tier.severity}": in_words(alert, tier, service).rstrip(".") + _keeping(alert)
        for alert in service.alerts
        for tier in alert.tiers
    }


def _called(alert: Alert) -> str:
    return f"{alert.name} of {alert.about}" if alert.about else alert.name


def _keeping(alert: Alert) -> str:
    return f", and {duration(alert.keep_firing_for)} longer" if alert.keep_firing_for else ""


def _promises(service: Service) -> dict[str, str]:
    promised = {one.signal: _promise(one, service) for one in service.objectives.values()}
    if service.runs_per_hour:
        hours = f", {service.hours.words}" if service.hours else ""
        promised["traffic"] = f"at least {plain(service.runs_per_hour)} runs an hour{hours}"
    return promised


def _promise(objective: Objective, service: Service) -> str:
    signal = service.signals[objective.signal]
    window = f" over {duration(objective.window)}" if objective.window else ""
    return f"{human(objective.bound, signal.unit)}{window}"


def _labels(service: Service) -> dict[str, str]:
    return {name: _bounds(label) for name, label in service.labels.items()}


def _bounds(label: Label) -> str:
    values = ", ".join(label.values) if label.values else f"at most {label.max_live} values"
    new = f", {plain(label.new_per_week)} new a week" if label.new_per_week and not label.values else ""
    per = (f", at most {most} for each {other}" for other, most in label.per)
    return f"{values}{new}{''.join(per)}"


def _measured(service: Service) -> dict[str, str]:
    signals = {f"signal {name}": _definition(one) for name, one in service.signals.items()}
    return signals | {f"metric {name}": _metric(one) for name, one in service.metrics.items()}


def _metric(metric: Metric) -> str:
    buckets = f", buckets to {', '.join(map(plain, metric.buckets))} {metric.unit}".rstrip()
    across = f", {metric.across} of all instances" if metric.type is MetricType.GAUGE else ""
    labels = ", ".join(metric.labels) or "no label"
    return f"{metric.type} by {labels}{buckets if metric.buckets else ''}{across}: {metric.help}"


def _definition(signal: Signal) -> str:
    """Describe the computation of a signal: ``share of tool_call, where status=error, among tool=pay, over 15m``."""
    kind = signal.kind
    of_kind = ((name, getattr(kind, name)) for name in kind.__struct_fields__ if name != "good")
    parts = [
        f"{type(kind).__name__.lower()} of {signal.of.name}",
        *(f"{name.replace('_', ' ')} {_spelled(value)}" for name, value in of_kind if value),
        f"over {duration(signal.window)}",
        *(f"by {' and '.join(level)}" for level in signal.levels if level),
    ]
    if signal.trend:
        parts.append(f"trend over {duration(signal.trend.over) if signal.trend.over else 'releases'}")
    return f"{', '.join(parts)}: {signal.title}. {signal.description}"


def _spelled(value: object) -> str:
    if isinstance(value, Stream):
        return value.name
    if isinstance(value, Mapping):
        return " ".join(f"{name}={_spelled(each)}" for name, each in value.items())
    if isinstance(value, tuple) and all(isinstance(each, tuple) for each in value):
        return _spelled(dict(value))
    if isinstance(value, tuple):
        return " or ".join(map(_spelled, value))
    if isinstance(value, Struct):
        # The receivers of a target are those of the site.
        fields = ((name, getattr(value, name)) for name in value.__struct_fields__ if name != "receivers")
        return ", ".join(f"{name} {_spelled(each)}" for name, each in fields if each)
    return str(value)


def _others(service: Service) -> dict[str, str]:
    prices = {
        f"price of {one.model} {one.token_type}": f"{human(one.usd * 1_000_000, Unit.USD)} for a million"
        for one in service.prices
    }
    return {
        "owner": service.owner,
        **{f"alert label {name}": value for name, value in service.marks.items()},
        "profile": service.profile,
        "selector": ", ".join(f"{name}={value}" for name, value in service.selector.items()),
        "replicas": str(service.replicas),
        "description": service.description,
        "adapters": ", ".join(service.adapters),
        "budget of series": _spelled(service.series_budget) if service.series_budget else "",
        **{f"reason why {name} is off": reason for name, reason in service.deviations.reasons.items()},
        **{f"meaning of {_called(one)}": one.means for one in service.alerts if one.means},
        **{f"link to {kind}": link for kind, link in service.links.items()},
        **prices,
    }


def _of_site(before: Model, after: Model) -> Iterator[ModelChange]:
    def settings(site: Site) -> dict[str, str]:
        return {
            name.replace("_", " "): _setting(name, getattr(site, name))
            for name in site.__struct_fields__
            if name not in {"budget", "deliver", "receivers"}
        } | {
            "budget of series": _spelled(site.budget),
            **{f"receiver {one.name}": _receiver(one) for one in site.receivers},
            **{f"delivery to {name}": text for name, text in _deliveries(site)},
        }

    yield from _changed(OTHERS, settings(before.site), settings(after.site))


def _deliveries(site: Site) -> Iterator[tuple[str, str]]:
    """Describe the options of each target; a target without any is only there."""
    for name in site.deliver.__struct_fields__:
        target = getattr(site.deliver, name)
        if target:
            yield name, _spelled(target) or "yes"


def _receiver(receiver: Receiver) -> str:
    wanted = (f"{label} {' or '.join(values)}" for label, values in receiver.wanted)
    means = " and ".join(f"{type(one).__name__} ({_spelled(one)})" for one in receiver.channels)
    every = duration(receiver.repeat_interval)
    return f"{', '.join(wanted) or 'all that no other receiver gets'}, by {means}, again after {every}"


def _setting(name: str, value: object) -> str:
    if name in _SECONDS and isinstance(value, int):
        return duration(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ".".join(map(str, value)) if isinstance(value, tuple) else str(value)


def as_text(changes: Changes, revision: str) -> str:
    """Write the changes for a terminal."""
    # A text of a spec may have several lines.
    return "\n".join(map(printable, _lines(changes, revision))) + "\n"


def _lines(changes: Changes, revision: str) -> Iterator[str]:
    yield f"specs since {revision}"
    if not changes:
        yield f"  {_NOTHING}"
        return
    yield from (f"  + service {name} ({count:,} series)" for name, count in changes.added.items())
    yield from (f"  - service {name} ({count:,} series)" for name, count in changes.gone.items())
    for kind in _KINDS:
        of_kind = {change: names for change, names in changes.found.items() if change.kind == kind}
        if of_kind:
            yield kind
        for change, names in of_kind.items():
            yield from _change(change, names)
    yield from _costs(changes)


def _change(change: ModelChange, services: Sequence[str]) -> Iterator[str]:
    sign = "~" if change.before and change.after else "+" if change.after else "-"
    of = f"  ({_named(services)})" if services else ""
    yield f"  {sign} {change.subject}{of}"
    yield from (f"      was: {change.before}",) if change.before else ()
    yield from (f"      now: {change.after}",) if change.after else ()


def _costs(changes: Changes) -> Iterator[str]:
    if changes.series or changes.total[0] != changes.total[1]:
        yield "Series at once"
        yield from (f"  ~ {name}: {_moved(counts)}" for name, counts in changes.series.items())
        yield f"  = all: {_moved(changes.total)}"
    if changes.dashboards:
        yield "Dashboards that look different"
        yield f"  ~ {', '.join(changes.dashboards)}"


def as_markdown(changes: Changes, revision: str) -> str:
    """Write the changes for a pull request."""
    return "\n".join(_markdown(changes, revision)) + "\n"


def _markdown(changes: Changes, revision: str) -> Iterator[str]:
    yield f"### Agent metrics since {code(revision)}"
    yield ""
    if not changes:
        yield _NOTHING
        return
    yield from (f"- new service {code(name)} with {count:,} series" for name, count in changes.added.items())
    yield from (
        f"- service {code(name)} is gone, with {count:,} series" for name, count in changes.gone.items()
    )
    if changes.found:
        if changes.added or changes.gone:
            yield ""
        yield from ("| | what | was | now | services |", "|---|---|---|---|---|")
        yield from (_row(change, names) for change, names in changes.found.items())
    yield ""
    yield f"Series at once: {_moved(changes.total)}."
    yield from (f"- {code(name)}: {_moved(counts)}" for name, counts in changes.series.items())
    if changes.dashboards:
        yield ""
        yield f"Dashboards that look different: {', '.join(map(code, changes.dashboards))}."


def _row(change: ModelChange, services: Sequence[str]) -> str:
    cells = (text(change.before) or "new", text(change.after) or "gone", text(_named(services)) or "site")
    return f"| {change.kind} | {text(change.subject)} | {' | '.join(cells)} |"


def _named(services: Sequence[str]) -> str:
    return listed(services, _NAMED)


def _moved(counts: tuple[int, int]) -> str:
    before, after = counts
    if before == after:
        return f"{after:,}, as before"
    return f"{before:,} -> {after:,} ({after - before:+,})"
