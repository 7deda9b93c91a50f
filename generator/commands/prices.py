"""``prices import``: take prices from LiteLLM's published list, a local file; nothing is downloaded."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from generator.commands import options
from generator.commands.call import CALL_AT_FAULT, OK, CallError, printable_text
from generator.commands.compiling import checked
from generator.commands.init import shipped_text
from generator.commands.litellm_prices import Imported, every_chat_model, models_of, read_list
from generator.commands.replacing import replacing
from generator.commands.terminal import complain
from generator.model.metrics import OTHER
from generator.spec.document import parse_document
from generator.spec.schema import load_schema, validate
from generator.spec.source import SourceText

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable
    from pathlib import Path


_ENTRY = re.compile(
    r"  (?:\"(?P<quoted>[^\"]+)\"|(?P<plain>[^\s#\"'][^#]*?)): (?P<value>\{.*\})\s*(?P<comment>#.*)?"
)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOST_SHOWN = 20


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.description = (
        "Take prices from model_prices_and_context_window.json, the list that LiteLLM publishes: of the models that "
        "the services list and of those that are priced already. Entries that it does not know stay as they are."
    )
    parser.add_argument("action", choices=["import"], help="what to do with the prices")
    parser.add_argument("file", type=options.path, metavar="FILE", help="LiteLLM's list")
    options.specs(parser)
    parser.add_argument(
        "--model", action="append", default=[], metavar="NAME", help="a further model; may be repeated"
    )
    parser.add_argument("--all", action="store_true", help="every model that the list has")
    parser.add_argument("--date", metavar="DAY", help="the day of the prices; default: that of the file")


def run(arguments: argparse.Namespace) -> int:
    """Change prices.yaml, or print the reason why not; the written file compiles."""
    try:
        return _import(arguments)
    except CallError as problem:
        complain(str(problem), problem.help)
        return CALL_AT_FAULT


def _import(arguments: argparse.Namespace) -> int:
    day = arguments.date or _day_of(arguments.file)
    if not _DATE.fullmatch(day):
        raise CallError(f'"{printable_text(day)}" is no day', "write it as 2026-11-28")
    listed = read_list(arguments.file)
    path = arguments.specs / "prices.yaml"
    before = _lines_of(path)
    wanted = every_chat_model(listed) if arguments.all else [*_listed(arguments.specs), *_entries(before)]
    chosen, missing = models_of(listed, [*wanted, *arguments.model])
    others = [model.name for model in chosen if _is_other(model, _entries(before).get(model.name))]
    chosen = [model for model in chosen if model.name.partition("@")[0] not in others]
    after = _dated(_with_providers(_with_models(before, chosen), chosen), day)
    _check(after, path)
    with replacing(path) as new:
        new.write(f"{line}\n" for line in after)
    _report(_entries(before), chosen, path)
    for why, names in (("not in the list", missing), ("of another provider there", others)):
        if names:
            sys.stdout.write(f"{why}, and left as they are: {', '.join(map(printable_text, names))}\n")
    return OK


def _is_other(model: Imported, before: str | None) -> bool:
    """Whether the list prices another provider's model of that name."""
    provider = re.search(r"\bprovider: ([^,}]+)", before or "")
    return provider is not None and provider[1].strip() != model.provider


def _day_of(path: Path) -> str:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC).date().isoformat()
    except OSError as problem:
        raise CallError(f"{printable_text(path)} cannot be read: {problem.strerror}") from problem


def _lines_of(path: Path) -> list[str]:
    """Read the price list; without one, the shipped list, which a local list replaces."""
    if not path.exists():
        return shipped_text("prices.yaml", ".schemas").splitlines()
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as problem:
        raise CallError(f"{printable_text(path)} cannot be read: {problem}") from problem


def _listed(specs: Path) -> list[str]:
    """Name the models that services list; none where the specs do not compile."""
    model = checked(specs).model
    services = model.services if model else ()
    return [name for one in services for name in one.labels[one.tokens.model].values if name != OTHER]


