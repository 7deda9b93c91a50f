"""The service that shared alerts are tested on: example-agent, which measures everything in the library."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from generator.model import names
from generator.model.alerts import Absence, Bound, BurnRate, Change, Outside, Threshold, Undeclared
from generator.model.outside import outside_label
from generator.model.service import RELEASE_PLACEHOLDER, RUN, Library, ProfileFacts, Service, Site
from generator.model.signals import Better, Quantile, Share, Signal
from generator.model.streams import MODEL, Stream
from generator.model.units import DAY, Unit
from generator.scenarios import Fixture, SeriesId, Subject

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from generator.model.alerts import Alert, Tier

NAME, OWNER = "example-agent", "example-team"
#: A link of each kind, with its reader's placeholders filled in.
_LOGS = f"https://logs.example.com/?service={NAME}"
LINK = f"{_LOGS}&release={RELEASE_PLACEHOLDER}"
#: Objectives of example-agent where its profile has none, by unit.
_PROMISED = {Unit.SECONDS: 5.0, Unit.USD: 100.0, Unit.COUNT: 20.0}
_GOOD, _BAD, _WINDOW = 0.95, 0.05, 30 * DAY
#: Bounds of buckets, as parts of the bounds that alerts compare with.
_EDGES = (0.25, 0.5, 1.0, 2.0)
_USUAL_BUCKETS = (1.0, 2.0, 4.0, 8.0)


def subjects(alert: Alert, library: Library, site: Site, *, thorough: bool = False) -> Iterator[Subject]:
    """Find the severities of a shared alert that can fire, with example-agent's bounds; see ``Subject.thorough``."""
    profile = _profile(alert, library)
    if profile is None:
        return
    promised = _promises(library, profile)
    fixture = _fixture(library, profile, promised, site)
    bound = _bound(alert, promised, fixture)
    for tier in bound.tiers:
        if _in_reach(tier, fixture.signals[alert.signal]):
            yield Subject(bound, tier, fixture, sparing=True, thorough=thorough)


def own_fixture(service: Service, site: Site) -> Fixture:
    """Test a service's own alerts on that service; its constants come from its own file."""
    return Fixture(
        site=site,
        signals=service.signals,
        runs=service.runs,
        streams=service.streams,
        values={
            name: label.values or tuple(f"{name}-{one}" for one in range(label.max_live))
            for name, label in service.labels.items()
        },
        listed=frozenset(name for name, label in service.labels.items() if label.values),
        prices=service.prices,
        constants={},
        runs_per_hour=service.runs_per_hour or 0,
        hours=service.hours,
        shared=False,
    )


def _profile(alert: Alert, library: Library) -> ProfileFacts | None:
    """Choose the profile that measures most; for an alert on a missing stream, one that has the stream."""
    fitting = [
        profile
        for profile in library.profiles
        if not isinstance(alert.kind, Absence) or alert.kind.stream.name in profile.feeds
    ]
    return max(fitting, key=lambda profile: len(profile.feeds), default=None)


def _promises(library: Library, profile: ProfileFacts) -> dict[str, float]:
    """List the objective of every signal: the profile's, or else our own."""
    promised = {name: one.bound for name, one in profile.objectives.items()}
    return {signal.name: promised.get(signal.name, _promise(signal)) for signal in library.signals.values()}


def _promise(signal: Signal) -> float:
    if signal.unit is Unit.RATIO:
        return _GOOD if signal.better is Better.HIGHER else _BAD
    return _PROMISED[signal.unit]


