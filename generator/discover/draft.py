"""The text of a first service, as seen: each line has its reason."""

from __future__ import annotations

import json
import re
from math import isfinite
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.audit.translated import alternatives
from generator.model.units import human_seconds, plain
from generator.spec.environments import LONGEST_NAME

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from generator.discover.bounds import ProposedBound
    from generator.discover.promises import ProposedObjective
    from generator.discover.recognise import Match
    from generator.model.metrics import Metric

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*")
#: Words that some YAML reader does not read as text.
_MEANT_OTHERWISE = frozenset({"y", "n", "yes", "no", "true", "false", "on", "off", "null"})
_WIDTH = 44


def word(text: str) -> str:
    """Write a text, quoted where it could be read as something else."""
    plain = _PLAIN.fullmatch(text) and text.lower() not in _MEANT_OTHERWISE
    return text if plain else json.dumps(text, ensure_ascii=False)


def words(texts: Iterable[str]) -> str:
    """Write a list."""
    return f"[{', '.join(map(word, texts))}]"


def pairs(texts: Mapping[str, str]) -> str:
    """Write a mapping of texts."""
    return f"{{{', '.join(f'{key}: {word(value)}' for key, value in texts.items())}}}"


class Draft(Struct, frozen=True):
    """A service to write.

    Attributes:
        name: Its name.
        owner: Its owner.
        match: The target, and the profile that reads it.
        origin: The place and time of the observation, for people.
        bounds: The bounds of labels.
        objectives: The objectives, from the past.
        about_objectives: Their source, or the reason why there are none.
        budget: A day's, as YAML, and its reason; empty where tokens and costs are not measured.
    """

    name: str
    owner: str
    match: Match
    origin: str
    bounds: tuple[ProposedBound, ...] = ()
    objectives: tuple[ProposedObjective, ...] = ()
    about_objectives: str = ""
    budget: tuple[str, str] = ("", "")

    @property
    def text(self) -> str:
        """Write the text of the service."""
        return "".join(f"{line}\n" for line in self._lines())

    def _lines(self) -> Iterator[str]:
        seen, service = self.match.seen, self.match.service
        yield "# yaml-language-server: $schema=../.schemas/service.schema.json"
        yield f"# As seen at {self.origin}: read it once, and correct what was chance."
        yield f"service: {self.name}"
        run = f"; a run is a {service.run}" if service.run != "run" else ""
        yield _commented(f"profile: {service.profile}", f"{present(self.match)}{run}")
        yield "description: What this service does, in one line."
        yield _commented(f"owner: {self.owner}", "the team that its alerts go to")
        yield _commented(f"selector: {pairs(service.selector)}", "which series are this service's")
        if seen.instances > 1:
            yield _commented(
                f"replicas: {seen.instances}", "as many instances as there were; say the largest number"
            )
        if self.bounds:
            yield "labels:"
        for bound in self.bounds:
            yield _commented(f"  {bound.label}: {bound.text}", bound.why)
        if buckets := list(_other_buckets(self.match)):
            yield "metrics:"
            yield from buckets
        if self.objectives:
            yield _commented("objectives:", self.about_objectives)
        elif self.about_objectives:
            yield f"# objectives: the profile's, since {self.about_objectives}"
        for one in self.objectives:
            yield _commented(f"  {one.signal}: {one.text}", one.why)
        if self.budget[0]:
            yield _commented(f"budget: {{per_day: {self.budget[0]}}}", self.budget[1])
        if self.match.environments:
            yield from (_commented(*line) for line in self.match.environments.lines())


def _other_buckets(match: Match) -> Iterator[str]:
    """Write the buckets of the declared metrics, if they differ from the profile's."""
    declared = {entry.key.value for entry in match.profile.metrics}
    for name, observed in match.seen.metrics.items():
        bounds = (
            sorted(one for one in observed.histogram.bounds if isfinite(one)) if observed.histogram else []
        )
        if name in declared and bounds and not set(observed.metric.buckets) <= set(bounds):
            listed = ", ".join(_amount(bound, observed.metric) for bound in bounds)
            yield _commented(f"  {name}: {{buckets: [{listed}]}}", "as seen; the profile has others")


def _amount(bound: float, metric: Metric) -> str:
    """Write a bound as a time if it is a whole one, else as a number of the metric's unit."""
    text = human_seconds(bound * metric.factor) if metric.unit in {"ms", "s"} else "."
    return plain(bound) if "." in text else text


def present(match: Match) -> str:
    """Count the existing metrics of the profile."""
    every = {alternatives(one, match.service) or {one.name} for one in match.service.metrics.values()}
    there = sum(not names.isdisjoint(match.seen.metrics) for names in every)
    return f"{there} of its {len(every)} metrics are there"


def named(selector: Mapping[str, str], taken: Collection[str], longest: int = LONGEST_NAME) -> str:
    """Derive a service's name from the most specific value of its selector."""
    words = re.sub("[^a-z0-9]+", "-", list(selector.values())[-1].lower()).strip("-")
    name = (words if words[:1].isalpha() else f"agent-{words}".strip("-"))[:longest].strip("-")
    count, found = 1, name
    while found in taken:
        count += 1
        found = f"{name[: longest - 4]}-{count}"
    return found


def _commented(line: str, comment: str) -> str:
    return f"{line:<{_WIDTH}} # {comment}" if comment else line
