"""The values that the shipped profile lists have colours, and the generated module finds no other ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from generator.grafana import colours
from generator.instrumentation import dictionary, events

if TYPE_CHECKING:
    from collections.abc import Collection

    from generator.model.service import Service


@pytest.mark.parametrize(
    ("label", "coloured"),
    [
        ("status", colours.OUTCOMES),
        ("stop_reason", colours.STOP_REASONS),
        ("error_class", colours.ERROR_CLASSES),
        ("token_type", colours.TOKEN_TYPES),
        ("reason", colours.UNREAD_REASONS),
    ],
)
def test_every_listed_value_has_a_colour(label: str, coloured: Collection[str], support: Service) -> None:
    assert set(support.labels[label].values) <= set(coloured)


@pytest.mark.parametrize(
    ("label", "found"),
    [
        ("stop_reason", dictionary.REASON_WORDS),
        ("error_class", dictionary.ERROR_NAMES),
        ("reason", events.UNREAD_REASONS),
    ],
)
def test_every_value_that_is_found_is_listed(label: str, found: Collection[str], support: Service) -> None:
    assert set(found) <= set(support.labels[label].values)