def _fixture(library: Library, profile: ProfileFacts, promised: Mapping[str, float], site: Site) -> Fixture:
    streams = {
        name: replace(_with_buckets(one, library, promised), metric=profile.feeds.get(name, ""))
        for name, one in library.streams.items()
    }
    runs = library.runs or next(iter(library.streams.values()))
    labels = dict.fromkeys(label for stream in streams.values() for label in stream.labels)
    own = [label for label in labels if label not in profile.values and label not in profile.max_live]
    values = {
        **{
            label: tuple(f"{label}-{place + 1}" for place in range(profile.max_live.get(label, 2)))
            for label in labels
        },
        **(
            {MODEL: tuple(dict.fromkeys(price.model for price in library.prices))[:2]}
            if library.prices
            else {}
        ),
        **profile.values,
    }
    return Fixture(
        site=site,
        signals={name: replace(one, of=streams[one.of.name]) for name, one in library.signals.items()},
        runs=streams[runs.name],
        streams=streams,
        values=values,
        listed=frozenset(label for label in labels if label not in profile.max_live),
        prices=library.prices,
        constants={
            _constant(names.INFO, owner=OWNER, profile=profile.name, run=RUN, **marks(library)): 1,
            **{
                _constant(names.LABEL_VALUE, label=label, **{label: value}): 1
                for label in own
                for value in values[label]
            },
            **_written(library, profile, promised),
            _constant(names.LINK, link="logs", url=_LOGS, url_of_release=LINK): 1,
        },
        runs_per_hour=0,
        shared=True,
        marks=marks(library),
    )


def marks(library: Library) -> dict[str, str]:
    """Add the labels that some services' authors chose to the alerts of example-agent."""
    return {label: f"example-{label}" for label in library.marks}


def _constant(name: str, /, **labels: str) -> SeriesId:
    return SeriesId(name, tuple(sorted(labels.items())))


def _written(library: Library, profile: ProfileFacts, promised: Mapping[str, float]) -> dict[SeriesId, float]:
    """Write the objectives that alerts depend on and the profile does not have."""
    values: dict[SeriesId, float] = {}
    for alert in library.alerts:
        default = profile.objectives.get(alert.signal)
        needs = _stands_on_objective(alert)
        lacks_window = isinstance(alert.kind, BurnRate) and (default is None or not default.window)
        if (needs and default is None) or lacks_window:
            values[_constant(names.OBJECTIVE, signal=alert.signal)] = promised[alert.signal]
        if lacks_window:
            values[_constant(names.OBJECTIVE_WINDOW, signal=alert.signal)] = _WINDOW
    return values


def _stands_on_objective(alert: Alert) -> bool:
    return any(isinstance(one.written, Bound) and one.written.factor is not None for one in alert.numbers)


def _with_buckets(stream: Stream, library: Library, promised: Mapping[str, float]) -> Stream:
    """Set a histogram's buckets around the bounds of its alerts."""
    if not stream.is_histogram:
        return stream
    signals = [
        one
        for one in library.signals.values()
        if one.of.name == stream.name and isinstance(one.kind, Quantile)
    ]
    bounds = {
        tier.written.of(promised[alert.signal])
        for alert in library.alerts
        if alert.signal in {one.name for one in signals} and isinstance(alert.kind, Threshold)
        for tier in alert.tiers
        if tier.written is not None
    }
    edges = sorted({round(bound * part, 9) for bound in bounds for part in _EDGES})
    return replace(stream, buckets=tuple(edges) or _USUAL_BUCKETS)


def _bound(alert: Alert, promised: Mapping[str, float], fixture: Fixture) -> Alert:
    """Set an alert's numbers that follow from example-agent's objectives."""
    objective = promised[alert.signal]
    tiers = tuple(
        replace(tier, bound=tier.written.of(objective)) if tier.written is not None else tier
        for tier in alert.tiers
    )
    kind = alert.kind
    if isinstance(kind, Change) and kind.beyond_written is not None:
        kind = replace(kind, beyond=kind.beyond_written.of(objective))
    share = fixture.signals[alert.signal].kind
    if isinstance(kind, BurnRate) and isinstance(share, Share):
        kind = replace(kind, budget=share.budget(objective))
    if isinstance(kind, Absence | Undeclared):
        kind = replace(kind, stream=fixture.streams.get(kind.stream.name, kind.stream))
    if isinstance(kind, Outside):
        kind = replace(kind, label=outside_label(fixture.streams.values()))
    return replace(alert, tiers=tiers, kind=kind)


def _in_reach(tier: Tier, signal: Signal) -> bool:
    """Whether a severity can fire: no share is below 0 or above 1."""
    return tier.written is None or signal.unit is not Unit.RATIO or 0 < tier.bound < 1
