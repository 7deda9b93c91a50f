"""Streams: the series that all rules except the raw pass read, with the product's own names, labels and units."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from generator.model.metrics import Across, MetricType
from generator.model.units import UNIT_OF, Unit


class Source(Struct, frozen=True):
    """A metric that feeds a stream, or a part of it.

    Attributes:
        names: Its exposed name without suffixes; of several names, the one that exists.
        value: ``sum`` or ``count`` of a histogram; empty for the metric itself.
        where: Labels of the source, each with patterns of which one must match.
        labels: Each label of the stream with the label of the source that supplies it, once for each that may.
        constants: Labels of the stream with one value.
        minus: Metrics to subtract.
        scale: The factor from an amount to the stream's unit.
        unit: The unit in which a histogram's bounds are exposed.
        buckets: These bounds, ascending, in that unit; empty on counters.
        drop: Labels of the source to sum away, as they are unbounded.
        native: Whether Prometheus stores it as a native histogram: one series under its name.
    """

    names: tuple[str, ...]
    value: str = ""
    where: tuple[tuple[str, tuple[str, ...]], ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    constants: tuple[tuple[str, str], ...] = ()
    minus: tuple[str, ...] = ()
    scale: float = 1
    unit: str = ""
    buckets: tuple[float, ...] = ()
    drop: tuple[str, ...] = ()
    native: bool = False

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics that it reads, those to subtract included."""
        return (*self.names, *self.minus)

    @property
    def known(self) -> frozenset[str]:
        """The labels of the stream that it supplies."""
        return frozenset(name for name, _ in (*self.labels, *self.constants))

    @property
    def supplied(self) -> dict[str, tuple[str, ...]]:
        """The labels of the source for each label of the stream: the first that is not empty says its value."""
        found: dict[str, tuple[str, ...]] = {}
        for name, exposed in self.labels:
            found[name] = (*found.get(name, ()), exposed)
        return found


class Stream(Struct, frozen=True):
    """A canonical series of the library, or an own metric of a profile or service.

    Attributes:
        name: As in ``signals.yaml``, such as ``run``; for an own metric the metric's name.
        stem: The middle of recorded names, such as ``agent_run``.
        type: Counter, histogram or gauge.
        unit: Base unit of the observed or counted amount: ``s``, ``usd`` or nothing.
        labels: Label names, without ``le``.
        sparse: No series exists before the first event: absence is healthy.
        shared: Whether the shared rules read it.
        help: One line for people.
        metric: The metric that feeds it, or the first of several; empty in the library.
        sources: Everything that feeds it; empty in the library.
        buckets: Upper bounds in the base unit, ascending; empty in the library and on counters.
        exposed_unit: The unit that its metric is exposed in.
        derived: Whether our own rules compute it from another stream.
        across: The aggregation of a gauge over instances and to coarser levels.
    """

    name: str
    stem: str
    type: MetricType
    unit: str
    labels: tuple[str, ...]
    sparse: bool = False
    shared: bool = False
    help: str = ""
    metric: str = ""
    sources: tuple[Source, ...] = ()
    buckets: tuple[float, ...] = ()
    exposed_unit: str = ""
    derived: bool = False
    across: Across = Across.SUM

    @property
    def known_as(self) -> str:
        """What the authors of specs know it as: the metric that feeds it; in the library its own name."""
        return self.metric or self.name

    @property
    def is_histogram(self) -> bool:
        """Whether it has buckets."""
        return self.type is MetricType.HISTOGRAM

    def is_fed_by(self, metric: str) -> bool:
        """Whether a metric of this exposed name is one of its sources."""
        return any(metric in source.metrics for source in self.sources)

    @property
    def is_native(self) -> bool:
        """Whether its buckets are made from native histograms."""
        return self.is_histogram and any(source.native for source in self.sources)

    @property
    def amounts(self) -> Unit:
        """The unit of what it observes, adds up or shows."""
        return UNIT_OF[self.unit]

    @property
    def counts_usd(self) -> bool:
        """Whether its events are USD."""
        return self.amounts is Unit.USD and self.type is MetricType.COUNTER

    @property
    def is_gauge(self) -> bool:
        """Whether it is a value at an instant rather than events."""
        return self.type is MetricType.GAUGE

    @property
    def kept(self) -> tuple[str, ...]:
        """The labels that its record keeps besides the service, sorted."""
        return tuple(sorted((*self.labels, "le") if self.is_histogram else self.labels))


#: Labels of the library's streams, besides the release.
STATUS, STOP_REASON, ERROR_CLASS, TOOL = "status", "stop_reason", "error_class", "tool"
#: The labels of tokens that prices are joined on.
MODEL, TOKEN_TYPE = "model", "token_type"
#: The canonical stream of money spent; where a profile does not expose it, it is derived from tokens and prices.
COST = "agent_cost"
#: The shared stream of money that a source counts itself.
SPENT = "cost"
#: The streams of events within runs that SDKs and agents try again when they fail, so that failures come in groups.
RETRIED = frozenset({"tool_call", "tool_error", "llm_call", "llm_error"})
#: The multiple of the usual variance by which their failures scatter, where an early sign must not come late.
TRIES_EARLY = 2
#: The stream of run durations.
RUN_LATENCY = "run_latency"


def billed(tokens: Stream) -> Stream:
    """Derive the stream in which each token counts once, even where a provider counts it in two types."""
    return replace(
        tokens, name=f"{tokens.name}_billed", stem=f"{tokens.stem}_billed", sparse=False, derived=True
    )


def uncounted(tokens: str, spent: Stream) -> Stream:
    """Stand in for tokens that nothing counts, where a source says what they cost: the cost is read, and they never."""
    return replace(spent, name=tokens, unit="", labels=(*spent.labels, TOKEN_TYPE))


def cost(tokens: Stream) -> Stream:
    """Derive the estimated USD of tokens."""
    return replace(
        tokens,
        name=f"{tokens.name}_cost",
        stem=COST if tokens.shared else f"{tokens.stem}_cost",
        unit="usd",
        labels=tuple(label for label in tokens.labels if label != TOKEN_TYPE),
        sparse=False,
        derived=True,
    )
