"""The site: intervals that tile time, the oldest Prometheus, addresses, receivers, budgets, shards and targets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from generator.diagnostics import Diagnostic, Findings, Note, Span
from generator.diagnostics.wording import counted, did_you_mean, listed
from generator.model import delivery, names
from generator.model.alerts import AlertSeverity
from generator.model.service import KEEPS_FIRING, SeriesBudget, Service, Shard, Site
from generator.model.units import DAY, HOUR, MINUTE, duration
from generator.notation.times import seconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from generator.spec.types import (
        AlertSpec,
        EmailSpec,
        Entry,
        HelmSpec,
        KubernetesSpec,
        MimirSpec,
        Names,
        ReceiverSpec,
        SeriesBudgetSpec,
        ServiceSpec,
        SiteSpec,
        Text,
    )

_SCRAPE_INTERVAL = 15
_RULE_INTERVAL = MINUTE
_RETENTION = 15 * DAY
_RUNBOOKS = "runbooks"
#: Usual intervals of rules, in seconds: each divides a minute, and so all windows of whole minutes.
_RULE_INTERVALS = (15, 20, 30, MINUTE)
_LONGEST_SCRAPE_INTERVAL = MINUTE
#: The panels use ``@ end()``, the rules are tested to load and to evaluate.
_OLDEST = (2, 37)
#: The port at the end of the host of an address.
_PORT = re.compile(r"(?:https?://)?[^/?#]*:([0-9]+)(?:[/?#]|$)")
_LAST_PORT = 65535
#: The first Prometheus that stores classic histograms as native ones, with the bounds that the source has.
_NATIVE_SINCE = (3, 0)
_NATIVE = "native"
_BUDGET = SeriesBudget(metric=5_000, service=20_000, recorded=10_000, total=200_000)
_SHARDS = "site/shards"
#: The label by which Grafana's chart finds dashboards, and the annotation in which it looks for the folder.
_DASHBOARD_LABELS = (("grafana_dashboard", "1"),)
_FOLDER_ANNOTATION = "grafana_folder"
_GRAFANA_LABELS = (("dashboards", "grafana"),)
#: Mimir's default limit for a tenant.
_MAX_GROUPS = 70
#: The default name of the Secret for receivers.
_RECEIVER_SECRET = "agent-metrics-receivers"  # noqa: S105 - its name alone
_RECEIVERS = "deliver/receivers"
#: The name of the receiver of foreign alerts, where the site has none for them.
UNROUTED = "unrouted"


def resolve_site(spec: SiteSpec | None, findings: Findings) -> Site:
    """Fill in the defaults of the site file, or of all keys without a file."""
    if spec is None:
        return Site(
            _SCRAPE_INTERVAL, _RULE_INTERVAL, _RETENTION, "", _RUNBOOKS, created_series=True, budget=_BUDGET
        )
    receivers = _resolve_receivers(spec.receivers, findings)
    oldest = _resolve_oldest(spec.oldest_prometheus, findings)
    site = Site(
        scrape_interval=seconds(spec.scrape_interval, _SCRAPE_INTERVAL, findings),
        rule_interval=seconds(spec.rule_interval, _RULE_INTERVAL, findings),
        retention=seconds(spec.retention, _RETENTION, findings),
        grafana_url=spec.grafana_url or "",
        runbook_url=spec.runbook_url or _RUNBOOKS,
        created_series=spec.created_series is not False,
        budget=resolve_budget(spec.series_budget, _BUDGET),
        oldest_prometheus=oldest,
        deliver=_resolve_deliver(spec, receivers, findings),
        shards=tuple(
            Shard(entry.key.value, tuple(name.value for name in entry.value)) for entry in spec.shards
        ),
        receivers=receivers,
        native_histograms=are_native(spec.histograms, oldest, findings, default=False),
        grafana_v2=spec.grafana_v2 is True,
    )
    # Wrong intervals must not cause further errors in keys that depend on them.
    right = _check_intervals(spec, site, findings)
    return site if right else replace(site, scrape_interval=_SCRAPE_INTERVAL, rule_interval=_RULE_INTERVAL)


def scraped_every(spec: ServiceSpec, site: Site, findings: Findings) -> int:
    """Read the scrape interval of a service's targets, in seconds; the default is the site's."""
    interval = seconds(spec.scrape_interval, site.scrape_interval, findings)
    if spec.scrape_interval and not interval <= min(_LONGEST_SCRAPE_INTERVAL, site.rule_interval):
        findings.error(
            "site/scrape-interval",
            f"a scrape every {duration(interval)} is too seldom for rates of one rule interval",
            spec.scrape_interval.span,
            "scrape every 15s or 30s",
        )
        return site.scrape_interval
    return interval


def resolve_budget(spec: SeriesBudgetSpec | None, base: SeriesBudget) -> SeriesBudget:
    """Override the budgets of ``base`` by the written ones."""
    if spec is None:
        return base
    return SeriesBudget(
        metric=spec.metric or base.metric,
        service=spec.service or base.service,
        recorded=spec.recorded or base.recorded,
        total=spec.total or base.total,
    )


def _check_intervals(spec: SiteSpec, site: Site, findings: Findings) -> bool:
    """Report intervals that lose events or leave gaps; return whether they can be used."""
    scrape, rule = spec.scrape_interval, spec.rule_interval
    place = scrape.span if scrape else spec.span
    if site.scrape_interval > _LONGEST_SCRAPE_INTERVAL:
        findings.error(
            "site/scrape-interval",
            f"a scrape every {duration(site.scrape_interval)} is too seldom for rates of one rule interval",
            place,
            "scrape every 15s or 30s",
        )
    elif site.scrape_interval == _LONGEST_SCRAPE_INTERVAL:
        findings.warning(
            "site/scrape-interval",
            "a scrape every minute loses events: with one missed scrape in twenty, one event in ten",
            place,
            "scrape every 15s or 30s",
        )
    why = ""
    if site.rule_interval < site.scrape_interval <= _LONGEST_SCRAPE_INTERVAL:
        why = f"find nothing new between scrapes every {duration(site.scrape_interval)}"
    elif MINUTE % site.rule_interval:
        why = "do not divide a minute, so that they count more or less than the windows of minutes that alerts name"
    if why:
        fitting = [f"{each}s" for each in _RULE_INTERVALS if each >= site.scrape_interval] or ["60s"]
        findings.error(
            "site/rule-interval",
            f"rules every {duration(site.rule_interval)} {why}",
            rule.span if rule else spec.span,
            f"write {' or '.join(fitting)}{'; 60s suits most' if len(fitting) > 1 else ''}",
        )
        return False
    return site.scrape_interval <= _LONGEST_SCRAPE_INTERVAL


def check_shards(shards: Sequence[Entry[Names]], services: Sequence[str]) -> tuple[Diagnostic, ...]:
    """Find services on no server or on two, and unknown names; ``services`` are all declared names."""
    if not shards:
        return ()
    findings = Findings()
    placed: dict[str, Text] = {}
    for name in (name for entry in shards for name in entry.value):
        first = placed.setdefault(name.value, name)
        if name.value not in services:
            findings.error(
                _SHARDS,
                f'there is no service "{name.value}"',
                name.span,
                did_you_mean(name.value, services, "services"),
            )
        elif first is not name:
            findings.error(
                _SHARDS,
                f'service "{name.value}" is in two shards',
                name.span,
                "leave it in the one whose Prometheus scrapes it",
                Note("the other one is here", first.span),
            )
    if missing := [name for name in services if name not in placed]:
        findings.error(
            _SHARDS,
            f"in no shard: {listed(missing)}",
            shards[0].key.span,
            "add each to the shard whose Prometheus scrapes it",
        )
    return findings.all


def _resolve_deliver(
    site: SiteSpec, receivers: tuple[delivery.Receiver, ...], findings: Findings
) -> delivery.Deliver:
    """Fill in the defaults of each target of the site; ``receivers`` are the site's."""
    spec = site.deliver
    if spec is None:
        return delivery.Deliver()
    if spec.backstage and not site.grafana_url:
        findings.error(
            "deliver/no-address",
            "Backstage links to dashboards, and the site has no grafana_url",
            spec.backstage.span,
            "add grafana_url, or leave backstage out",
        )
    if spec.kubernetes or spec.helm:
        _check_keys(site, receivers, findings)
    return delivery.Deliver(
        kubernetes=_kubernetes(spec.kubernetes, site, receivers, findings) if spec.kubernetes else None,
        helm=_helm(spec.helm, site, receivers, findings) if spec.helm else None,
        mimir=_mimir(spec.mimir) if spec.mimir else None,
        terraform=delivery.Terraform(spec.terraform.rules or "mimir") if spec.terraform else None,
        victoriametrics=delivery.VictoriaMetrics(
            spec.victoriametrics.namespace or "", _map(spec.victoriametrics.rule_labels)
        )
        if spec.victoriametrics
        else None,
        openslo=delivery.OpenSlo() if spec.openslo else None,
        backstage=delivery.Backstage() if spec.backstage else None,
    )


