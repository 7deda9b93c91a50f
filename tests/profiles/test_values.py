"""Any exposed value has one meaning, or ``other``: the raw pass is the same total function of values."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.diagnostics import Findings
from generator.model.metrics import OTHER, Label
from generator.promql.expr import Expr
from generator.resolve.labels import resolve_labels
from generator.resolve.model import resolve_common
from generator.resolve.profile import bare_service
from generator.spec.load import load_shared
from generator.spec.sources import shipped_sources
from generator.streams.raw import translated

if TYPE_CHECKING:
    from collections.abc import Iterator

_REPLACE = re.compile(r'"((?:[^"\\]|\\.)*)", "((?:[^"\\]|\\.)*)", "((?:[^"\\]|\\.)*)", "((?:[^"\\]|\\.)*)"\)')


def _labels() -> Iterator[tuple[str, Label]]:
    shared = load_shared(shipped_sources()).specs
    assert shared is not None
    common, _ = resolve_common(shared)
    for name, profile in common.profiles.items():
        for label in resolve_labels(profile, bare_service(profile), Findings()).values():
            if label.patterns:
                yield f"{name}:{label.name}", label


LABELS = dict(_labels())


def _values(label: Label) -> st.SearchStrategy[str]:
    """Draw values that patterns match, values close to these, and any others."""
    taken = [st.from_regex(pattern, fullmatch=True) for group in label.patterns.values() for pattern in group]
    return st.one_of(*taken, st.text(max_size=20), *(one.map(lambda value: f"{value}x") for one in taken))


def _meant(label: Label, value: str) -> list[str]:
    return [
        name
        for name, patterns in label.patterns.items()
        if any(re.fullmatch(pattern, value, re.DOTALL) for pattern in patterns)
    ]


def _written(label: Label, value: str) -> str:
    """Follow the raw pass's text: each ``label_replace`` in turn, as Prometheus does."""
    labels = {"exposed": value}
    text = translated(Expr("x"), label.name, ("exposed",), label).text
    for target, into, source, pattern in _REPLACE.findall(text):
        anchored = pattern.replace("\\\\", "\\").replace('\\"', '"')
        if re.fullmatch(anchored, labels.get(source, ""), re.DOTALL):
            labels[target] = into
    return labels.get(label.name, "")


@pytest.mark.parametrize("label", LABELS)
def test_any_value_means_one_thing_or_other(label: str) -> None:
    found = LABELS[label]

    @given(_values(found))
    def hold(value: str) -> None:
        meant = _meant(found, value)
        assert len(meant) <= 1
        rest = OTHER if OTHER in found.values else ""
        assert _written(found, value) == (meant[0] if meant else rest)

    hold()


def test_there_are_patterns_to_try() -> None:
    assert len(LABELS) > 15
