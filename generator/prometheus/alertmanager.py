"""The configuration of Alertmanager: receivers get alerts by their channels, or an example shows the owners."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, assert_never

from msgspec import Struct

from generator.artifact import Artifact
from generator.diagnostics import Span
from generator.model import names
from generator.model.alerts import Alert, AlertSeverity, Unpriced
from generator.model.delivery import Channel, Email, PagerDuty, Receiver, Slack, Webhook
from generator.model.units import DAY, duration
from generator.prometheus.block_yaml import Mapped, block_yaml
from generator.promql.expr import quote
from generator.resolve.site import UNROUTED

if TYPE_CHECKING:
    from generator.model.service import Service

_COMMENT = """\
# How alerts reach people, generated from the specs: an example for Alertmanager, to copy and fill in.
#
# Each owner has two receivers, which reach nobody yet: give <owner>-page what wakes somebody (pagerduty_configs,
# opsgenie_configs ...), and <owner>-ticket what does not (slack_configs, email_configs, webhook_configs ...), with
# secrets from files (routing_key_file, api_url_file). "unrouted" gets all other alerts, such as those
# about the rules.
#
# Beside other teams' alerts: put the routes below yours, and the receivers and inhibit_rules to yours.
"""
_LOADED = """\
# How alerts reach people, generated from the receivers of site.yaml and the owners of services: change these, not
# this file. Secrets stand in files that only Alertmanager reads, and their paths here.
#
# An alert goes to every receiver that is for it, and an alert without one to the receiver of the route itself.
"""
#: Labels that both sides lack count as equal: without this, any critical alert would silence others' warnings.
OUR_ALERTS = f'{names.SIGNAL}!=""'
#: One line for a group of alerts: the problem and the service.
_TITLE_TEMPLATE = "{{ .CommonLabels.service }}: {{ .CommonLabels.alertname }}"
_STATE = (
    '{{ if eq .Status "resolved" }}Resolved'
    "{{ else if .CommonLabels.severity }}{{ .CommonLabels.severity | title }}{{ else }}Firing{{ end }}"
)
#: Each alert of a group: its numbers, and its links.
_TEXT_TEMPLATE = (
    "{{ range .Alerts }}{{ .Annotations.description }}"
    " <{{ .Annotations.dashboard_url }}|Dashboard>, <{{ .Annotations.runbook_url }}|runbook>\n{{ end }}"
)
_FIRST_DASHBOARD = "{{ (index .Alerts 0).Annotations.dashboard_url }}"
_SUMMARY = "{{ .CommonLabels.service }}: {{ .CommonAnnotations.summary }}"
#: Alerts of several severities may be sent at once.
_SEVERITY_TEMPLATE = "{{ if .CommonLabels.severity }}{{ .CommonLabels.severity }}{{ else }}critical{{ end }}"


class Routing(Struct, frozen=True):
    """The facts of a service by which its alerts are routed.

    Attributes:
        service: Its name.
        owner: Its owner.
        marks: Further labels of its alerts, the environment among them.
        kinds: The further labels of its alerts: the severity, and the tool, tier or other subject with listed values.
        place: The place of its owner.
        apart: The labels by which one signal has several alerts.
        aside: The critical alerts that do not show their signal's state.
    """

    service: str
    owner: str
    marks: Mapping[str, str]
    kinds: tuple[tuple[tuple[str, str], ...], ...]
    place: Span | None
    apart: tuple[str, ...]
    aside: tuple[str, ...]


def routing(service: Service) -> Routing:
    """Collect the facts of one service by which its alerts are routed."""
    apart = {alert.by: None for alert in service.alerts if alert.by}
    aside = {alert.name: None for alert in service.alerts if _is_aside(alert) and _pages(alert)}
    # Alerts about the rules themselves have no owner.
    owned = [alert for alert in service.alerts if not alert.about_rules]
    kinds = {kind: None for alert in owned for kind in _kinds(alert, service)}
    return Routing(
        service.name,
        service.owner,
        service.marks,
        tuple(kinds),
        service.where("owner"),
        tuple(apart),
        tuple(aside),
    )


def _kinds(alert: Alert, service: Service) -> Iterator[tuple[tuple[str, str], ...]]:
    """List the severities of an alert with its subject; undeclared values have no list."""
    label = service.labels.get(alert.by or "") if alert.about_signal else None
    listed = label.values if label else ()
    about = (alert.only,) if alert.only else listed
    for tier in alert.tiers:
        severity = (names.SEVERITY, str(tier.severity))
        if alert.by and about:
            yield from ((severity, (alert.by, value)) for value in about)
        else:
            yield (severity,)


def _is_aside(alert: Alert) -> bool:
    """Whether an alert does not show its signal's state: a cost without some prices is incomplete, not high."""
    return not alert.about_signal or isinstance(alert.kind, Unpriced)


def _pages(alert: Alert) -> bool:
    return any(tier.severity is AlertSeverity.CRITICAL for tier in alert.tiers)


def alertmanager(services: Sequence[Routing], receivers: Sequence[Receiver] = ()) -> Artifact:
    """Write the configuration for the alerts of all services; without receivers an example to fill in."""
    text = (_LOADED if receivers else _COMMENT) + block_yaml(configuration(services, receivers))
    return Artifact(names.ALERTMANAGER_PATH, text)