def _kubernetes(
    spec: KubernetesSpec, site: SiteSpec, receivers: tuple[delivery.Receiver, ...], findings: Findings
) -> delivery.Kubernetes:
    secret = _receiver_secret(spec, site, findings)
    if spec.grafana_labels and not spec.grafana_operator:
        findings.error(
            "deliver/no-operator",
            "grafana_labels choose the Grafana of an operator, and there is none",
            spec.grafana_labels[0].key.span,
            "add grafana_operator: true, or leave grafana_labels out",
        )
    return delivery.Kubernetes(
        namespace=spec.namespace or "",
        rule_labels=_map(spec.rule_labels),
        # A sidecar as well would load every dashboard twice: it must be configured explicitly.
        dashboard_labels=_map(spec.dashboard_labels) or (() if spec.grafana_operator else _DASHBOARD_LABELS),
        folder_annotation=spec.folder_annotation or _FOLDER_ANNOTATION,
        grafana_labels=(_map(spec.grafana_labels) or _GRAFANA_LABELS) if spec.grafana_operator else None,
        receivers=receivers,
        receiver_secret=secret,
    )


def _receiver_secret(spec: KubernetesSpec | HelmSpec, site: SiteSpec, findings: Findings) -> str:
    if spec.receiver_secret and not site.receivers:
        findings.error(
            _RECEIVERS,
            "receiver_secret is for the secrets of receivers, and the site has no receivers",
            spec.receiver_secret.span,
            "name receivers in site.yaml, or leave receiver_secret out",
        )
    return spec.receiver_secret.value if spec.receiver_secret else _RECEIVER_SECRET


