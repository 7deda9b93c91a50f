"""What streams read of declared metrics: labels that these have, and values that the labels can have.

The labels and values of foreign metrics are as the profile describes them, so nothing is compared there.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from generator.diagnostics.wording import did_you_mean, listed, nearest_first

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from generator.diagnostics import Findings
    from generator.model.metrics import Label, Metric
    from generator.spec.types import Entry, OneOrMany, SourceOfStreamSpec, Text


def check_read(
    part: SourceOfStreamSpec, metrics: Iterable[Metric], labels: Mapping[str, Label], findings: Findings
) -> None:
    """Refuse labels in ``where`` and ``labels`` that a declared metric never has, and values in vain."""
    for metric in metrics:
        exposed = {metric.exposed.get(name, name): name for name in metric.labels}
        for name in (*(item.key for item in part.where), *(item.value for item in part.labels)):
            _check_label(name, metric, exposed, findings)
        for item in part.where:
            if label := labels.get(exposed.get(item.key.value, "")):
                _check_values(item, label, findings)


def check_dropped(dropped: Iterable[Text], metrics: Iterable[Metric], findings: Findings) -> None:
    """Refuse to sum away a label that none of the metrics of a stream has."""
    every = tuple(metrics)
    exposed = {metric.exposed.get(name, name) for metric in every for name in metric.labels}
    for label in dropped:
        if label.value not in exposed:
            findings.error(
                "reference/unknown-label",
                f'drop would ignore "{label.value}": {listed(one.name for one in every)} has no such label',
                label.span,
                did_you_mean(label.value, sorted(exposed)) or "leave drop out",
            )


def _check_label(name: Text, metric: Metric, exposed: Iterable[str], findings: Findings) -> None:
    known = tuple(exposed)
    if name.value not in known:
        findings.error(
            "reference/unknown-label",
            f'metric "{metric.name}" has no label "{name.value}"',
            name.span,
            did_you_mean(name.value, known, "its labels") or "leave it out: the metric has no labels",
        )


def _check_values(item: Entry[OneOrMany], label: Label, findings: Findings) -> None:
    """Refuse a pattern that no listed value matches; those of a label with patterns are spelled elsewhere."""
    if not label.values or label.patterns:
        return
    for pattern in item.value.values:
        if not any(re.fullmatch(pattern.value, value) for value in label.values):
            known = nearest_first(pattern.value, label.values)
            findings.error(
                "reference/unknown-value",
                f'label "{label.name}" has no value "{pattern.value}"',
                pattern.span,
                did_you_mean(pattern.value, known),
            )
