"""``init --from-prometheus`` and ``--from-exposition``: first services for existing series, tested on their history."""

from __future__ import annotations

import sys
import time
from collections import Counter
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from generator.audit.checks.labels import foreign_labels
from generator.audit.exposition import parse_exposition
from generator.audit.translated import absent
from generator.commands.audit import fetched
from generator.commands.call import CallError
from generator.commands.init import LONGEST_SCRAPE, FirstFiles, site_text
from generator.commands.terminal import ProgressLine
from generator.commands.values import iso_time, length, prometheus
from generator.diagnostics.wording import listed, printable
from generator.discover.places import InExposition, OnServer, last_alive
from generator.discover.profile_draft import ProfileDraft, drafted, gauges_of_calls
from generator.discover.promises import ENOUGH, StreamHistory, budget, finished_runs, promises, silences
from generator.discover.proof import Firing, Remembered, TriedPanel, firings, panels, remembered
from generator.discover.recognise import Candidates, Match, candidates, recognise, run_series
from generator.discover.service_draft import ServiceDraft, bounds, present, service_name, shown_objectives
from generator.live.errors import LiveError
from generator.model.units import DAY, HOUR, MINUTE, WEEK, duration
from generator.prometheus.rule_set import RuleSet, rule_set
from generator.spec.environments import LONGEST_NAME
from generator.spec.load import load
from generator.streams.raw import as_classic

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from generator.live.evaluate import Progress
    from generator.model.service import Service

_LISTED = 10
_FEW = 3
_CRITICAL = "critical"
#: A history shorter than this part of the wanted span is named by its own length.
_MOST_OF = 0.9
_GUESSED = "a guess, as an exposition has no job: write the one of your scrape"
_TIMES = {0: "nobody", 1: "once", 2: "twice"}


def from_wire(arguments: argparse.Namespace) -> FirstFiles:
    """Read the place that a call names, and write a service for each target that a profile can read.

    Raises:
        CommandError: no profile fits, or the call contradicts itself.
        LiveError: a server fails.
    """
    with ProgressLine(sys.stderr, 1.0) as line:
        line.show("reading the profiles", 0, 1)
        known = candidates(arguments.specs, site_text(None))
        with _place(arguments, known) as place:
            profile = _drafted(arguments, place, known)
            drafts = {profile.name: profile.text} if profile else {}
            if profile:
                known = candidates(arguments.specs, site_text(None), drafts)
            matches = recognise(place, known, arguments.draft_profile or arguments.profile or "")
            new = [one for one in matches if not _covered(one, arguments.specs)]
            if not new:
                names = ", ".join(_selector(one) for one in matches)
                raise CallError(
                    f"everything that is recognised at {place.name} has specs already: {names}", "see: audit"
                )
            interval = max((one.seen.interval or 0 for one in new), default=0) or None
            if interval:
                known = candidates(arguments.specs, site_text(interval), drafts)
            found = _found(_Request(arguments, place, known, line.show), new, interval)
            return _beside(profile, found) if profile else found


def _beside(draft: ProfileDraft, found: FirstFiles) -> FirstFiles:
    """Add a drafted profile to the services that use it."""
    streams, hints = listed(draft.streams, len(draft.streams)), draft.hints
    lines = [f"{draft.name}: drafted for {streams}; read every line of profiles/{draft.name}.yaml"]
    lines += [f"  {hint}" for hint in hints[:_LISTED]]
    if len(hints) > _LISTED:
        lines.append(f"  and {len(hints) - _LISTED} more")
    return replace(found, messages=(*lines, *found.messages), profiles={draft.name: draft.text})


