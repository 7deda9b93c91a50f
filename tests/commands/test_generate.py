"""``generate``: all files or none, in any directory, and compared."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pytest

from tests.commands.conftest import SERVICE
from tests.output.trees import snapshot

if TYPE_CHECKING:
    from pathlib import Path

    from tests.commands.calls import CommandCalls


def test_it_writes_every_file_of_its_manifest(place: Path, call: CommandCalls) -> None:
    answer = call("generate")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.startswith("output: ")
    assert answer.out.splitlines()[1].startswith("  look first at output/reports/self-check.md")
    assert answer.out.count("\n") == 2
    assert _files(place / "output") == {*_hashes(place / "output"), "manifest.json"}


def test_the_manifest_has_the_hash_of_every_file(place: Path, call: CommandCalls) -> None:
    call("generate")
    for path, written in _hashes(place / "output").items():
        assert written == hashlib.sha256((place / "output" / path).read_bytes()).hexdigest()


def test_it_writes_elsewhere(place: Path, call: CommandCalls) -> None:
    assert call("generate", "specs", "-o", "x/../else where").code in {0, 2}
    answer = call("generate", "specs", "-o", str(place / "else where"))
    assert answer.code == 0
    assert (place / "else where/catalog.json").is_file()
    assert not (place / "output").exists()


def test_writing_again_changes_nothing(place: Path, call: CommandCalls) -> None:
    call("generate")
    before = {path: (place / "output" / path).stat().st_mtime_ns for path in _files(place / "output")}
    answer = call("generate")
    assert answer.code == 0
    assert before == {path: (place / "output" / path).stat().st_mtime_ns for path in _files(place / "output")}


def test_check_compares_and_writes_nothing(place: Path, call: CommandCalls) -> None:
    answer = call("generate", "--check")
    assert answer.code == 1
    assert answer.out.startswith("output: out of date: ")
    assert not (place / "output").exists()
    call("generate")
    assert call("generate", "--check") == (0, "output: up to date\n", "")


def test_an_objective_s_window_changes_no_shared_rule(place: Path, call: CommandCalls) -> None:
    spec = place / "specs/services/demo-agent.yaml"
    text = f"{spec.read_text('utf-8')}objectives: {{success_rate: {{min: 97%, window: WINDOW}}}}\n"
    spec.write_text(text.replace("WINDOW", "30d"), "utf-8")
    call("generate")
    for window in ("29d", "90d"):
        spec.write_text(text.replace("WINDOW", window), "utf-8")
        changed = call("generate", "--check").out.partition("changed: ")[2].strip().split(", ")
        rules = [path for path in changed if path.startswith(("prometheus/rules", "prometheus/alerts"))]
        assert rules == ["prometheus/rules/demo-agent.rules.yml"]


def test_check_names_what_is_changed_missing_and_stale(place: Path, call: CommandCalls) -> None:
    call("generate")
    output = place / "output"
    (output / "catalog.json").write_text("{}", "utf-8")
    (output / "reports/self-check.md").unlink()
    answer = call("generate", "--check")
    assert answer.code == 1
    assert answer.out == (
        "output: out of date: 1 missing, 1 changed\n  missing: reports/self-check.md\n  changed: catalog.json\n"
    )
    assert (output / "catalog.json").read_text("utf-8") == "{}"


def test_files_of_a_service_that_is_gone_are_removed(place: Path, call: CommandCalls) -> None:
    second = place / "specs/services/second.yaml"
    first = (place / "specs/services/demo-agent.yaml").read_text("utf-8")
    second.write_text(first.replace("demo-agent", "second"), "utf-8")
    call("generate")
    assert (place / "output/prometheus/rules/second.rules.yml").is_file()
    second.unlink()
    assert call("generate", "--check").code == 1
    assert call("generate").code == 0
    assert not (place / "output/prometheus/rules/second.rules.yml").exists()


def test_nothing_is_written_when_a_spec_is_at_fault(faulty: Path, call: CommandCalls) -> None:
    for arguments in (("generate",), ("generate", "--check")):
        answer = call(*arguments)
        assert answer.code == 1
        assert answer.out == ""
        assert "error[unit/mismatch]" in answer.err
        assert answer.err.endswith("nothing was written to output\n")
    assert not (faulty / "output").exists()


def test_an_output_that_cannot_be_written_is_the_calls_fault(place: Path, call: CommandCalls) -> None:
    (place / "file").write_text("mine", "utf-8")
    for arguments in (
        ("generate", "-o", "file"),
        ("generate", "-o", "file/below"),
        ("generate", "--check", "-o", "file"),
    ):
        answer = call(*arguments)
        assert answer.code == 2, arguments
        assert answer.err.startswith("error: ")
        assert answer.out == ""
    assert (place / "file").read_text("utf-8") == "mine"


@pytest.mark.parametrize(
    "output",
    ["specs", "specs/../specs/", "link", "specs/services", "specs/profiles/new", "link/services/new"],
)
@pytest.mark.parametrize("check", [(), ("--check",)], ids=["write", "check"])
def test_nothing_is_written_among_the_specs(
    place: Path, call: CommandCalls, output: str, check: tuple[str, ...]
) -> None:
    (place / "link").symlink_to("specs")
    before = snapshot(place)
    message = call.refused("generate", "specs", "-o", output, *check)
    assert "is where specs are read from\n  help: name another output directory" in message
    assert snapshot(place) == before


@pytest.mark.parametrize(("specs", "output"), [("specs", "."), ("specs", "specs/output"), (".", "output")])
def test_an_output_above_or_below_the_specs_changes_none_of_them(
    place: Path, call: CommandCalls, monkeypatch: pytest.MonkeyPatch, specs: str, output: str
) -> None:
    if specs == ".":
        monkeypatch.chdir(place / "specs")
    before = (place / "specs/services/demo-agent.yaml").read_bytes()
    assert [call("generate", specs, "-o", output).code for _ in range(2)] == [0, 0]
    assert call("generate", specs, "-o", output, "--check").out == f"{output}: up to date\n"
    assert (place / "specs/services/demo-agent.yaml").read_bytes() == before


def test_a_foreign_file_is_kept(place: Path, call: CommandCalls) -> None:
    call("generate")
    (place / "output/notes.md").write_text("mine", "utf-8")
    assert call("generate").code == 0
    assert (place / "output/notes.md").read_text("utf-8") == "mine"


@pytest.mark.parametrize("usual", ["", ".gitkeep", "README.md", "LICENSE", "lost+found", "grafana"])
def test_a_new_output_may_have_what_new_directories_have(place: Path, call: CommandCalls, usual: str) -> None:
    (place / "output" / usual).mkdir(parents=True)
    assert call("generate").code == 0


def test_files_of_others_are_not_mixed_with_a_first_output_unless_the_call_says_so(
    place: Path, call: CommandCalls
) -> None:
    project = place / "project"
    for name in ("setup.py", "src/main.py", ".git/HEAD", "README.md"):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text("mine", "utf-8")
    before = snapshot(project)
    message = call.refused("generate", "specs", "-o", "project")
    assert message.startswith('error: "project" holds setup.py, src, and nothing generated\n')
    assert "-o my-output; or pass --beside, which writes catalog.json, grafana" in message
    assert snapshot(project) == before
    assert call("generate", "specs", "-o", "project", "--beside").code == 0
    assert call("generate", "specs", "-o", "project").code == 0
    assert (project / "src/main.py").read_text("utf-8") == "mine"


def test_a_damaged_manifest_is_told_and_not_taken_for_a_file_of_others(
    place: Path, call: CommandCalls
) -> None:
    """``--beside`` would be no way out of it."""
    call("generate")
    (place / "output/manifest.json").write_text("{", "utf-8")
    answer = call("generate")
    assert answer.code == 2
    assert answer.err.startswith("error: manifest.json in the output directory cannot be read")


def test_warnings_do_not_stop_it(place: Path, call: CommandCalls) -> None:
    path = place / "specs/services/demo-agent.yaml"
    path.write_text(path.read_text("utf-8").replace("gpt-4o", "my-own-model"), "utf-8")
    answer = call("generate")
    assert answer.code == 0
    assert "warning[price/missing]" in answer.err
    assert "info[" not in answer.err


def _files(directory: Path) -> set[str]:
    return {path.relative_to(directory).as_posix() for path in directory.rglob("*") if path.is_file()}


def _specs_of(directory: Path, service: str) -> Path:
    """Write the spec of one service below a directory of specs."""
    path = directory / "services" / f"{service}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(SERVICE.replace("demo-agent", service), "utf-8")
    return path


def _hashes(directory: Path) -> dict[str, str]:
    files: dict[str, str] = json.loads((directory / "manifest.json").read_text("utf-8"))["files"]
    return files


def test_findings_that_are_not_shown_are_told_on_a_terminal_too(place: Path, call: CommandCalls) -> None:
    spec = place / "specs/services/demo-agent.yaml"
    spec.write_text(spec.read_text() + "".join(f"key{number}: x\n" for number in range(80)))
    code, _, told = call("generate", str(place / "specs"), "-o", str(place / "output"))
    assert code == 1
    assert "findings from here on that are not shown: 30" in told


@pytest.mark.parametrize("output", ["", " ", "..", "x/..", "../../"])
@pytest.mark.parametrize("command", ["generate", "schema", "apply"])
def test_a_directory_without_a_name_of_its_own_is_a_call_error(
    place: Path, call: CommandCalls, command: str, output: str
) -> None:
    """``-o "$UNSET"`` and ``-o "$UNSET/.."`` are accidents."""
    before = snapshot(place)
    assert "argument -o/--output: " in call.refused(command, "-o", output)
    assert snapshot(place) == before


@pytest.mark.parametrize("arguments", [("generate", ""), ("check", ""), ("init", " "), ("cardinality", "")])
def test_an_empty_path_is_a_call_error(place: Path, call: CommandCalls, arguments: tuple[str, ...]) -> None:
    before = snapshot(place)
    assert "argument SPECS: the path is empty" in call.refused(*arguments)
    assert snapshot(place) == before


@pytest.mark.parametrize("options", [(), ("--no-cache",)])
def test_other_specs_replace_no_service_of_an_output_unless_the_call_says_so(
    place: Path, call: CommandCalls, options: tuple[str, ...]
) -> None:
    call("generate", *options)
    other = _specs_of(place / "mine", "my-agent")
    before = snapshot(place / "output")
    assert call.refused("generate", "mine", *options) == (
        'error: "output" was generated from "specs", and "mine" does not have its service demo-agent\n'
        "  help: name another output directory, as in: -o my-output; or pass --replace, which deletes the files of "
        "what these specs do not have; nothing was written\n"
    )
    assert snapshot(place / "output") == before
    assert call("generate", "mine", "--replace").code == 0
    assert not (place / "output/prometheus/rules/demo-agent.rules.yml").exists()
    assert (place / "output/prometheus/rules/my-agent.rules.yml").exists()
    # From now on the output is theirs.
    other.unlink()
    _specs_of(place / "mine", "renamed")
    assert call("generate", "mine").code == 0
    assert call("generate").code == 2


def test_the_only_service_may_get_another_name(place: Path, call: CommandCalls) -> None:
    call("generate")
    (place / "specs/services/demo-agent.yaml").unlink()
    _specs_of(place / "specs", "renamed")
    assert call("generate").code == 0
    assert not (place / "output/prometheus/rules/demo-agent.rules.yml").exists()


def test_in_a_clone_other_specs_are_those_without_any_of_several_services(
    place: Path, call: CommandCalls, monkeypatch: pytest.MonkeyPatch
) -> None:
    _specs_of(place / "specs", "second")
    call("generate")
    (place / "specs").rename(place / "clone")
    (place / "output").rename(place / "copied")
    monkeypatch.setenv("XDG_CACHE_HOME", str(place / "cache of another user"))
    _specs_of(place / "mine", "my-agent")
    answer = call("generate", "mine", "-o", "copied")
    assert answer.code == 2
    assert (
        'error: "copied" was generated from other specs, and "mine" does not have its services' in answer.err
    )
    assert "demo-agent, second" in answer.err
    (place / "clone/services/demo-agent.yaml").unlink()
    assert call("generate", "clone", "-o", "copied").code == 0
    # One service may have got another name.
    (place / "clone/services/second.yaml").rename(place / "clone/services/third.yaml")
    _specs_of(place / "clone", "third")
    monkeypatch.setenv("XDG_CACHE_HOME", str(place / "cache of a third user"))
    assert call("generate", "clone", "-o", "copied").code == 0


def test_specs_that_moved_may_lose_a_service(place: Path, call: CommandCalls) -> None:
    _specs_of(place / "specs", "second")
    call("generate")
    (place / "specs").rename(place / "moved")
    (place / "moved/services/second.yaml").unlink()
    assert call("generate", "moved").code == 0


def test_an_output_depends_on_no_place_of_its_specs(place: Path, call: CommandCalls) -> None:
    call("generate")
    before = snapshot(place / "output")
    _specs_of(place / "copies/specs", "demo-agent")
    assert call("generate", "copies/specs", "--check").code == 0
    assert call("generate", "copies/specs").code == 0
    assert snapshot(place / "output") == before
