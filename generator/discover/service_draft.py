"""A first service as seen: the bounds of its labels, and its text, each line with its reason.

The values of a label are listed where they are few, else their largest number is the bound.
"""

from __future__ import annotations

from math import ceil, isfinite
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from generator.audit.checks.labels import may_be_listed
from generator.audit.translated import alternatives
from generator.discover.places import hyphenated
from generator.discover.promises import ProposedObjective, ProposedSilence, not_above
from generator.model.metrics import OTHER, Label, Metric
from generator.model.names import TARGET_INFO
from generator.model.signals import Better, Quantile, lowest
from generator.model.units import WEEK, Unit, human, human_seconds, plain
from generator.spec.environments import LONGEST_NAME
from generator.spec.inline_yaml import yaml_list, yaml_mapping, yaml_text
from generator.streams.raw import exposed_series

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from generator.discover.places import Environments
    from generator.discover.recognise import Match

#: A list with more values cannot be kept by hand.
_MOST_LISTED = 30
#: The factor above the seen number that is allowed where values are only counted.
_ROOM = 1.5
_WIDTH = 44


class ObservedValues(Struct, frozen=True):
    """The values that a label had: ``live`` at once, ``ever`` within the span; both the same without a history."""

    live: frozenset[str]
    ever: frozenset[str]


class ProposedBound(Struct, frozen=True):
    """A bound of a label, as YAML, and its reason."""

    label: str
    text: str
    why: str


def bounds(match: Match, open_: Collection[str], seconds: int) -> tuple[ProposedBound, ...]:
    """Bound the labels that the profile leaves ``open_``, and those that exceed its bound.

    Raises:
        LiveError: the place fails.
    """
    labels = match.service.labels.values()
    found = (_bound(one, _values(one, match, seconds), one.name in open_, seconds) for one in labels)
    return tuple(one for one in found if one)


def _bound(label: Label, seen: ObservedValues, is_open: bool, seconds: int) -> ProposedBound | None:  # noqa: FBT001
    if not is_open:
        return None if label.values else _outgrown(label, seen, seconds)
    if not seen.ever:
        return ProposedBound(label.name, "{max_live: 10}", "none seen yet: list them, or bound their number")
    if len(seen.ever) <= _MOST_LISTED and all(map(may_be_listed, seen.ever)):
        return ProposedBound(label.name, yaml_list(sorted(seen.ever)), "as seen; others count as other")
    most = _rounded(len(seen.ever) * _ROOM)
    return ProposedBound(
        label.name, f"{{max_live: {most}}}", f"{len(seen.ever):,} seen, and half as many again"
    )


def _outgrown(label: Label, seen: ObservedValues, seconds: int) -> ProposedBound | None:
    """Raise a profile's largest number where more values exist."""
    a_week = (len(seen.ever) - len(seen.live)) * WEEK / max(seconds, WEEK)
    if len(seen.live) <= label.max_live and a_week <= label.new_per_week:
        return None
    live, new = max(len(seen.live), label.max_live), max(ceil(a_week), label.new_per_week)
    turnover = f", new_per_week: {new:g}" if new else ""
    why = f"{len(seen.live):,} at once and {ceil(a_week):,} new in a week, as seen"
    return ProposedBound(label.name, f"{{max_live: {live}{turnover}}}", why)


def _values(label: Label, match: Match, seconds: int) -> ObservedValues:
    live: set[str] = set()
    ever: set[str] = set()
    for series, exposed in _places(label, match):
        told = {_told(exposed, values) for values in match.source.groups(series, exposed).counts}
        live |= {value for _, value in told}
        # Another name counts where it says the value now: of what is beside the first one, nothing is read.
        for name in {exposed[0], *(name for name, _ in told)}:
            ever |= match.source.past(series, name, seconds) or frozenset()
    meaningless = {"", OTHER}
    return ObservedValues(frozenset(live - meaningless), frozenset((live | ever) - meaningless))


def _told(exposed: tuple[str, ...], values: tuple[str, ...]) -> tuple[str, str]:
    """Find the first name of a label that has a value, and the value; without one the first name."""
    named = zip(exposed, values, strict=True)
    return next(((name, value) for name, value in named if value), (exposed[0], ""))


def _places(label: Label, match: Match) -> Iterator[tuple[str, tuple[str, ...]]]:
    """List the series that have a label, each once, with the names that the label may have there."""
    places: dict[tuple[str, tuple[str, ...]], None] = {}
    for stream in match.service.streams.values():
        for feed in stream.sources:
            exposed = feed.supplied.get(label.name, ())
            own = tuple(one for one in exposed if one != label.joined)
            if own != exposed:
                places[TARGET_INFO, (label.joined,)] = None
            for name in feed.names if own else ():
                counted = f"{name}_count" if stream.is_histogram else exposed_series(name, feed, stream)
                places[counted, own] = None
    yield from places


def _rounded(number: float) -> int:
    """Round up to a number that people would write."""
    size = 10 ** max(0, len(str(ceil(number))) - 1) // 2 or 1
    return ceil(number / size) * size


