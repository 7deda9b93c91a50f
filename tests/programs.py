"""Programs that tests need: where one is missing they are skipped, but in CI they fail."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from generator.live.errors import LiveError

if TYPE_CHECKING:
    from collections.abc import Callable


def needed(find: Callable[[], str]) -> None:
    """Go on only where a program is found."""
    try:
        find()
    except LiveError as error:
        if os.environ.get("CI"):
            pytest.fail(str(error), pytrace=False)
        pytest.skip(str(error))
