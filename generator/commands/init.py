"""``init``: a first spec to edit.

The first service passes as it is, and marks the values that the reader must replace.
"""

from __future__ import annotations

import json
import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from generator.commands import options
from generator.commands.call import OK, CallError, exit_code, printable_text
from generator.commands.compiling import check_known, checked, compiling
from generator.commands.init_repository import repository_files
from generator.commands.replacing import write_all
from generator.commands.schema import schema_files
from generator.commands.terminal import show
from generator.compiler import check
from generator.diagnostics import Result, Severity
from generator.model.names import is_shared_name
from generator.model.units import duration
from generator.notation.names import is_device
from generator.spec.document import parse_document
from generator.spec.inline_yaml import yaml_mapping, yaml_text
from generator.spec.load import load_profile
from generator.spec.schema import load_schema, validate
from generator.spec.source import SourceText
from generator.spec.sources import (
    SHIPPED,
    SpecFile,
    profile_sources,
    read_file,
    read_sources,
    shipped_profiles,
)

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping

    from generator.spec.types import ProfileSpec

_SITE = """\
# yaml-language-server: $schema=.schemas/site.schema.json
scrape_interval: {interval:<19} # {why}
grafana_url: http://localhost:3000   # alerts link to dashboards there
# runbook_url: https://wiki.example.com/runbooks   # where you publish output/runbooks; alerts link to its pages
"""
_USUAL_SCRAPE = 15
#: The longest interval that specs accept.
LONGEST_SCRAPE = 60
_NAME = "my-agent"
_OWNER = "my-team"
_TIMEOUT = "1m"
#: What a call says about a service, and its value where nothing is said.
_OF_SERVICES = {
    "--service": None,
    "--owner": _OWNER,
    "--job": None,
    "--profile": None,
    "--from-prometheus": None,
    "--from-exposition": None,
    "--last": None,
    "--timeout": _TIMEOUT,
}
#: Shipped files that all services share, and that a copy in the specs replaces.
_COPIED = ("prices", "signals")
#: The profile that our own module emits.
OURS = "agent"
_OURS = """\
# yaml-language-server: $schema=../.schemas/service.schema.json
service: {service}
profile: agent                       # the metrics of a typical agent runtime
description: What this agent does, in one line.
{owner}
{selector}
replicas: 2                          # the largest number of instances at once
labels:                              # bounds for the labels that the profile leaves open
  release: {{max_live: 3, new_per_week: 2}}
  model: [gpt-4o-mini]               # priced in prices.yaml
  tool: [search]
objectives:
  success_rate: {{min: 95%, window: 30d}}
  latency_p95: {{max: 5s}}
  tool_error_rate: {{max: 5%}}
"""
#: Bounds of labels that profiles leave open, and the reader's task for each.
_PLACEHOLDERS = {
    "model": ("[gpt-4o-mini]", "a placeholder: list the models that you use, as the source spells them"),
    "tool": ("[search]", "a placeholder: list your tools"),
    "release": ("{max_live: 3, new_per_week: 2}", "how many are live at once, and new in a week"),
}
_OTHERS = ("{max_live: 10}", "a placeholder: the largest number of values at once, or a list of them")
_WIDTH = 36


class FirstFiles(Struct, frozen=True):
    """The files to write, with texts of services and profiles by their names, and the messages to print."""

    texts: Mapping[str, str]
    site: str
    messages: tuple[str, ...] = ()
    profiles: Mapping[str, str] = field(default_factory=dict)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    names = _profile_names()
    parser.description = "Write a directory with a first service to edit. Existing files are never touched."
    options.add_specs(parser)
    parser.add_argument(
        "--service", metavar="NAME", help=f"its name; default: {_NAME}, or as its job is called"
    )
    parser.add_argument(
        "--owner", default=_OWNER, metavar="TEAM", help=f"who its alerts go to; default: {_OWNER}"
    )
    parser.add_argument("--job", metavar="JOB", help="the job label of its series; default: its name")
    parser.add_argument(
        "--repository",
        action="store_true",
        help="write beside it what checks a repository: .pre-commit-config.yaml, a workflow of GitHub, .gitattributes; "
        "where services exist and no other option names a new one, write only these",
    )
    parser.add_argument(
        "--profile",
        metavar="NAME",
        help=f"the shipped profile that it uses: {', '.join(names)}; default: {OURS}, or the one that is recognised",
    )
    wire = parser.add_mutually_exclusive_group()
    wire.add_argument(
        "--from-prometheus",
        metavar="URL",
        help="write a service for each that this server scrapes and a profile recognises, with its labels, values, "
        "bounds and objectives",
    )
    wire.add_argument(
        "--from-exposition",
        metavar="FILE|URL",
        help="write a service from what one instance exposes, which has no history",
    )
    profiles = parser.add_mutually_exclusive_group()
    profiles.add_argument(
        "--draft-profile",
        metavar="NAME",
        help="where no profile reads what --from-... finds, draft one from the names and values of its metrics",
    )
    parser.add_argument(
        "--last", metavar="DURATION", help="how far back --from-prometheus looks; default: 7d"
    )
    options.add_timeout(parser, _TIMEOUT)
    parser.epilog = f"{options.CREDENTIALS}{options.OF_EXPOSITIONS}."
    profiles.add_argument(
        "--copy-profile",
        metavar="NAME",
        help="write no service, but a copy of a shipped profile, to change it",
    )
    profiles.add_argument(
        "--copy",
        choices=_COPIED,
        help="write no service, but a copy of the shipped prices, or of the library of signals and alerts, to edit",
    )


