"""The recipes of ``specs/README.md`` compile without an error or a warning, and its reference matches the schemas.

``UPDATE_GOLDEN=1`` writes the reference.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from generator.cli import main
from generator.spec.reference import sections
from generator.spec.schema import KINDS, schema_text
from tests.examples import blocks, check_codes
from tests.golden import SWITCH

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path(__file__).parent.parent / "specs/README.md"
TEXT = PAGE.read_text("utf-8")
BEGIN, END = "<!-- keys -->\n", "<!-- end of keys -->\n"
RECIPES = re.findall(
    r"^### (.+?)\n(.*?)(?=^##)",
    TEXT.partition("\n## Recipes\n")[2].partition(BEGIN)[0],
    re.MULTILINE | re.DOTALL,
)


@pytest.mark.parametrize(("title", "recipe"), RECIPES, ids=[title for title, _ in RECIPES])
def test_a_recipe_compiles(title: str, recipe: str, tmp_path: Path) -> None:
    shown = blocks(recipe)
    assert shown or title == "Add a label"
    assert {severity for severity, _ in check_codes(tmp_path, shown)} <= {"info"}


def test_the_reference_is_that_of_the_schemas(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "--markdown"]) == 0
    head, _, rest = TEXT.partition(BEGIN)
    _, _, tail = rest.partition(END)
    current = f"{head}{BEGIN}\n{capsys.readouterr().out}{END}{tail}"
    if os.environ.get(SWITCH):
        PAGE.write_text(current, "utf-8")
    assert PAGE.read_text("utf-8") == current


def test_every_key_of_every_schema_is_in_the_reference() -> None:
    listed = {name for section in sections() for key in section.keys for name in key.path.split(".")}
    written = {name for kind in KINDS for name in _properties(json.loads(schema_text(kind)))}
    assert written - listed == set()
    assert len(written) > 70


def test_every_key_has_a_type_and_a_meaning_and_values_have_an_example() -> None:
    for section in sections():
        for key in section.keys:
            assert key.type, key
            assert key.meaning, key
            assert key.example or key.type in {"mapping", "text"} or key.type.startswith("mapping: "), key


def _properties(schema: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    if isinstance(schema, dict):
        for word, part in schema.items():
            if word == "properties":
                yield from part
            yield from _properties(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from _properties(part)
