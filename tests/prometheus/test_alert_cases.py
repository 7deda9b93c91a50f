"""Every alert at its bounds: fires just beyond, is silent just inside, with too little traffic, after its ``for``.

The cases are those that ship as unit tests with the rules. Here a real Prometheus computes them from streams.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import pytest

from generator.live.errors import LiveError
from generator.live.server import prometheus_server
from generator.prometheus.rule_tests.files import trials_of
from generator.prometheus.shared import shared_rules
from tests.models import SPECS, model_of
from tests.prometheus.alert_mutations import alert_mutants
from tests.prometheus.trials import rules_of, try_out

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.model.rules import AlertingRule
    from generator.model.service import Model
    from tests.prometheus.trials import Tried

pytestmark = pytest.mark.long


class TriedTier(NamedTuple):
    """The alerts of one name and severity, and the interval of their cases in rule intervals.

    A query costs as much as there are services, and no case is about two severities: so each has its own server.
    """

    name: str
    every: int
    severity: str


def _tiers() -> Iterator[TriedTier]:
    model = model_of(SPECS)
    for alert in model.library.alerts:
        for trial in trials_of(alert, model.library, model.site):
            yield TriedTier(alert.name, trial.step, str(trial.case.tier.severity))


def tried_tiers() -> tuple[TriedTier, ...]:
    """List the severities of the shared alerts, each with the intervals of its cases."""
    return tuple(dict.fromkeys(_tiers()))


@pytest.fixture(scope="module", params=tried_tiers(), ids=lambda one: "-".join(map(str, one)))
def tried(request: pytest.FixtureRequest, prometheus: object, model: Model) -> Iterator[Tried]:  # noqa: ARG001
    """All cases of the alerts of one name and severity, computed on a server of their own."""
    with tried_out(request.param, model) as found:
        yield found


@contextmanager
def tried_out(tier: TriedTier, model: Model) -> Iterator[Tried]:
    """Compute all cases of a severity of the alerts of one name."""
    alerts = [alert for alert in model.library.alerts if alert.name == tier.name]
    found = [
        (alert.signal, tuple(trials_of(alert, model.library, model.site, thorough=True))) for alert in alerts
    ]
    trials = [
        trial
        for _, each in found
        for trial in each
        if (trial.step, str(trial.case.tier.severity)) == (tier.every, tier.severity)
    ]
    # An alert on a stream without a profile here cannot be tested.
    untried = {signal for signal, _ in found} - {signal for signal, each in found if each}
    groups = shared_rules(model.library, model.site).groups
    with prometheus_server() as server:
        rules = [
            rule
            for rule in rules_of(groups, tier.name)
            if rule.labels["severity"] == tier.severity and rule.labels["signal"] not in untried
        ]
        yield try_out(server.api, trials, groups, rules)


def test_an_alert_does_what_it_must(tried: Tried) -> None:
    every = [one for trial in tried.trials for one in trial.case.timeline.expectations]
    assert any(one.fires for one in every)
    assert any(not one.fires for one in every)
    assert tried.contradictions() == []


def test_a_wrong_version_of_an_alert_is_caught(tried: Tried, model: Model) -> None:
    groups = shared_rules(model.library, model.site).groups
    survivors = [
        f"{place}: {mistake}"
        for place in range(len(tried.rules))
        for mistake, wrong in alert_mutants(tried.rules[place], groups)
        if not caught(tried, place, wrong)
        and not is_unseen(tried.rules[place].alert, mistake, every=tried.trials[0].step)
    ]
    assert not survivors, "\n".join(survivors)


def caught(tried: Tried, place: int, wrong: AlertingRule) -> bool:
    """Return whether some case contradicts the alert with one of its rules replaced by a wrong version."""
    try:
        return tried.is_contradicted(place, wrong)
    except LiveError:
        return True


#: The prefixes of versions of an alert that do not need five errors too many, in a window and in the longer ones.
_TOO_FEW_ERRORS = tuple(
    f"dropped  and on (service, model) model:agent_llm_errors_per_run:{bad} - on (service) group_left () "
    f"service:agent_{every} * on (service) group_left () max by (service) (service:agent_alert:bound{{"
    'alert="AgentLLMErrorRateHigh",part="bound",severity="warning"}) >= on (service)'
    for bad, every in (
        ("numerator", "run:increase15m"),
        *((f"bad{window}", f"llm_errors_per_run:all{window}") for window in ("45m", "1h30m", "3h")),
    )
)
#: Versions that no case can distinguish from the right one: an alert's name, and the prefix of the mistake.
UNSEEN = (
    # The counts stay in the window for 15 minutes: they are above the bound for longer than its ``for``.
    ("AgentTokensUnread", "no for"),
    # With ten runs and more, five errors too many are no more than chance explains.
    *(("AgentLLMErrorRateHigh", begin) for begin in _TOO_FEW_ERRORS),
    # No run was beyond the bucket before, so the time of comparison does not matter.
    ("AgentLatencyP95Rising", "no offset 30m"),
    ("AgentLatencyP95Rising", "dropped  and on (service, le) le:agent_run_latency:upper"),
    # No profile lists their values.
    *(
        ("AgentUndeclaredLabelValue", f"dropped  unless on (service, {label}) (group by")
        for label in ("release", "tool", "model")
    ),
)


#: The same for cases over days, where cases of minutes detect the mistake.
UNSEEN_OVER_DAYS = (
    ("AgentMetricAbsent", "dropped  unless on (service) service:agent_alert:variant"),
    ("AgentMetricAbsent", "dropped  unless on (service) service:agent_traffic:due"),
    ("AgentMetricAbsent", "not the last stream:agent_run:rate"),
    *(
        ("AgentMetricAbsent", begin)
        for begin in (
            "dropped  and on (service) (group by (service) (group by (service, profile) (service:agent_known:info)",
            "dropped  unless on (service) sum by (service) (service:agent_scraped:series",
            "comparison > 0",
            "not the last service:agent_scraped:series",
        )
    ),
)


def is_unseen(alert: str, mistake: str, *, every: int = 1) -> bool:
    """Whether no case can distinguish a wrong version from the right one."""
    unseen = UNSEEN + (UNSEEN_OVER_DAYS if every > 1 else ())
    return any(alert == name and mistake.startswith(begin) for name, begin in unseen)