def _block(lines: list[str], key: str) -> tuple[int, int]:
    """Find the lines of a top-level map: after its key, up to the next one."""
    begin = next(
        (number for number, line in enumerate(lines) if re.fullmatch(rf"{key}:\s*(#.*)?", line)), None
    )
    if begin is None:
        raise CallError(
            f"{key} of prices.yaml is not written over several lines",
            f"write {key}: on a line of its own, and an entry a line below it",
        )
    ends = (number for number, line in enumerate(lines) if number > begin and line[:1] not in {"", " ", "#"})
    end = next(ends, len(lines))
    while end > begin + 1 and not lines[end - 1].strip():
        end -= 1
    return begin + 1, end


def _entries(lines: list[str]) -> dict[str, str]:
    """List the models that are written on one line each, with their prices."""
    begin, end = _block(lines, "models")
    matches = (_ENTRY.fullmatch(line) for line in lines[begin:end])
    return {match["quoted"] or match["plain"]: match["value"] for match in matches if match}


def _with_models(lines: list[str], models: Iterable[Imported]) -> list[str]:
    new = {model.name: model.entry for model in models}
    begin, end = _block(lines, "models")
    kept = []
    for line in lines[begin:end]:
        match = _ENTRY.fullmatch(line)
        entry = new.pop(match["quoted"] or match["plain"], None) if match else None
        comment = f"  {match['comment']}" if match and match["comment"] else ""
        kept.append(
            line if match is None or entry is None else f"{line[: match.start('value')]}{entry}{comment}"
        )
    return [*lines[:begin], *kept, *(f"  {_key(name)}: {entry}" for name, entry in new.items()), *lines[end:]]


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z][\w./:@-]*\w", name) else f'"{name}"'


def _with_providers(lines: list[str], models: Iterable[Imported]) -> list[str]:
    if not any(line.startswith("providers:") for line in lines):
        begin = _block(lines, "models")[0] - 1
        lines = [*lines[:begin], "providers:", *lines[begin:]]
    begin, end = _block(lines, "providers")
    known = {line.strip().partition(":")[0] for line in lines[begin:end]}
    new = {model.provider: model.includes for model in models if model.provider not in known}
    return [
        *lines[:end],
        *(f"  {name}: {{includes: {entries}}}" for name, entries in new.items()),
        *lines[end:],
    ]


def _dated(lines: list[str], day: str) -> list[str]:
    kept = [line for line in lines if not line.startswith("date:")]
    begin = next((number for number, line in enumerate(kept) if line and not line.startswith("#")), 0)
    return [*kept[:begin], f'date: "{day}"', *kept[begin:]]


def _check(lines: list[str], path: Path) -> None:
    """Check that the new list compiles, before it replaces the old one."""
    document = parse_document(SourceText(str(path), "\n".join(lines) + "\n"))
    wrong = (
        validate(document.value, load_schema("prices"))
        if document.value is not None
        else document.diagnostics
    )
    if wrong:
        raise CallError(
            f"{printable_text(path)} would be wrong: {wrong[0].message}",
            "correct it first, or name fewer models",
        )


def _report(before: dict[str, str], models: list[Imported], path: Path) -> None:
    new = [model for model in models if model.name not in before]
    changed = [model for model in models if before.get(model.name, model.entry) != model.entry]
    same = len(models) - len(new) - len(changed)
    sys.stdout.write(f"{printable_text(path)}: {len(new)} added, {len(changed)} changed, {same} as before\n")
    for model in changed[:_MOST_SHOWN]:
        sys.stdout.write(f"  {model.name}: {before[model.name]}\n    now {model.entry}\n")
    if len(changed) > _MOST_SHOWN:
        sys.stdout.write(f"  and {len(changed) - _MOST_SHOWN} more\n")
