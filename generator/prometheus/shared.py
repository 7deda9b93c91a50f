"""The shared rule files: one rule set for all services, in files by family, each chain in order.

Everything here is made from the library, the profiles and the site, and from the variants of alerts in use.
"""

from __future__ import annotations

from functools import partial, reduce
from typing import TYPE_CHECKING

from msgspec.structs import replace

from generator.alerts import burn_rate, hours
from generator.alerts.burn_rate import burning
from generator.alerts.condition import Ground, changed
from generator.alerts.overflow import is_recorded
from generator.alerts.registry import alert_records
from generator.alerts.rules import alerting_rules, bound_rules, variant_bounds
from generator.memory import lately, read_back
from generator.model import names
from generator.model.alerts import OUTSIDE_WINDOW, BurnRate, Forecast, Regression, Threshold, Unpriced
from generator.model.outside import STREAM
from generator.model.rules import RecordingRule, Rule, SharedRules, recording_rules, split
from generator.model.signals import Better, Cost, Quantile, Tokens
from generator.model.streams import COST, RUN_LATENCY, TOKEN_TYPE
from generator.promql.expr import Expr, aggregate, any_of, binary, labelled, number, vector
from generator.signals import board, error_budget, events, prices, releases
from generator.signals.error_budget import Promise
from generator.signals.quantile import is_timed, overflow, run_length
from generator.signals.ratio import unfinished
from generator.signals.registry import records
from generator.signals.registry import windows as windows_of
from generator.streams.scope import Scope, distinct, grouped, join, largest, rule, without_recorded

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from generator.model.alerts import Alert, Variant
    from generator.model.rules import RuleGroup
    from generator.model.service import Library, Objective, ProfileFacts, Site
    from generator.model.signals import Signal

Rules = tuple["RecordingRule", ...]

#: The families of shared files; a unit test loads only those that it needs.
SERVICES, PRICES, STREAMS, RUN, LATENCY, BUDGET, ERROR_BUDGET, TOOLS, COSTS, RELEASES, STATUS = names.FAMILIES
_OF_LAYER = {"run": RUN, "stop_reasons": RUN, "tools": TOOLS, "cost": COSTS}


def shared_rules(library: Library, site: Site, variants: Iterable[Variant] = ()) -> SharedRules:
    """Compile the rules that all services share, and the variants of alerts that some of them have.

    Rules without variants are the same object for equal inputs, since what is inferred of it is kept beside it.
    """

    def make() -> SharedRules:
        return read_back(_rules(library, site), SharedRules)

    rules = lately("shared rules", make, replace(library, origins={}), site)
    every = tuple(variants)
    return with_variants(rules, every, library, site) if every else rules


def _rules(library: Library, site: Site) -> SharedRules:
    scope = Scope(site)
    ground = ground_of(library, scope)
    streams = _streams(library, scope)
    # A stream without labels is a level by itself.
    recorded = {one.record for one in streams}
    recording = {
        SERVICES: _chains(SERVICES, _services(library, scope), site),
        PRICES: _chains(
            PRICES, [(one,) for one in prices.constants(library.prices, library.inclusions)], site
        ),
        STREAMS: _chains(STREAMS, [streams], site),
        RUN: _counters(RUN, library, ground, recorded),
        LATENCY: _histograms(library, scope, recorded),
        BUDGET: _chains(BUDGET, _budgets(library, scope), site),
        ERROR_BUDGET: tuple(_error_budgets(library, scope)),
        **{family: _counters(family, library, ground, recorded) for family in (TOOLS, COSTS)},
        RELEASES: _chains(RELEASES, _releases(library, scope), site),
        STATUS: _chains(STATUS, _status(library, scope), site),
    }
    watched = (SERVICES, RUN, LATENCY, BUDGET, TOOLS, COSTS, RELEASES)
    rules = SharedRules(tuple(library.streams.values()), library.marks, _filled(recording), {})
    alerting = {family: _alerts(family, library, ground, rules.records) for family in watched}
    return replace(rules, alerting=_filled(alerting))


def ground_of(library: Library, scope: Scope) -> Ground:
    """Collect the inputs of the shared alerts."""
    signals = library.signals
    compared = frozenset(
        signal.name for signal, _ in releases.compared_signals(signals.values(), library.alerts)
    )
    return Ground(scope, signals, library.runs, compared=compared)


def _filled(groups: Mapping[str, tuple[RuleGroup, ...]]) -> dict[str, tuple[RuleGroup, ...]]:
    return {family: found for family, found in groups.items() if found}


def _chains(name: str, chains: Iterable[Sequence[Rule]], site: Site) -> tuple[RuleGroup, ...]:
    return tuple(split(names.shared_name(name), chains, site.rule_interval))


