"""The profile for the series of a target, and a draft service for it.

The candidates are the shipped profiles and a directory's own; the one with the most metrics there is chosen.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from generator.audit.families import CREATED, normalised, strangers
from generator.audit.observe import Observed, observe
from generator.audit.translated import alternatives, is_read
from generator.diagnostics import Diagnostic, Result, Severity
from generator.diagnostics.wording import closest, listed, printable
from generator.discover.feeding import is_of_calls
from generator.discover.places import Environments, OnServer, ScrapedTarget, SeriesPlace
from generator.errors import CommandError
from generator.model.service import Library, Model, Service, Site
from generator.resolve.model import Common, resolve_common, resolve_one
from generator.spec.inline_yaml import yaml_mapping
from generator.spec.load import load_services, load_shared
from generator.spec.source import SourceText
from generator.spec.sources import SpecFile, profile_sources
from generator.streams.raw import exposed_series

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from generator.audit.source import AuditSource
    from generator.spec.types import ProfileSpec

#: A number of values that no label should reach: a draft has no bounds.
_WIDE = 1000
#: The file of a draft, which does not exist.
_DRAFT = "service"
_NAMED = 8
#: The endings of names that exporters choose, and those of the series of a histogram. ``normalised`` also drops the
#: units of amounts, by which the tokens of runs would be runs.
_UNIT = re.compile("(_milliseconds|_seconds|_ms)?(_total)?$")
_PART = re.compile("_(bucket|count|sum)$")


class Candidates(Struct, frozen=True):
    """All profiles by name, and the parts that services share."""

    common: Common
    profiles: Mapping[str, ProfileSpec]

    @property
    def site(self) -> Site:
        """The settings of all services."""
        return self.common.site

    @property
    def library(self) -> Library:
        """Streams, signals and default alerts."""
        return self.common.base.library

    def draft(self, profile: str, selector: Mapping[str, str]) -> Service:
        """Make a service of a profile, with any values in its open labels."""
        lines = [
            "service: draft",
            f"profile: {profile}",
            "owner: draft",
            f"selector: {yaml_mapping(selector)}",
        ]
        if names := self.profiles[profile].open_labels:
            lines += ["labels:", *(f"  {name}: {{max_live: {_WIDE}}}" for name in names)]
        return self.service("".join(f"{line}\n" for line in lines))

    def service(self, text: str) -> Service:
        """Resolve the text of one service, without environments.

        Raises:
            CommandError: it has errors, or its profile has.
        """
        return self.services(text)[0]

    def services(self, text: str) -> tuple[Service, ...]:
        """Resolve the text of a service: one, or one in each of its environments.

        Raises:
            CommandError: it has errors, or its profile has.
        """
        loaded = load_services(SpecFile(Path(_DRAFT), Result(SourceText(_DRAFT, text))))
        resolved = [resolve_one(spec, self.common) for spec in loaded.specs or ()]
        values = tuple(one.value for one in resolved if one.value)
        if values and len(values) == len(resolved):
            return values
        findings = (*loaded.diagnostics, *(finding for one in resolved for finding in one.diagnostics))
        raise _at_fault(findings)

    def model(self, *services: Service) -> Model:
        """Make a model of services."""
        return Model(self.site, self.library, services)


def candidates(specs: Path, site: str, drafts: Mapping[str, str] | None = None) -> Candidates:
    """Read all profiles; ``specs`` need not exist, and ``site`` is the default where they have no site.

    ``drafts`` are texts of profiles that are no files yet, by their names.

    Raises:
        CommandError: the parts that services share have errors.
    """
    sources = profile_sources(specs)
    if sources.site is None:
        sources = replace(sources, site=SpecFile(specs / "site.yaml", Result(SourceText("site.yaml", site))))
    for name, text in (drafts or {}).items():
        path = specs / "profiles" / f"{name}.yaml"
        draft = SpecFile(path, Result(SourceText(str(path), text)))
        sources = replace(sources, profiles=(*sources.profiles, draft))
    shared = load_shared(sources)
    common, found = resolve_common(shared.specs) if shared.specs else (None, ())
    if common is None or not common.sound:
        found = (*shared.diagnostics, *found)
        problem = _at_fault(found)
        raise CommandError(problem.message, problem.help or f"run: agent-metrics check {specs}")
    known = {name: spec for name, spec in common.profiles.items() if name not in common.broken}
    return Candidates(common, known)


class Unread(Struct, frozen=True):
    """A metric of a target that is, but for its unit, the metric ``read`` by which other profiles count runs."""

    metric: str
    read: str
    profiles: tuple[str, ...]


class Match(Struct, frozen=True):
    """A target and the profile that reads it; ``service`` has the profile's labels without bounds.

    ``strangers`` are metrics of agents that a profile does not read which fits by half or less.
    """

    profile: ProfileSpec
    service: Service
    source: AuditSource
    seen: Observed
    environments: Environments | None = None
    unread: tuple[Unread, ...] = ()
    strangers: tuple[str, ...] = ()


def run_series(service: Service) -> frozenset[str]:
    """Name the series that count a service's runs."""
    runs = service.runs
    return frozenset(exposed_series(name, feed, runs) for feed in runs.sources for name in feed.names)


