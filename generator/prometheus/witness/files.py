"""Unit tests of the alerts in promtool's format, for whoever runs them in a CI of their own."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from generator.artifact import Artifact
from generator.model import names
from generator.model.units import HOUR, duration
from generator.prometheus.block_yaml import block_yaml
from generator.prometheus.witness.case import Trial
from generator.prometheus.witness.exposed import Exposed
from generator.prometheus.witness.history import notation
from generator.prometheus.witness.kinds import cases
from generator.promql.expr import aggregate, series

if TYPE_CHECKING:
    from generator.model.alerts import AlertSeverity
    from generator.model.service import Service, Site
    from generator.prometheus.block_yaml import Mapped
    from generator.prometheus.compiled import Compiled
    from generator.prometheus.witness.case import Case, Moment

#: promtool evaluates all rules for every minute of a history: days of it would take most of an hour.
LONGEST = 8 * HOUR


def unit_test_file(service: Service, compiled: Compiled, site: Site) -> Artifact:
    """Write the unit tests of a service."""
    return Artifact(names.tests_path(service.name), _file(service, compiled, site))


def _file(service: Service, compiled: Compiled, site: Site) -> str:
    comment = (
        f"# Unit tests of the alerts of {service.name}, generated from its spec: promtool test rules <this file>\n"
        "# Each says what an alert must do over a history of raw metrics, by what the alert means. Of those that\n"
        f"# need more than {duration(LONGEST)} of history there is one a severity. promtool takes minutes for all;\n"
        "# that of Prometheus 3 tries one alert alone: --run <its name>\n"
    )
    exposed = Exposed(service)
    tests = [
        _test(case, service, site)
        for alert in service.alerts
        for tier in alert.tiers
        for case in shipped(cases(Trial(alert, tier, exposed, site.scrape_interval)))
    ]
    contents: Mapped = {
        "rule_files": [
            f"../../{path}" for path in (names.rules_path(service.name), names.alerts_path(service.name))
        ],
        "evaluation_interval": duration(site.rule_interval),
        # Otherwise the order, and with it what lags behind what, is left to chance.
        "group_eval_order": [group.name for group in (*compiled.recording, *compiled.alerting)],
        "tests": tests,
    }
    return comment + block_yaml(contents)


def shipped(every: tuple[Case, ...]) -> tuple[Case, ...]:
    """Leave out what takes promtool too long, but for the shortest case in which the alert fires."""
    firing = [case for case in every if any(moment.fires for moment in case.moments)]
    shortest = min(firing, key=lambda case: case.seconds, default=None)
    return tuple(case for case in every if case.seconds <= LONGEST or case is shortest)


def _test(case: Case, service: Service, site: Site) -> Mapped:
    written = notation(case.phases, site.scrape_interval)
    asked = _firing(case.alert.name, case.severity, service.name, case.labels)
    return {
        "name": f"{case.alert.name} ({case.severity}) {case.name}",
        "interval": duration(site.scrape_interval),
        "input_series": [{"series": name, "values": values} for name, values in written.items()],
        "promql_expr_test": [_moment(moment, asked) for moment in case.moments],
    }


@lru_cache(maxsize=1024)
def _firing(alert: str, severity: AlertSeverity, service: str, labels: tuple[tuple[str, str], ...]) -> str:
    """Ask for the alert's own series: unlike ``alert_rule_test`` this leaves other alerts' labels alone."""
    firing = {
        "alertname": alert,
        "alertstate": "firing",
        names.SERVICE: service,
        "severity": str(severity),
        **dict(labels),
    }
    return aggregate("count", series("ALERTS", firing).now()).text


def _moment(moment: Moment, asked: str) -> Mapped:
    return {
        "expr": asked,
        "eval_time": duration(moment.seconds),
        "exp_samples": [{"labels": "{}", "value": 1}] if moment.fires else [],
    }