def family_of(alert: Alert, signals: Mapping[str, Signal]) -> str:
    """Find the family whose files contain an alert."""
    if isinstance(alert.kind, Regression):
        return RELEASES
    if isinstance(alert.kind, BurnRate):
        return BUDGET
    if alert.about or not alert.about_signal:
        return SERVICES
    signal = signals[alert.signal]
    return LATENCY if signal.of.is_histogram else _OF_LAYER[signal.layer]


# Facts of services and profiles.


def _services(library: Library, scope: Scope) -> Iterator[Rules]:
    for profile in library.profiles:
        yield tuple(_of_profile(profile))
    yield (known(scope, library.marks),)
    yield (hours.due(scope),)
    for signal in library.signals.values():
        if signal.better is not Better.NEITHER:
            yield tuple(_objective(signal, library, scope))


def _of_profile(profile: ProfileFacts) -> Iterator[RecordingRule]:
    """Record the metric that feeds each stream, and the values of each label."""
    here = {names.PROFILE: profile.name}
    emitted = {} if profile.emitted_here else {names.EMITTED: names.ELSEWHERE}
    if profile.feeds:
        arms = (
            labelled(labelled(vector(), names.STREAM, stream), names.METRIC, metric)
            for stream, metric in profile.feeds.items()
        )
        yield rule(names.PROFILE_STREAM, any_of(list(arms)), **here, **emitted)
    for label, values in profile.values.items():
        listed = any_of([labelled(vector(), label, value) for value in values])
        yield rule(names.PROFILE_LABEL_VALUE, listed, **here, **{names.LABEL: label})
    if profile.includes:
        yield rule(names.PROFILE_WITHIN, prices.inclusions(profile.includes), **here)
    for label, most in profile.max_live.items():
        yield rule(names.PROFILE_LABEL_MAX, vector(most), **here, **{names.LABEL: label})


def known(scope: Scope, marks: tuple[str, ...] = ()) -> RecordingRule:
    """Record each service once, whatever its file contains: two owners count as none, and so do two profiles.

    ``marks`` are further labels of alerts; where a file gives two values of one, the service has none of them.
    """
    info = scope.written(names.INFO).now()

    def single(labels: tuple[str, ...]) -> Expr:
        groups = grouped(info, labels)
        count = aggregate("count", groups, (names.SERVICE,))
        return join("and", groups, binary("==", count, number(1)))

    identity = (names.OWNER, names.PROFILE)
    from_most = [(*identity, *marks), identity, (names.PROFILE,)] if marks else [identity, (names.PROFILE,)]
    services = reduce(partial(join, "or"), map(single, from_most))
    return rule(names.KNOWN, join("or", services, grouped(info)))


def _objective(signal: Signal, library: Library, scope: Scope) -> Iterator[RecordingRule]:
    """Record the objective of each service for a signal: from its file, else from its profile."""
    written = scope.written(names.OBJECTIVE, **{names.SIGNAL: signal.name}).now()
    defaults = {
        profile.name: profile.objectives[signal.name]
        for profile in library.profiles
        if signal.name in profile.objectives
    }
    value = _or_default(written, largest(written), {name: one.bound for name, one in defaults.items()}, scope)
    name = names.part(signal, "objective")
    yield rule(name, value)
    if signal in burning(library):
        yield from _budget(signal, defaults, scope)


def _budget(signal: Signal, defaults: Mapping[str, Objective], scope: Scope) -> Iterator[RecordingRule]:
    """Record the window of an objective, and the share of events that may be bad; none without a window."""
    written = scope.written(names.OBJECTIVE, **{names.SIGNAL: signal.name}).now()
    window = largest(scope.written(names.OBJECTIVE_WINDOW, **{names.SIGNAL: signal.name}).now())
    windows = {name: float(one.window) for name, one in defaults.items() if one.window}
    yield rule(names.part(signal, "objective_window"), _or_default(written, window, windows, scope))
    objective = scope.record(names.part(signal, "objective")).now()
    has_window = scope.record(names.part(signal, "objective_window")).now()
    good = bool(getattr(signal.kind, "good", False))
    bad = number(1) - objective if good else objective
    yield rule(burn_rate.budget_name(signal), join("and", bad, has_window))


def _or_default(written: Expr, value: Expr, defaults: Mapping[str, float], scope: Scope) -> Expr:
    """Take the value of a service's file; a profile's default counts only where the file does not name the signal."""
    by_value: dict[float, list[str]] = {}
    for name, default in defaults.items():
        by_value.setdefault(default, []).append(name)
    result = value
    for default, profiles in by_value.items():
        of_them = scope.record(names.KNOWN).one_of(names.PROFILE, profiles).now()
        quiet = join("unless", grouped(of_them), grouped(written))
        result = join("or", result, number(default) * quiet)
    return result


