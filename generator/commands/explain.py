"""``explain``: the meaning of a diagnostic code, of an alert, a signal or a metric, or of a key of the specs."""

from __future__ import annotations

import re
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

from generator.commands import options
from generator.commands.call import OK, CallError
from generator.diagnostics.pages import code_page, codes, pages
from generator.diagnostics.wording import closest, did_you_mean, listed

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator, Sequence

    from generator.spec.declarations import Declaration
    from generator.spec.reference import Key, KeySection

_WIDTH = 88
#: A record of a signal or a stream, such as ``service:agent_success_rate:ratio``.
_RECORD = re.compile(r"\w+:(?:own_)?agent_(?P<of>\w+):\w+")
#: Characters of a word that is looked up within names.
_SHORTEST = 3
_OTHERS = (
    "explain without a name lists all codes; it also knows alerts, signals, streams, their records, metrics, labels, "
    "segments, services and profiles by their names, and the keys of specs"
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.description = (
        "Explain a code such as cardinality/forbidden-label, an alert such as AgentNoRuns, a signal such "
        "as success_rate, or a key of the specs such as objectives; without a name, list the codes."
    )
    parser.add_argument("name", nargs="?", metavar="NAME")
    parser.add_argument(
        "--specs",
        type=options.path,
        metavar="DIR",
        help="the directory of specs with your own alerts and signals; default: specs",
    )


def run(arguments: argparse.Namespace) -> int:
    """Explain one name, or list all codes with their titles."""
    if arguments.name is None:
        width = max(map(len, codes()))
        sys.stdout.writelines(f"{each.code:<{width}}  {each.title}\n" for each in pages())
        return OK
    if (explained := code_page(arguments.name)) is not None:
        sys.stdout.write(explained.text)
        return OK
    specs = _specs(arguments.specs)
    texts = [*_of_specs(arguments.name, specs), *_of_keys(arguments.name)]
    texts = texts or list(_made_of_objectives(arguments.name, specs))
    texts = texts or list(_of_record(arguments.name, specs))
    if not texts:
        raise CallError(f'unknown name "{arguments.name}"', _likely(arguments.name, _known(specs)))
    sys.stdout.write("\n".join(texts))
    return OK


def _specs(named: Path | None) -> Path:
    """Find the directory of specs; names of the shipped library are explained without one.

    Raises:
        CallError: the named one does not exist.
    """
    if named is not None and not named.is_dir():
        help_ = "name the directory that holds services/, or leave --specs out"
        raise CallError(f"there is no directory {named}", help_)
    return named or Path("specs")


def _likely(name: str, known: Iterable[str]) -> str:
    """Suggest the name that is one letter longer or shorter, else those with the word in them, else similar ones."""
    every = tuple(dict.fromkeys(known))
    match, word = closest(name, every), name.casefold()
    if match is None or abs(len(match) - len(name)) > 1:
        with_it = sorted((one for one in every if word in one.casefold()), key=lambda one: (len(one), one))
        if len(word) >= _SHORTEST and with_it:
            return f"names with it: {listed(with_it)}"
    return did_you_mean(name, every) if match else _OTHERS


def _known(specs: Path) -> Iterator[str]:
    """List all names that can be explained."""
    # A code is explained without PyYAML.
    from generator.spec.declarations import declared_names  # noqa: PLC0415
    from generator.spec.reference import sections  # noqa: PLC0415

    yield from codes()
    yield from declared_names(specs)
    yield from (key.name for section in sections() for key in section.keys)


def _of_specs(name: str, specs: Path) -> Iterator[str]:
    """Explain the declarations of this name in the specs, and the changes to it."""
    from generator.spec.declarations import declared  # noqa: PLC0415 - a code is explained without PyYAML

    for each in declared(name, specs):
        yield _declaration(each)


def _of_record(name: str, specs: Path) -> Iterator[str]:
    """Explain the signal or the stream of a record, whose name stands in runbooks and queries."""
    if recorded := _RECORD.fullmatch(name):
        yield from _of_specs(recorded["of"], specs)


def _made_of_objectives(name: str, specs: Path) -> Iterator[str]:
    """Explain an alert that the compiler makes, such as of an objective that no written alert watches."""
    if not _fits_alert(name) or not (specs / "services").is_dir():
        return
    from generator.commands.compiling import checked  # noqa: PLC0415 - a code is explained without the compiler

    model = checked(specs).model
    for service in model.services if model else ():
        alert = next((one for one in service.alerts if one.name == name), None)
        if alert is not None:
            made = f"Made for {service.name} of its objective of {alert.signal}. To change it: alerts: {{{name}: ...}}"
            parts = [f"# {name}: {alert.summary}", textwrap.fill(alert.means, _WIDTH), made]
            yield "\n\n".join([*parts, f"Runbook: output/runbooks/{name}.md"]) + "\n"


def _fits_alert(name: str) -> bool:
    """Whether a text may be the name of an alert: the specs are compiled only to find one."""
    return name.isalnum() and name[:1].isupper()


def _declaration(each: Declaration) -> str:
    parts = [f"# {each.name}: {each.title}" if each.title else f"# {each.name}"]
    parts += [textwrap.fill(each.meaning, _WIDTH)] if each.meaning else []
    where = f"Under `{each.section}` of {each.file}:" if each.section else f"In {each.file}:"
    parts += [where, f"```yaml\n{each.text}\n```"]
    if each.section == "alerts":
        parts.append(f"Runbook: output/runbooks/{each.name}.md")
    return "\n\n".join(parts) + "\n"


def _of_keys(name: str) -> Iterator[str]:
    """Explain the keys of specs with this name or path; any name may stand in a path for ``<name>``."""
    from generator.spec.reference import sections  # noqa: PLC0415 - a code is explained without PyYAML

    for section in sections():
        if name == section.name and _is_file(section):
            yield _file(section)
        for key in section.keys:
            if name == key.name or _leads_to(name, key.path):
                yield _key(section, key)


def _is_file(section: KeySection) -> bool:
    """Whether a section describes one file of the same name, such as ``prices.yaml``."""
    return section.places == (f"{section.name}.yaml",)


def _file(section: KeySection) -> str:
    """Explain a file of the specs by its keys."""
    keys = _listed([one for one in section.keys if "." not in one.path])
    return "\n\n".join([f"# {section.places[0]}", textwrap.fill(section.meaning, _WIDTH), keys]) + "\n"


def _listed(keys: Sequence[Key]) -> str:
    width = max((len(one.name) for one in keys), default=0)
    lines = "\n".join(
        f"    {one.name:<{width}}  {'required; ' if one.required else ''}{one.meaning}" for one in keys
    )
    return f"Its keys:\n\n{lines}"


def _leads_to(path: str, key: str) -> bool:
    """Whether a path such as ``environments.prod.owner`` is one of a key such as ``environments.<name>.owner``."""
    steps, wanted = path.split("."), key.split(".")
    return len(steps) == len(wanted) and all(
        one in {step, f"{step}[]"} or (one == "<name>" and step)
        for step, one in zip(steps, wanted, strict=True)
    )


def _key(section: KeySection, key: Key) -> str:
    facts = {
        "type": key.type,
        "required": "yes" if key.required else "",
        "default": key.absent,
        "example": key.example,
    }
    table = "\n".join(f"    {fact + ':':<9} {text}" for fact, text in facts.items() if text)
    below = [one for one in section.keys if one.path.rpartition(".")[0] == key.path]
    return (
        "\n\n".join(
            [
                f"# {key.path}",
                textwrap.fill(key.meaning, _WIDTH),
                _where(section.places),
                table,
                *([_listed(below)] if below else []),
            ]
        )
        + "\n"
    )


def _where(places: tuple[str, ...]) -> str:
    if len(places) == 1:
        return f"A key of {places[0]}."
    return "\n".join(("A key of:", "", *(f"- {one}" for one in places)))
