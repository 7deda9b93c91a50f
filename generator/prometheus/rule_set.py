"""A service's own rules, and all rules that a server has for some services: the shared ones, and each service's own.

A service's own rules are its raw pass, its constants, and the signals and alerts that only it has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from generator.alerts import hours
from generator.alerts.condition import Ground
from generator.alerts.overflow import is_recorded
from generator.alerts.registry import alert_records
from generator.alerts.rules import alerting_rules
from generator.model import names
from generator.model.alerts import OFF, OUTSIDE_WINDOW, Outside, Overflow, Regression, Unpriced
from generator.model.outside import STREAM, outside_alert
from generator.model.rules import AlertingRule, RecordingRule, RuleGroup, SharedRules, split
from generator.model.service import RELEASE_PLACEHOLDER, WAY, Service, Site, fill_in
from generator.model.signals import Cost, Quantile, Share, Signal, Tokens, divisor
from generator.model.streams import SPENT, Stream
from generator.prometheus.shared import copies, ground_of, shared_rules, switch
from generator.promql.expr import any_of, labelled, vector
from generator.resolve.segments import SIGNALS
from generator.signals import board, error_budget, events, prices, releases
from generator.signals.error_budget import Promise
from generator.signals.quantile import is_timed, overflow
from generator.signals.registry import records
from generator.signals.registry import windows as windows_of
from generator.streams.raw import raw_pass, scraped
from generator.streams.scope import Scope, rule, without_recorded

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from generator.model.alerts import Alert
    from generator.model.service import Library

#: A rule of a service's own may write this many times the service's budget of recorded series.
_LIMIT = 2
_GROUP = "agent-service-{}"


class Compiled(Struct, frozen=True):
    """The recording and the alerting rules of one service's own files."""

    service: str
    recording: tuple[RuleGroup, ...]
    alerting: tuple[RuleGroup, ...]


def compile_rules(service: Service, site: Site, shared: Collection[str] = ()) -> Compiled:
    """Compile a service to its own rules; ``shared`` are the names of the records of the shared rules."""
    scope = Scope(site, service.name)
    name, interval = _GROUP.format(service.name), site.rule_interval
    limit = _LIMIT * site.budget_of(service).recorded
    promises = tuple(_own_promises(service, shared))
    own = [tuple(rules) for rules in (*_own(service, scope), *_budgets(promises, scope))]
    return Compiled(
        service.name,
        (
            *split(name, (*_raw(service, site), *_constants(service)), interval, limit),
            *split(f"{name}-signals", without_recorded(own, _recorded(service, shared)), interval),
            *copies(f"{name}{names.DAYS}", (error_budget.finished(one, scope) for one in promises), site),
        ),
        tuple(split(f"{name}-alerts", _alerts(service, scope), interval)),
    )


def _recorded(service: Service, shared: Iterable[str]) -> set[str]:
    """Find the records of the shared rules for a service."""
    either = names.BY_SIGNAL if service.runs.shared else names.BY_SIGNAL | names.OF_RELEASES
    return {name for name in shared if name not in either}


# The raw pass, and the constants.


def _raw(service: Service, site: Site) -> Iterator[tuple[RecordingRule, ...]]:
    for stream in service.streams.values():
        yield raw_pass(stream, service, site)
    if outside_alert(service):
        yield raw_pass(STREAM, service, site)
    yield (scraped(service),)


def _constants(service: Service) -> Iterator[tuple[RecordingRule, ...]]:
    """Record the author's own numbers, and nothing that follows from them but the hours, which come and go."""
    yield (_constant(service, names.INFO, 1, **who(service)),)
    yield from ((one,) for one in (*_bounds(service), *_promises(service)))
    if service.hours:
        yield tuple(hours.hours_records(service.hours, service))
    yield from ((_constant(service, name, value, **labels),) for name, value, labels in changes(service))
    yield from ((one,) for one in _served(service))


def who(service: Service) -> dict[str, str]:
    """Build the labels for a service's owner and environment, and its author's own labels of alerts."""
    labels = {names.OWNER: service.owner, names.PROFILE: service.profile, names.RUN_WORD: service.run}
    return labels | service.marks


def changes(service: Service) -> Iterator[tuple[str, float, dict[str, str]]]:
    """List the constants of a service's deviations and links: the record, its value and its labels."""
    changed = service.deviations
    for alert in changed.off:
        yield names.VARIANT, 1, {names.ALERT: alert, names.VARIANT_LABEL: OFF}
    for variant in changed.variants:
        yield names.VARIANT, 1, {names.ALERT: variant.alert, names.VARIANT_LABEL: variant.name}
    for one in changed.overrides:
        labels = {
            names.ALERT: one.alert,
            names.PART: one.part,
            names.SEVERITY: one.severity,
            names.WORDS: one.words,
        }
        yield names.OVERRIDE, one.value, {name: text for name, text in labels.items() if text}
    for kind, link in sorted(service.links.items()):
        plain, of_release = (
            fill_in(link, service.name, None),
            fill_in(link, service.name, RELEASE_PLACEHOLDER),
        )
        yield names.LINK, 1, {"link": kind, "url": plain, "url_of_release": of_release}


