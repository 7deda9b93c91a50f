"""``init``: a first spec to edit, which compiles as it is."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from generator.commands import options
from generator.commands.call import CALL_AT_FAULT, OK, shown
from generator.commands.schema import schema_files
from generator.commands.terminal import complain
from generator.diagnostics.suggest import did_you_mean
from generator.resolve.file_names import is_device
from generator.spec.document import parse_document
from generator.spec.files import SHIPPED, shipped_profiles
from generator.spec.schema import load_schema, validate
from generator.spec.source import Source

if TYPE_CHECKING:
    import argparse

_SERVICE = """\
# yaml-language-server: $schema=../.schemas/service.schema.json
service: {service}
profile: agent                       # the metrics of a typical agent runtime
description: What this agent does, in one line.
owner: {owner}                       # the team that its alerts go to
selector: {{job: {job}}}             # which series are this service's
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

_SITE = """\
# yaml-language-server: $schema=.schemas/site.schema.json
scrape_interval: 15s                 # as in Prometheus's own configuration
grafana_url: http://localhost:3000   # alerts link to dashboards there
# runbook_url: https://wiki.example.com/runbooks   # where you publish output/runbooks; alerts link to its pages
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.description = "Write a directory with a first service to edit. Existing files are never touched."
    options.specs(parser)
    parser.add_argument("--service", default="my-agent", metavar="NAME", help="its name; default: my-agent")
    parser.add_argument(
        "--owner", default="my-team", metavar="TEAM", help="who its alerts go to; default: my-team"
    )
    parser.add_argument("--job", metavar="JOB", help="the job label of its series; default: its name")
    parser.add_argument(
        "--profile", metavar="NAME", help="write no service, but a copy of a shipped profile, to change it"
    )


def run(arguments: argparse.Namespace) -> int:
    """Write the files that are not there yet; refuse when the service is."""
    if arguments.profile is not None:
        return copy_profile(arguments.profile, arguments.specs)
    service = _SERVICE.format(
        service=arguments.service, owner=arguments.owner, job=arguments.job or arguments.service
    )
    place = arguments.specs / "services" / f"{arguments.service}.yaml"
    if is_device(arguments.service):
        complain(
            f'files are called after "{arguments.service}", which is a device on Windows',
            "choose another name",
        )
        return CALL_AT_FAULT
    if problem := _misfit(service):
        complain(problem)
        return CALL_AT_FAULT
    if place.exists():
        complain(f"{place} exists", "choose another name with --service, or edit the file")
        return CALL_AT_FAULT
    specs = arguments.specs
    # A price list of one's own replaces the shipped one, so it begins as a copy of that.
    prices = shipped_text("prices.yaml", ".schemas")
    if not write_new({place: service, specs / "site.yaml": _SITE, specs / "prices.yaml": prices}, specs):
        return CALL_AT_FAULT
    call = " -o ".join(shlex.quote(shown(path)) for path in (specs, _output_of(specs)))
    sys.stdout.write(f"next: edit it, then run: python -m generator generate {call}\n")
    return OK


def _misfit(text: str) -> str | None:
    """Say what is wrong with the names given on the command line, by the schema of the file that they go into."""
    document = parse_document(Source("service", text))
    if document.value is None:
        return document.diagnostics[0].message
    found = validate(document.value, load_schema("service"))
    return f"{found[0].message}: {found[0].help}" if found else None


def _output_of(specs: Path) -> Path:
    """Name an output beside the specs: ``my-specs`` gives ``my-output``, so that no other specs' output is replaced."""
    name = Path(os.path.abspath(specs)).name  # noqa: PTH100 - links are left as they are
    own = name.removesuffix("specs")
    own = f"{own}output" if own != name else f"{name}-output"
    return specs.with_name(own) if specs.name == name else specs / ".." / own


def shipped_text(file: str, schemas: str) -> str:
    """Copy a shipped file; ``schemas`` is where its editor will find the schemas."""
    first, _, text = (SHIPPED / file).read_text(encoding="utf-8").partition("\n")
    return f"# yaml-language-server: $schema={schemas}/{first.rpartition('/')[2]}\n{text}"


def write_new(files: dict[Path, str], specs: Path) -> bool:
    """Write the files that are not there yet, and the schemas; False, with a word why, when the system refuses."""
    schemas = {specs / ".schemas" / name: text for name, text in schema_files().items()}
    missing = {path: text for path, text in (files | schemas).items() if not path.exists()}
    try:
        for path, text in missing.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
    except OSError as problem:
        complain(f"{problem.filename} cannot be written: {problem.strerror}")
        return False
    sys.stdout.writelines(f"wrote {shown(path)}\n" for path in missing if path not in schemas)
    return True


def copy_profile(name: str, specs: Path) -> int:
    """Write it into the specs; services that name the profile use the copy from then on."""
    known = [path.stem for path in shipped_profiles()]
    if name not in known:
        complain(f'there is no shipped profile "{name}"', did_you_mean(name, known, "shipped profiles"))
        return CALL_AT_FAULT
    place = specs / "profiles" / f"{name}.yaml"
    if place.exists():
        complain(f"{place} exists", "edit the file")
        return CALL_AT_FAULT
    if not write_new({place: shipped_text(f"profiles/{name}.yaml", "../.schemas")}, specs):
        return CALL_AT_FAULT
    sys.stdout.write(f"next: edit it; services with profile: {name} use it in place of the shipped one\n")
    return OK