def _drafted(
    arguments: argparse.Namespace, place: OnServer | InExposition, known: Candidates
) -> ProfileDraft | None:
    """Draft the profile that a call asks for.

    Raises:
        CallError: there is such a profile, several jobs, or nothing that counts runs.
        LiveError: the place fails.
    """
    name = arguments.draft_profile
    if name is None:
        return None
    if arguments.profile is not None:
        raise CallError("--profile and --draft-profile name two profiles", "leave one of them out")
    if name in known.profiles:
        raise CallError(
            f'there is a profile "{printable(name)}"', "choose another name, or leave --draft-profile out"
        )
    jobs = (arguments.job,) if arguments.job else place.jobs()
    if len(jobs) > 1:
        raise CallError(
            f"{place.name} has metrics of {len(jobs)} jobs, and a profile is drafted from one",
            f"choose one by --job: {listed(jobs)}",
        )
    # Any profile will do: a source reads only the selector.
    source = place.source(known.draft(next(iter(known.profiles)), {"job": jobs[0] if jobs else ""}))
    origin = f"{printable(place.name)} on {datetime.now(UTC):%Y-%m-%d}"
    draft = drafted(source, known.library.streams, name, origin)
    if draft is None:
        raise CallError(
            f"no metric at {place.name} counts runs, tasks, sessions, turns, or requests to models",
            f"{_about_gauges(gauges_of_calls(source))}a profile needs one, as in streams: {{run: {{of: "
            "my_runs_total}}; agent-metrics init --copy-profile langgraph writes a whole profile of metrics that other "
            "code exposes, to change it",
        )
    return draft


def _about_gauges(names: tuple[str, ...]) -> str:
    """Explain that gauges of a period are no counts, where a source has no other metrics of calls."""
    if not names:
        return ""
    return (
        f"{listed(names, _FEW)} {'is a gauge' if len(names) == 1 else 'are gauges'}: an amount of a period, as "
        "exporters of CloudWatch have it, is no count that grows. Measure calls where they are made; "
    )


class _Request(Struct, frozen=True):
    """A call: its options, the place of the series, and the profiles."""

    arguments: argparse.Namespace
    place: OnServer | InExposition
    candidates: Candidates
    progress: Progress

    @property
    def seconds(self) -> int:
        return self.place.seconds if isinstance(self.place, OnServer) else 0


@contextmanager
def _place(arguments: argparse.Namespace, known: Candidates) -> Iterator[OnServer | InExposition]:
    if arguments.from_exposition is not None:
        if arguments.last is not None:
            raise CallError(
                "an exposition has no history to look at",
                "leave --last out, or ask a server: --from-prometheus",
            )
        exposition = parse_exposition(fetched(arguments.from_exposition, length(arguments.timeout)))
        yield InExposition(exposition, arguments.job or arguments.service or "my-agent")
        return
    seconds, end = int(length(arguments.last or "7d")), int(time.time())
    series = frozenset().union(*(run_series(known.draft(name, {"job": "x"})) for name in known.profiles))
    with closing(prometheus(arguments.from_prometheus, arguments.timeout)) as api:
        at = last_alive(api, series, end - seconds, end)
        yield OnServer(api, at, seconds, arguments.job or "")


def _covered(match: Match, specs: Path) -> bool:
    """Whether a service of the directory already selects the same series."""
    if not (specs / "services").is_dir():
        return False
    loaded = load(specs).specs
    selector = match.service.selector
    others = (
        {item.key.value: item.value.value for item in one.selector}
        for one in (loaded.services if loaded else ())
    )
    return any(all(other.get(key, value) == value for key, value in selector.items()) for other in others)


def _selector(match: Match) -> str:
    return ", ".join(f'{key}="{printable(value)}"' for key, value in match.service.selector.items())


def _found(request: _Request, matches: Sequence[Match], interval: float | None) -> FirstFiles:
    drafts = list(_drafts(request, matches))
    lines = [line for one in drafts for line in _recognised(one)]
    if interval and interval > LONGEST_SCRAPE:
        lines.append(
            f"it is scraped every {duration(round(interval))}, and specs take {LONGEST_SCRAPE}s at most: scrape more "
            "often"
        )
    try:
        drafts, more = _tried(request, drafts)
    except LiveError as problem:
        drafts = [replace(one, budget=budget(one.match.service, None)) for one in drafts]
        more = _untried(problem)
    return FirstFiles({one.name: one.text for one in drafts}, site_text(interval), (*lines, *more))