def _served(service: Service) -> Iterator[RecordingRule]:
    """Record the prices of service tiers that the service lists, such as ``gpt-5@batch``.

    The shared prices leave them out, since there are many and few are used. They are the same from every service.
    """
    listed = (one for one in service.prices if WAY in one.model)
    inclusions = (
        replace(one, models=tuple(model for model in one.models if WAY in model))
        for one in service.inclusions
    )
    yield from prices.constants(listed, inclusions)


def _bounds(service: Service) -> Iterator[RecordingRule]:
    """Record the bounds of labels that the service gives itself: the values, or their largest number."""
    for name in sorted(service.own_bounds):
        label = service.labels[name]
        own = {names.SERVICE: service.name, names.LABEL: name}
        if label.values:
            arms = [labelled(vector(), name, value) for value in label.values]
            yield rule(names.LABEL_VALUE, any_of(arms), **own)
        else:
            yield rule(names.LABEL_MAX, vector(label.max_live), **own)


def _promises(service: Service) -> Iterator[RecordingRule]:
    for objective in service.objectives.values():
        signal = service.signals[objective.signal]
        if signal.shared and not service.wrote(objective):
            continue  # a default of the profile, which the shared rules have
        if signal.shared:
            yield _constant(service, names.OBJECTIVE, objective.bound, **{names.SIGNAL: signal.name})
            if objective.window:
                yield _constant(
                    service, names.OBJECTIVE_WINDOW, objective.window, **{names.SIGNAL: signal.name}
                )
        else:
            yield _constant(service, names.part(signal, "objective"), objective.bound)
    if service.runs_per_hour:
        yield _constant(service, names.TRAFFIC, service.runs_per_hour)


def _constant(service: Service, name: str, value: float, /, **labels: str) -> RecordingRule:
    return rule(name, vector(value), **{names.SERVICE: service.name, **labels})


# Signals and alerts of its own.


def _own(service: Service, scope: Scope) -> Iterator[Iterable[RecordingRule]]:
    """Record the signals that the shared rules do not: those declared by its profile or by the service itself."""
    signals = [one for one in service.signals.values() if not one.shared]
    alerts = [one for one in service.alerts if not one.shared]
    yield from _segments(service, scope)
    yield _windows(signals, alerts, service, scope)
    for signal in signals:
        yield (*_upper(signal, scope), *records(signal, scope), *_overflow(signal, alerts, scope))
    of_all = {
        alert.signal: service.signals[alert.signal] for alert in alerts if isinstance(alert.kind, Overflow)
    }
    yield from (tuple(_overflow(one, alerts, scope)) for one in of_all.values() if one.shared)
    yield from _releases(signals, alerts, service, scope)
    ground = Ground(scope, service.signals, service.runs, service)
    for alert in alerts:
        if recorded := tuple(alert_records(alert, ground)):
            yield recorded
    watched = {alert.signal for alert in alerts if alert.shown}
    for signal in signals:
        yield board.board_row(signal, scope, alerts)
    # The shared rules show signals with a trend, or with an alert that all services share.
    shown = {alert.signal for alert in service.alerts if alert.shared}
    for name in sorted(watched - shown):
        signal = service.signals[name]
        if signal.shared and signal.trend is None:
            yield board.board_row(signal, scope, alerts)


def _segments(service: Service, scope: Scope) -> Iterator[Iterable[RecordingRule]]:
    """Record signals of the library for each value of the service's segments."""
    signals = _segmented(service)
    yield _windows(signals, (), service, scope)
    for signal in signals:
        yield records(signal, scope)


def _segmented(service: Service) -> list[Signal]:
    """Find the signals that a service breaks down by its segments, each with a level a segment."""
    signals = []
    for name in dict.fromkeys(name for each in SIGNALS.values() for name in each):
        signal = service.signals.get(name)
        if signal is not None and signal.shared:
            sides = _sides(signal, service)
            levels = tuple(
                (label,) for label in service.segments if all(label in side.labels for side in sides)
            )
            if levels:
                signals.append(replace(signal, levels=levels))
    return signals


def _sides(signal: Signal, service: Service) -> tuple[Stream, ...]:
    """List the streams that must have a segment for a signal by it: with cost that the source reports, that too."""
    reported = service.streams.get(SPENT) if isinstance(signal.kind, Cost) else None
    return tuple(side for side in (signal.of, divisor(signal), reported) if side is not None)


def _own_promises(service: Service, shared: Collection[str]) -> Iterator[Promise]:
    """Find the shares with an objective over a window whose budget the shared rules do not record."""
    for objective in service.objectives.values():
        signal = service.signals[objective.signal]
        is_shared = signal.shared and names.part(signal, "objective_window") in shared
        if objective.window and isinstance(signal.kind, Share) and not is_shared:
            yield Promise(signal, objective.window, signal.kind.budget(objective.bound))


