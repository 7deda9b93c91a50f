"""Templates are compiled once: the compiled ones are used again, and only while they are valid."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from jinja2 import Environment, UndefinedError
from jinja2.bccache import bc_magic

from generator import templates

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", None)
    (tmp_path / "greeting.j2").write_text("Hello, {{ 'you' | loud }}{{ end }}\n", encoding="utf-8")
    return tmp_path


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note the templates that are compiled."""
    names: list[str] = []
    original = Environment.compile

    def noted(self: Environment, source: str, name: str, *rest: object) -> object:
        names.append(name)
        return original(self, source, name, *rest)  # type: ignore[call-overload]

    monkeypatch.setattr(Environment, "compile", noted)
    return names


def _filled(folder: Path, loud: str = "YOU") -> str:
    environment = templates.template_environment(folder, autoescape=False)
    environment.filters["loud"] = lambda _: loud
    return environment.get_template("greeting.j2").render(end="!")


def test_a_template_is_compiled_once(folder: Path, compiled: list[str]) -> None:
    assert [_filled(folder), _filled(folder)] == ["Hello, YOU!\n"] * 2
    assert compiled == ["greeting.j2"]
    assert [path.suffix for path in (folder / "__pycache__").iterdir()] == [".j2c"]


def test_a_template_that_was_changed_is_compiled_again(folder: Path, compiled: list[str]) -> None:
    _filled(folder)
    (folder / "greeting.j2").write_text("Bye{{ end }}", encoding="utf-8")
    assert _filled(folder) == "Bye!"
    assert len(compiled) == 2


def test_another_compiler_may_have_other_filters(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _filled(folder)
    assert _filled(folder, "ALL") == "Hello, YOU!\n", "Jinja applies a filter to a constant as it compiles"
    monkeypatch.setattr(templates, "_compiler", lambda: "another")
    assert _filled(folder, "ALL") == "Hello, ALL!\n"


@pytest.mark.parametrize("left", [0, 1, len(bc_magic), len(bc_magic) + 10, -20])
def test_what_is_damaged_is_compiled_again(folder: Path, left: int) -> None:
    _filled(folder)
    (kept,) = (folder / "__pycache__").iterdir()
    kept.write_bytes(kept.read_bytes()[:left])
    assert _filled(folder) == "Hello, YOU!\n"


def test_nothing_is_kept_where_python_keeps_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert _filled(folder) == "Hello, YOU!\n"
    assert not (folder / "__pycache__").exists()


def test_what_is_kept_is_used_also_where_nothing_is_added(
    folder: Path, compiled: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Python does with modules: containers set PYTHONDONTWRITEBYTECODE."""
    _filled(folder)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert _filled(folder) == "Hello, YOU!\n"
    assert compiled == ["greeting.j2"]


def test_python_may_keep_it_elsewhere(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "pycache_prefix", str(folder / "elsewhere"))
    _filled(folder)
    assert not (folder / "__pycache__").exists()
    assert list((folder / "elsewhere").rglob("*.j2c"))


def test_where_nothing_can_be_kept_templates_are_filled_all_the_same(folder: Path) -> None:
    (folder / "__pycache__").write_text("a file where the directory would be", encoding="utf-8")
    assert _filled(folder) == "Hello, YOU!\n"


def test_an_undefined_name_is_an_error(folder: Path) -> None:
    (folder / "greeting.j2").write_text("{{ nobody }}", encoding="utf-8")
    with pytest.raises(UndefinedError, match="nobody"):
        _filled(folder)