def run(arguments: argparse.Namespace) -> int:
    """Write the missing files; refuse when the service exists."""
    if arguments.copy_profile is not None or arguments.copy is not None:
        _copy(arguments)
        return OK
    _check_directory(arguments.specs)
    if arguments.repository and not _said_of_services(arguments) and _has_services(arguments.specs):
        _check_named(arguments.specs)
        _write_new(_of_repository(arguments.specs), arguments.specs)
        return OK
    is_from_wire = arguments.from_prometheus is not None or arguments.from_exposition is not None
    if arguments.profile is not None:
        _check_shipped(arguments.profile)
    files = _from_wire(arguments) if is_from_wire else _first(arguments)
    _write(arguments, files)
    sys.stdout.writelines(f"{line}\n" for line in files.messages)
    call = " -o ".join(
        shlex.quote(printable_text(path)) for path in (arguments.specs, _output_of(arguments.specs))
    )
    status = _checked(arguments.specs) if is_from_wire else OK
    sys.stdout.write(f"next: edit it, then run: agent-metrics generate {call}\n")
    return status


def _profile_names() -> list[str]:
    """Name the profiles that ship."""
    return [path.stem for path in shipped_profiles()]


def _check_shipped(profile: str) -> None:
    names = _profile_names()
    check_known(profile, names, "shipped profile", most=len(names))


def _check_directory(specs: Path) -> None:
    """Refuse a path that names one spec, not the directory of specs.

    Raises:
        CallError: it does.
    """
    if specs.suffix.lower() not in {".yaml", ".yml"} or specs.is_dir():
        return
    root = specs.parent.parent if specs.parent.name == "services" else specs.parent
    call = f"agent-metrics init {shlex.quote(printable_text(root))} --service {shlex.quote(printable_text(specs.stem))}"
    message = f"{printable_text(specs)} is a file, and init writes a directory of specs"
    raise CallError(message, f"run: {call}")


def _first(arguments: argparse.Namespace) -> FirstFiles:
    """Write a first service without looking at any series.

    Raises:
        CallError: the call says something about a server, or the service would be refused.
    """
    _check_no_server(arguments)
    name = _NAME if arguments.service is None else arguments.service
    text = _first_service(arguments.profile or OURS, name, arguments.owner, arguments.job or name)
    _check_new(arguments, name, text)
    _check_compiles(arguments.specs, name, text)
    return FirstFiles({name: text}, site_text(None))


def site_text(interval: float | None) -> str:
    """Write the site; a scrape interval above the longest allowed one becomes that."""
    seconds = min(LONGEST_SCRAPE, max(1, round(interval))) if interval else _USUAL_SCRAPE
    why = "as Prometheus scrapes them" if interval else "as in Prometheus's own configuration"
    return _SITE.format(interval=duration(seconds), why=why)


def _check_no_server(arguments: argparse.Namespace) -> None:
    if arguments.last is not None:
        raise CallError(
            "--last is the length of a history, and there is no server to read one from",
            "add --from-prometheus URL",
        )
    if arguments.timeout != _TIMEOUT:
        raise CallError(
            "--timeout is for the answers of a server, and none is asked",
            "leave it out, or add --from-prometheus URL",
        )
    if arguments.draft_profile is not None:
        raise CallError(
            "--draft-profile drafts from existing metrics, and there are none to read",
            "add --from-prometheus URL, or --from-exposition FILE",
        )