def _budgets(promises: Iterable[Promise], scope: Scope) -> Iterator[Iterable[RecordingRule]]:
    for one in promises:
        yield (*error_budget.service_sides(one.signal, scope), error_budget.recent_days(one, scope))
        yield error_budget.balance(one, scope)


def _windows(
    signals: Iterable[Signal], alerts: Iterable[Alert], service: Service, scope: Scope
) -> Iterator[RecordingRule]:
    measured = tuple(signals)
    for tokens in dict.fromkeys(one.of for one in measured if isinstance(one.kind, Tokens | Cost)):
        yield prices.billed_tokens(tokens, scope, is_listed=bool(service.inclusions))
        if any(isinstance(one.kind, Cost) and one.of == tokens for one in measured):
            yield prices.costs(tokens, service.streams.get(SPENT) if tokens.shared else None, scope)
    windows = list(windows_of(measured))
    for alert in alerts:
        signal = service.signals[alert.signal]
        if isinstance(alert.kind, Unpriced):
            windows.append((signal.of, signal.window))
        if isinstance(alert.kind, Outside):
            windows.append((STREAM, OUTSIDE_WINDOW))
    yield from (events.increase(stream, window, scope) for stream, window in dict.fromkeys(windows))


def _upper(signal: Signal, scope: Scope) -> Iterator[RecordingRule]:
    if isinstance(signal.kind, Quantile):
        yield from events.common_buckets(signal.of, signal.window, (), scope)
        yield events.upper_bounds(signal.of, signal.window, scope)


def _overflow(signal: Signal, alerts: Iterable[Alert], scope: Scope) -> Iterator[RecordingRule]:
    if is_recorded(signal, alerts):
        yield overflow(signal, scope)


def _releases(
    signals: Iterable[Signal], alerts: Iterable[Alert], service: Service, scope: Scope
) -> Iterator[Iterable[RecordingRule]]:
    compared = releases.compared_signals(
        [*signals, *(service.signals[one.signal] for one in alerts if isinstance(one.kind, Regression))],
        alerts,
    )
    if compared:
        pairs = {signal.name: (signal, per) for signal, per in compared}.values()
        timed = is_timed(service.signals.values())
        yield from releases.chains(pairs, service.runs, scope, timed=timed)


def _alerts(service: Service, scope: Scope) -> Iterator[tuple[AlertingRule, ...]]:
    ground = Ground(scope, service.signals, service.runs, service)
    for alert in service.alerts:
        if not alert.shared:
            yield tuple(alerting_rules(alert, ground))


class RuleSet(Struct, frozen=True):
    """The rules of a server."""

    shared: SharedRules
    own: tuple[Compiled, ...]

    @property
    def groups(self) -> tuple[RuleGroup, ...]:
        """All groups; those with alerts contain the records of their bounds, too."""
        own = (group for one in self.own for group in (*one.recording, *one.alerting))
        return (*own, *self.shared.groups)


def rule_set(services: Iterable[Service], library: Library, site: Site) -> RuleSet:
    """Compile all rules of ``services``, with the variants of alerts that some of them have."""
    chosen = tuple(services)
    marks = {mark for service in chosen for mark in service.marks}
    library = library.used_by({service.profile for service in chosen}).marked(marks)
    variants = [variant for service in chosen for variant in service.deviations.variants]
    shared = shared_rules(library, site, variants)
    own = (compile_rules(service, site.of(service), shared.records) for service in chosen)
    return RuleSet(shared, tuple(own))


def alerting_by_service(
    services: Iterable[Service], library: Library, site: Site
) -> Mapping[str, tuple[RuleGroup, ...]]:
    """Find, for each service, the alerting rules that can fire for it: the shared ones in the forms it has, its own.

    The shared rules are the same objects for all services. Those about the health of rules belong to no service.
    """
    services = tuple(services)
    marks = tuple(sorted({mark for service in services for mark in service.marks}))
    ground = ground_of(library, Scope(site))
    compiled: dict[tuple[str, str, str], tuple[AlertingRule, ...]] = {}

    def rules(alert: Alert, variant: str) -> tuple[AlertingRule, ...]:
        key = alert.name, alert.about, variant
        if key not in compiled:
            on = switch(alert.name, variant, ground.scope)
            compiled[key] = tuple(alerting_rules(alert, replace(ground, variant=variant), on, marks))
        return compiled[key]

    by_service = {}
    for service in services:
        shared = tuple(rule for form in _forms(service, library) for rule in rules(*form))
        own = compile_rules(service, site.of(service)).alerting
        by_service[service.name] = (RuleGroup("agent-alerts", site.rule_interval, shared), *own)
    return by_service


def _forms(service: Service, library: Library) -> Iterable[tuple[Alert, str]]:
    """List the shared alerts that a service has, each with the name of its variant, empty for the library's form."""
    has = {(one.name, one.about) for one in service.alerts if one.shared and not one.about_rules}
    varied = {one.alert for one in service.deviations.variants}
    for alert in library.alerts:
        if alert.name not in varied and (alert.name, alert.about) in has:
            yield alert, ""
    for variant in service.deviations.variants:
        yield from ((alert, variant.name) for alert in variant.alerts)
