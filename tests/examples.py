"""The examples of documentation, inserted into specs and expositions that are valid without them."""

from __future__ import annotations

import io
import json
import re
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from shutil import copytree
from typing import TYPE_CHECKING, Any, NamedTuple

from generator.cli import main
from tests.models import written

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from generator.diagnostics.pages import Page

AUDIT = Path(__file__).resolve().parent / "audit"
SERVICE = "services/demo-agent.yaml"
PROFILE = "profiles/mine.yaml"
BASES = {
    SERVICE: """\
service: demo-agent
profile: agent
owner: team-demo
selector: {job: demo-agent}
labels: {model: [gpt-4o], tool: [search]}
""",
    PROFILE: """\
profile: mine
labels: {status: {values: [ok, error], closed: true}}
metrics: {my_runs_total: {type: counter, help: Runs., labels: [status]}}
signals: {run_count: {title: Runs, description: Runs., count: {of: my_runs_total}, better: neither}}
""",
}
_BLOCK = re.compile(r"```(\w+)\n(.*?)```\n", re.DOTALL)
_NAMED = re.compile(r"# (\S+\.yaml)\n")
_ENTRY = re.compile(r"^#? ?([a-z_]+):", re.MULTILINE)
#: The key that makes an example a whole file; another example is a part of one.
_WHOLE = {"services": "service", "profiles": "profile"}

_FAMILY = re.compile(r"\b(demo_\w+?)(?:_bucket|_sum|_count|_created)?(?=[{ ]|$)", re.MULTILINE)


class Example(NamedTuple):
    """A block of a page: its language and its text."""

    language: str
    text: str


def examples(page: Page, word: str) -> tuple[Example, ...]:
    """The blocks that follow ``Wrong:`` or ``Right:``."""
    _, _, after = page.text.partition(f"\n{word}:\n")
    return blocks(after.partition("\nRight:\n")[0])


def blocks(markdown: str) -> tuple[Example, ...]:
    """The fenced blocks of a text."""
    return tuple(Example(*found) for found in _BLOCK.findall(markdown))


def check_codes(directory: Path, shown: Iterable[Example]) -> set[tuple[str, str]]:
    """Insert examples into a directory of specs, and return severity and code of all findings of ``check``."""
    insert(directory, shown)
    return {(each["severity"], each["code"]) for each in _report("check", str(directory))["diagnostics"]}


def insert(directory: Path, shown: Iterable[Example]) -> None:
    """Insert examples into a directory of specs that is valid without them."""
    texts = [example.text for example in shown]
    written(directory, {SERVICE: BASES[SERVICE]})
    if any(PROFILE in text or "profile: mine" in text for text in texts):
        own = _merged(BASES[SERVICE], "profile: mine\nlabels: {}\n", "service")
        written(directory, {PROFILE: BASES[PROFILE], SERVICE: own})
    for text in texts:
        _put(directory, text)


def audit_codes(directory: Path, page: Page, word: str) -> set[str]:
    """Insert the examples of an audit into its specs and its exposition, and return the codes of its findings."""
    copytree(AUDIT / "specs", directory)
    shown = examples(page, word)
    for example in shown:
        if example.language == "yaml":
            _put(directory, example.text)
    about = {
        family for each in _both(page) if each.language == "text" for family in _FAMILY.findall(each.text)
    }
    kept = _without((AUDIT / "cases/as-declared/exposition.txt").read_text("utf-8"), about)
    own = "".join(example.text for example in shown if example.language == "text")
    written(directory, {"exposition.txt": kept + own})
    report = _report("audit", str(directory), "--exposition", str(directory / "exposition.txt"))
    return {finding["code"] for service in report["services"] for finding in service["findings"]}


def _both(page: Page) -> tuple[Example, ...]:
    return examples(page, "Wrong") + examples(page, "Right")


def _without(exposition: str, families: Collection[str]) -> str:
    """Drop the lines of metrics that an example is about."""
    lines = exposition.splitlines(keepends=True)
    return "".join(line for line in lines if not set(families).intersection(_FAMILY.findall(line)))


def _put(directory: Path, text: str) -> None:
    """Write an example into the file that its first line names, over the keys that it has."""
    named = _NAMED.match(text)
    name = named[1] if named else SERVICE
    path = directory / name
    body = text[named.end() :] if named else text
    before = path.read_text("utf-8") if path.exists() else ""
    written(directory, {name: _merged(before, body, _WHOLE.get(path.parent.name, ""))})


def _merged(before: str, example: str, whole: str) -> str:
    """Replace the entries that an example has as well; a whole file replaces all."""
    keys = set(_ENTRY.findall(example))
    if whole in keys or not before:
        return example
    starts = [found.start() for found in _ENTRY.finditer(before)]
    entries = [before[start:end] for start, end in zip(starts, [*starts[1:], None], strict=True)]
    return "".join(entry for entry in entries if entry.partition(":")[0] not in keys) + example


def _report(*arguments: str) -> Any:  # noqa: ANN401 - JSON
    out = io.StringIO()
    with redirect_stdout(out), redirect_stderr(io.StringIO()):
        main([*arguments, "--format", "json"])
    return json.loads(out.getvalue())
