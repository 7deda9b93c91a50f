"""The places of series: a Prometheus with some targets of agents, or the exposition of one instance.

A target may run in several environments, which a label of its series names.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct
from msgspec.structs import replace

from generator.audit.exposition import Exposition, exposed_source
from generator.audit.server import ServerSource
from generator.promql.expr import Series, aggregate, escape_regex

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from generator.audit.source import AuditSource
    from generator.live.api import PrometheusApi
    from generator.model.service import Service

#: Labels that separate services where a job is a gateway of several, the most usual first.
_WITHIN_A_JOB = ("exported_job", "service_name", "service", "app")
#: Words in the names of metrics of agents and models.
_WORDS = (
    "agent|llm|gen_?ai|token|prompt|completion|openai|anthropic|claude|gemini|ollama|bedrock|langchain|langgraph|mcp|"
    "copilot|inference|assistant|tool|[^a-z]ai_|^ai_"
)
#: The usual names of a label of environments, the most specific first.
_ENVIRONMENTS = ("environment", "env", "deployment_environment_name", "deployment_environment", "stage")
_PRODUCTION = {"prod", "production", "prd", "live"}
_NO_PRODUCTION = {
    *("staging", "stage", "stg", "preprod", "pre-prod", "uat", "qa", "test", "testing"),
    *("dev", "development", "preview", "canary", "sandbox", "demo"),
}
#: More values are not environments of one service.
_MOST_ENVIRONMENTS = 6
_LOOKS = 200
#: Prometheus shows a series for this long after its last sample.
_ALIVE = 300


class Environments(Struct, frozen=True):
    """The label of the environments, and its values by their names: production first."""

    label: str
    values: tuple[tuple[str, str], ...]

    @property
    def paged(self) -> frozenset[str]:
        """The names of those that may page people: production, and all of them where none is production."""
        named = frozenset(name for name, _ in self.values)
        return named & _PRODUCTION or named


class ScrapedTarget(Struct, frozen=True):
    """The selector of a possible service, and the names of its run series."""

    selector: Mapping[str, str]
    runs: frozenset[str]
    environments: Environments | None = None


class SeriesPlace(Protocol):
    """A place of metrics; every method raises LiveError when the place fails."""

    @property
    def name(self) -> str:
        """Its address or path, for people."""

    def targets(self, runs: Iterable[str]) -> tuple[ScrapedTarget, ...]:
        """Find the targets that expose any of the series ``runs``."""

    def source(self, service: Service) -> AuditSource:
        """Return the source for a service's selector."""

    def alike(self) -> tuple[str, ...]:
        """Name the metrics that sound like agents or models, sorted."""

    def metrics(self) -> tuple[str, ...]:
        """Name all series, sorted."""

    def jobs(self) -> tuple[str, ...]:
        """Name the jobs that expose such metrics, sorted."""


class OnServer(Struct, frozen=True):
    """A Prometheus; ``at`` is a time when its series were alive (Unix seconds), the index is read ``seconds`` back."""

    api: PrometheusApi
    at: float
    seconds: int
    job: str = ""

    @property
    def name(self) -> str:
        """Its address."""
        return self.api.url

    def targets(self, runs: Iterable[str]) -> tuple[ScrapedTarget, ...]:
        """Group by job, and within a job by the first label that separates several services."""
        by = ("__name__", "job", *_WITHIN_A_JOB, *_ENVIRONMENTS)
        selected = _named(runs).where("=", job=self.job) if self.job else _named(runs)
        samples = self.api.query(aggregate("count", selected.now(), by).text, self.at)
        by_job: dict[str, list[Mapping[str, str]]] = {}
        for one in samples:
            by_job.setdefault(one.labels.get("job", ""), []).append(one.labels)
        return tuple(target for job, series in sorted(by_job.items()) for target in _split(job, series))

    def source(self, service: Service) -> AuditSource:
        """Return the source at a time when its series were alive."""
        return ServerSource(self.api, service, self.at)

    def alike(self) -> tuple[str, ...]:
        """Read the index."""
        return _metrics(self._indexed(f"(?i:.*({_WORDS}).*)"))

    def metrics(self) -> tuple[str, ...]:
        """Read the index."""
        return tuple(sorted(self._indexed(".+")))

    def _indexed(self, pattern: str) -> list[str]:
        matcher = Series("").where("=~", __name__=pattern).now().text
        fields = {"match[]": matcher, "start": str(int(self.at) - self.seconds), "end": str(int(self.at) + 1)}
        return self.api.look("/api/v1/label/__name__/values", fields, list[str], "a list of names")

    def jobs(self) -> tuple[str, ...]:
        """Count by job."""
        every = Series("").where("=~", __name__=f"(?i:.*({_WORDS}).*)").where("!~", __name__=".*:.*")
        samples = self.api.query(aggregate("count", every.now(), ("job",)).text, self.at)
        return tuple(sorted(one.labels.get("job", "") for one in samples))


