"""The unit-test files: of the shared alerts by family, and of each service."""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from generator.alerts.burn_rate import burning
from generator.alerts.condition import Ground, watched
from generator.artifact import Artifact
from generator.model import names
from generator.model.rules import AlertingRule, RuleGroup, SharedRules, recording_rules, records_of
from generator.model.streams import MODEL, TOKEN_TYPE
from generator.model.units import duration
from generator.prometheus.block_yaml import Mapped, block_yaml
from generator.prometheus.rule_tests import example
from generator.prometheus.rule_tests.cases import BUDGET_STEP, budget_test, cases, shared_cases, variant_cases
from generator.prometheus.rule_tests.raw import raw_test
from generator.prometheus.rule_tests.sentences import also_fires, texts_where_firing
from generator.prometheus.shared import ERROR_BUDGET, PRICES, family_of
from generator.promql.expr import Series, aggregate, call, series
from generator.promql.syntax import references
from generator.scenarios import LONGEST_CASE, Subject, number_text, samples_of, series_of, values_of
from generator.signals.prices import WITHIN
from generator.streams.scope import Scope

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from generator.alerts.culprit import Events
    from generator.model.alerts import Alert, Variant
    from generator.model.service import Library, Service, Site
    from generator.prometheus.rule_set import Compiled
    from generator.prometheus.rule_tests.sentences import Happened
    from generator.scenarios import Expectation, Phase, TestCase

_SLUG = re.compile(r"[^a-z0-9.]+")
_WORD = re.compile("(?<=[a-z])(?=[A-Z])")
#: The alerts that read no shared record.
_OWN = "own"
#: The number of test cases of a severity for an alert that only one service has.
_CLEAREST = 2


class _SharedFile(Struct, frozen=True):
    family: str
    groups: Sequence[RuleGroup]


class Trial(Struct, frozen=True):
    """A test case of a subject; ``shows`` is whether it is one of the clearest for the alert."""

    subject: Subject
    case: TestCase
    shows: bool

    @property
    def step(self) -> int:
        """The number of rule intervals between two evaluations."""
        return self.case.timeline.interval // self.subject.fixture.site.rule_interval

    @property
    def service(self) -> str:
        """The service of the test case, named after the expected result."""
        case = self.case
        words = f"{_WORD.sub(' ', case.alert.name)} {case.tier.severity} {case.alert.about} {case.name}"
        return _SLUG.sub("-", words.lower()).strip("-")


def shared_tests(
    rules: SharedRules, library: Library, site: Site, variants: Iterable[Variant] = ()
) -> Iterator[Artifact]:
    """Write the unit tests of the shared alerts: a file for each family, one for windows of days, one of prices."""
    of_models: dict[Series, float] = {}
    for family, trials in _by_family(library, site, variants).items():
        alerting = [group for one in _watched(family, rules) for group in rules.alerting[one]]
        for _, part in groupby(sorted(trials, key=lambda one: one.step), key=lambda one: one.step):
            at_once = tuple(part)
            inputs = {one.name for trial in at_once for one in series_of(trial.case.timeline.phases)}
            read = [rule.expr for group in alerting for rule in group.rules]
            needed = _needed_files(read, rules.recording, inputs)
            # The whole price list would take longer to evaluate than all else that a cost depends on.
            prices = _prices(library, at_once) if PRICES in needed else {}
            of_models |= prices
            loaded = [one for one in needed if one != PRICES]
            yield _family_tests(family, at_once, loaded, list(_tests(at_once, site, prices)), rules)
    if of_models:
        yield _price_test(of_models, rules, site)


def _watched(family: str, rules: SharedRules) -> list[str]:
    """List the families with the alerts of a test: the numbers of a variant are partly with the alert itself."""
    both = dict.fromkeys((family.removesuffix(names.VARIANTS), family))
    return [one for one in both if one in rules.alerting]


def _family_tests(
    family: str, trials: Sequence[Trial], loaded: Sequence[str], tests: Sequence[Mapped], rules: SharedRules
) -> Artifact:
    """Write tests whose cases have the same time between two evaluations; ``loaded`` are families of records."""
    watched, step = _watched(family, rules), trials[0].step
    paths = [
        *(names.rules_path(names.shared_name(one)) for one in loaded),
        *(names.alerts_path(names.shared_name(one)) for one in watched),
    ]
    groups = [
        *(group for one in loaded for group in rules.recording[one]),
        *(group for one in watched for group in rules.alerting[one]),
    ]
    interval = step * trials[0].subject.fixture.site.rule_interval
    name = f"{names.shared_name(family)}{names.DAYS if step > 1 else ''}"
    return Artifact(names.tests_path(name), _file(_comment(family), paths, groups, tests, interval))


