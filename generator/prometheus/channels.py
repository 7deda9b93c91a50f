"""The channels of a receiver, in Alertmanager's configuration; each message names the service, with links."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from generator.model.receivers import Email, PagerDuty, Slack, Webhook

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from generator.model.receivers import Channel
    from generator.prometheus.block_yaml import Mapped

#: One line for a group of alerts: the problem and the service.
TITLE = "{{ .CommonLabels.service }}: {{ .CommonLabels.alertname }}"
STATE = (
    '{{ if eq .Status "resolved" }}Resolved'
    "{{ else if .CommonLabels.severity }}{{ .CommonLabels.severity | title }}{{ else }}Firing{{ end }}"
)
#: Each alert of a group: its numbers, and its links.
TEXT = (
    "{{ range .Alerts }}{{ .Annotations.description }}"
    " <{{ .Annotations.dashboard_url }}|Dashboard>, <{{ .Annotations.runbook_url }}|runbook>\n{{ end }}"
)
FIRST_DASHBOARD = "{{ (index .Alerts 0).Annotations.dashboard_url }}"
SUMMARY = "{{ .CommonLabels.service }}: {{ .CommonAnnotations.summary }}"
#: Alerts of several severities may be sent at once.
SEVERITY = "{{ if .CommonLabels.severity }}{{ .CommonLabels.severity }}{{ else }}critical{{ end }}"


def channels(of: Iterable[Channel]) -> dict[str, Sequence[str | Mapped]]:
    """Write the channels of a receiver by Alertmanager's kinds."""
    found: dict[str, list[str | Mapped]] = {}
    for channel in of:
        kind, config = _channel(channel)
        found.setdefault(kind, []).append(config)
    return dict(found)


def _channel(channel: Channel) -> tuple[str, Mapped]:
    match channel:
        case PagerDuty(routing_key_file):
            return "pagerduty_configs", {
                "routing_key_file": routing_key_file,
                "description": SUMMARY,
                "severity": SEVERITY,
                "client": "agent-metrics",
                "client_url": FIRST_DASHBOARD,
            }
        case Slack(api_url_file, name):
            return "slack_configs", {
                "api_url_file": api_url_file,
                **({"channel": name} if name else {}),
                "send_resolved": True,
                "title": f"{STATE}: {TITLE}",
                "title_link": FIRST_DASHBOARD,
                "text": TEXT,
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
        "headers": {"Subject": f"{STATE}: {TITLE}"},
    }