def _recognised(draft: ServiceDraft) -> Iterator[str]:
    yield f"{draft.name}: recognised as {draft.match.service.profile}, {present(draft.match)}"
    for one in draft.match.unread:
        way_out = (
            "choose one of these by --profile"
            if one.metric == one.read
            else "let the source expose that, or map the other in a profile of your own"
        )
        yield f"  unread: {one.metric}. {listed(one.profiles)} count runs by {one.read}: {way_out}"
    read = {each.read for each in draft.match.unread}
    for name, exposed in draft.match.seen.respelled.items():
        if name not in read:
            yield (
                f"  unread: {exposed}. {draft.match.service.profile} reads {name}: if it is the same, name it in a "
                "profile that extends this one"
            )
    missed = [one for one in draft.match.strangers if one not in {each.metric for each in draft.match.unread}]
    if missed:
        yield (
            f"  not read: {listed(missed)}. {draft.match.service.profile} fits in part only: --draft-profile NAME "
            "drafts a profile for all that is there"
        )
    found = [one.diagnostic for one in foreign_labels(draft.match.seen)]
    yield from (f"  {one.message}: {one.help}" for one in found[:_LISTED])
    if len(found) > _LISTED:
        yield f"  and {len(found) - _LISTED} more: agent-metrics audit says all"


def _drafts(request: _Request, matches: Sequence[Match]) -> Iterator[ServiceDraft]:
    arguments = request.arguments
    if arguments.service and len(matches) > 1:
        message = f"--service names one service, and {len(matches)} are recognised"
        raise CallError(
            message, f"choose one by --job, or leave --service out: {'; '.join(map(_selector, matches))}"
        )
    day = datetime.fromtimestamp(
        request.place.at if isinstance(request.place, OnServer) else time.time(), UTC
    )
    taken: set[str] = set()
    for match in matches:
        room = (
            max((len(one) + 1 for one, _ in match.environments.values), default=0)
            if match.environments
            else 0
        )
        name = arguments.service or service_name(match.service.selector, taken, LONGEST_NAME - room)
        taken.add(name)
        labels = bounds(match, match.profile.open_labels, request.seconds or WEEK)
        origin = f"{printable(request.place.name)} on {day:%Y-%m-%d}"
        shown = tuple(shown_objectives(match))
        draft = ServiceDraft(name, arguments.owner, match, origin, labels, shown=shown)
        yield replace(draft, about_selector=_GUESSED) if _is_guessed(request, match) else draft


def _is_guessed(request: _Request, match: Match) -> bool:
    """Whether the job is a guess: neither the call nor a series names it, and only a scrape adds it."""
    place = request.place
    return (
        isinstance(place, InExposition)
        and not request.arguments.job
        and not place.says_job(match.service.selector.get("job", ""))
    )


_Drafted = tuple[ServiceDraft, "Service"]


def _tried(request: _Request, drafts: Sequence[ServiceDraft]) -> tuple[list[ServiceDraft], list[str]]:
    """Read the history, derive possible objectives, and evaluate the rules."""
    drafted, rules = _compiled(request, drafts)
    services = tuple(service for _, service in drafted)
    with remembered(request.place, services, rules, request.candidates.site, request.progress) as history:
        if isinstance(request.place, OnServer):
            drafts = [_promised(*one, history, request) for one in _each(drafted).values()]
        else:
            drafts = [_unpromised(*one) for one in _each(drafted).values()]
        drafted, rules = _compiled(request, drafts)
        try:
            history.evaluate(rules, request.progress)
            return list(drafts), list(_proof(request, history, drafted, rules))
        except LiveError as problem:
            return list(drafts), _untried(problem)


def _untried(problem: LiveError) -> list[str]:
    return [f"not tried on its history: {problem.message}", *([f"  {problem.help}"] if problem.help else [])]


def _compiled(request: _Request, drafts: Sequence[ServiceDraft]) -> tuple[list[_Drafted], RuleSet]:
    drafted = [(draft, one) for draft in drafts for one in request.candidates.services(draft.text)]
    if isinstance(request.place, InExposition):
        drafted = [(draft, as_classic(one)) for draft, one in drafted]
    services = tuple(service for _, service in drafted)
    return drafted, rule_set(services, request.candidates.library, request.candidates.site)


def _each(drafted: Iterable[_Drafted]) -> dict[str, _Drafted]:
    """Map each draft to the service that represents it: that of production, which is first."""
    by_name: dict[str, _Drafted] = {}
    for draft, service in drafted:
        by_name.setdefault(draft.name, (draft, service))
    return by_name