class InExposition(Struct, frozen=True):
    """The exposition of an instance, which gets the label ``job`` in a scrape."""

    exposition: Exposition
    job: str

    @property
    def name(self) -> str:
        """Its path."""
        return self.exposition.place

    def targets(self, runs: Iterable[str]) -> tuple[ScrapedTarget, ...]:
        """Separate its jobs, as those of a collector, and the services of each, as on a server."""
        by_job: dict[str, list[Mapping[str, str]]] = {}
        wanted = frozenset(runs)
        for line in self.exposition.lines:
            if line.name in wanted:
                series = {**line.labels, "__name__": line.name}
                by_job.setdefault(line.labels.get("job") or self.job, []).append(series)
        split = (one for job, series in sorted(by_job.items()) for one in _split(job, series))
        return tuple(replace(one, environments=None) for one in split)

    def says_job(self, job: str) -> bool:
        """Whether its series say the job themselves, as those of a collector do."""
        return any(line.labels.get("job") == job for line in self.exposition.lines)

    def source(self, service: Service) -> AuditSource:
        """Return all of it as the source."""
        return exposed_source(self.exposition, service)

    def alike(self) -> tuple[str, ...]:
        """Read its names."""
        pattern = re.compile(f".*({_WORDS}).*", re.IGNORECASE)
        names = (line.name for line in self.exposition.lines if pattern.fullmatch(line.name))
        # Records of rules have two colons; a source may have one after its own name.
        return _metrics(names, colons=1)

    def metrics(self) -> tuple[str, ...]:
        """Read its names."""
        return tuple(sorted({line.name for line in self.exposition.lines}))

    def jobs(self) -> tuple[str, ...]:
        """Read the label, which a scrape adds where it is missing."""
        return tuple(sorted({line.labels.get("job") or self.job for line in self.exposition.lines}))


def last_alive(api: PrometheusApi, runs: Iterable[str], start: int, end: int) -> float:
    """Find the last time when any of the series ``runs`` was alive; ``end`` if one still is or none ever was.

    Raises:
        LiveError: the server fails.
    """
    counted = aggregate("count", _named(runs).now(), ()).text
    if api.query(counted, end):
        return end
    results = api.query_range(counted, start, end, max(_ALIVE, (end - start) // _LOOKS)).series
    return max((time for one in results for time in one.timestamps), default=end)


def _named(names: Iterable[str]) -> Series:
    return Series("").where("=~", __name__="|".join(map(escape_regex, sorted(names))))


def _split(job: str, series: list[Mapping[str, str]]) -> Iterable[ScrapedTarget]:
    """Separate the services of a job; without a job, any label with a name is accepted."""
    for label in _WITHIN_A_JOB:
        values = {one.get(label, "") for one in series}
        if "" not in values and (len(values) > 1 or not job):
            for value in sorted(values):
                yield _target(
                    {"job": job, label: value} if job else {label: value},
                    [one for one in series if one.get(label) == value],
                )
            return
    if job:
        yield _target({"job": job}, series)


def _target(selector: Mapping[str, str], series: Sequence[Mapping[str, str]]) -> ScrapedTarget:
    return ScrapedTarget(selector, frozenset(one["__name__"] for one in series), environments(series))


def environments(series: Sequence[Mapping[str, str]]) -> Environments | None:
    """Find the environments of a target by the labels of its series; None if several are not certain."""
    for label in _ENVIRONMENTS:
        values = {one.get(label, "") for one in series}
        named = {hyphenated(value): value for value in sorted(values)}
        is_certain = len(named) == len(values) and named.keys() <= _PRODUCTION | _NO_PRODUCTION
        if is_certain and 1 < len(values) <= _MOST_ENVIRONMENTS:
            order = sorted(named, key=lambda name: (name not in _PRODUCTION, name))
            return Environments(label, tuple((name, named[name]) for name in order))
    return None


def hyphenated(text: str) -> str:
    """Write a text as a name: in lower case, with hyphens for all signs."""
    return re.sub("[^a-z0-9]+", "-", text.lower()).strip("-")


def _metrics(names: Iterable[str], colons: int = 0) -> tuple[str, ...]:
    """Merge the series of a histogram, and leave out records of rules: names with more colons."""
    metrics = (name for name in names if name.count(":") <= colons)
    families = {re.sub("_(bucket|count|sum|created)$", "", name) for name in metrics}
    return tuple(sorted(families))