def _check_keys(site: SiteSpec, receivers: tuple[delivery.Receiver, ...], findings: Findings) -> None:
    """Prove that each file has a key of its own in the Secret."""
    known: dict[str, str] = {}
    for entry, receiver in zip(site.receivers, receivers, strict=True):
        for path in (path for channel in receiver.channels for path in delivery.secret_files(channel)):
            key = delivery.secret_key(path)
            if key.strip(".") and known.setdefault(key, path) == path:
                continue
            fault = f'"{known[key]}" has the same one' if key in known else "it names no file"
            findings.error(
                _RECEIVERS,
                f'the key of "{path}" in the Secret of Kubernetes is its last part, and {fault}',
                entry.key.span,
                "name the files differently, such as /etc/alertmanager/support-slack",
            )


def _helm(
    spec: HelmSpec, site: SiteSpec, receivers: tuple[delivery.Receiver, ...], findings: Findings
) -> delivery.Helm:
    return delivery.Helm(
        rule_labels=_map(spec.rule_labels),
        dashboard_labels=_map(spec.dashboard_labels) or _DASHBOARD_LABELS,
        folder_annotation=spec.folder_annotation or _FOLDER_ANNOTATION,
        receivers=receivers,
        receiver_secret=_receiver_secret(spec, site, findings),
    )


def _mimir(spec: MimirSpec) -> delivery.Mimir:
    return delivery.Mimir(max_groups=spec.max_groups or _MAX_GROUPS)


def _map(entries: tuple[Entry[str], ...]) -> delivery.Labels:
    return tuple((entry.key.value, entry.value) for entry in entries)


def _resolve_receivers(
    entries: Sequence[Entry[ReceiverSpec]], findings: Findings
) -> tuple[delivery.Receiver, ...]:
    """Fill in the defaults of each receiver; at most one of them may get all other alerts."""
    rest: Entry[ReceiverSpec] | None = None
    for entry in entries:
        if entry.value.for_:
            continue
        if rest is not None:
            findings.error(
                "receiver/fallback",
                f'"{entry.key.value}" and "{rest.key.value}" would both get all alerts that no other receiver gets',
                entry.key.span,
                "limit one of them, as in for: {owner: team-support}",
                Note("the other one is here", rest.key.span),
            )
        rest = rest or entry
    return tuple(_receiver(entry, findings) for entry in entries)


def _receiver(entry: Entry[ReceiverSpec], findings: Findings) -> delivery.Receiver:
    spec = entry.value
    wanted = tuple((one.key.value, tuple(text.value for text in one.value.values)) for one in spec.for_)
    channels = tuple(_channels(spec))
    if not channels:
        findings.error(
            "receiver/no-channel",
            f'receiver "{entry.key.value}" has no channel',
            entry.key.span,
            "give it pagerduty, slack, webhook or email",
        )
    _check_ports(spec, findings)
    usual = HOUR if _pages(wanted) else DAY
    return delivery.Receiver(
        entry.key.value, wanted, seconds(spec.repeat_interval, usual, findings), channels
    )


