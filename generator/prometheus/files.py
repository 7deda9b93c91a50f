"""Rule files: one of recording and one of alerting rules for each service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.artifact import Artifact
from generator.model import names
from generator.model.units import duration
from generator.prometheus.encode import encode
from generator.prometheus.rules import RuleFile

if TYPE_CHECKING:
    from generator.model.service import Service, Site
    from generator.prometheus.compiled import Compiled


def rule_files(service: Service, compiled: Compiled, site: Site) -> tuple[Artifact, ...]:
    """Write the rule files of a service."""
    recording = RuleFile(_recording_comment(service, site), compiled.recording)
    alerting = RuleFile(_alerting_comment(service, site), compiled.alerting)
    return (
        Artifact(names.rules_path(service.name), encode(recording, service.name)),
        Artifact(names.alerts_path(service.name), encode(alerting, service.name)),
    )


def _recording_comment(service: Service, site: Site) -> tuple[str, ...]:
    interval, scrape, window = (
        duration(seconds) for seconds in (site.rule_interval, site.scrape_interval, site.raw_window)
    )
    return (
        f"Recording rules of {service.name}, generated from its spec: change the spec, not this file.",
        "",
        f"Every raw metric is read once, over {window}: a rule interval ({interval}) plus a scrape ({scrape}) tile",
        "time. All else is computed from these sums, in order within a group. What reads another group is behind",
        "it by up to a rule interval: ratios per run, releases, and the status board.",
    )


def _alerting_comment(service: Service, site: Site) -> tuple[str, ...]:
    major, minor = site.oldest_prometheus
    older = (f"Made for Prometheus {major}.{minor} and newer: none has a keep_firing_for.",)
    return (
        f"Alerting rules of {service.name}, generated from its spec: change the spec, not this file.",
        "They read recorded signals only, so an alert and the panel beside it cannot disagree.",
        *(() if site.keeps_firing else older),
    )