def budget_tests(rules: SharedRules, library: Library) -> Iterator[Artifact]:
    """Write the unit tests of error budgets; none where no signal has one."""
    signals = burning(library)
    if signals:
        comment = (
            "Unit tests of error budgets, generated from the specs.",
            "Run them with: promtool test rules <this file>",
            "Each service of a test is one case, called after what is left at its end.",
        )
        name, groups = names.shared_name(ERROR_BUDGET), rules.recording[ERROR_BUDGET]
        tests = [budget_test(signal) for signal in signals]
        yield Artifact(
            names.tests_path(name), _file(comment, [names.rules_path(name)], groups, tests, BUDGET_STEP)
        )


def _price_test(prices: Mapping[Series, float], rules: SharedRules, site: Site) -> Artifact:
    """Write the unit test of the prices that other tests have as input."""
    comment = (
        "Unit test of the price list, generated from the specs: of the models that other tests use.",
        "Run it with: promtool test rules <this file>",
    )
    expected: list[Mapped] = [
        {"expr": text, "eval_time": "0s", "exp_samples": [{"labels": text, "value": value}]}
        for text, value in ((price.now().text, value) for price, value in prices.items())
    ]
    test: Mapped = {"interval": duration(site.rule_interval), "promql_expr_test": expected}
    name = names.shared_name(PRICES)
    text = _file(comment, [names.rules_path(name)], rules.recording[PRICES], [test], site.rule_interval)
    return Artifact(names.tests_path(name), text)


def _prices(library: Library, trials: Iterable[Trial]) -> dict[Series, float]:
    """Find the prices of all models in test cases (USD), and the types that count inside others (1)."""
    models = models_of(trials)
    prices = {
        series(names.PRICE, {MODEL: price.model, TOKEN_TYPE: price.token_type}): price.usd
        for price in library.prices
        if price.model in models
    }
    within = {
        series(names.PRICE_WITHIN, {MODEL: model, TOKEN_TYPE: inner, WITHIN: one.token_type}): 1.0
        for one in library.inclusions
        for inner in one.included
        for model in one.models
        if model in models
    }
    return prices | within


def models_of(trials: Iterable[Trial]) -> set[str]:
    """List the models in test cases; events of none have the model ""."""
    loads = (one for trial in trials for one in series_of(trial.case.timeline.phases))
    return {dict(one.labels).get(MODEL, "") for one in loads}


def _by_family(library: Library, site: Site, variants: Iterable[Variant]) -> Mapping[str, list[Trial]]:
    by_family: dict[str, list[Trial]] = {}
    for alert in library.alerts:
        by_family.setdefault(family_of(alert, library.signals), []).extend(trials_of(alert, library, site))
    for variant in {(one.alert, one.name): one for one in variants}.values():
        for alert in variant.alerts:
            family = f"{family_of(alert, library.signals)}{names.VARIANTS}"
            by_family.setdefault(family, []).extend(variant_trials(alert, variant.name, library, site))
    return {family: trials for family, trials in by_family.items() if trials}


def variant_trials(alert: Alert, variant: str, library: Library, site: Site) -> Iterator[Trial]:
    """Show an alert as some service has it, where all of its numbers are written."""
    for subject in example.subjects(alert, library, site):
        for place, case in enumerate(variant_cases(subject, variant)):
            yield Trial(subject, case, place == 0)


def _comment(family: str) -> tuple[str, ...]:
    return (
        f"Unit tests of the alerts about all services ({family}), generated from the specs.",
        "Run them with: promtool test rules <this file>",
        "What services' files record goes in: constants and streams, or what is recorded of these over days. Each",
        "service of a test is one case, called after what must happen to it.",
    )


