"""The receivers of the site, with their defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.diagnostics import Note
from generator.model import names
from generator.model.alerts import AlertSeverity
from generator.model.receivers import Channel, Email, PagerDuty, Receiver, Slack, Wanted, Webhook
from generator.model.units import DAY, HOUR
from generator.resolve.times import seconds

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from generator.diagnostics import Findings
    from generator.spec.types import EmailSpec, Entry, ReceiverSpec

#: The name of the receiver of foreign alerts, where the site has none for them.
UNROUTED = "unrouted"


def resolve_receivers(entries: Sequence[Entry[ReceiverSpec]], findings: Findings) -> tuple[Receiver, ...]:
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


def _receiver(entry: Entry[ReceiverSpec], findings: Findings) -> Receiver:
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
    usual = HOUR if _pages(wanted) else DAY
    return Receiver(entry.key.value, wanted, seconds(spec.repeat_interval, usual, findings), channels)


def _pages(wanted: Wanted) -> bool:
    return (names.SEVERITY, (str(AlertSeverity.CRITICAL),)) in wanted


def _channels(spec: ReceiverSpec) -> Iterator[Channel]:
    if spec.pagerduty:
        yield PagerDuty(spec.pagerduty.routing_key_file)
    if spec.slack:
        yield Slack(spec.slack.api_url_file, spec.slack.channel or "")
    if spec.webhook:
        yield Webhook(spec.webhook.url or "", spec.webhook.url_file or "", spec.webhook.token_file or "")
    if spec.email:
        yield _email(spec.email)


def _email(spec: EmailSpec) -> Email:
    return Email(spec.to, spec.from_, spec.smarthost, spec.auth_username or "", spec.auth_password_file or "")
