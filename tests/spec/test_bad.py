"""Bad files, and all their messages."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.golden import cases, compare
from tests.spec.front import found_in, shown

BAD = Path(__file__).parent / "bad"


@pytest.mark.parametrize("case", cases(BAD), ids=lambda case: case.name)
def test_the_text_of_a_bad_file_is_as_expected(case: Path) -> None:
    compare(case, {"expected.txt": shown((case / "input.yaml").read_bytes())}, inputs=("input.yaml",))


@pytest.mark.parametrize("case", cases(BAD), ids=lambda case: case.name)
def test_a_bad_file_has_the_finding_that_its_folder_is_named_after(case: Path) -> None:
    codes = {diagnostic.code.replace("/", "-") for diagnostic in found_in((case / "input.yaml").read_bytes())}
    assert any(case.name.startswith(code) for code in codes) or case.name in {
        "yaml-crlf",
        "schema-forms",
        "schema-mistyped-required-key",
        "source-utf16",
    }