class ServiceDraft(Struct, frozen=True):
    """A service to write.

    Attributes:
        name: Its name.
        owner: Its owner.
        match: The target, and the profile that reads it.
        origin: The place and time of the observation, for people.
        bounds: The bounds of labels.
        objectives: The objectives, from the past.
        about_objectives: Their source, or the reason why there are none.
        shown: Objectives in place of the profile's that the buckets cannot show.
        budget: A day's, as a line of YAML, and its reason; empty where tokens and costs are not measured.
        silences: The alerts that would fire for ever.
        about_selector: What is to be known of its selector.
    """

    name: str
    owner: str
    match: Match
    origin: str
    bounds: tuple[ProposedBound, ...] = ()
    objectives: tuple[ProposedObjective, ...] = ()
    about_objectives: str = ""
    shown: tuple[ProposedObjective, ...] = ()
    budget: tuple[str, str] = ("", "")
    silences: tuple[ProposedSilence, ...] = ()
    about_selector: str = "which series are this service's"

    @property
    def text(self) -> str:
        """Write the text of the service."""
        return "".join(f"{line}\n" for line in self._lines())

    def _lines(self) -> Iterator[str]:
        seen, service = self.match.seen, self.match.service
        yield "# yaml-language-server: $schema=../.schemas/service.schema.json"
        yield f"# As seen at {self.origin}: check it, and correct the values that were there only by chance."
        yield f"service: {self.name}"
        run = f"; a run is a {service.run}" if service.run != "run" else ""
        yield _commented(f"profile: {service.profile}", f"{present(self.match)}{run}")
        yield "description: What this service does, in one line."
        yield _commented(f"owner: {yaml_text(self.owner)}", "the team that its alerts go to")
        yield _commented(f"selector: {yaml_mapping(service.selector)}", self.about_selector)
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
        yield from self._promised()
        if self.budget[0]:
            yield _commented(*self.budget)
        if self.silences:
            yield "alerts:"
        yield from (f"  {one.alert}: {{disabled: {yaml_text(one.why)}}}" for one in self.silences)
        if self.match.environments:
            yield from _environments(self.match.environments)

    def _promised(self) -> Iterator[str]:
        derived = {one.signal for one in self.objectives}
        shown = [one for one in self.shown if one.signal not in derived]
        if not derived and self.about_objectives:
            which = "the profile's" if self.match.service.objectives else "none"
            which = "all others are the profile's" if shown else which
            yield f"# objectives: {which}, since {self.about_objectives}"
        if derived or shown:
            yield _commented("objectives:", self.about_objectives if derived else "")
        for one in (*self.objectives, *shown):
            yield _commented(f"  {one.signal}: {one.text}", one.why)


def _environments(found: Environments) -> Iterator[str]:
    about = f"as the label {found.label} has them: a service in each, and one module for all"
    yield _commented("environments:", about)
    for name, value in found.values:
        selector = f"selector: {yaml_mapping({found.label: value})}"
        if name in found.paged:
            yield f"  {name}: {{{selector}}}"
        else:
            yield _commented(f"  {name}: {{{selector}, severity_at_most: warning}}", "pages nobody")


def shown_objectives(match: Match) -> Iterator[ProposedObjective]:
    """Replace the profile's objectives of quantiles that are beyond what the observed buckets can show.

    A quantile is below the last bucket, and above its part of the first one.
    """
    bounds = dict(_differing(match))
    for promised in match.service.objectives.values():
        signal = match.service.signals[promised.signal]
        edges = bounds.get(signal.of.metric)
        if not edges or not isinstance(signal.kind, Quantile) or signal.unit is not Unit.SECONDS:
            continue
        factor = match.seen.metrics[signal.of.metric].metric.factor
        *inner, top = (edge * factor for edge in edges)
        least = lowest(replace(signal, of=replace(signal.of, buckets=(*inner, top))))
        if least < promised.bound < top:
            continue
        nearest = min(inner, key=lambda edge: abs(edge - promised.bound), default=(least + top) / 2)
        side = "min" if signal.better is Better.HIGHER else "max"
        yield ProposedObjective(
            signal.name,
            f"{{{side}: {not_above(nearest)}}}",
            f"the buckets cannot show the profile's {human(promised.bound, signal.unit)}",
        )


def _differing(match: Match) -> Iterator[tuple[str, list[float]]]:
    """Find the buckets of the declared metrics, in their own units, if they differ from the profile's."""
    declared = {entry.key.value for entry in match.profile.metrics}
    for name, observed in match.seen.metrics.items():
        found = observed.histogram.bounds if observed.histogram else ()
        bounds = sorted(one for one in found if isfinite(one))
        if name in declared and bounds and not set(observed.metric.buckets) <= set(bounds):
            yield name, bounds


def _other_buckets(match: Match) -> Iterator[str]:
    """Write the buckets of the declared metrics, if they differ from the profile's."""
    for name, bounds in _differing(match):
        listed = ", ".join(_amount(bound, match.seen.metrics[name].metric) for bound in bounds)
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


def service_name(selector: Mapping[str, str], taken: Collection[str], longest: int = LONGEST_NAME) -> str:
    """Derive a service's name from the most specific value of its selector."""
    plain = hyphenated(list(selector.values())[-1])
    name = (plain if plain[:1].isalpha() else f"agent-{plain}".strip("-"))[:longest].strip("-")
    count, found = 1, name
    while found in taken:
        count += 1
        found = f"{name[: longest - 4]}-{count}"
    return found


def _commented(line: str, comment: str) -> str:
    return f"{line:<{_WIDTH}} # {comment}" if comment else line
