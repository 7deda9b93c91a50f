"""Rule files: those that all services share, by family, and one small file of each service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.artifact import Artifact
from generator.model import names
from generator.model.rules import RuleFile
from generator.model.units import duration
from generator.prometheus.encode import encode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.model.rules import SharedRules
    from generator.model.service import Service, Site
    from generator.prometheus.compiled import Compiled


def rule_files(service: Service, compiled: Compiled, site: Site) -> tuple[Artifact, ...]:
    """Write a service's own rule files: one of recording rules, and one of alerts where it has alerts of its own."""
    recording = RuleFile(_service_comment(service, site), compiled.recording)
    artifacts = [Artifact(names.rules_path(service.name), encode(recording, service.name))]
    if compiled.alerting:
        comment = (
            f"Alerts that only {service.name} has, generated from its spec: change the spec, not this file.",
        )
        alerting = RuleFile((*comment, *_oldest(site)), compiled.alerting)
        artifacts.append(Artifact(names.alerts_path(service.name), encode(alerting, service.name)))
    return tuple(artifacts)


def own_paths(compiled: Compiled) -> tuple[str, ...]:
    """Name a service's own rule files."""
    alerts = (names.alerts_path(compiled.service),) if compiled.alerting else ()
    return (names.rules_path(compiled.service), *alerts)


def shared_files(rules: SharedRules, site: Site) -> Iterator[Artifact]:
    """Write the rule files that all services share, by family."""
    for family, groups in rules.recording.items():
        file = RuleFile(_shared_comment("Recording rules", family), groups)
        yield Artifact(names.rules_path(names.shared_name(family)), encode(file))
    for family, groups in rules.alerting.items():
        file = RuleFile((*_shared_comment("Alerts", family), *_oldest(site)), groups)
        yield Artifact(names.alerts_path(names.shared_name(family)), encode(file))


def _service_comment(service: Service, site: Site) -> tuple[str, ...]:
    interval, scrape, window = (
        duration(seconds) for seconds in (site.rule_interval, site.scrape_interval, site.raw_window)
    )
    return (
        f"The raw pass and the constants of {service.name}, generated from its spec: change the spec, not this file.",
        "",
        f"Every raw metric is read once, over {window}: a rule interval ({interval}) plus a scrape ({scrape}) tile",
        "time. All else is computed by the shared rules, agent-*.rules.yml and agent-*.alerts.yml.",
    )


def _shared_comment(kind: str, family: str) -> tuple[str, ...]:
    return (
        f"{kind} about all services ({family}), generated from the specs: change the specs, not this file.",
        "They read streams and constants, which each service's own file records. A rule that reads another group is",
        "behind it by up to a rule interval.",
    )


def _oldest(site: Site) -> tuple[str, ...]:
    major, minor = site.oldest_prometheus
    return (
        ()
        if site.keeps_firing
        else (f"Made for Prometheus {major}.{minor} and newer: none has a keep_firing_for.",)
    )
