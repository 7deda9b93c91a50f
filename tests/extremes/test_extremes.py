"""Every number, amount and time of the schemas at its edges and beyond: compiled, or refused with a message."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from generator.cli import main
from generator.commands.compiling import checked
from generator.diagnostics.formats import render_text
from generator.emit import emit_module, emit_service, entry_of
from generator.memory import Memory
from generator.prometheus.rule_tests.files import own_trials
from tests.extremes.leaves import SCHEMAS, Leaf, SchemaPart, leaves, parts, root, with_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.extremes.leaves import Step

NUMBERS = (
    *("0", "-1", "6.0", "1e1", "0.5", "1e-300", "5e-324", "1e308", "-1e308"),
    *("9007199254740992", "0.9999999999999999"),
)
TIMES = (
    *("0s", "1s", "15s", "61s", "2m", "31d", "32d", "3650d", "522w", "1w1d1h1m1s"),
    *("99999999999999999s", "000000000000000001s", "1ms", "-5m", "300"),
)
LENGTHS = ("0s", "1ms", "3650d", "99999999999999999s")
SHARES = ("0%", "0.00000000000001%", "0.0001%", "99.9999999999999%", "99.9999%", "100%")
POINTS = ("0pp", "0.0000000000001pp", "0.0001pp", "100pp")
MONEY = ("$0", "$0.00000000000001", "$0.000001", "$99999999999999999")
COUNTS = ("0", "1e1", "1e308", "0.000000000000001", "0.000001", "99999999999999999")
BOUNDS = (
    "0x objective",
    "0.0000001x objective",
    "9999999999999x objective",
    "objective - 3650d",
    "objective + 100pp",
)
PACES = (
    *("0x in 1h and 5m", "0.000000000001x in 1h and 5m", "1x in 31d and 30d", "1x in 3650d and 3649d"),
    *("99999999999999999x in 2m and 1m", "1x in 61s and 60s", "1x in 1h and 1h"),
)
SPECS = Path(__file__).parent / "specs"
KINDS = {
    "services/demo.yaml": "service",
    "profiles/tiny.yaml": "profile",
    "signals.yaml": "signals",
    "site.yaml": "site",
    "prices.yaml": "prices",
    "incidents.yaml": "incidents",
}
DOCUMENTS = {path: yaml.safe_load((SPECS / path).read_text("utf-8")) for path in KINDS}
LEAVES = [(path, leaf) for path, kind in KINDS.items() for leaf in leaves(DOCUMENTS[path], root(kind))]


def extremes(part: SchemaPart) -> Iterator[str]:
    """The values to test, as written, for a leaf of this part of the schema; none for words from a list."""
    contents = part.contents
    types = contents.get("type", ())
    if {"integer", "number"} & {types if isinstance(types, str) else "", *types}:
        yield from NUMBERS
        yield from _bounds(part)
    if part.place.endswith(("/duration", "/cost/properties/per", "/trend/properties/over")):
        yield from TIMES
    if part.place.endswith(("/quantity", "/bound")):
        yield from (*LENGTHS, *SHARES, *POINTS, *MONEY, *COUNTS)
    if part.place.endswith("/bound"):
        yield from (*BOUNDS, *PACES)


def _bounds(part: SchemaPart) -> Iterator[str]:
    for keyword in ("minimum", "maximum"):
        if keyword in part.contents:
            bound = part.contents[keyword]
            yield from map(str, (bound, bound - 1, bound + 1, bound * 1.0000001))


def _tried() -> list[tuple[str, Leaf]]:
    """One leaf of each part of the schemas; bounds have another meaning in each alert, and are tested in all."""
    chosen: dict[tuple[str, Step], tuple[str, Leaf]] = {}
    for path, leaf in LEAVES:
        if any(extremes(leaf.part)):
            is_bound = leaf.part.place.endswith(("/bound", "/quantity"))
            key = (leaf.part.place, leaf.path[1] if is_bound else leaf.path[-1])
            chosen.setdefault(key, (path, leaf))
    return list(chosen.values())


@pytest.fixture(scope="module")
def unchanged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The specs, which compile, in a directory for all tests."""
    folder = tmp_path_factory.mktemp("extremes")
    shutil.copytree(SPECS, folder, dirs_exist_ok=True)
    with _nothing_shipped():
        assert _compiled(folder)
    return folder


