"""Words of a spec that Python's functions have as names of parameters: they are labels like all others."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

import generator
from generator.cli import main
from tests.examples import BASES, SERVICE

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Parameters of the functions that write rules and constants, and of those around them.
WORDS = ("name", "expr", "self", "op", "more", "part", "words", "variant", "link", "alert")
SEGMENTS = ("value", "where")


def test_labels_may_have_the_names_of_parameters(tmp_path: Path) -> None:
    """A bound for a value of a segment gives an alert records of its own."""
    marks = ", ".join(f"{word}: x" for word in WORDS)
    segments = ", ".join(f"{word}: [x, y]" for word in SEGMENTS)
    by = ", ".join(f"{word}: {{x: 90%}}" for word in SEGMENTS)
    _write(
        tmp_path / SERVICE,
        f"{BASES[SERVICE]}alert_labels: {{{marks}}}\nsegments: {{{segments}}}\n"
        f"objectives: {{success_rate: {{min: 99%, by: {{{by}}}}}}}\n",
    )
    _write(tmp_path / "site.yaml", f"alert_labels: {{{marks}}}\n")
    assert main(["generate", str(tmp_path), "-o", str(tmp_path / "output"), "--no-cache"]) == 0


def test_who_takes_any_label_by_keyword_takes_the_rest_by_position() -> None:
    files = sorted(Path(generator.__file__).parent.rglob("*.py"))
    found = [f"{path.name}: {name}" for path in files for name in _open_to_clashes(path)]
    assert found == []


def _open_to_clashes(path: Path) -> Iterator[str]:
    """List the functions with ``**labels: str`` that also have a parameter which a label's name would hit."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef) and node.args.kwarg and node.args.kwarg.annotation:
            named = (*node.args.args, *node.args.kwonlyargs)
            if ast.unparse(node.args.kwarg.annotation) == "str" and named:
                yield node.name


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
