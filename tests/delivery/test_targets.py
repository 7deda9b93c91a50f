"""Each target of the site has a module, and a site without targets gets no further files."""

from __future__ import annotations

import json
import subprocess
import sys
import typing

import pytest

from generator.delivery.registry import TARGETS
from generator.model import delivery
from generator.model.delivery import Deliver
from generator.spec.schema import schema_text
from generator.spec.types import DeliverSpec
from tests.delivery.delivered import ALL, below, delivered

NAMES = Deliver.__struct_fields__


def test_every_target_has_a_module_a_key_and_a_place() -> None:
    assert set(TARGETS) == set(typing.get_args(delivery.Target))
    assert tuple(json.loads(schema_text("site"))["properties"]["deliver"]["properties"]) == NAMES
    assert DeliverSpec.__struct_fields__ == ("span", *NAMES)
    assert all(f"  {name}: " in ALL for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_target_alone_writes_below_its_name_and_changes_nothing_else(name: str) -> None:
    plain, found = delivered(""), delivered(f"deliver: {{{name}: {{}}}}\n")
    assert below(found, f"{name}/")
    assert {path: text for path, text in found.items() if not path.startswith(f"{name}/")} == plain


def test_who_asks_for_no_target_imports_none() -> None:
    program = (
        "import sys; from pathlib import Path; from generator.compiler import generate;"
        "from generator.spec.sources import read_sources;"
        "assert generate(read_sources(Path('specs'))).files;"
        "print([name for name in sys.modules if name.startswith('generator.delivery.')])"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "['generator.delivery.deliver']"
