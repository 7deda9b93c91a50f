"""Secrets of receivers in the site, which may contain only the paths of secret files."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from generator.diagnostics import error
from generator.spec.nodes import Mapping, Sequence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.diagnostics import Diagnostic
    from generator.spec.nodes import Entry, Node

#: For each channel, Alertmanager's keys for secrets and our keys for their files.
_FILES = MappingProxyType(
    {
        "pagerduty": {"routing_key": "routing_key_file", "service_key": "routing_key_file"},
        "slack": {"api_url": "api_url_file", "url": "api_url_file", "token": "api_url_file"},
        "webhook": {"token": "token_file", "password": "token_file", "credentials": "token_file"},
        "email": {"auth_password": "auth_password_file", "password": "auth_password_file"},
    }
)


def check_secrets(root: Node) -> Iterator[Diagnostic]:
    """Find secrets; messages do not show them."""
    receivers = root.child("receivers")
    for receiver in _entries(receivers):
        for channel in _entries(receiver.value):
            for entry in _entries(channel.value):
                instead = _FILES.get(channel.key.text, {}).get(entry.key.text)
                if instead:
                    yield error(
                        "receiver/secret",
                        f"a secret stands in the spec: {entry.key.text} of {channel.key.text}",
                        entry.key.span,
                        f"write it into a file that only Alertmanager reads, and the path here: {instead}: "
                        f"/etc/alertmanager/{receiver.key.text}-{channel.key.text}; replace the secret, as it was "
                        "written where others read it",
                    )


def _entries(node: Node | None) -> Iterator[Entry]:
    if isinstance(node, Mapping):
        yield from node.entries.values()
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from _entries(item)
