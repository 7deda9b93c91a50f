"""Receivers: the people and systems that get alerts; secrets are in files that Alertmanager reads."""

from __future__ import annotations

from typing import assert_never

from msgspec import Struct


class PagerDuty(Struct, frozen=True, tag=True):
    """A service of PagerDuty, with the file that holds its routing key."""

    routing_key_file: str


class Slack(Struct, frozen=True, tag=True):
    """A channel of Slack, with the file that holds the webhook's address; unnamed, it is the webhook's own channel."""

    api_url_file: str
    channel: str = ""


class Webhook(Struct, frozen=True, tag=True):
    """A URL that accepts alerts as JSON, or the file that holds the URL; the token goes into the header."""

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


def secret_key(path: str) -> str:
    """Return the key of a cluster's Secret for a file: the file's name."""
    return path.rpartition("/")[2]


def secret_files(channel: Channel) -> tuple[str, ...]:
    """List the files whose content a channel needs."""
    files: tuple[str, ...]
    match channel:
        case PagerDuty(routing_key_file):
            files = (routing_key_file,)
        case Slack(api_url_file):
            files = (api_url_file,)
        case Webhook(_, url_file, token_file):
            files = (url_file, token_file)
        case Email():
            files = (channel.auth_password_file,)
        case _:
            assert_never(channel)
    return tuple(path for path in files if path)


Channel = PagerDuty | Slack | Webhook | Email
#: Labels, each with the values of which an alert must have one.
Wanted = tuple[tuple[str, tuple[str, ...]], ...]


class Receiver(Struct, frozen=True):
    """A receiver of the alerts with the wanted labels; one that wants nothing gets all alerts that no other gets.

    After ``repeat_interval`` seconds an alert that still fires is sent again.
    """

    name: str
    wanted: Wanted
    repeat_interval: int
    channels: tuple[Channel, ...]
