"""A Prometheus as a source: every query is about one name of the service, and every answer is bounded.

Label names and past values come from the index, types from the targets' metadata; everything else is counted by
the server, which sends the largest counts only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

from generator.alerts.undeclared import strays
from generator.audit.source import MOST_RESETS, MOST_VALUES, TEN_MINUTES, Described, Groups, of_target
from generator.live.answers import InstantSample, whole_number
from generator.live.api import observed_scrape_interval
from generator.live.errors import NotFoundError
from generator.model.metrics import TARGET_LABELS
from generator.model.names import SCRAPED_SAMPLES, is_classic_label
from generator.promql.expr import Expr, Series, aggregate, call, escape_regex, number, series, total
from generator.promql.syntax import parse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from generator.live.api import PrometheusApi
    from generator.model.service import Service

#: The largest number of observed names of the service's metrics.
_MOST_NAMES = 1000
#: The limit for past values of a label, and for descriptions of a metric, in newer servers.
_MOST_PAST, _MOST_SAID = 100_000, 20
_LOOKBACK = 300


class _Metadata(Struct):
    """The description of a metric by one of the targets."""

    type: str = ""
    unit: str = ""
    help: str = ""


class ServerSource(Struct, frozen=True):
    """The series of a service in a Prometheus, now or at ``at`` (Unix seconds)."""

    api: PrometheusApi
    service: Service
    at: float | None = None
    target: set[str] = field(default_factory=set)

    @property
    def place(self) -> str:
        """The server's address."""
        return self.api.url

    @property
    def lone(self) -> bool:
        """False: it has scraped all instances."""
        return False

    def names(self, prefixes: Sequence[str]) -> Mapping[str, int]:
        """Count by name."""
        wanted = "|".join(f"{escape_regex(prefix)}.*" for prefix in prefixes)
        series_names = Series("", series("", self.service.selector).matchers).where("=~", __name__=wanted)
        counted = aggregate("count", series_names.now(), ("__name__",))
        samples = self._samples(_topmost(counted, _MOST_NAMES))
        return {name: whole_number(one.value) for one in samples if (name := one.labels.get("__name__"))}

    def labels(self, name: str) -> frozenset[str]:
        """List the labels of live series: the index also has those of the past."""
        mine = self._of(name)
        indexed = {
            label for label in self._indexed(mine) if label != "__name__" and not self._of_target(label)
        }
        plain = (label for label in indexed if is_classic_label(label))
        return frozenset(label for label in plain if self._count(mine.where("!=", **{label: ""}).now()))

    def groups(self, name: str, by: Sequence[str]) -> Groups:
        """Count by labels."""
        return self._groups(self._of(name), by)

    def strays(self, name: str, label: str, listed: Sequence[str]) -> Groups:
        """Count by unlisted values, like AgentUndeclaredLabelValue."""
        return self._groups(strays(self._of(name), label, listed), (label,))

    def merged(self, name: str, label: str) -> int:
        """Count the series that remain without a label."""
        return self._count(Expr(f"count without ({label}) ({self._of(name).now()})"))

    def total(self, name: str) -> float:
        """Sum."""
        return self._number(total(self._of(name).now()))

    def totals(self, name: str, label: str) -> Mapping[str, float]:
        """Sum by a label."""
        samples = self._samples(total(self._of(name).now(), (label,)) > number(0))
        return {one.labels.get(label, ""): one.value for one in samples}

    def below_zero(self, name: str) -> int:
        """Count the values that no counter can have."""
        return self._count(self._of(name).now() < number(0))

    def falling(self, name: str) -> int:
        """Count the series that fall repeatedly."""
        resets = call("resets", self._of(name).over(TEN_MINUTES))
        return self._count(resets > number(MOST_RESETS))

    def described(self, name: str) -> Described:
        """Read the metadata: for counters in OpenMetrics it has the name without ``_total``."""
        names = dict.fromkeys((name, name.removesuffix("_total")))
        entries = [entry for one in names for entry in self._metadata(one)]
        types, units = {entry.type for entry in entries}, {entry.unit for entry in entries}
        return Described.of(types, units, {entry.help for entry in entries})

    def instances(self, name: str) -> int:
        """Count targets."""
        return max(1, self._count(aggregate("count", self._of(name).now(), TARGET_LABELS)))

    def past(self, name: str, label: str, seconds: int) -> frozenset[str]:
        """Read the index, which is far cheaper than reading old samples."""
        now = self._whole(call("time"))
        span = {"start": str(now - seconds), "end": str(now + 1)}
        fields = {"match[]": self._of(name).now().text, **span, "limit": str(_MOST_PAST)}
        path = f"/api/v1/label/{label}/values"
        return frozenset(self.api.look(path, fields, list[str], "a list of label values"))

    def exposed(self) -> int | None:
        """Sum Prometheus's own counts at each scrape."""
        return self._whole(total(series(SCRAPED_SAMPLES, self.service.selector).now())) or None

    def interval(self) -> float | None:
        """Compute the median time between two samples, or read the configured one of new targets."""
        return observed_scrape_interval(self.api, self.service.selector, self.at)

    def elsewhere(self, name: str, by: Sequence[str]) -> Groups:
        """Count series of other services."""
        return self._groups(Series(name), by)

    def _of(self, name: str) -> Series:
        if is_classic_label(name):
            return series(name, self.service.selector)
        return series("", {**self.service.selector, "__name__": name})

    def _of_target(self, label: str) -> bool:
        """Labels of ``up`` are those of the targets; they are requested once."""
        if not self.target:
            self.target.update(("job", *self._indexed(series("up", self.service.selector))))
        return of_target(label, self.target | set(self.service.selector))

    def _indexed(self, mine: Series) -> frozenset[str]:
        now = self._whole(call("time"))
        # Times are whole seconds here: the second that has begun counts, too.
        span = {"start": str(now - _LOOKBACK), "end": str(now + 1)}
        fields = {"match[]": mine.now().text, **span}
        return frozenset(
            self.api.look("/api/v1/labels", fields, list[str], "a list of label names", post=True)
        )

    def _metadata(self, name: str) -> list[_Metadata]:
        fields = {"metric": name, "limit_per_metric": str(_MOST_SAID)}
        try:
            metadata = self.api.look(
                "/api/v1/metadata", fields, dict[str, list[_Metadata]], "metadata of a metric"
            )
        except NotFoundError:
            # Not every server with Prometheus's API has this part of it.
            return []
        return metadata.get(name, [])

    def _groups(self, mine: Series, by: Sequence[str]) -> Groups:
        counted = aggregate("count", mine.now(), by)
        samples = self._samples(_topmost(counted, MOST_VALUES))
        counts = {
            tuple(one.labels.get(label, "") for label in by): whole_number(one.value) for one in samples
        }
        ordered = dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
        cut = len(counts) >= MOST_VALUES
        return Groups(ordered, self._count(counted) if cut else len(counts))

    def _count(self, expr: Expr) -> int:
        return self._whole(aggregate("count", expr))

    def _whole(self, expr: Expr) -> int:
        return whole_number(self._number(expr))

    def _number(self, expr: Expr) -> float:
        """Query one number; an empty answer is 0."""
        return next((one.value for one in self._samples(expr)), 0.0)

    def _samples(self, expr: Expr) -> tuple[InstantSample, ...]:
        parse(expr.text)  # only PromQL is sent
        return self.api.query(expr.text, self.at)


def _topmost(counted: Expr, most: int) -> Expr:
    """Query only the largest counts."""
    return Expr(f"topk({most}, {counted})")