def _promised(draft: ServiceDraft, service: Service, history: Remembered, request: _Request) -> ServiceDraft:
    past = StreamHistory(history.api, history.end, history.seconds, request.candidates.site.rule_interval)
    promised = promises(service, past)
    began, ended = (f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d}" for at in (history.start, history.end))
    where = f" in {service.environment}" if service.environment else ""
    about = f"a little looser than it was{where} from {began} to {ended}"
    if not promised:
        few = finished_runs(service, past) < ENOUGH
        why = (
            f"fewer than {ENOUGH} {service.run}s finished"
            if few
            else f"too many {service.run}s or calls failed"
        )
        about = f"{why} from {began} to {ended}"
    return replace(
        draft,
        objectives=promised,
        about_objectives=about,
        budget=budget(service, past),
        silences=tuple(silences(service, past)),
    )


def _unpromised(draft: ServiceDraft, service: Service) -> ServiceDraft:
    about = "an exposition has no history to derive them from"
    return replace(draft, about_objectives=about, budget=budget(service, None))


def _proof(
    request: _Request, history: Remembered, drafted: Iterable[_Drafted], rules: RuleSet
) -> Iterator[str]:
    """List the panels with data, and the alerts that would have fired."""
    fired = firings(history, request.candidates.site.rule_interval)
    for index, (draft, service) in enumerate(drafted):
        own = RuleSet(rules.shared, (rules.own[index],))
        labels = {
            one.label: " or ".join(one.exposed)
            for metric in draft.match.seen.metrics.values()
            for one in absent(metric.translations, partly=False)
        }
        yield from _boards(
            service, panels(service, own, request.candidates.site, history, labels), history, request, fired
        )


def _boards(
    service: Service,
    drawn: Sequence[TriedPanel],
    history: Remembered,
    request: _Request,
    fired: Sequence[Firing],
) -> Iterator[str]:
    measured = [one for one in drawn if not one.why]
    full = sum(one.has_data for one in measured)
    if isinstance(request.place, InExposition):
        yield (
            f"{service.name}: {full} of {len(drawn)} panels would have data. An exposition has no history: what it "
            "counts was taken to come again in every minute, and no alert was tried"
        )
    else:
        mine = [one for one in fired if one.service == service.name]
        yield f"{service.name}: {full} of {len(drawn)} panels have data; {_alerts(mine, history, request)}"
        pages = [one for one in mine if one.severity == _CRITICAL]
        yield from (f"  {one.alert} at {iso_time(one.began)} for {_length(one)}" for one in pages[:_LISTED])
        if len(pages) > _LISTED:
            yield f"  and {len(pages) - _LISTED} more: replay says all"
    for why, count in Counter(one.why for one in drawn if one.why).items():
        yield f"  {count} {'has' if count == 1 else 'have'} none: {why}"
    yield from (f"  empty: {one.title} ({one.dashboard})" for one in measured if not one.has_data)


def _alerts(fired: Sequence[Firing], history: Remembered, request: _Request) -> str:
    pages = sum(one.severity == _CRITICAL for one in fired)
    rest = len(fired) - pages
    tickets = f" and opened {rest} {'tickets' if rest > 1 else 'ticket'}" if rest else ""
    return f"{_span(history, request)} would have paged {_TIMES.get(pages, f'{pages} times')}{tickets}"


def _length(one: Firing) -> str:
    return _rounded(round(one.ended - one.began)) if one.ended > one.began else "a moment"


def _rounded(seconds: int) -> str:
    """Write a duration in minutes, where it has any."""
    return duration(seconds if seconds < MINUTE else round(seconds / MINUTE) * MINUTE)


def _span(history: Remembered, request: _Request) -> str:
    """Name the span: shorter than requested where series begin later."""
    if history.seconds < _MOST_OF * request.seconds:
        seconds = round(history.seconds / HOUR) * HOUR if history.seconds > DAY // 4 else history.seconds
        return f"the {_rounded(seconds)} that it knows"
    names = {WEEK: "the last week", DAY: "the last day"}
    return names.get(request.seconds, f"the last {duration(request.seconds)}")