def service_tests(
    service: Service, compiled: Compiled, shared: SharedRules, site: Site
) -> Iterator[Artifact]:
    """Write the unit tests of a service: of its raw pass and constants, and of the alerts that only it has.

    Those alerts are in a file for each family of shared records: ``promtool`` evaluates all rules that a file names, in
    every step of every test.
    """
    yield Artifact(
        names.tests_path(service.name),
        _file(
            (
                f"Unit tests of the raw pass and the constants of {service.name}, generated from its spec.",
                "Run them with: promtool test rules <this file>",
            ),
            [names.rules_path(service.name)],
            compiled.recording,
            [raw_test(service, site)],
            site.rule_interval,
        ),
    )
    if not compiled.alerting:
        return
    files = _shared_files(shared)
    needed = _needed_by(compiled.alerting, files, compiled.recording)
    by_family: dict[str, list[Trial]] = {}
    for trial in own_trials(service, site):
        if trial.shows and trial.case.timeline.seconds <= LONGEST_CASE:
            read = [one.family for path, one in files.items() if path in needed[trial.case.alert.name]]
            *_, last = (_OWN, *read)
            by_family.setdefault(last, []).append(trial)
    for family, trials in by_family.items():
        loaded = set[str]().union(*(needed[trial.case.alert.name] for trial in trials))
        read_files = {path: one for path, one in files.items() if path in loaded}
        yield _own_tests(service, compiled, family, read_files, trials)


def _shared_files(shared: SharedRules) -> dict[str, _SharedFile]:
    """List the shared files by path, in the order of evaluation; some records stand beside the alerts they serve."""
    rules = ((names.rules_path, shared.recording), (names.alerts_path, shared.alerting))
    return {
        path_of(names.shared_name(family)): _SharedFile(family, groups)
        for path_of, by_family in rules
        for family, groups in by_family.items()
    }


def _needed_by(
    alerting: Iterable[RuleGroup], files: Mapping[str, _SharedFile], own: Sequence[RuleGroup]
) -> dict[str, set[str]]:
    """Find the paths of the shared files that each alert needs, by its name."""
    needed: dict[str, set[str]] = {}
    groups = {path: one.groups for path, one in files.items()}
    for rule in (one for group in alerting for one in group.rules):
        if isinstance(rule, AlertingRule):
            needed.setdefault(rule.alert, set()).update(_needed_files([rule.expr], groups, own=own))
    return needed


def trials_of(alert: Alert, library: Library, site: Site, *, thorough: bool = False) -> Iterator[Trial]:
    """List the test cases of every severity of a shared alert."""
    for subject in example.subjects(alert, library, site, thorough=thorough):
        for place, case in enumerate(shared_cases(subject)):
            yield Trial(subject, case, place == 0)


def _needed_files(
    read: Iterable[str],
    files: Mapping[str, Sequence[RuleGroup]],
    fed: Collection[str] = (),
    own: Iterable[RuleGroup] = (),
) -> list[str]:
    """List the files with the records that expressions read, directly or indirectly, in their order.

    A series in ``fed`` need not be recorded; ``own`` are further groups. Other records of a file may lack their inputs:
    whoever reads a cost needs the prices, and who reads a count of the same family does not.
    """
    written: dict[str, list[str]] = {}
    shared = (group for groups in files.values() for group in groups)
    for rule in recording_rules((*shared, *own)):
        if rule.record not in fed:
            written.setdefault(rule.record, []).append(rule.expr)
    needed: set[str] = set()
    waiting = [*read]
    while waiting:
        known = {reference.name for expr in waiting for reference in references(expr)}
        fresh = (known & written.keys()) - needed
        needed |= fresh
        waiting = [expr for name in fresh for expr in written[name]]
    return [path for path, groups in files.items() if not needed.isdisjoint(records_of(groups))]


def _file(
    comment: Iterable[str],
    paths: Iterable[str],
    groups: Iterable[RuleGroup],
    tests: Sequence[Mapped],
    interval: int,
) -> str:
    contents: Mapped = {
        "rule_files": [f"../{path.removeprefix('prometheus/')}" for path in paths],
        "evaluation_interval": duration(interval),
        # Without it the order is random, and with it the lag between groups.
        "group_eval_order": [group.name for group in groups],
        "tests": tests,
    }
    return "".join(f"# {line}\n" for line in comment) + block_yaml(contents)


