"""Receivers: who gets which alerts, and how; secrets stand in files that Alertmanager reads."""

from __future__ import annotations

from msgspec import Struct


class PagerDuty(Struct, frozen=True, tag=True):
    """A service of PagerDuty, by the file that holds its routing key."""

    routing_key_file: str


class Slack(Struct, frozen=True, tag=True):
    """A channel of Slack, by the file that holds the webhook's address; without one, the webhook's own channel."""

    api_url_file: str
    channel: str = ""


class Webhook(Struct, frozen=True, tag=True):
    """An address that takes alerts as JSON: itself, or the file that holds it; a token goes into the header."""

    url: str = ""
    url_file: str = ""
    token_file: str = ""


class Email(Struct, frozen=True, tag=True):
    """An address of mail, and the server, as ``host:port``, that sends to it."""

    to: str
    sender: str
    smarthost: str
    auth_username: str = ""
    auth_password_file: str = ""


Channel = PagerDuty | Slack | Webhook | Email
#: Labels, and of each the values of which an alert has one.
Wanted = tuple[tuple[str, tuple[str, ...]], ...]


class Receiver(Struct, frozen=True):
    """Who gets the alerts with the wanted labels, by its channels; what wants nothing gets what nobody else gets.

    ``repeat_interval`` is after how many seconds an alert that still fires is told again.
    """

    name: str
    wanted: Wanted
    repeat_interval: int
    channels: tuple[Channel, ...]
