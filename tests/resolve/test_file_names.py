"""Names that become file names: no two, by any authors, may be one file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.resolve.build import profile, resolved, service, told

if TYPE_CHECKING:
    from pathlib import Path

_ALERT = "{threshold: {signal: run_count}, warning: 5, summary: Few., means: Few.}"


@pytest.mark.parametrize("first", ["ManyRuns", "MANYRUNS"])
def test_an_alert_may_not_differ_by_case_from_one_of_another_service_s_profile(
    tmp_path: Path, first: str
) -> None:
    other = profile("other", alerts={first: _ALERT})
    found = resolved(
        tmp_path,
        service("one-agent", alerts=f"{{ManyRuns: {_ALERT}, Manyruns: {_ALERT}}}"),
        service("two-agent", profile="other"),
        **{"profiles/other": other},
    )
    assert [each.code for each in told(found)] == ["name/case"] * (1 if first == "ManyRuns" else 2)


def test_an_alert_that_is_changed_or_shared_is_one(tmp_path: Path) -> None:
    found = resolved(
        tmp_path,
        service("one-agent", alerts=f"{{ManyRuns: {_ALERT}}}"),
        service("two-agent", profile="other", alerts="{ManyRuns: {warning: 9}}"),
        **{"profiles/other": profile("other", alerts={"ManyRuns": _ALERT})},
    )
    assert told(found) == []