def recognise(place: SeriesPlace, candidates: Candidates, only: str = "") -> tuple[Match, ...]:
    """Find the profile of each target of a place; ``only`` is the one allowed profile.

    Raises:
        LiveError: the place fails.
        CommandError: no profile fits.
    """
    names = [only] if only else list(candidates.profiles)
    drafts = {name: candidates.draft(name, {"job": "draft"}) for name in names}
    runs = {name: run_series(draft) for name, draft in drafts.items()}
    targets = place.targets(frozenset().union(*runs.values()))
    matches = tuple(match for one in targets if (match := _best(one, place, candidates, runs)))
    if other := _other_form(matches, drafts.values(), place):
        raise _stored_otherwise(other, place, native=candidates.site.native_histograms)
    if not matches:
        raise _unknown(place, candidates, drafts)
    return tuple(
        replace(one, unread=tuple(_unread(one, drafts)), strangers=_strangers(one)) for one in matches
    )


def _strangers(match: Match) -> tuple[str, ...]:
    """Name the metrics of runs, tools and models beside a profile that finds half of its own or less."""
    there, missing, *_ = _fit(match)
    if there > -missing:
        return ()
    every = strangers(match.source.names(("",)), match.service)
    return tuple(one.name for one in every if is_of_calls(one.name))


def _unread(match: Match, drafts: Mapping[str, Service]) -> Iterator[Unread]:
    """Find metrics like those by which profiles count runs, and that the chosen profile does not read."""
    counted: dict[str, list[str]] = {}
    for profile, draft in drafts.items():
        for read in dict.fromkeys(name for feed in draft.runs.sources for name in feed.names):
            counted.setdefault(read, []).append(profile)
    # Of several names of one metric the first is the usual one.
    alike = {_UNIT.sub("", read): read for read in reversed(counted)}
    exposed = match.source.names(tuple(alike))
    # A time of creation is beside the series of its metric.
    living = (name for name in exposed if not name.endswith(CREATED))
    for metric in sorted({_PART.sub("", name) for name in living} - match.service.metrics.keys()):
        read = metric if metric in counted else alike.get(_UNIT.sub("", metric), "")
        if read:
            yield Unread(metric, read, tuple(counted[read]))


def _other_form(matches: Iterable[Match], drafts: Iterable[Service], place: SeriesPlace) -> str:
    """Name a histogram that the place stores in another form than the site says; empty without one."""
    seen = (match.seen for match in matches if not match.seen.lone)
    metrics = (one for each in seen for one in each.metrics.values())
    first = next((one.metric.name for one in metrics if one.other_form), "")
    if first or matches or not isinstance(place, OnServer):
        return first
    feeds = {feed for draft in drafts for feed in draft.runs.sources if feed.value}
    others = {f"{name}_{feed.value}" if feed.native else name for feed in feeds for name in feed.names}
    there = place.targets(others) if others else ()
    return min((name for target in there for name in target.runs), default="")


def _stored_otherwise(name: str, place: SeriesPlace, *, native: bool) -> CommandError:
    if native:
        return CommandError(
            f"{name} is stored with classic buckets at {place.name}, and site.yaml says native",
            "leave histograms out of site.yaml, and run this again",
        )
    return CommandError(
        f"{name} is stored as a native histogram at {place.name}",
        'set histograms: native and oldest_prometheus: "3.0" (or the version of your server) in site.yaml of the '
        "specs, and run this again",
    )


def _best(
    target: ScrapedTarget, place: SeriesPlace, candidates: Candidates, runs: Mapping[str, frozenset[str]]
) -> Match | None:
    fitting = (name for name, series in runs.items() if series & target.runs)
    matches = [match for name in fitting if (match := _match(name, target, place, candidates))]
    return max(matches, key=_fit, default=None)


def _match(name: str, target: ScrapedTarget, place: SeriesPlace, candidates: Candidates) -> Match | None:
    service = candidates.draft(name, target.selector)
    source, runs = place.source(service), service.runs
    fed = (
        is_read(source, exposed_series(one, feed, runs), feed) for feed in runs.sources for one in feed.names
    )
    if not any(fed):
        return None
    return Match(
        candidates.profiles[name],
        service,
        source,
        observe(source, service, candidates.model(service)),
        target.environments,
    )


