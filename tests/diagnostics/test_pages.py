"""Each code has a page, each page has a code, and the examples of a page are true."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from markdown_it import MarkdownIt

from generator.diagnostics.pages import code_page, codes, pages
from tests.examples import Example, audit_codes, check_codes, examples

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.diagnostics.pages import Page

ROOT = Path(__file__).resolve().parents[2]
#: Defects of the compiler itself: no spec shows them.
DEFECTS = {"internal/closed-world", "internal/raw-read"}

WITHOUT_EXAMPLE = DEFECTS | {
    "audit/replicas",  # the next four are about numbers of instances or series, not about a line of text
    "audit/series-bound",
    "audit/series-budget",
    "audit/turnover",
    "audit/scraped-twice",  # about the labels of targets, which the selector of an example picks
    "audit/dropped-label",  # the next two are of foreign sources
    "audit/unread-label",
    "audit/histograms",  # about a server's storage
    "audit/scrape-interval",  # about times, which no exposition has
    "schema/form",  # a rest: the message names the keys
    "source/encoding",  # the other codes of this area are about files, not about their text
    "source/merge-conflict",  # its lines cannot be in a page, which Git would read as conflict markers
    "source/missing",
    "source/no-services",
    "source/no-specs",
    "source/not-a-file",
    "source/not-text",
    "source/too-large",
    "source/too-many-errors",
    "source/too-many-files",
    "source/unreadable",
    "yaml/too-large",
}
#: Their examples are paths of files.
PATHS = {"source/misplaced", "source/not-read"}

_CODE = re.compile(r"[a-z]+/[a-z0-9]+(?:-[a-z0-9]+)*")
_AREAS = {code.partition("/")[0] for code in codes()}
#: In a text with a code is its area with the slash; ``look_up`` composes a code from a noun.
_MENTIONED = re.compile(rf"\b(?:{'|'.join(_AREAS)})/|\blook_up\(")
_WIDTH = 90


@cache
def _written() -> frozenset[str]:
    """The codes in the source."""
    # To parse those that cannot contain a code would take longest.
    modules = [
        path for path in (ROOT / "generator").rglob("*.py") if _MENTIONED.search(path.read_text("utf-8"))
    ]
    texts = {text for path in modules for text in _texts(path)}
    texts |= {f"reference/unknown-{noun}" for path in modules for noun in _looked_up(path)}
    return frozenset(text for text in texts if _CODE.fullmatch(text) and text.partition("/")[0] in _AREAS)


@cache
def _nodes(path: Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(ast.parse(path.read_text("utf-8"))))


def _texts(path: Path) -> Iterator[str]:
    for node in _nodes(path):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _looked_up(path: Path) -> Iterator[str]:
    """The nouns from which ``look_up`` composes a code."""
    for node in _nodes(path):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "look_up":
            noun = node.args[2]
            assert isinstance(noun, ast.Constant)
            yield str(noun.value)


def _shown() -> set[str]:
    """The codes in the golden files, which other tests prove to be the product's messages."""
    pattern = re.compile(r"^(?:[^ ]+ )?(?:error|warning|info)\[(.+?)\]: ", re.MULTILINE)
    golden = (ROOT / "tests").glob("**/expected.txt")
    return {code for path in golden for code in pattern.findall(path.read_text("utf-8"))}


def test_each_code_that_is_emitted_has_a_page() -> None:
    assert _written() - set(codes()) == set()


def test_each_page_is_about_a_code_that_is_emitted() -> None:
    assert set(codes()) - _written() == set()


def test_each_code_is_shown_by_a_golden_file() -> None:
    assert set(codes()) - _shown() == DEFECTS


def test_each_golden_file_shows_codes_that_have_a_page() -> None:
    assert _shown() - set(codes()) == set()


@pytest.mark.parametrize("each", pages(), ids=lambda each: each.code)
def test_a_page_is_complete(each: Page) -> None:
    assert code_page(each.code) == each
    assert each.title == each.title.strip().removesuffix(".")
    assert each.why.endswith(".")
    headings = [token.content for token in MarkdownIt().parse(each.text) if token.type == "inline"]
    assert headings[0] == f"{each.code}: {each.title}"
    assert "**Way out:** " in each.text
    assert max(map(len, each.text.splitlines())) <= _WIDTH
    assert (
        bool(examples(each, "Wrong")) == bool(examples(each, "Right")) == (each.code not in WITHOUT_EXAMPLE)
    )


_OF_SPECS = [
    each
    for each in pages()
    if each.code not in WITHOUT_EXAMPLE | PATHS and not each.code.startswith("audit/")
]
_OF_AUDITS = [each for each in pages() if each.code not in WITHOUT_EXAMPLE and each.code.startswith("audit/")]


@pytest.mark.parametrize("each", _OF_SPECS, ids=lambda each: each.code)
def test_the_wrong_spec_has_its_code_and_the_right_one_compiles_without_it(
    each: Page, tmp_path: Path
) -> None:
    assert each.code in {code for _, code in check_codes(tmp_path / "wrong", examples(each, "Wrong"))}
    right = check_codes(tmp_path / "right", examples(each, "Right"))
    assert each.code not in {code for _, code in right}
    assert [code for severity, code in right if severity == "error"] == []


@pytest.mark.parametrize("each", _OF_AUDITS, ids=lambda each: each.code)
def test_the_wrong_exposition_has_its_code_and_the_right_one_has_not(each: Page, tmp_path: Path) -> None:
    assert each.code in audit_codes(tmp_path / "wrong", each, "Wrong")
    assert each.code not in audit_codes(tmp_path / "right", each, "Right")


def test_there_is_no_page_of_an_unknown_code_or_of_a_path() -> None:
    assert code_page("yaml/duplicated-key") is None
    assert code_page("../codes/yaml/tab") is None
    assert code_page("yaml") is None


def test_an_example_stands_under_its_word() -> None:
    tab = code_page("yaml/tab")
    assert tab is not None
    assert examples(tab, "Right") == (Example("yaml", "objectives:\n  latency_p95: {max: 2s}\n"),)
