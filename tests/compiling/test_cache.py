"""With any damage to the cache, the output is right; at worst everything is compiled."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, TypeVar

import pytest
from msgspec import json, msgpack

from generator import cache, private
from generator.artifact import Kept
from generator.artifact import without_text as kept_of
from generator.compiler import generate
from generator.memory import Memory
from generator.spec.sources import read_sources
from tests.commands.calls import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from generator.artifact import File
    from tests.compiling.conftest import Place

T = TypeVar("T")
ALL = ["a-agent", "b-agent", "c-agent"]


def _folder(place: Place) -> Path:
    return place.root / "cache" / "agent-metrics"


def _parts(place: Place) -> Path:
    (found,) = _folder(place).glob("*.parts")
    return found


def _results(place: Place) -> dict[str, bytes]:
    results: dict[str, bytes] = msgpack.decode(_parts(place).read_bytes()[32:])["results"]
    return results


def _forget_the_last_run(place: Place) -> None:
    """Otherwise a call that finds nothing changed does not read the cache."""
    for record in _folder(place).glob("*.run"):
        record.unlink()


@pytest.fixture
def generated(generated_place: Place, compiled: list[str]) -> Iterator[Place]:
    """Damage the cache of what is compiled in the test, and check that the output is right nevertheless."""
    place = generated_place
    expected = place.files()
    yield place
    _forget_the_last_run(place)
    assert place.generate()[:2] == (0, f"output: up to date, {len(expected)} files\n")
    assert place.files() == expected
    assert compiled == ALL


@pytest.mark.parametrize("damage", [b"", b"\x80\x05garbage", b"cos\nsystem\n.", b"\x80\x05N.", b"\0" * 40])
def test_what_is_damaged_is_compiled_again(generated: Place, damage: bytes) -> None:
    _parts(generated).write_bytes(damage)


@pytest.mark.parametrize("at", [0, 0.01, 0.3, 0.5, 0.7, 0.99])
def test_a_byte_that_went_wrong_anywhere_is_noticed(generated: Place, at: float) -> None:
    data = bytearray(_parts(generated).read_bytes())
    data[int(len(data) * at)] ^= 0x55
    _parts(generated).write_bytes(data)


def test_values_of_other_types_are_not_believed(generated: Place) -> None:
    """Like those of another version whose files look the same."""
    data = msgpack.decode(_parts(generated).read_bytes()[32:])
    wrong = msgpack.encode({**data, "results": dict.fromkeys(data["results"], msgpack.encode([1, "x"]))})
    _parts(generated).write_bytes(sha256(wrong).digest() + wrong)


@pytest.mark.parametrize("damage", [b"", b"\0", b"agent-metrics 1\0", b"\xff" * 100, b"\0" * 10_000])
def test_a_damaged_record_of_the_last_run_is_none(generated_place: Place, damage: bytes) -> None:
    place = generated_place
    expected = place.files()
    for record in _folder(place).glob("*.run"):
        record.write_bytes(damage)
    assert place.generate()[:2] == (0, f"output: up to date, {len(expected)} files\n")


def test_few_results_are_kept_that_are_not_in_use(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "_UNUSED", 2)
    place.generate()
    count = len(_results(place))
    for number in range(4):
        place.service("a-agent", f"team-{number}")
        place.generate()
        assert count <= len(_results(place)) <= count + 2
    assert not list(_folder(place).glob(".*"))


def test_of_many_outputs_the_oldest_are_forgotten(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(private, "_KEPT", 2)
    for name in ("x", "y", "z"):
        place.generate("specs", "-o", name)
    assert len(list(_folder(place).glob("*.parts"))) == 2


@pytest.mark.parametrize("home", ["/dev/null", "/proc/self/nowhere", "relative"])
def test_without_a_place_for_it_everything_works(
    place: Place, compiled: list[str], monkeypatch: pytest.MonkeyPatch, home: str
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", home)
    monkeypatch.setenv("HOME", "/dev/null")
    assert place.generate().code == 0
    assert place.generate().code == 0
    assert compiled == ALL * 2
    assert not (place.root / "relative").exists()


def test_all_that_is_kept_comes_back_as_it_was() -> None:
    """Values have types that can be read back, for any specs."""
    kept: dict[tuple[bytes, ...], object] = {}

    class Noting(Memory):
        def retain(self, value: object, *inputs: bytes) -> None:
            kept[inputs] = value

    class Recalling(Memory):
        def __init__(self, *, services: bool) -> None:
            self._without = () if services else [file.identity for file in sources.services]

        def recall(self, kind: type[T], *inputs: bytes) -> T | None:
            if inputs[-1] in self._without:
                return None
            value = msgpack.decode(msgpack.encode(kept[inputs]), type=kind)
            # Equal is not enough: 1 and 1.0 are written differently.
            assert json.encode(value, order="sorted") == json.encode(kept[inputs], order="sorted")
            recalled.add(inputs)
            return value

        def holds(self, file: File) -> bool:
            return isinstance(file, Kept)

    sources = read_sources(ROOT / "specs")
    made = generate(sources, Noting())
    recalled: set[tuple[bytes, ...]] = set()
    for memory in (Recalling(services=False), Recalling(services=True)):
        again = generate(sources, memory)
        assert tuple(map(kept_of, again.files)) == tuple(map(kept_of, made.files))
        assert again.diagnostics == made.diagnostics
    assert recalled == kept.keys()


def test_a_file_that_is_replaced_by_an_equal_one_is_looked_at_again(
    place: Place, compiled: list[str]
) -> None:
    """Its content is then compared, and found equal: nothing is compiled."""
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