def _tests(trials: Sequence[Trial], site: Site, prices: Mapping[Series, float]) -> Iterator[Mapped]:
    """Write one test of all cases, as each step evaluates all rules, and tests of each alert's annotations."""
    yield _cases_test(trials, site, prices)
    for name, of_name in groupby(trials, key=lambda one: one.case.alert.name):
        clearest = [one for one in of_name if _shows(one)]
        for moment in dict.fromkeys(_moment(one).seconds for one in clearest):
            at_once = [one for one in clearest if _moment(one).seconds == moment]
            yield _sentences_test(name, at_once, site, prices)


def _cases_test(trials: Sequence[Trial], site: Site, prices: Mapping[Series, float]) -> Mapped:
    """Test all cases at once, each on its own service."""
    longest = max(_steps(trial.case.timeline.phases) for trial in trials)
    inputs = _constant(prices, longest * trials[0].step)
    for trial in trials:
        phases = trial.case.timeline.phases
        inputs |= _inputs(trial, phases, trial.service, _steps(phases))
    return {
        "name": "each alert fires and resolves",
        "interval": duration(site.rule_interval),
        "input_series": _listed(inputs),
        "promql_expr_test": [
            _expectation(trial, one, trial.service)
            for trial in trials
            for one in trial.case.timeline.expectations
        ],
    }


def own_trials(service: Service, site: Site) -> Iterator[Trial]:
    """List the test cases of the alerts that only a service has; the clearest come first in each severity."""
    fixture = example.own_fixture(service, site)
    for alert in service.alerts:
        if not alert.shared:
            for tier in alert.tiers:
                subject = Subject(alert, tier, fixture)
                for place, case in enumerate(cases(subject)):
                    labels = {**_segment(alert, service), **dict(case.labels)}
                    one = replace(case, labels=tuple(labels.items()))
                    yield Trial(subject, one, place < _CLEAREST)


def _segment(alert: Alert, service: Service) -> dict[str, str]:
    """Distinguish an alert from those of its name about other segments, or about the whole service."""
    others = {one.by: "" for one in service.alerts if one.name == alert.name and one.by and one.only}
    return {**others, **watched(alert)}


def _own_tests(
    service: Service,
    compiled: Compiled,
    family: str,
    files: Mapping[str, _SharedFile],
    trials: Sequence[Trial],
) -> Artifact:
    """Write the tests of own alerts that need these shared files, by path, of which ``family`` names the last."""
    site = trials[0].subject.fixture.site
    comment = (
        f"Unit tests of the alerts that only {service.name} has ({family}), generated from its spec.",
        "Run them with: promtool test rules <this file>",
    )
    paths = [names.rules_path(service.name), *files, names.alerts_path(service.name)]
    # Their input is streams, so that own signals come after their inputs.
    shared = (group for one in files.values() for group in one.groups)
    groups = [*shared, *compiled.recording, *compiled.alerting]
    tests = [_own_test(trial, service, site) for trial in trials]
    path = names.own_tests_path(service.name, family)
    return Artifact(path, _file(comment, paths, groups, tests, site.rule_interval))


def _own_test(trial: Trial, service: Service, site: Site) -> Mapped:
    """Write a test of one case; as all happen to one service, promtool takes long for each."""
    phases = trial.case.timeline.phases
    inputs = _inputs(trial, phases, service.name, _steps(phases))
    return {
        "name": f"{trial.case.alert.name} ({trial.case.tier.severity}) {trial.case.name}",
        "interval": duration(site.rule_interval),
        "input_series": _listed(inputs),
        "promql_expr_test": [
            _expectation(trial, one, service.name) for one in trial.case.timeline.expectations
        ],
    }


def _listed(inputs: Mapping[str, str]) -> list[Mapped]:
    return [{"series": name, "values": values} for name, values in inputs.items()]


def _steps(phases: Iterable[Phase]) -> int:
    return sum(phase.steps for phase in phases)


def _inputs(trial: Trial, phases: tuple[Phase, ...], service: str, steps: int) -> dict[str, str]:
    """Write the records of a service's file: constants for ``steps`` evaluations, and streams."""
    constants = {**trial.subject.fixture.constants, **dict(trial.case.constants)}
    return {
        **{
            name.of(service): f"{number_text(value)}x{steps * trial.step}"
            for name, value in constants.items()
            if name not in trial.case.without
        },
        **{name.of(service): values_of(phases, name, trial.step) for name in series_of(phases)},
    }