# Streams, signals, releases.


def _streams(library: Library, scope: Scope) -> Rules:
    """Derive billed tokens and their cost, and sum all counters over their windows, at one instant."""
    signals = tuple(library.signals.values())
    tokens = {one.of.name: one.of for one in signals if isinstance(one.kind, Tokens | Cost)}
    is_listed = bool(library.inclusions)
    spent = next((one for one in library.streams.values() if one.stem == COST), None)
    rules = [
        one
        for stream in tokens.values()
        for one in (
            *((prices.stray_types(stream, scope),) if TOKEN_TYPE in stream.kept else ()),
            prices.billed_tokens(stream, scope, library.profiles, is_listed=is_listed),
            prices.costs(stream, spent, scope),
        )
    ]
    windows = [(stream, window) for stream, window in windows_of(signals) if not stream.is_histogram]
    windows += [
        (library.signals[alert.signal].of, library.signals[alert.signal].window)
        for alert in library.alerts
        if isinstance(alert.kind, Unpriced)
    ]
    rules += [events.increase(stream, window, scope) for stream, window in dict.fromkeys(windows)]
    rules.append(events.increase(STREAM, OUTSIDE_WINDOW, scope))
    rules += [one for signal in burning(library) for one in error_budget.service_sides(signal, scope)]
    return tuple(distinct(rules))


def _counters(family: str, library: Library, ground: Ground, recorded: set[str]) -> tuple[RuleGroup, ...]:
    """Record the signals of a family that are computed from counters."""
    scope = ground.scope
    signals = [one for one in library.signals.values() if _OF_LAYER[one.layer] == family]
    looping = {
        one.signal for one in library.alerts if isinstance(one.kind, Threshold) and one.kind.unfinished
    }
    counters = [
        (*records(one, scope), *((unfinished(one, scope),) if one.name in looping else ()))
        for one in signals
        if not one.of.is_histogram
    ]
    return (
        *_distinct(family, counters, recorded, scope.site),
        *_distinct(f"{family}-forecast", _forecasts(family, library, ground), recorded, scope.site),
    )


def _histograms(library: Library, scope: Scope, recorded: set[str]) -> tuple[RuleGroup, ...]:
    """Record the signals of a histogram in a group of its own: quantiles cost more than all other rules."""
    signals = [one for one in library.signals.values() if one.of.is_histogram]
    streams = {one.of.name: one.of for one in signals}
    return tuple(
        group
        for name, stream in streams.items()
        for group in _distinct(
            f"{LATENCY}-{name.replace('_', '-')}",
            [_histogram([one for one in signals if one.of == stream], library, scope)],
            recorded,
            scope.site,
        )
    )


def _distinct(
    name: str, chains: Iterable[Iterable[RecordingRule]], recorded: set[str], site: Site
) -> Iterator[RuleGroup]:
    """Split chains into groups, leaving out records that are already in the file."""
    yield from _chains(name, without_recorded(chains, recorded), site)


def _histogram(signals: Sequence[Signal], library: Library, scope: Scope) -> Iterator[RecordingRule]:
    stream = signals[0].of
    for window in dict.fromkeys(one.window for one in signals):
        yield events.increase(stream, window, scope)
    yield from events.common_buckets(stream, signals[0].window, (), scope)
    yield events.upper_bounds(stream, signals[0].window, scope)
    overflowing = [one for one in signals if is_recorded(one, library.alerts)]
    for signal in signals:
        yield from records(signal, scope)
        if signal in overflowing:
            yield overflow(signal, scope)
    quantiles = {one.kind.q: one for one in signals if isinstance(one.kind, Quantile)}
    if stream.name == RUN_LATENCY and quantiles:
        q = max(quantiles)
        yield run_length(quantiles[q], q, overflowing[0] if overflowing else None, scope)


def _budgets(library: Library, scope: Scope) -> Iterator[Rules]:
    chains = (
        error_budget.burn_over(library.signals[alert.signal], window, scope)
        for alert in library.alerts
        if isinstance(alert.kind, BurnRate)
        for window in burn_rate.pace_windows(alert)
    )
    return without_recorded(chains, set())