def _check_ports(spec: ReceiverSpec, findings: Findings) -> None:
    """Refuse a port that does not exist: Alertmanager would load it, and reach nobody."""
    written = (spec.webhook.url if spec.webhook else None, spec.email.smarthost if spec.email else None)
    for address in filter(None, written):
        port = _PORT.match(address.value)
        if port and not 0 < int(port[1]) <= _LAST_PORT:
            findings.error(
                "receiver/port",
                f"there is no port {port[1]}",
                address.span,
                f"write the port of the server, from 1 to {_LAST_PORT}, as in smtp.example.com:587 or "
                "https://hooks.example.com:8443/alerts",
            )


def _pages(wanted: delivery.Wanted) -> bool:
    return (names.SEVERITY, (str(AlertSeverity.CRITICAL),)) in wanted


def _channels(spec: ReceiverSpec) -> Iterator[delivery.Channel]:
    if spec.pagerduty:
        yield delivery.PagerDuty(spec.pagerduty.routing_key_file)
    if spec.slack:
        yield delivery.Slack(spec.slack.api_url_file, spec.slack.channel or "")
    if spec.webhook:
        yield delivery.Webhook(
            spec.webhook.url.value if spec.webhook.url else "",
            spec.webhook.url_file or "",
            spec.webhook.token_file or "",
        )
    if spec.email:
        yield _email(spec.email)


def _email(spec: EmailSpec) -> delivery.Email:
    return delivery.Email(
        spec.to, spec.from_, spec.smarthost.value, spec.auth_username or "", spec.auth_password_file or ""
    )


def _resolve_oldest(written: Text | None, findings: Findings) -> tuple[int, int]:
    """Read ``major.minor``; the default is the first Prometheus with every feature that alerts use."""
    if written is None:
        return KEEPS_FIRING
    major, minor = written.value.split(".")
    version = int(major), int(minor)
    if version < _OLDEST:
        findings.error(
            "site/oldest-prometheus",
            f"Prometheus {written.value} is too old for the rules and dashboards",
            written.span,
            f"{_OLDEST[0]}.{_OLDEST[1]} is the oldest that runs them",
        )
        return KEEPS_FIRING
    return version


def at_once(
    service: Service, written: Iterable[Entry[AlertSpec]], place: Span | None, findings: Findings
) -> Service:
    """Drop ``keep_firing_for`` from every alert of ``service``, and report the alerts whose author wrote it.

    Args:
        service: The service.
        written: The alerts that the service writes or changes.
        place: The place of the oldest Prometheus.
        findings: The list of findings.
    """
    for entry in written:
        if entry.value.keep_firing_for and entry.value.disabled is None:
            findings.warning(
                "alert/ends-at-once",
                f"keep_firing_for of {entry.key.value} does nothing: the oldest Prometheus does not know it",
                entry.value.keep_firing_for.span,
                f"leave it out, or have Prometheus {KEEPS_FIRING[0]}.{KEEPS_FIRING[1]} or later, and set "
                "oldest_prometheus in site.yaml",
            )
    lost = list(dict.fromkeys(alert.name for alert in service.alerts if alert.keep_firing_for))
    if lost:
        findings.info(
            "alert/ends-at-once",
            f"{counted(len(lost), 'alert')} of {service.name} {'ends' if len(lost) == 1 else 'end'} as soon as "
            f"{'its' if len(lost) == 1 else 'their'} condition does, without keep_firing_for: "
            f"{listed(lost)}",
            place,
            "an alert that comes and goes notifies each time: a longer group_interval in Alertmanager makes that rarer",
        )
    return replace(service, alerts=tuple(replace(alert, keep_firing_for=0) for alert in service.alerts))


def are_native(written: Text | None, oldest: tuple[int, int], findings: Findings, *, default: bool) -> bool:
    """Read whether histograms are native; without the key they are as ``default`` says."""
    if written is None:
        return default
    if written.value == _NATIVE and oldest < _NATIVE_SINCE:
        findings.error(
            "site/native-histograms",
            f"native histograms need Prometheus {_NATIVE_SINCE[0]}.{_NATIVE_SINCE[1]}, and the oldest here is "
            f"{oldest[0]}.{oldest[1]}",
            written.span,
            'if yours is newer, set oldest_prometheus: "3.0" in site.yaml; else leave histograms out',
        )
    return written.value == _NATIVE