def _constant(fed: Mapping[Series, float], intervals: int) -> dict[str, str]:
    return {name.now().text: f"{number_text(value)}x{intervals}" for name, value in fed.items()}


def _expectation(trial: Trial, one: Expectation, service: str) -> Mapped:
    """Query the alert's own series; unlike ``alert_rule_test``, this ignores those of other services."""
    firing = {
        "alertname": trial.case.alert.name,
        "alertstate": "firing",
        names.SERVICE: service,
        "severity": str(trial.case.tier.severity),
        **dict(trial.case.labels),
    }
    alerts = series("ALERTS", firing)
    # One second less: the first instant belongs to the phase before.
    query = (
        alerts.now()
        if one.since is None
        else call("count_over_time", alerts.over(one.seconds - one.since - 1))
    )
    return {
        "expr": aggregate("count", query).text,
        "eval_time": duration(one.seconds),
        "exp_samples": [{"labels": "{}", "value": 1}] if one.fires else [],
    }


def _moment(trial: Trial) -> Expectation:
    """Find the time at which a case fires with a known value."""
    return next(one for one in trial.case.timeline.expectations if one.value is not None)


def _shows(trial: Trial) -> bool:
    return trial.shows and any(one.value is not None for one in trial.case.timeline.expectations)


def _sentences_test(name: str, trials: Sequence[Trial], site: Site, prices: Mapping[Series, float]) -> Mapped:
    """Test the labels and annotations of all alerts of one name where they fire."""
    alerts: list[Mapped] = []
    moment = _moment(trials[0]).seconds
    inputs = _constant(prices, moment // site.rule_interval)
    for trial in trials:
        service = _example(trial, trials)
        phases = trial.case.timeline.until(moment)
        inputs |= _inputs(trial, phases, service, _steps(phases))
        alerts += _annotations(trial, service)
    return {
        "name": f"{name} says what is wrong",
        "interval": duration(site.rule_interval),
        "input_series": _listed(inputs),
        "alert_rule_test": [{"eval_time": duration(moment), "alertname": name, "exp_alerts": alerts}],
    }


def _example(trial: Trial, beside: Sequence[Trial]) -> str:
    """Name the service of a sentence after its differences from the others in the same test."""
    parts_of_each = [(one.case.alert.about, str(one.case.tier.severity)) for one in beside]
    mine = trial.case.alert.about, str(trial.case.tier.severity)
    distinct = [
        part
        for part, parts in zip(mine, zip(*parts_of_each, strict=True), strict=True)
        if len(set(parts)) > 1
    ]
    return _SLUG.sub("-", "-".join((example.NAME, *distinct)).lower())


def _happened(trial: Trial) -> Happened:
    """Count the events of a case up to its moment."""
    phases, fixture = trial.case.timeline.until(_moment(trial).seconds), trial.subject.fixture

    def happened(events: Events) -> Iterator[tuple[Mapping[str, str], float]]:
        # A derived stream has events where the stream that it is derived from has some.
        stream = next(one for one in fixture.streams.values() if events.stream.name.startswith(one.name))
        name = names.rate(stream if events.stream.derived else events.stream)
        samples = int(events.window // fixture.site.rule_interval)
        for one in series_of(phases):
            if one.name == name:
                values = samples_of(phases, one, trial.step)[-samples:]
                yield dict(one.labels), sum(value or 0.0 for value in values) * fixture.site.rule_interval

    return happened


def _annotations(trial: Trial, service: str) -> Iterator[Mapped]:
    subject, case = trial.subject, trial.case
    value = _moment(trial).value or 0.0
    alert = replace(case.alert, tiers=tuple(also_fires(subject, value)))
    labels = {
        names.SERVICE: service,
        names.OWNER: example.OWNER,
        # Alerts about the rules themselves have no owner.
        **({} if alert.about_rules else subject.fixture.marks),
        names.SIGNAL: alert.signal,
        **subject.labels,
        **dict(case.labels),
    }
    fixture = subject.fixture
    ground = Ground(Scope(fixture.site), fixture.signals, fixture.runs)
    for firing, text in texts_where_firing(
        alert, ground, labels, value, {"logs": example.LINK}, _happened(trial)
    ):
        present = {name: label for name, label in firing.items() if label}
        yield {"exp_labels": present, "exp_annotations": text}
