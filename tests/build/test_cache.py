"""Whatever becomes of the cache, the output is right; at worst everything is compiled."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from generator.build.folder import cache_folder

if TYPE_CHECKING:
    from pathlib import Path

    from tests.build.conftest import Place

ALL = ["a-agent", "b-agent", "c-agent"]


def _folder(place: Place) -> Path:
    folder = cache_folder(place.root / "output")
    assert folder is not None
    return folder


@pytest.mark.parametrize("damage", [b"", b"\x80\x05garbage", b"cos\nsystem\n.", b"\x80\x05N."])
def test_a_damaged_part_is_compiled_again(place: Place, compiled: list[str], damage: bytes) -> None:
    place.generate()
    expected = place.files()
    compiled.clear()
    for part in _folder(place).glob("*.memo"):
        part.write_bytes(damage)
    (_folder(place) / "state.json").unlink()
    assert place.generate()[:2] == (0, f"output: up to date, {len(expected)} files\n")
    assert compiled == ALL
    assert place.files() == expected


@pytest.mark.parametrize("at", [0.01, 0.3, 0.5, 0.7, 0.99])
def test_a_byte_that_went_wrong_anywhere_is_noticed(place: Place, compiled: list[str], at: float) -> None:
    """Also one in what is packed within a part, which is looked at much later."""
    place.generate()
    expected = place.files()
    compiled.clear()
    for part in _folder(place).glob("*.memo"):
        data = bytearray(part.read_bytes())
        data[int(len(data) * at)] ^= 0x55
        part.write_bytes(data)
    (_folder(place) / "state.json").unlink()
    assert place.generate()[:2] == (0, f"output: up to date, {len(expected)} files\n")
    assert compiled == ALL
    assert place.files() == expected


@pytest.mark.parametrize(
    "damage", ["", "[]", "{}", '{"inputs": 1}', '{"inputs": null, "told": 3, "files": []}']
)
def test_a_damaged_state_is_no_state(place: Place, damage: str) -> None:
    place.generate()
    expected = place.files()
    (_folder(place) / "state.json").write_text(damage)
    assert place.generate()[:2] == (0, f"output: up to date, {len(expected)} files\n")


def test_only_parts_in_use_are_kept(place: Place) -> None:
    place.generate()
    for owner in ("team-x", "team-y"):
        place.service("a-agent", owner)
        place.generate()
    assert len(list(_folder(place).glob("*.memo"))) == len(ALL) + 2  # what they share, and the dashboards
    assert not list(_folder(place).glob(".*"))


@pytest.mark.parametrize("home", ["/dev/null", "/proc/self/nowhere"])
def test_without_a_place_for_it_everything_works(
    place: Place, compiled: list[str], monkeypatch: pytest.MonkeyPatch, home: str
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", home)
    assert place.generate().code == 0
    assert place.generate().code == 0
    assert compiled == ALL * 2


def test_nobody_else_can_read_or_write_it(place: Place) -> None:
    place.generate()
    assert _folder(place).stat().st_mode & 0o077 == 0


def test_a_file_that_is_replaced_by_an_equal_one_is_looked_at_again(
    place: Place, compiled: list[str]
) -> None:
    """Its content is compared then, and found to be the same: nothing is compiled."""
    place.generate()
    compiled.clear()
    path = place.root / "output/catalog.json"
    data = path.read_bytes()
    path.unlink()
    path.write_bytes(data)
    assert place.generate().out.startswith("output: up to date")
    assert compiled == []


def test_an_output_that_became_a_link_is_refused_as_ever(place: Place) -> None:
    place.generate()
    (place.root / "output").rename(place.root / "moved")
    (place.root / "output").symlink_to("moved")
    answer = place.generate()
    assert answer.code == 2
    assert "is a link" in answer.err


def test_the_state_says_what_was_made(place: Place) -> None:
    place.generate()
    state = json.loads((_folder(place) / "state.json").read_text())
    assert state["files"].keys() == place.files().keys()