def _check_compiles(specs: Path, name: str, text: str) -> None:
    """Refuse a new service that is at fault, alone or beside the others.

    Raises:
        CallError: the first error that ``check`` would find in it.
    """
    place = specs / "services" / f"{name}.yaml"
    new = SpecFile(place, Result(SourceText(str(place), text)))
    others = read_sources(specs).services if specs.exists() else ()
    sources = replace(profile_sources(specs), services=(*others, new))
    with compiling() as progress:
        found = check(sources, progress=progress).diagnostics
    for one in found:
        spans = (one.span, *(note.span for note in one.notes))
        if one.severity is Severity.ERROR and str(place) in {span.file for span in spans if span}:
            raise CallError(one.message, one.help)


def _from_wire(arguments: argparse.Namespace) -> FirstFiles:
    from generator.commands.init_from import from_wire  # noqa: PLC0415 - what talks to servers is an extra

    if arguments.service is not None:
        _check_new(arguments, arguments.service, "")
    if arguments.draft_profile is not None:
        _check_fits("profile", f"profile: {json.dumps(arguments.draft_profile)}\n")
    return from_wire(arguments)


def _write(arguments: argparse.Namespace, first: FirstFiles) -> None:
    """Write the files of a call, unless one of them must not be written."""
    specs = arguments.specs
    for name, text in first.texts.items():
        _check_new(arguments, name, text)
    services = {specs / "services" / f"{name}.yaml": text for name, text in first.texts.items()}
    services |= {specs / "profiles" / f"{name}.yaml": text for name, text in first.profiles.items()}
    # A price list in the specs replaces the shipped one, so it begins as a copy of that.
    prices = shipped_text("prices.yaml", ".schemas")
    files = services | {specs / "site.yaml": first.site, specs / "prices.yaml": prices}
    if arguments.repository:
        files |= _of_repository(specs)
    _write_new(files, specs)


def _checked(specs: Path) -> int:
    """Check the written files together with the existing ones."""
    compilation = checked(specs)
    show(compilation)
    return exit_code(compilation)


def _check_new(arguments: argparse.Namespace, name: str, text: str) -> None:
    """Check the name and the place of a new service; ``text`` is empty before the file's text is known.

    Raises:
        CallError: it cannot be written.
    """
    place = arguments.specs / "services" / f"{name}.yaml"
    if is_device(name):
        message = f'files are called after "{name}", which is a device on Windows'
        raise CallError(message, "choose another name")
    if is_shared_name(name):
        other = f"{name.removeprefix('agent-')}-agent"
        message = f'files about all services are called "{name}"'
        raise CallError(message, f"choose another name, such as {other}")
    if arguments.repository:
        _check_named(arguments.specs)
    if text:
        _check_fits("service", text)
    if place.exists():
        raise CallError(f"{place} exists", "choose another name, by --service NAME, or edit the file")


def _check_named(specs: Path) -> None:
    """Check that files can be written beside the specs.

    Raises:
        CallError: the specs have no name.
    """
    if not specs.name:
        message = "the repository is beside the specs, and they have no name"
        raise CallError(message, "name their directory, as in: init specs")


def _has_services(specs: Path) -> bool:
    return any((specs / "services").glob("*.y*ml"))


def _of_repository(specs: Path) -> dict[Path, str]:
    """Write what checks a repository, and name the files of others that stay as they are."""
    files = repository_files(specs, _output_of(specs).name)
    call = f"agent-metrics init {shlex.quote(printable_text(Path('elsewhere') / specs.name))} --repository"
    for path, text in files.items():
        if path.exists():
            advice = "" if path.read_bytes() == text.encode() else f": add to it what this writes: {call}"
            sys.stdout.write(f"kept {printable_text(path)}{advice}\n")
    return files


def _check_fits(schema: str, text: str) -> None:
    """Check the names from the command line by the schema of their file.

    Raises:
        CallError: one of them does not fit.
    """
    document = parse_document(SourceText(schema, text))
    if document.value is None:
        raise CallError(document.diagnostics[0].message)
    if errors := validate(document.value, load_schema(schema)):
        raise CallError(f"{errors[0].message}: {errors[0].help}")


def _output_of(specs: Path) -> Path:
    """Name an output beside the specs: ``my-specs`` gives ``my-output``, so that no other specs' output is replaced."""
    name = Path(os.path.abspath(specs)).name  # noqa: PTH100 - links are left as they are
    own = name.removesuffix("specs")
    own = f"{own}output" if own != name else f"{name}-output"
    return specs.with_name(own) if specs.name == name else specs / ".." / own