def configuration(services: Sequence[Routing], receivers: Sequence[Receiver]) -> Mapped:
    """Compose the configuration for Alertmanager."""
    owners = sorted({each.owner for each in services})
    rest = next((one for one in receivers if not one.wanted), None)
    entries: list[Mapped] = [{"name": one.name, **channels(one.channels)} for one in receivers]
    if rest is None:
        entries.insert(0, {"name": UNROUTED})
    if receivers:
        routes = [_of_receiver(one) for one in receivers if one.wanted]
    else:
        routes = [_of_owner(owner) for owner in owners]
        entries += [{"name": name} for name in _receivers(owners)]
    return {
        "route": {
            "receiver": rest.name if rest else UNROUTED,
            "group_by": ["alertname", names.SERVICE],
            "group_wait": "30s",
            "group_interval": "5m",
            "repeat_interval": duration(rest.repeat_interval if rest else DAY),
            **({"routes": routes} if routes else {}),
        },
        "inhibit_rules": [_inhibition(services)],
        "receivers": entries,
    }


def _inhibition(services: Sequence[Routing]) -> Mapped:
    """Inhibit the alerts that repeat a critical alert about the same signal."""
    return {
        "source_matchers": [
            OUR_ALERTS,
            _matcher("severity", AlertSeverity.CRITICAL),
            *(_matcher("alertname", name, "!=") for name in _aside(services)),
        ],
        "target_matchers": [OUR_ALERTS, _matcher("severity", AlertSeverity.CRITICAL, "!=")],
        "equal": [names.SERVICE, names.SIGNAL, *_distinguishing_labels(services)],
    }


def _of_receiver(receiver: Receiver) -> Mapped:
    """Send the receiver its wanted alerts, even those that others get as well."""
    return {
        "matchers": [OUR_ALERTS, *(_one_of(label, values) for label, values in receiver.wanted)],
        "receiver": receiver.name,
        "repeat_interval": duration(receiver.repeat_interval),
        "continue": True,
    }


def _one_of(label: str, values: Sequence[str]) -> str:
    if len(values) == 1:
        return _matcher(label, values[0])
    return _matcher(label, "|".join(map(re.escape, values)), "=~")


def _of_owner(owner: str) -> Mapped:
    return {
        "matchers": [_matcher("owner", owner)],
        "receiver": _ticket(owner),
        "routes": [
            {
                "matchers": [_matcher("severity", AlertSeverity.CRITICAL)],
                "receiver": _page(owner),
                "repeat_interval": "1h",
            }
        ],
    }


def _distinguishing_labels(services: Iterable[Routing]) -> list[str]:
    """Name the labels by which a signal has several alerts: one failing tool proves nothing about another."""
    return sorted({label for each in services for label in each.apart})


def _aside(services: Iterable[Routing]) -> list[str]:
    return sorted({name for each in services for name in each.aside})


def _receivers(owners: Iterable[str]) -> Iterator[str]:
    for owner in owners:
        yield from (_page(owner), _ticket(owner))


def receiver(owner: str, severity: str) -> str:
    """Name the receiver of an owner's alerts of a severity."""
    return _page(owner) if severity == AlertSeverity.CRITICAL else _ticket(owner)


def _page(owner: str) -> str:
    return f"{owner}-page"


def _ticket(owner: str) -> str:
    return f"{owner}-ticket"


def _matcher(label: str, value: str, op: str = "=") -> str:
    return f"{label}{op}{quote(value)}"


def channels(of: Iterable[Channel]) -> dict[str, Sequence[str | Mapped]]:
    """Write the channels of a receiver by Alertmanager's kinds."""
    configs: dict[str, list[str | Mapped]] = {}
    for channel in of:
        kind, config = _channel(channel)
        configs.setdefault(kind, []).append(config)
    return dict(configs)


def _channel(channel: Channel) -> tuple[str, Mapped]:
    match channel:
        case PagerDuty(routing_key_file):
            return "pagerduty_configs", {
                "routing_key_file": routing_key_file,
                "description": _SUMMARY,
                "severity": _SEVERITY_TEMPLATE,
                "client": "agent-metrics",
                "client_url": _FIRST_DASHBOARD,
            }
        case Slack(api_url_file, name):
            return "slack_configs", {
                "api_url_file": api_url_file,
                **({"channel": name} if name else {}),
                "send_resolved": True,
                "title": f"{_STATE}: {_TITLE_TEMPLATE}",
                "title_link": _FIRST_DASHBOARD,
                "text": _TEXT_TEMPLATE,
            }
        case Webhook(url, url_file, token_file):
            return "webhook_configs", {
                **({"url": url} if url else {"url_file": url_file}),
                "send_resolved": True,
                **(_bearer(token_file) if token_file else {}),
            }
        case Email():
            return "email_configs", _email(channel)
        case _:
            assert_never(channel)


def _bearer(token_file: str) -> Mapped:
    return {"http_config": {"authorization": {"credentials_file": token_file}}}


def _email(channel: Email) -> Mapped:
    login: Mapped = (
        {"auth_username": channel.auth_username, "auth_password_file": channel.auth_password_file}
        if channel.auth_username
        else {}
    )
    return {
        "to": channel.to,
        "from": channel.sender,
        "smarthost": channel.smarthost,
        **login,
        "send_resolved": True,
        "headers": {"Subject": f"{_STATE}: {_TITLE_TEMPLATE}"},
    }
