"""A server for each test that needs one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.replay.scripted import scripted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.replay.scripted import Script


@pytest.fixture
def script() -> Iterator[Script]:
    """A server that answers with ``script.reply``."""
    with scripted() as server:
        yield server