def _fit(match: Match) -> tuple[int, ...]:
    """Rank by existing and missing metrics, missing labels, fed streams, equal buckets, stray values.

    Of two equal profiles, a directory's own wins.
    """
    seen, every = match.seen, {alternatives(one, match.service) for one in match.service.metrics.values()}
    there = sum(not names.isdisjoint(seen.metrics) for names in every)
    translations = [one for observed in seen.metrics.values() for one in observed.translations]
    absent, strays = sum(one.is_absent for one in translations), sum(len(one.strays) for one in translations)
    return (
        there,
        there - len(every),
        -absent,
        _streams(match),
        _same_buckets(seen),
        -strays,
        not match.profile.profile.span.is_shipped,
    )


def _streams(match: Match) -> int:
    """Count the streams that the target's metrics feed: the more of them, the more is known."""
    fed = ((name for feed in one.sources for name in feed.names) for one in match.service.streams.values())
    return sum(not match.seen.metrics.keys().isdisjoint(found) for found in fed)


def _same_buckets(seen: Observed) -> int:
    """Count the histograms with the buckets of the profile."""
    return sum(
        set(observed.metric.buckets) <= set(observed.histogram.bounds)
        for observed in seen.metrics.values()
        if observed.histogram and observed.metric.buckets
    )


def _looked_for(place: SeriesPlace, own: Mapping[str, Service]) -> Iterator[str]:
    """Say by which series a directory's own profiles count runs, with the exposed name that is most like it."""
    exposed = place.metrics() if own else ()
    for name, draft in own.items():
        wanted = sorted(run_series(draft))
        near = next(filter(None, (closest(one, exposed) for one in wanted)), None)
        hint = f', and "{printable(near)}" is there: is it that?' if near else ", which is not there"
        yield f"your profile {name} counts runs by {listed(wanted)}{hint}"


def _at_fault(findings: Iterable[Diagnostic]) -> CommandError:
    """Report the first error of a service or its profile, with its place in a file."""
    first = next((one for one in findings if one.severity is Severity.ERROR), None)
    if first is None:
        return CommandError("a profile is at fault", "run: agent-metrics check")
    at = first.span
    place = f"{at.file}:{at.line}:{at.column}: " if at and at.file != _DRAFT else ""
    return CommandError(f"{place}{first.message}", first.help)


def _dotted(exposed: Iterable[str], drafts: Mapping[str, Service]) -> tuple[str, str, tuple[str, ...]] | None:
    """Find a metric that profiles would count runs by if its name had underscores: it, its name there, and them."""
    for name in exposed:
        wanted = {
            profile: next(
                (one for one in draft.runs.sources[0].names if normalised(one) == normalised(name)), ""
            )
            for profile, draft in drafts.items()
        }
        readers = tuple(profile for profile, read in wanted.items() if read)
        if "." in name and readers:
            return name, wanted[readers[0]], readers
    return None


def _unknown(place: SeriesPlace, candidates: Candidates, drafts: Mapping[str, Service]) -> CommandError:
    """Report that no profile fits, with the metrics that sound like agents or models."""
    message = f"nothing at {place.name} is recognised: no runs that a profile counts ({', '.join(drafts)})"
    alike = place.alike()
    own = {
        name: draft for name, draft in drafts.items() if not candidates.profiles[name].profile.span.is_shipped
    }
    if not alike:
        help_ = (
            "no metric there sounds like agents or models either: see that their targets are scraped, or begin with "
            "code that the generated module measures: init without --from-..."
        )
    elif dotted := _dotted(alike, drafts):
        exposed, read, profiles = dotted
        help_ = (
            f"it has {exposed}, which {listed(profiles)} would read as {read}: let Prometheus store names with "
            "underscores, for a scrape by metric_name_escaping_scheme: underscores, for what it receives by otlp: "
            "{translation_strategy: UnderscoreEscapingWithSuffixes}. Or add --draft-profile <name> with "
            'oldest_prometheus: "3.0" in site.yaml of the specs: names with dots need Prometheus 3'
        )
    else:
        help_ = (
            f"it has {listed(alike, _NAMED)}: add --draft-profile <name> to have a profile drafted for them, or write "
            "profiles/<name>.yaml in the directory of specs, and run this again: a profile of your own is recognised "
            "as well. Where a shipped one almost fits, begin with extends: <its name>, or a copy: agent-metrics init "
            "--copy-profile <its name>"
        )
    return CommandError(message, "; ".join((*_looked_for(place, own), help_)))
