"""The hostile specs and their plain twins, compiled once by the product's own command."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec import Struct

from generator.cli import main
from tests.injection.hostile import PLAIN, TEXTS
from tests.injection.specs import directory
from tests.instrumentation.loading import compiled
from tests.whole.writing import write

if TYPE_CHECKING:
    from pathlib import Path

    from generator.model.service import Model, Service


class CompiledFiles(Struct, frozen=True):
    """Specs, their model, and the files compiled from them."""

    specs: Path
    model: Model
    output: Path

    @property
    def service(self) -> Service:
        """The only one."""
        return self.model.services[0]

    def read(self, path: str) -> str:
        """Read a file of the output."""
        return (self.output / path).read_bytes().decode()


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> CompiledFiles:
    """Specs full of hostile texts."""
    return _compiled(tmp_path_factory.mktemp("hostile"), TEXTS)


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory) -> CompiledFiles:
    """The same specs with harmless texts."""
    return _compiled(tmp_path_factory.mktemp("plain"), PLAIN)


def _compiled(place: Path, texts: tuple[str, ...]) -> CompiledFiles:
    specs = write(directory(texts), place / "specs")
    assert main(["generate", str(specs), "-o", str(place / "output")]) == 0
    return CompiledFiles(specs, compiled(specs), place / "output")
