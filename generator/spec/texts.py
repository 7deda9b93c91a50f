"""Texts that no key accepts: with a credential in them, blank, or easily confused with others; secrets of receivers."""

from __future__ import annotations

from itertools import zip_longest
from types import MappingProxyType
from typing import TYPE_CHECKING
from unicodedata import normalize

from generator.diagnostics import Diagnostic, error
from generator.diagnostics.printable import find_credential, in_quotes
from generator.spec.nodes import KeyValue, Mapping, Node, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Iterator


#: For each channel, Alertmanager's keys for secrets and our keys for their files.
_FILES = MappingProxyType(
    {
        "pagerduty": {"routing_key": "routing_key_file", "service_key": "routing_key_file"},
        "slack": {"api_url": "api_url_file", "url": "api_url_file", "token": "api_url_file"},
        "webhook": {"token": "token_file", "password": "token_file", "credentials": "token_file"},
        "email": {"auth_password": "auth_password_file", "password": "auth_password_file"},
    }
)


def check_texts(root: Node) -> Iterator[Diagnostic]:
    """Find the errors in the texts of a document, keys and values, in their order."""
    nodes = [node for node in _scalars(root) if isinstance(node.value, str)]
    texts = {node.text for node in nodes}
    for node in nodes:
        if credential := find_credential(node.text):
            message = f"this text contains {credential.noun}, and specs are shared, generated from and shown"
            yield error("source/credential", message, node.span, credential.help)
        if node.text and not node.text.strip():
            yield error("source/blank", "the text is blank", node.span, "write a text, or remove it")
        elif (stripped := node.text.strip()) != node.text and stripped in texts:
            message = "this text looks like another one of the file, but has blanks around it"
            yield error("source/blank", message, node.span, f"write {in_quotes(stripped)}")
        elif (composed := normalize("NFC", node.text)) != node.text and composed in texts:
            yield _not_composed(node, composed)


def _scalars(root: Node) -> Iterator[Scalar]:
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Scalar):
            yield node
        elif isinstance(node, Sequence):
            waiting += reversed(node.items)
        elif isinstance(node, Mapping):
            entries = reversed(list(node.entries.values()))
            waiting += (part for entry in entries for part in (entry.value, entry.key))


def _not_composed(node: Scalar, composed: str) -> Diagnostic:
    at = next(at for at, (one, other) in enumerate(zip_longest(node.text, composed)) if one != other)
    written = " and ".join(f"U+{ord(each):04X}" for each in node.text[at : at + 2])
    meant = f"U+{ord(composed[at]):04X}" if at < len(composed) else "one character"
    message = f"this text looks like another one of the file, but has {written} for {meant}"
    help_ = f"write {meant}, as editors do: {in_quotes(composed)}"
    return error("source/normal-form", message, node.span, help_)


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
                        f"the spec contains a secret: {entry.key.text} of {channel.key.text}",
                        entry.key.span,
                        f"write it into a file that only Alertmanager reads, and the path here: {instead}: "
                        f"/etc/alertmanager/{receiver.key.text}-{channel.key.text}; replace the secret, as it was "
                        "written where others read it",
                    )


def _entries(node: Node | None) -> Iterator[KeyValue]:
    if isinstance(node, Mapping):
        yield from node.entries.values()
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from _entries(item)
