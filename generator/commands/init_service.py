"""The first service that ``init`` writes: it passes as it is, and marks the values that the reader must replace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.spec.load import load_profile
from generator.spec.sources import read_file, shipped_profiles

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from generator.spec.types import ProfileSpec

#: The profile that our own module emits.
OURS = "agent"
_OURS = """\
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
#: Bounds of labels that profiles leave open, and the reader's task for each.
_PLACEHOLDERS = {
    "model": ("[gpt-4o-mini]", "a placeholder: list the models that you use, as the source spells them"),
    "tool": ("[search]", "a placeholder: list your tools"),
    "release": ("{max_live: 3, new_per_week: 2}", "how many are live at once, and new in a week"),
}
_OTHERS = ("{max_live: 10}", "a placeholder: the largest number of values at once, or a list of them")
_WIDTH = 36


class FirstFiles(Struct, frozen=True):
    """The files to write, with ``texts`` of services by their names, and the messages to print."""

    texts: Mapping[str, str]
    site: str
    messages: tuple[str, ...] = ()


def first_service(profile: str, service: str, owner: str, job: str) -> str:
    """Write a service that uses a shipped profile."""
    if profile == OURS:
        return _OURS.format(service=service, owner=owner, job=job)
    path = next(path for path in shipped_profiles() if path.stem == profile)
    spec = load_profile(read_file(path)).specs
    return "".join(f"{line}\n" for line in _lines(spec, service, owner, job)) if spec else ""


def _lines(profile: ProfileSpec, service: str, owner: str, job: str) -> Iterator[str]:
    yield "# yaml-language-server: $schema=../.schemas/service.schema.json"
    yield f"service: {service}"
    run = f"; a run is a {profile.run}" if profile.run else ""
    yield _commented(f"profile: {profile.profile.value}", f"made for its metrics as they are{run}")
    yield "description: What this service does, in one line."
    yield _commented(f"owner: {owner}", "the team that its alerts go to")
    yield _commented(f"selector: {{job: {job}}}", "which series are this service's: the job of the scrape")
    yield from _bounds(profile)
    if {"cost", "token_usage"} & {entry.key.value for entry in profile.streams}:
        yield _commented("budget: {per_day: $100}", "a placeholder: what a day may cost")


def _bounds(profile: ProfileSpec) -> Iterator[str]:
    """Bound the labels that the profile leaves open."""
    open_ = [
        entry.key.value for entry in profile.labels if not entry.value.values and entry.value.max_live is None
    ]
    if open_:
        yield _commented("labels:", "bounds for the labels that the profile leaves open")
    for name in open_:
        bound, comment = _PLACEHOLDERS.get(name, _OTHERS)
        yield _commented(f"  {name}: {bound}", comment)


def _commented(line: str, comment: str) -> str:
    return f"{line:<{_WIDTH}} # {comment}"