def shipped_text(file: str, schemas: str) -> str:
    """Copy a shipped file; ``schemas`` is the place of the schemas for its editor."""
    first, _, text = (SHIPPED / file).read_text(encoding="utf-8").partition("\n")
    return f"# yaml-language-server: $schema={schemas}/{first.rpartition('/')[2]}\n{text}"


def _write_new(files: dict[Path, str], specs: Path) -> None:
    """Write the missing files, and the schemas."""
    schemas = {specs / ".schemas" / name: text for name, text in schema_files().items()}
    missing = {path: text for path, text in (files | schemas).items() if not path.exists()}
    write_all(missing)
    sys.stdout.writelines(f"wrote {printable_text(path)}\n" for path in missing if path not in schemas)


def _said_of_services(arguments: argparse.Namespace) -> list[str]:
    """Name the options of a call that say something about a service."""
    said = vars(arguments)
    return [
        option
        for option, unsaid in _OF_SERVICES.items()
        if said[option.removeprefix("--").replace("-", "_")] != unsaid
    ]


def _copy(arguments: argparse.Namespace) -> None:
    """Copy a shipped file, unless the call also says something about a service."""
    unused = _said_of_services(arguments)
    if arguments.repository:
        unused.append("--repository")
    if unused:
        option = "--copy" if arguments.copy else "--copy-profile"
        raise CallError(
            f"{option} writes no service, so {', '.join(unused)} would say nothing",
            f"leave {'it' if len(unused) == 1 else 'them'} out, and write the service by a call of its own",
        )
    if arguments.copy:
        _copy_file(f"{arguments.copy}.yaml", "all services", arguments.specs)
    else:
        name = arguments.copy_profile
        _check_shipped(name)
        _copy_file(f"profiles/{name}.yaml", f"services with profile: {name}", arguments.specs)


def _copy_file(file: str, users: str, specs: Path) -> None:
    """Write a shipped file into the specs; its ``users`` read the copy from then on."""
    place = specs / file
    if place.exists():
        raise CallError(f"{place} exists", "edit the file")
    _write_new({place: shipped_text(file, f"{'../' * file.count('/')}.schemas")}, specs)
    sys.stdout.write(f"next: edit it; {users} use it in place of the shipped one\n")


def _first_service(profile: str, service: str, owner: str, job: str) -> str:
    """Write a service that uses a shipped profile; whatever its names are, YAML reads them as they were typed."""
    owned = _commented(f"owner: {yaml_text(owner)}", "the team that its alerts go to")
    selector = f"selector: {yaml_mapping({'job': job})}"
    if profile == OURS:
        selected = _commented(selector, "which series are this service's")
        return _OURS.format(service=yaml_text(service), owner=owned, selector=selected)
    path = next(path for path in shipped_profiles() if path.stem == profile)
    spec = load_profile(read_file(path)).specs
    selected = _commented(selector, "which series are this service's: the job of the scrape")
    return "".join(f"{line}\n" for line in _lines(spec, yaml_text(service), owned, selected)) if spec else ""


def _lines(profile: ProfileSpec, service: str, owner: str, selector: str) -> Iterator[str]:
    """Write a service by its name, its owner and its selector, as YAML has them."""
    yield "# yaml-language-server: $schema=../.schemas/service.schema.json"
    yield f"service: {service}"
    run = f"; a run is a {profile.run}" if profile.run else ""
    yield _commented(f"profile: {profile.profile.value}", f"made for its metrics as they are{run}")
    yield "description: What this service does, in one line."
    yield owner
    yield selector
    yield from _bounds(profile)
    if {"cost", "token_usage"} & {entry.key.value for entry in profile.streams}:
        from generator.discover.promises import PLACEHOLDER  # noqa: PLC0415 - a copy of a profile has none

        yield _commented(*PLACEHOLDER)


def _bounds(profile: ProfileSpec) -> Iterator[str]:
    """Bound the labels that the profile leaves open."""
    if profile.open_labels:
        yield _commented("labels:", "bounds for the labels that the profile leaves open")
    for name in profile.open_labels:
        bound, comment = _PLACEHOLDERS.get(name, _OTHERS)
        yield _commented(f"  {name}: {bound}", comment)


def _commented(line: str, comment: str) -> str:
    return f"{line:<{_WIDTH}} # {comment}"