@contextmanager
def _nothing_shipped() -> Iterator[None]:
    """Leave the shipped profiles out: to read them each time would take as long as everything else."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("generator.spec.sources.SHIPPED", SPECS / "shipped")
        yield


@pytest.mark.parametrize(
    ("path", "leaf"), [pytest.param(*each, id=".".join(map(str, each[1].path))) for each in _tried()]
)
def test_whatever_amount_is_written_is_compiled_or_refused(path: str, leaf: Leaf, unchanged: Path) -> None:
    document = _without_other_alerts(path, leaf)
    file = unchanged / path
    before = file.read_bytes()
    try:
        with _nothing_shipped():
            for written in dict.fromkeys(extremes(leaf.part)):
                file.write_text(with_text(document, leaf.path, written), "utf-8")
                _compiled(unchanged)
    finally:
        file.write_bytes(before)


def test_the_specs_have_every_number_amount_and_time_that_a_schema_knows() -> None:
    every = [part for name, contents in SCHEMAS.items() for part in parts(SchemaPart(f"{name}#", contents))]
    wanted = {part.place for part in every if any(extremes(part))}
    assert wanted - {leaf.part.place for _, leaf in LEAVES} == set()


@pytest.mark.parametrize(
    ("given", "same"),
    [
        ("release: {max_live: 1e1}", "release: {max_live: 10}"),
        ("release: {max_live: 4.0}", "release: {max_live: 4}"),
    ],
)
def test_a_whole_number_is_one_however_it_is_written(
    given: str, same: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = [
        _cardinality(line, replicas, tmp_path, capsys) for line, replicas in ((given, "6.0"), (same, "6"))
    ]
    assert told[0] == told[1]


def test_a_change_over_a_month_is_looked_at_no_more_often_than_one_over_hours(tmp_path: Path) -> None:
    looks = [_looks(over, tmp_path) for over in ("5h", "31d")]
    assert looks[0] / 2 < looks[1] < looks[0] * 2


def _looks(over: str, folder: Path) -> int:
    shutil.copytree(SPECS, folder, dirs_exist_ok=True)
    profile = folder / "profiles/tiny.yaml"
    profile.write_text(
        profile.read_text("utf-8").replace("run_p95, over: 30m", f"run_p95, over: {over}"), "utf-8"
    )
    model = checked(folder).model
    assert model is not None
    (service,) = model.services
    made = (trial.case for trial in own_trials(service, model.site) if trial.case.alert.name == "Slower")
    return sum(len(case.timeline.expectations) for case in made)


def _cardinality(line: str, replicas: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
    for path in DOCUMENTS:
        text = (SPECS / path).read_text("utf-8")
        text = text.replace("release: {max_live: 4", line.removesuffix("}")).replace(
            "replicas: 2", f"replicas: {replicas}"
        )
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(text, "utf-8")
    assert main(["cardinality", str(folder)]) in {0, 1}
    return capsys.readouterr().out


def _compiled(directory: Path) -> bool:
    """Compile, including a service's own files; return whether that succeeded, else an error must be reported."""
    found = checked(directory)
    assert not any(one.code.startswith("internal/") for one in found.diagnostics)
    if found.failed or found.model is None:
        assert render_text(found.diagnostics, found.texts)
        return False
    site = found.model.site
    for facts in found.facts:
        emit_service(facts, site)
        emit_module(facts.service, site)
        entry_of(facts, site, Memory())
    return True


def _without_other_alerts(path: str, leaf: Leaf) -> dict[str, Any]:
    """Leave out the alerts of the profile whose amounts are not tested: to compile them takes longer than all else.

    Those that the service changes are still there.
    """
    document: dict[str, Any] = DOCUMENTS[path]
    if path != "profiles/tiny.yaml" or leaf.path[0] != "alerts":
        return document
    kept = {leaf.path[1], *DOCUMENTS["services/demo.yaml"]["alerts"]}
    return {**document, "alerts": {name: alert for name, alert in document["alerts"].items() if name in kept}}
