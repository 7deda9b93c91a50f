"""A help with a text to write is followed literally: then the spec compiles, or the next finding is elsewhere."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from msgspec import Struct

from generator.commands.compiling import checked
from generator.diagnostics import Severity
from generator.diagnostics.pages import pages
from tests.examples import BASES, SERVICE, examples, insert
from tests.golden import cases
from tests.spec.front import found_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from generator.diagnostics import Diagnostic
    from generator.diagnostics.pages import Page

    Check = Callable[[Path], list["Finding"]]

ROOT = Path(__file__).parent
#: These are about the files of a directory, or contain bytes that no editor would write.
LEFT_OUT = {"no-services", "source-utf16", "files-misplaced"}


class Finding(Struct, frozen=True):
    """An error, with the place of the wrong text: lines and columns count from 1, the end is exclusive."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int
    code: str
    message: str
    help: str

    @property
    def place(self) -> tuple[str, int, int]:
        """The start of its place."""
        return self.file, self.line, self.column


#: The forms of a help that replaces the underlined text; the first that matches is used.
INSTEAD = (
    re.compile(r"""^quote it(?: if it is text)?: (?P<new>"[^"]*"|'[^']*')"""),
    re.compile(r"""^quote the text: (?P<new>"[^"]*"|'[^']*')$"""),
    re.compile(r'^did you mean "(?P<new>[^"]+)"\?'),
    re.compile(r"^leave out the quotes: (?P<new>\S+)$"),
    re.compile(r"^a space must follow the colon: (?P<new>.+)$"),
    re.compile(r"^write a list: (?P<new>\[.+\])$"),
    re.compile(r"^write whole numbers only: (?P<new>\S+)$"),
    re.compile(r"^write the unit, such as (?P<new>\S+?)(?: or |$)"),
    re.compile(r"""^write (?P<new>"[^"]*"|'[^']*'|[$€]?-?[0-9][\w.%+-]*|true|false|\{\}|\[\])(?:;.*)?$"""),
    re.compile(r"^write (?P<new>\{[a-z_]+: [^{}]+\})$"),
    re.compile(r"^write (?P<new>\S+) if it is an amount; "),
    re.compile(r"^write (?P<new>[\w-]+); "),
    re.compile(r"^write U\+[0-9A-F]+, as editors do: (?P<new>\".*\")$"),
)


def followed(text: str, finding: Finding) -> str | None:
    """Return the text with the help followed; None where the help leaves that to the author, or shows only a part."""
    match = next(filter(None, (pattern.search(finding.help) for pattern in INSTEAD)), None)
    if match is None or "..." in match["new"]:
        return None
    starts = [0, *(found.end() for found in re.finditer(r"\r\n|\r|\n", text))]
    begin = starts[finding.line - 1] + finding.column - 1
    end = starts[finding.end_line - 1] + finding.end_column - 1
    old, new = text[begin:end], match["new"]
    if old[:1] in {'"', "'"} and new[:1] not in {'"', "'"} and finding.help.startswith("did you mean"):
        new = f"{old[0]}{new}{old[0]}"
    return text[:begin] + new + text[end:]


#: Findings about two places, or about the meaning of a right amount: hidden before, and another error.
SOMETHING_ELSE = {"schema/duplicate", "schema/key-name", "service/duplicate", "alert/never-fires"}
#: The smallest number of codes whose helps are followed.
MANY = 20
INPUT = "input.yaml"


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> Check:
    """Check a directory ``specs`` below a path, and return the errors."""

    def check(directory: Path) -> list[Finding]:
        if (directory / INPUT).is_file():
            return list(_errors(found_in((directory / INPUT).read_bytes()), INPUT))
        monkeypatch.chdir(directory)
        return list(_errors(checked(Path("specs"), cached=False).diagnostics))

    return check


def _errors(diagnostics: Iterable[Diagnostic], file: str = "") -> Iterator[Finding]:
    for one in diagnostics:
        if one.severity is Severity.ERROR and one.span and one.span.line:
            place = (one.span.line, one.span.column, one.span.end_line, one.span.end_column)
            yield Finding(file or one.span.file, *place, one.code, one.message, one.help)


CASES = [case for case in (*cases(ROOT / "bad"), *cases(ROOT / "spec/bad")) if case.name not in LEFT_OUT]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_whoever_follows_a_help_has_mended_what_it_is_about(case: Path, found: Check, tmp_path: Path) -> None:
    follow(case, found, tmp_path)


@pytest.mark.parametrize("each", pages(), ids=lambda each: each.code)
def test_the_same_holds_of_the_example_of_every_code(each: Page, found: Check, tmp_path: Path) -> None:
    wrong = examples(each, "Wrong")
    if wrong and each.code not in PATHS:
        insert(tmp_path / "page/specs", wrong)
        follow(tmp_path / "page", found, tmp_path)


#: Their examples are paths of files.
PATHS = {"source/misplaced", "source/not-read"}

#: Helps that once did not fix their mistake: the text in a service, and the right one.
ONCE = (
    ("budget: {per_day: $2,5}", "budget: {per_day: $2.5}"),
    ('objectives: {success_rate: {min: "99.99999999 %"}}', "objectives: {success_rate: {min: 99.9999%}}"),
    ("objectives: {latency_p95: {max: '2,5s'}}", "objectives: {latency_p95: {max: 2500ms}}"),
    ("budget: {per_day\uff1a$5}", "budget: {per_day: $5}"),
    ("replicas\uff1a 3", "replicas: 3"),
)


@pytest.mark.parametrize(("wrong", "right"), ONCE)
def test_what_was_once_not_mended_by_its_help_is(
    wrong: str, right: str, found: Check, tmp_path: Path
) -> None:
    service = tmp_path / "wrong/specs/services/demo-agent.yaml"
    service.parent.mkdir(parents=True)
    service.write_text(f"{BASES[SERVICE]}{wrong}\n", "utf-8")
    assert found(tmp_path / "wrong")
    follow(tmp_path / "wrong", found, tmp_path)
    service.write_text(f"{BASES[SERVICE]}{right}\n", "utf-8")
    assert not found(tmp_path / "wrong")


def test_many_kinds_of_helps_are_followed(found: Check) -> None:
    """Otherwise the tests above would prove little."""
    kinds = {
        finding.code
        for case in CASES
        for finding in _known(case, found)
        if followed(_text(case / finding.file), finding) is not None
    }
    assert len(kinds) >= MANY


def follow(case: Path, found: Check, tmp_path: Path) -> None:
    """Follow each help of a case separately, and check that its place has no further finding."""
    for number, finding in enumerate(_known(case, found)):
        mended = followed(_text(case / finding.file), finding)
        if mended is None:
            continue
        place = tmp_path / f"{number}"
        shutil.copytree(case, place)
        (place / finding.file).write_bytes(mended.encode("utf-8", "surrogateescape"))
        after = [
            one
            for one in found(place)
            if (one.place == finding.place and one.code not in SOMETHING_ELSE | {finding.code})
            or (one.place, one.message) == (finding.place, finding.message)
        ]
        assert not after, (
            f"{finding.code}: {finding.message}\nhelp: {finding.help}\nthen: {after[0]}\n{mended}"
        )


_KNOWN: dict[Path, list[Finding]] = {}


def _known(case: Path, found: Check) -> list[Finding]:
    """The findings of a case, which several tests begin with."""
    if case not in _KNOWN:
        _KNOWN[case] = found(case)
    return _KNOWN[case]


def _text(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "surrogateescape") if path.is_file() else ""