def _error_budgets(library: Library, scope: Scope) -> Iterator[RuleGroup]:
    """Record the rest of error budgets; finished days are copied once an hour."""
    promises = [
        Promise(
            signal,
            scope.record(names.part(signal, "objective_window")).now(),
            scope.record(burn_rate.budget_name(signal)).now(),
        )
        for signal in burning(library)
    ]
    summed = [(error_budget.recent_days(one, scope),) for one in promises]
    yield from _chains(ERROR_BUDGET, [error_budget.calendar(), *summed], scope.site)
    days = names.shared_name(f"{ERROR_BUDGET}{names.DAYS}")
    yield from copies(days, (error_budget.finished(one, scope) for one in promises), scope.site)
    yield from _chains(
        f"{ERROR_BUDGET}-left", [error_budget.balance(one, scope) for one in promises], scope.site
    )


def copies(name: str, rules: Iterable[RecordingRule], site: Site) -> Iterator[RuleGroup]:
    """Group the rules that copy finished days."""
    yield from split(name, [(one,) for one in rules], max(error_budget.COPIED, site.rule_interval))


def _forecasts(family: str, library: Library, ground: Ground) -> Iterator[Rules]:
    for alert in library.alerts:
        signal = library.signals[alert.signal]
        if isinstance(alert.kind, Forecast) and _OF_LAYER[signal.layer] == family:
            yield tuple(alert_records(alert, ground))


def _releases(library: Library, scope: Scope) -> list[Rules]:
    compared = releases.compared_signals(library.signals.values(), library.alerts)
    if not compared or library.runs is None:
        return []
    timed = is_timed(library.signals.values())
    return list(without_recorded(releases.chains(compared, library.runs, scope, timed=timed), set()))


def _status(library: Library, scope: Scope) -> list[Rules]:
    rows = (board.board_row(one, scope, library.alerts) for one in library.signals.values())
    return [*rows, board.status_records(library.alerts, scope)]


# Alerts.


def _alerts(family: str, library: Library, ground: Ground, shared: Collection[str]) -> tuple[RuleGroup, ...]:
    """Build a family's alerts, each after its bounds; few groups, since rulers limit their number for a tenant.

    Of the records of an alert, those that are ``shared`` are in the files of records.
    """
    chains: list[Sequence[Rule]] = []
    bounded: set[str] = set()
    recorded = set(shared)
    for alert in library.alerts:
        if family_of(alert, library.signals) == family:
            bounds = [] if alert.name in bounded else list(bound_rules(alert, ground.scope))
            bounded.add(alert.name)
            # Where the rules themselves are broken, the set of services may be unknown as well.
            on = None if alert.about_rules else switch(alert.name, "", ground.scope)
            read = list(distinct(alert_records(alert, ground), recorded))
            recorded.update(one.record for one in read if not one.labels)
            rules = alerting_rules(alert, ground, on, library.marks)
            chains.append((*bounds, *read, *rules))
    return _chains(f"{family}-alerts", chains, ground.scope.site)


def switch(alert: str, variant: str, scope: Scope) -> Expr:
    """Find the services that have an alert in the library's form, or in a variant."""
    everyone = scope.record(names.KNOWN).now()
    return join("and" if variant else "unless", everyone, changed(alert, variant, scope))


def with_variants(
    rules: SharedRules, variants: Iterable[Variant], library: Library, site: Site
) -> SharedRules:
    """Add the alerts that have another form in some service, in separate files."""
    ground = ground_of(library, Scope(site))
    return replace(rules, alerting={**rules.alerting, **_variants(variants, library, ground, rules)})


def _variants(
    variants: Iterable[Variant], library: Library, ground: Ground, rules: SharedRules
) -> dict[str, tuple[RuleGroup, ...]]:
    """Build the variants; those of one name differ only in numbers, which services' files record."""
    by_family: dict[str, list[Sequence[Rule]]] = {}
    written = set(map(_key, recording_rules(rules.groups)))
    by_name = {(one.alert, one.name): one for one in variants}
    for _, variant in sorted(by_name.items()):
        for alert in variant.alerts:
            promised = ground.signal(alert).better is not Better.NEITHER
            bounds = variant_bounds(alert, ground.scope, promised=promised)
            formed = replace(ground, variant=variant.name)
            own = (*bounds, *alert_records(alert, formed))
            fresh = [one for one in own if _key(one) not in written]
            written.update(map(_key, fresh))
            on = switch(alert.name, variant.name, ground.scope)
            family = f"{family_of(alert, library.signals)}{names.VARIANTS}"
            alerting = alerting_rules(alert, formed, on, library.marks)
            by_family.setdefault(family, []).append((*fresh, *alerting))
    return {family: _chains(family, chains, ground.scope.site) for family, chains in by_family.items()}


def _key(one: RecordingRule) -> tuple[str, tuple[tuple[str, str], ...]]:
    return one.record, tuple(sorted(one.labels.items()))
