"""The servers that services are spread over: every service is on exactly one, and every named service exists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.diagnostics import Note
from generator.diagnostics.findings import Findings
from generator.diagnostics.suggest import did_you_mean, listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from generator.diagnostics import Diagnostic
    from generator.spec.types import Entry, Names, Text

CODE = "site/shards"


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
                CODE,
                f'there is no service "{name.value}"',
                name.span,
                did_you_mean(name.value, services, "services"),
            )
        elif first is not name:
            findings.error(
                CODE,
                f'service "{name.value}" is in two shards',
                name.span,
                "leave it in the one whose Prometheus scrapes it",
                Note("the other one is here", first.span),
            )
    if missing := [name for name in services if name not in placed]:
        findings.error(
            CODE,
            f"in no shard: {listed(missing)}",
            shards[0].key.span,
            "add each to the shard whose Prometheus scrapes it",
        )
    return findings.all
