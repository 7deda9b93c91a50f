"""Streams: those of the library, and those that the metrics of a service feed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from generator.diagnostics.wording import did_you_mean, together
from generator.model import names
from generator.model.metrics import FACTORS, HISTOGRAM_SUFFIXES, Across, Label, Metric, MetricType
from generator.model.streams import MODEL, SPENT, TOKEN_TYPE, Source, Stream
from generator.notation.names import forbidden_label, look_up
from generator.notation.patterns import overlap
from generator.notation.quantities import bucket_bounds
from generator.resolve.metrics import (
    as_stored,
    check_dropped,
    check_read,
    check_unit_in_name,
    foreign_metrics,
    resolve_metrics,
)
from generator.resolve.site import are_native
from generator.spec.types import (
    ELSEWHERE,
    Entry,
    FeedSpec,
    OneOrMany,
    ProfileSpec,
    ServiceSpec,
    SignalsSpec,
    SourceOfStreamSpec,
    StreamSpec,
    Text,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from generator.diagnostics import Findings, Span
    from generator.model.service import Site
    from generator.resolve.service import Base

_BASE_UNITS = {"ms": "s"}
#: The stream whose tokens are priced.
_TOKENS = "token_usage"
_BUCKET = HISTOGRAM_SUFFIXES[0]
#: The first Prometheus that accepts any characters in names.
_UTF8_SINCE = (3, 0)


def library_streams(spec: SignalsSpec | None) -> dict[str, Stream]:
    """Resolve the streams of the library."""
    return {entry.key.value: _shared(entry) for entry in spec.streams} if spec else {}


def _shared(entry: Entry[StreamSpec]) -> Stream:
    spec, name = entry.value, entry.key.value
    return Stream(
        name=name,
        stem=f"agent_{name}",
        type=MetricType(spec.type.value),
        unit=spec.unit or "",
        labels=tuple(label.value for label in spec.labels),
        sparse=bool(spec.sparse),
        across=Across(spec.across.value if spec.across else Across.SUM),
        shared=True,
        help=spec.help,
    )


class ServiceStreams(Struct, frozen=True):
    """The streams of a service; ``metrics`` are the declared and the foreign ones that feed them."""

    streams: dict[str, Stream]
    metrics: dict[str, Metric]


def resolve_streams(
    profile: ProfileSpec,
    service: ServiceSpec,
    labels: Mapping[str, Label],
    base: Base,
    findings: Findings,
) -> ServiceStreams:
    """Resolve the streams and their sources; a declared metric that feeds none is a stream of its own name."""
    metrics = resolve_metrics(profile, service, labels, findings)
    _check_feeds(profile, service, labels, base.site.oldest_prometheus, findings)
    library = base.library.streams
    context = _Context(metrics, labels, base.site, findings, elsewhere=profile.emitted == ELSEWHERE)
    shared = [found for entry in profile.streams if (found := _fed(entry, library, context))]
    _check_once(profile, findings)
    _check_declared(profile, metrics, findings)
    used = {name for stream in shared for source in stream.sources for name in source.names}
    signals = (*(base.signals.signals if base.signals else ()), *profile.signals, *service.signals)
    taken = _taken(library.values(), (entry.key.value for entry in signals))
    own = []
    for metric in (one for one in metrics.values() if one.name not in used):
        own.append(_own(metric, taken, native=base.site.native_histograms))
        taken.add(own[-1].stem)
    # In the order of the metrics, so that a profile's streams keep that order.
    order = {name: index for index, name in enumerate(metrics)}
    streams = sorted((*shared, *own), key=lambda stream: order.get(stream.metric, len(order)))
    every = as_stored({**metrics, **foreign_metrics(shared, metrics)}, streams)
    if profile.created_series is False:
        every = {name: replace(metric, created=False) for name, metric in every.items()}
    return ServiceStreams({stream.name: stream for stream in streams}, every)


class _Context(Struct, frozen=True):
    metrics: Mapping[str, Metric]
    labels: Mapping[str, Label]
    site: Site
    findings: Findings
    elsewhere: bool


def by_any_name(streams: Iterable[Stream]) -> dict[str, Stream]:
    """Map streams by their names, and by those of their metrics."""
    every = tuple(streams)
    return {**{stream.metric: stream for stream in every}, **{stream.name: stream for stream in every}}


def fed_by(spec: FeedSpec) -> str:
    """Name the metric that feeds a stream, or the first of several."""
    return next((text.value for part in _parts(spec) for text in _names(part.of)), "")


def _span(written: Text | None) -> Span | None:
    return written.span if written else None


def _names(written: OneOrMany | None) -> tuple[Text, ...]:
    return written.values if written else ()


def _parts(spec: FeedSpec) -> tuple[SourceOfStreamSpec, ...]:
    """List the sources of a stream; keys beside ``parts`` are the defaults of each part."""
    common = SourceOfStreamSpec(
        spec.span, spec.of, spec.value, spec.where, spec.labels, spec.set, spec.minus, spec.scale
    )
    return tuple(_over(common, part) for part in spec.parts) or (common,)


def _over(common: SourceOfStreamSpec, part: SourceOfStreamSpec) -> SourceOfStreamSpec:
    given = {name: value for name in part.__struct_fields__ if (value := getattr(part, name))}
    keyed = {name: (*getattr(common, name), *getattr(part, name)) for name in ("where", "labels", "set")}
    return replace(common, **{**given, **keyed})


def _fed(entry: Entry[FeedSpec], library: Mapping[str, Stream], context: _Context) -> Stream | None:
    stream = library.get(entry.key.value)
    if stream is None:
        context.findings.error(
            "reference/unknown-stream",
            f'there is no stream "{entry.key.value}"',
            entry.key.span,
            together("declare it in signals.yaml", did_you_mean(entry.key.value, library, "streams")),
        )
        return None
    before = context.findings.failed
    site = context.site
    native = are_native(
        entry.value.histograms, site.oldest_prometheus, context.findings, default=site.native_histograms
    )
    sources = tuple(_source(part, entry, stream, context, native=native) for part in _parts(entry.value))
    _check_keys(entry, stream, context.findings)
    _check_drop(entry.value, context)
    _check_bounds(entry, stream, sources, context)
    _check_apart(entry, sources, context)
    _check_alike(entry, stream, sources, context.findings)
    if context.findings.failed and not before:
        return None
    known = frozenset[str]().union(*(source.known for source in sources))
    labels = (*(label for label in stream.labels if label in known), *sorted(known - set(stream.labels)))
    read = (context.metrics.get(name) for source in sources for name in source.names)
    declared = [metric for metric in read if metric]
    return replace(
        stream,
        labels=labels,
        across=declared[0].across if declared else stream.across,
        sparse=stream.sparse or any(metric.sparse for metric in declared),
        metric=sources[0].names[0],
        sources=sources,
        buckets=_bounds(sources) if stream.is_histogram else (),
        exposed_unit=sources[0].unit,
    )


def _source(
    part: SourceOfStreamSpec, entry: Entry[FeedSpec], stream: Stream, context: _Context, *, native: bool
) -> Source:
    exposed_as = tuple(text.value for text in _names(part.of))
    declared = [context.metrics[name] for name in exposed_as if name in context.metrics]
    for text in _names(part.of):
        _check_kind(text, part, stream, context)
    less = [context.metrics[text.value] for text in _names(part.minus) if text.value in context.metrics]
    check_read(part, (*declared, *less), context.labels, context.findings)
    for key in (*(item.key for item in part.labels), *(item.key for item in part.set)):
        look_up(key, context.labels, "label", context.findings)
    constants = tuple((item.key.value, item.value.value) for item in part.set)
    labels = _source_labels(part, entry.value, stream, declared, context)
    _check_unit(entry, declared, context.findings)
    unit = declared[0].unit if declared else entry.value.unit or ("s" if stream.unit == "s" else "")
    if not declared:
        _check_meaning(part, entry.value.unit, unit, stream, context.findings)
    written = bucket_bounds(entry.value.buckets, unit, entry.key.value, context.findings)
    buckets = written or (declared[0].buckets if declared else ())
    return Source(
        names=exposed_as,
        value=part.value.value if part.value else "",
        where=tuple((item.key.value, tuple(one.value for one in item.value.values)) for item in part.where),
        labels=tuple((name, one) for name, some in labels.items() if name in context.labels for one in some),
        constants=tuple(item for item in constants if item[0] in context.labels),
        minus=tuple(text.value for text in _names(part.minus)),
        scale=part.scale or 1,
        unit=unit,
        buckets=buckets if stream.is_histogram or part.value else (),
        drop=tuple(text.value for text in entry.value.drop),
        native=native and (stream.is_histogram or part.value is not None),
    )


def _source_labels(
    part: SourceOfStreamSpec,
    feed: FeedSpec,
    stream: Stream,
    declared: Collection[Metric],
    context: _Context,
) -> dict[str, tuple[str, ...]]:
    """Map labels to those of a source: as they are written, else as a metric has them, or as it is taken to."""
    renamed = {item.key.value: tuple(one.value for one in item.value.values) for item in part.labels}
    if declared:
        mapped = {one for some in renamed.values() for one in some}
        own = {label: (label,) for metric in declared for label in metric.labels if label not in mapped}
        return {**own, **renamed}
    joined = {name: (label.joined,) for name, label in context.labels.items() if label.joined}
    if renamed or not context.elsewhere:
        return {**joined, **renamed}
    return {**joined, **{name: (name,) for name in _called_alike(part, feed, stream, context.labels)}}


def _check_meaning(
    part: SourceOfStreamSpec, written: str | None, unit: str, stream: Stream, findings: Findings
) -> None:
    """Check that the names of foreign metrics mean what is read: a whole histogram, in its unit."""
    for name in _names(part.of):
        if stream.is_histogram and name.value.endswith(_BUCKET):
            findings.error(
                "metric/reserved-suffix",
                f'"{name.value}" are single series of a histogram, and the stream "{stream.name}" reads all of it',
                name.span,
                f"write {name.value.removesuffix(_BUCKET)}",
            )
        elif stream.unit == "s" and not (written or part.scale):
            check_unit_in_name(name, unit, findings)


def _check_unit(entry: Entry[FeedSpec], declared: Iterable[Metric], findings: Findings) -> None:
    """Refuse a unit beside a metric that has one: only one of the two can be that of its bounds."""
    other = next((metric for metric in declared if entry.value.unit not in {None, metric.unit}), None)
    if other:
        findings.error(
            "stream/two-units",
            f'stream "{entry.key.value}" is fed in {entry.value.unit}, and its metric "{other.name}" is declared '
            f"{f'in {other.unit}' if other.unit else 'without a unit'}",
            entry.key.span,
            f"leave the unit out here, and write it at the metric: metrics: {{{other.name}: "
            f"{{unit: {entry.value.unit}}}}}",
        )


def _called_alike(
    part: SourceOfStreamSpec, feed: FeedSpec, stream: Stream, labels: Mapping[str, Label]
) -> Iterator[str]:
    """List the labels of a stream that a foreign metric has by their own names, where its profile maps none."""
    elsewhere = {item.key.value for item in part.set} | {text.value for text in feed.drop}
    for name in stream.labels:
        if name in labels and not labels[name].joined and name not in elsewhere:
            yield name


def _check_kind(of: Text, part: SourceOfStreamSpec, stream: Stream, context: _Context) -> None:
    """Check that a declared metric can feed a stream; a foreign one is taken as the profile describes it."""
    metric = context.metrics.get(of.value)
    if metric is None or part.value is not None:
        return
    if metric.type is not stream.type or _base(metric) != stream.unit:
        context.findings.error(
            "stream/other-kind",
            f'stream "{stream.name}" is a {_described(stream.type, stream.unit)}, and "{metric.name}" is a '
            f"{_described(metric.type, _base(metric))}",
            of.span,
            "choose a metric of that kind, or correct the metric's type and unit",
        )


def _check_bounds(
    entry: Entry[FeedSpec], stream: Stream, sources: Iterable[Source], context: _Context
) -> None:
    """Refuse a histogram of others without bounds: a summary has none, and no quantile could be judged."""
    bare = (one for one in sources if not one.buckets and context.metrics.keys().isdisjoint(one.names))
    if stream.is_histogram and (first := next(bare, None)):
        context.findings.error(
            "stream/no-buckets",
            f'the stream "{stream.name}" is a histogram, and the bounds of "{first.names[0]}" are not given',
            entry.key.span,
            "list the upper bounds that the source exposes: buckets: [0.5, 1, 2]; a summary has no bounds, so that no "
            "quantile of several instances can be made of it: leave the stream out",
        )


def _check_drop(feed: FeedSpec, context: _Context) -> None:
    """Check the labels to sum away where all metrics of a stream are declared; others may have any labels."""
    read = [text.value for part in _parts(feed) for text in (*_names(part.of), *_names(part.minus))]
    if not context.elsewhere and all(name in context.metrics for name in read):
        check_dropped(feed.drop, (context.metrics[name] for name in read), context.findings)


def _check_keys(entry: Entry[FeedSpec], stream: Stream, findings: Findings) -> None:
    """Refuse keys that do not apply to a stream of this kind: they would be ignored, or scale the events."""
    parts = _parts(entry.value)
    if stream.is_histogram:
        given = {
            "value": next((part.value.span for part in parts if part.value), None),
            "scale": next((part.span for part in parts if part.scale), None),
        }
        help_ = "leave it out: a histogram is read as it is, and unit says in what its bounds are"
    else:
        bounds = next((bound.span for bound in entry.value.buckets), None)
        given = {
            "buckets": None if all(part.value for part in parts) else bounds,
            "histograms": None if any(part.value for part in parts) else _span(entry.value.histograms),
        }
        help_ = (
            f"leave it out: a {stream.type} has none, unless it is the sum or count of a histogram (value)"
        )
    for key, span in given.items():
        if span is not None:
            findings.error(
                "stream/key-of-another-kind",
                f'"{key}" does not apply to the stream "{stream.name}", which is a {stream.type.value}',
                span,
                help_,
            )


def _check_feeds(
    profile: ProfileSpec,
    service: ServiceSpec,
    labels: Mapping[str, Label],
    oldest: tuple[int, int],
    findings: Findings,
) -> None:
    """Refuse names and labels that neither streams nor metrics of a service may have."""
    for entry in (*profile.metrics, *service.metrics) if profile.emitted == ELSEWHERE else ():
        _check_names([entry.key], [], oldest, findings)
    for label in profile.labels:
        _check_names([], [label.value.label] if label.value.label else [], oldest, findings)
    for feed in profile.streams:
        for part in _parts(feed.value):
            renames = [text for item in part.labels for text in item.value.values]
            conditions = [item.key for item in part.where]
            metrics = [*_names(part.of), *_names(part.minus)]
            _check_names(metrics, [*renames, *conditions], oldest, findings)
            for text in renames:
                if finding := forbidden_label(text.value, text.span):
                    findings.add(finding)
    _check_totals(profile, labels, findings)
    _check_cost(profile, service, findings)


def _check_cost(profile: ProfileSpec, service: ServiceSpec, findings: Findings) -> None:
    """Refuse a counter of USD for models whose tokens are priced as well: one call would have two costs."""
    fed = {feed.key.value for feed in profile.streams}
    if _TOKENS not in fed or SPENT in fed:
        return
    parts = [part for feed in profile.streams for part in _parts(feed.value)]
    read = {text.value for part in parts for text in _names(part.of)}
    for entry in (*profile.metrics, *service.metrics):
        name, spec = entry.key.value, entry.value
        if spec.unit == "usd" and name not in read and MODEL in {label.value for label in spec.labels}:
            findings.error(
                "stream/cost-twice",
                f'"{name}" counts the USD of models, and the tokens of models are priced as well: the spec does not '
                "say which of the two is their cost",
                entry.key.span,
                f"let it feed the stream cost, under streams of the profile: cost: {{of: {name}}}, and no token is "
                "priced; or leave it out. Where it counts other calls, call its label otherwise than model",
            )


def _check_names(
    metrics: Iterable[Text], labels: Iterable[Text], oldest: tuple[int, int], findings: Findings
) -> None:
    """Refuse the first of these names that the oldest Prometheus rejects."""
    odd = [text for text in metrics if not names.is_classic(text.value)]
    odd += [text for text in labels if not names.is_classic_label(text.value)]
    if odd and oldest < _UTF8_SINCE:
        findings.error(
            "stream/utf8-name",
            f'"{odd[0].value}" is a name that only Prometheus 3 and newer knows',
            odd[0].span,
            'if yours is one, set oldest_prometheus: "3.0" in site.yaml; else name it as yours has it, '
            "which is mostly with underscores",
        )


def _check_totals(profile: ProfileSpec, labels: Mapping[str, Label], findings: Findings) -> None:
    """Refuse a type of tokens that counts all others again."""
    label, written = labels.get(TOKEN_TYPE), profile.label(TOKEN_TYPE)
    if label is None or written is None or any(overlap(one, "total") for one in label.ignore):
        return
    for value in written.value.values:
        patterns = label.patterns.get(value.key.value, ()) if label.patterns else (value.key.value,)
        if any(overlap(one, "total") for one in patterns):
            findings.error(
                "stream/total-beside-parts",
                f'tokens of type "total" are those of all other types, and "{value.key.value}" counts them again',
                value.key.span,
                "leave them out, by ignore: [total] beside values",
            )


def _check_once(profile: ProfileSpec, findings: Findings) -> None:
    """Refuse the same series in two streams: its events would be counted twice."""
    seen: dict[tuple[object, ...], str] = {}
    for entry in profile.streams:
        for part in _parts(entry.value):
            where = tuple(
                (item.key.value, tuple(one.value for one in item.value.values)) for item in part.where
            )
            for of in _names(part.of):
                kind = part.value.value if part.value else ""
                first = seen.setdefault((of.value, kind, where), entry.key.value)
                if first != entry.key.value:
                    findings.error(
                        "stream/fed-twice",
                        f'"{of.value}" feeds the stream "{first}" already',
                        of.span,
                        "a metric feeds one stream: leave one of the two out, or tell their series apart by where",
                    )


def _check_declared(profile: ProfileSpec, metrics: Mapping[str, Metric], findings: Findings) -> None:
    """Warn of a metric that the generated module would not expose: it may be another one, misspelled."""
    if profile.emitted == ELSEWHERE:
        return
    read = (text for entry in profile.streams for part in _parts(entry.value) for text in _names(part.of))
    for text in read:
        if text.value not in metrics:
            findings.warning(
                "stream/undeclared-metric",
                f'"{text.value}" is declared nowhere, so the generated module does not expose it',
                text.span,
                together(
                    "declare it under metrics, or say emitted: elsewhere where other code exposes all of them",
                    did_you_mean(text.value, metrics, "metrics"),
                ),
            )


def _check_apart(entry: Entry[FeedSpec], sources: tuple[Source, ...], context: _Context) -> None:
    """Check that two parts share no series: one would hide the other."""
    for index, source in enumerate(sources):
        for other in sources[:index]:
            constants, others = dict(source.constants), dict(other.constants)
            if not any(constants[name] != others[name] for name in constants.keys() & others.keys()):
                context.findings.error(
                    "stream/parts-alike",
                    f'the parts "{other.names[0]}" and "{source.names[0]}" of "{entry.key.value}" '
                    "have no label that distinguishes them",
                    entry.value.parts[index].span,
                    "set a label of both to different values, such as set: {token_type: prompt}",
                )


def _check_alike(
    entry: Entry[FeedSpec], stream: Stream, sources: tuple[Source, ...], findings: Findings
) -> None:
    """Refuse native histograms of different bounds or units in one stream: they are summed before they get bounds."""
    first, last = sources[0], sources[-1]
    if any((one.unit, one.buckets) != (first.unit, first.buckets) for one in sources) and any(
        one.native for one in sources if stream.is_histogram
    ):
        findings.error(
            "stream/native-parts",
            f'"{first.names[0]}" and "{last.names[0]}" have different bounds or units, and native histograms are '
            f'summed in the stream "{stream.name}" as they are',
            entry.key.span,
            "give them the same unit and buckets, or let Prometheus keep their classic buckets, and say histograms: "
            "classic here",
        )


def _bounds(sources: Iterable[Source]) -> tuple[float, ...]:
    bounds = {round(bound * FACTORS[source.unit], 12) for source in sources for bound in source.buckets}
    return tuple(sorted(bounds))


def _described(type_: MetricType, unit: str) -> str:
    return f"{type_} of {'seconds' if unit == 's' else unit.upper() or 'counts'}"


def _taken(library: Iterable[Stream], signals: Iterable[str]) -> set[str]:
    """List the stems of records of streams and signals, which those of metrics may not have as well."""
    return {
        *(stream.stem for stream in library),
        *(stem for name in signals for stem in names.stems(name)),
    }


def _own(metric: Metric, taken: Collection[str], *, native: bool) -> Stream:
    source = Source(
        names=(metric.name,),
        labels=tuple((label, label) for label in metric.labels),
        unit=metric.unit,
        buckets=metric.buckets,
        scale=metric.factor if metric.type is MetricType.COUNTER else 1,
        native=native and metric.is_histogram,
    )
    return Stream(
        name=metric.name,
        stem=names.free_stem(metric.name, taken),
        type=metric.type,
        unit=_base(metric),
        labels=metric.labels,
        sparse=metric.sparse,
        help=metric.help,
        metric=metric.name,
        sources=(source,),
        buckets=_bounds((source,)),
        exposed_unit=metric.unit,
        across=metric.across,
    )


def _base(metric: Metric) -> str:
    return _BASE_UNITS.get(metric.unit, metric.unit)
