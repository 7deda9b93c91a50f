"""Each code that is emitted is explained, each that is explained is emitted, and the examples are true."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from generator.diagnostics.codes import AREAS, CODES, UnknownCodeError, explain
from generator.spec.document import parse_document
from generator.spec.schema import load_schema, validate
from generator.spec.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.diagnostics.code_entry import CodeEntry

ROOT = Path(__file__).resolve().parents[2]
STAGES = (
    "generator/diagnostics",
    "generator/spec",
    "generator/resolve",
    "generator/checks",
    "generator/audit",
)
"""The packages whose codes must all have an entry; a new stage is added here."""

NO_SPEC_SHOWS = {"internal/closed-world", "internal/raw-read"}
"""Defects of the compiler itself."""

EXAMPLE_AREAS = ("source", "yaml", "schema")
"""The areas whose examples are single files of a service."""


_CODE = re.compile(r"[a-z]+/[a-z0-9]+(?:-[a-z0-9]+)*")
_AREA_NAMES = {code.partition("/")[0] for code in CODES}


def _written() -> set[str]:
    """The codes that stand as text in the stages' modules, the registry's own aside."""
    modules = [path for stage in STAGES for path in (ROOT / stage).rglob("*.py")]
    texts = {text for path in modules if not path.name.startswith("codes") for text in _texts(path)}
    texts |= {f"reference/unknown-{noun}" for path in modules for noun in _looked_up(path)}
    return {text for text in texts if _CODE.fullmatch(text) and text.partition("/")[0] in _AREA_NAMES}


def _texts(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _looked_up(path: Path) -> Iterator[str]:
    """The nouns that ``look_up`` composes a code of."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "look_up":
            noun = node.args[2]
            assert isinstance(noun, ast.Constant)
            yield str(noun.value)


def _shown() -> set[str]:
    """The codes in the golden files, which other tests prove to be what the compiler says."""
    pattern = re.compile(r"^(?:[^ ]+ )?(?:error|warning|info)\[(.+?)\]: ", re.MULTILINE)
    golden = (ROOT / "tests").glob("**/expected.txt")
    return {code for path in golden for code in pattern.findall(path.read_text("utf-8"))}


def test_each_code_that_is_emitted_has_an_entry() -> None:
    assert _written() - CODES.keys() == set()


def test_each_entry_is_emitted_somewhere() -> None:
    assert CODES.keys() - _written() == set()


def test_each_entry_is_shown_by_a_golden_file() -> None:
    assert CODES.keys() - _shown() == NO_SPEC_SHOWS


def test_each_golden_file_shows_codes_that_have_an_entry() -> None:
    assert _shown() - CODES.keys() == set()


def test_no_code_stands_twice() -> None:
    assert sum(map(len, AREAS)) == len(CODES)


@pytest.mark.parametrize("entry", CODES.values(), ids=CODES.keys())
def test_an_entry_is_whole(entry: CodeEntry) -> None:
    assert _CODE.fullmatch(entry.code)
    assert entry.title == entry.title.strip().removesuffix(".")
    assert entry.explanation.endswith(".")
    assert bool(entry.example_bad) == bool(entry.example_good)


def _codes_of_service(text: str) -> set[str]:
    parsed = parse_document(Source("example.yaml", text))
    misfits = () if parsed.value is None else validate(parsed.value, load_schema("service"))
    return {diagnostic.code for diagnostic in (*parsed.diagnostics, *misfits)}


_EXAMPLES = [
    entry for entry in CODES.values() if entry.example_bad and entry.code.partition("/")[0] in EXAMPLE_AREAS
]


@pytest.mark.parametrize("entry", _EXAMPLES, ids=lambda entry: entry.code)
def test_the_wrong_example_has_its_code_and_the_right_one_has_not(entry: CodeEntry) -> None:
    assert entry.code in _codes_of_service(entry.example_bad)
    left = _codes_of_service(entry.example_good)
    assert entry.code not in left
    # An example of the text may be a part of a file; one of the schema is a whole file.
    assert not left or not entry.code.startswith("schema/")


def test_an_explanation_has_the_title_the_reason_and_the_examples() -> None:
    text = explain("yaml/duplicate-key")
    assert text.startswith("yaml/duplicate-key: a key is written twice\n\n")
    assert "Wrong:\n\n    owner: team-a\n    owner: team-b\n\nRight:\n\n    owner: team-a\n" in text
    assert max(map(len, text.splitlines())) <= 88


def test_an_explanation_without_examples_has_no_empty_ones() -> None:
    assert "Wrong" not in explain("source/missing")


def test_an_unknown_code_names_the_nearest() -> None:
    with pytest.raises(
        UnknownCodeError, match=r'no code "yaml/duplicated-key"; did you mean "yaml/duplicate-key"'
    ):
        explain("yaml/duplicated-key")
    with pytest.raises(UnknownCodeError, match=r'there is no code "x"$'):
        explain("x")
