"""Rule files: those that all services share, by family, a small one of each service, and the list of each shard's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.artifact import Artifact
from generator.model import names
from generator.model.rules import RecordingRule, Rule, RuleFile, RuleGroup, SharedRules
from generator.model.units import duration
from generator.prometheus.block_yaml import Mapped, block_yaml
from generator.promql.layout import layout_alike

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from generator.model.service import Service, Site
    from generator.prometheus.rule_set import Compiled

_COMMENT = """\
# The rule files of the Prometheus of shard {shard}, by their paths below output/prometheus: those about all services,
# and those of the services that it scrapes. Generated from the specs: change site.yaml, not this file.
"""
_FOLDER = "prometheus/"


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
    joined = any(label.joined for label in service.labels.values())
    instances = (
        (f"A second read of a metric finds the instances without {names.TARGET_INFO}.",) if joined else ()
    )
    return (
        f"The raw pass and the constants of {service.name}, generated from its spec: change the spec, not this file.",
        "",
        f"Every raw metric is read once, over {window}: a rule interval ({interval}) plus a scrape ({scrape}) tile",
        "time. All else is computed by the shared rules, agent-*.rules.yml and agent-*.alerts.yml.",
        *instances,
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


def shard_files(
    shared: Iterable[str], of_services: Mapping[str, Sequence[str]], site: Site
) -> Iterator[Artifact]:
    """Write the list of each shard's files.

    Args:
        shared: The paths of the shared rule files.
        of_services: The paths of each service's own rule files, by its name.
        site: The shards.
    """
    common = sorted(path.removeprefix(_FOLDER) for path in shared)
    for shard in site.shards:
        own = [path.removeprefix(_FOLDER) for name in shard.services for path in of_services[name]]
        text = _COMMENT.format(shard=shard.name) + block_yaml({"rule_files": [*common, *sorted(own)]})
        yield Artifact(names.shard_path(shard.name), text)


def encode(file: RuleFile, service: str = "") -> str:
    """Write a rule file; the same value gives the same bytes.

    Args:
        file: The rules.
        service: The name that they are about: rules of other services are laid out alike.

    Raises:
        PromqlError: an expression does not parse.
    """
    comment = "".join(f"# {line}".rstrip() + "\n" for line in file.comment)
    return comment + block_yaml({"groups": [_group(group, service) for group in file.groups]})


def _group(group: RuleGroup, service: str) -> Mapped:
    rules = [_rule(rule, layout_alike(rule.expr, service)) for rule in group.rules]
    limit = {"limit": group.limit} if group.limit else {}
    return {"name": group.name, "interval": duration(group.interval), **limit, "rules": rules}


def _rule(rule: Rule, expr: str) -> Mapped:
    if isinstance(rule, RecordingRule):
        labels = {"labels": dict(rule.labels)} if rule.labels else {}
        return {"record": rule.record, "expr": expr, **labels}
    times = {"for": rule.for_, "keep_firing_for": rule.keep_firing_for}
    return {
        "alert": rule.alert,
        "expr": expr,
        **{key: duration(seconds) for key, seconds in times.items() if seconds},
        "labels": dict(rule.labels),
        "annotations": dict(rule.annotations),
    }
