"""The newest release, the release that it is compared with, and the result: release names do not show the order."""

from __future__ import annotations

from itertools import chain as joined
from types import MappingProxyType
from typing import TYPE_CHECKING

import pytest
from msgspec import Struct
from msgspec.structs import replace

from generator.alerts.culprit import query
from generator.prometheus.shared import ground_of
from generator.streams.scope import Scope
from tests.models import model_with, renamed
from tests.prometheus.chain import T0, Chain
from tests.prometheus.crafted import Stretch, craft
from tests.prometheus.culprits import filled
from tests.prometheus.increments import MINUTE
from tests.prometheus.trials import needed, priced, priced_models, rules_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from generator.live.remote_write import TimeSeries
    from generator.live.server import PrometheusServer
    from generator.model.service import Service
    from tests.prometheus.conftest import NewChain

REGRESSION, SLOWER, FAILING = (
    f"Agent{what}Regression" for what in ("TokensPerRun", "LatencyP95", "SuccessRate")
)
#: The alert whose culprit is asked for.
HIGH = "AgentLatencyP95High"
HOUR = 60
#: The shares of runs up to so many milliseconds: the p95 is 0.97 s and 1.5 s.
QUICK: Mapping[float, float] = MappingProxyType({250: 0.5, 1000: 0.98, 2000: 1.0})
SLOW: Mapping[float, float] = MappingProxyType({250: 0.5, 1000: 0.9, 2000: 1.0})
#: Two in ten take longer than the 2 seconds that are promised.
TOO_SLOW: Mapping[float, float] = MappingProxyType({250: 0.5, 2000: 0.8, 5000: 1.0})


class Lives(Struct, frozen=True):
    """A release that lives from one minute to another; ``tokens`` a run, ``runs`` in 15 minutes.

    Its runs last as ``latency`` says, and from the minute ``later`` on as ``then``.
    """

    release: str
    start: int
    end: int
    tokens: float = 5000
    runs: float = 300
    latency: Mapping[float, float] = QUICK
    later: int | None = None
    then: Mapping[float, float] = SLOW

    @property
    def stretches(self) -> tuple[Stretch, ...]:
        """The stretches of its life."""
        tokens = {("gpt-4o-mini", "prompt"): self.tokens}
        change = self.end if self.later is None else self.later
        first = Stretch(
            change - self.start, self.release, runs=self.runs, tokens=tokens, latency=self.latency
        )
        if change == self.end:
            return (first,)
        return (first, replace(first, minutes=self.end - change, latency=self.then))


#: Stop reasons of an outage, in which most runs fail.
OUTAGE: Mapping[str, float] = MappingProxyType({"completed": 0.4, "step_error": 0.6})
#: By the tokens of a run of v2, whether it is a regression from 5000.
THRESHOLD = {6000: True, 6000.5: True, 5999: False, 5000: False, 4000: False}
#: By the runs of a canary in 15 minutes, whether it has enough of them.
CANARIES = {40: False, 42: True}
#: By the tokens of a run, what a release is charged with.
CHARGED: Mapping[float, float] = {4900: -0.02, 5100: 0.0, 5000: 0.0}
#: Minutes from a cut-over to an outage.
SOON = (8, 20, 45)

#: Each is lived by a service of its own, side by side on one server: its releases,
STORIES: Mapping[str, tuple[Lives, ...]] = {
    "v10 beside v9": (Lives("v9", 0, 180), Lives("v10", 60, 180, tokens=6500)),
    **{f"{tokens} tokens": (Lives("v1", 0, 60), Lives("v2", 60, 120, tokens=tokens)) for tokens in THRESHOLD},
    "cut over": (Lives("v9", 0, 60), Lives("v10", 60, 240, tokens=6500)),
    "the first": (Lives("v1", 0, 90),),
    "there before": (Lives("v1", -60, 60), Lives("v2", -60, 60, tokens=9000)),
    **{
        f"a canary of {runs} runs": (Lives("v1", 0, 180), Lives("v2", 60, 180, tokens=20_000, runs=runs))
        for runs in CANARIES
    },
    "rolled back": (
        Lives("v9", 0, 60),
        Lives("v10", 60, 120, tokens=9000),
        Lives("v9", 120, 240, tokens=5000),
    ),
    "three": (
        Lives("v8", 0, 180, tokens=5000),
        Lives("v9", 30, 90, tokens=9000),
        Lives("v10", 90, 180, tokens=6500),
    ),
    "a train": tuple(Lives(f"v{number}", 60 * number, 60 * number + 60) for number in range(5)),
    "mine": (Lives("v1", 0, 120),),
    "another's": (Lives("v2", 60, 120, tokens=9000),),
    "slow in its last hour": (Lives("v9", 0, 360, later=300), Lives("v10", 360, 480, latency=SLOW)),
    **{
        f"after an incident, {tokens} tokens": (
            Lives("v9", 0, 300, tokens=20000),
            Lives("v9", 300, 360),
            Lives("v10", 360, 480, tokens=tokens),
        )
        for tokens in CHARGED
    },
    "a slower one": (Lives("v9", 0, 120), Lives("v10", 60, 120, latency=SLOW)),
    "slow after a quick one": (Lives("v9", 0, 90, latency=QUICK), Lives("v10", 90, 150, latency=TOO_SLOW)),
    "slow after a slow one": (Lives("v9", 0, 90, latency=TOO_SLOW), Lives("v10", 90, 150, latency=TOO_SLOW)),
    "slow later": (Lives("v9", 0, 60), Lives("v10", 60, 180, later=85, then=TOO_SLOW)),
    "slow at once": (Lives("v9", 0, 60), Lives("v10", 60, 180, latency=TOO_SLOW)),
}


def _outage_after(good: int) -> tuple[Stretch, ...]:
    return Stretch(good, "v10", runs=300), Stretch(60, "v10", runs=300, reasons=OUTAGE)


def _more_tokens_after(good: int) -> tuple[Stretch, ...]:
    usual, more = ({("gpt-4o-mini", "prompt"): tokens} for tokens in (5000, 9000))
    return (
        Stretch(60, "v9", runs=300, tokens=usual),
        Stretch(good, "v10", runs=300, tokens=usual),
        Stretch(95, "v10", runs=300, tokens=more),
    )


_V9 = Stretch(90, "v9", runs=300)
#: A release that is replaced after more than an hour: then the one before it has no last hour any more.
_TRIED = (Stretch(240, "v9", runs=300), Stretch(62, "v10", runs=300, reasons=OUTAGE))
#: or stretches of them that follow one another.
STRETCHES: Mapping[str, tuple[Stretch, ...]] = {
    **{f"an outage after {good} minutes": (_V9, *_outage_after(good)) for good in SOON},
    "released in an outage": (
        _V9,
        *(Stretch(minutes, name, runs=300, reasons=OUTAGE) for minutes, name in ((8, "v9"), (60, "v10"))),
    ),
    "failing at once": (_V9, Stretch(60, "v10", runs=300, reasons=OUTAGE)),
    "a few bad runs at the end": (
        _V9,
        Stretch(2, "v9", runs=300, reasons={"completed": 0.95, "step_error": 0.05}),
        Stretch(60, "v10", runs=300, reasons={"completed": 0.88, "step_error": 0.12}),
    ),
    **{f"more tokens after {good} minutes": _more_tokens_after(good) for good in (25, 1)},
    "an outage after a hotfix": (
        *_TRIED,
        Stretch(75, "v11", runs=300),
        Stretch(60, "v11", runs=300, reasons=OUTAGE),
    ),
    "a hotfix that fails": (*_TRIED, Stretch(60, "v11", runs=300, reasons=OUTAGE)),
}
_MORE: Mapping[tuple[str, str], float] = MappingProxyType({("gpt-4o-mini", "prompt"): 9000})
#: or several of these at once, each from its minute on: colours of which one idles; then the night comes.
COLOURS: Mapping[str, Mapping[int, tuple[Stretch, ...]]] = {
    "rolled back and idle": {
        0: (
            Stretch(40, "v9", runs=300),
            Stretch(20, "v9", runs=0),
            Stretch(66, "v9", runs=300),
            Stretch(64, "v9", runs=0),
        ),
        20: (
            Stretch(20, "v10", runs=0),
            Stretch(20, "v10", runs=300, tokens=_MORE),
            Stretch(130, "v10", runs=0),
        ),
    },
}
#: The minute at which the last of them ends.
END = 480


class Lived(Struct, frozen=True):
    """A service that had releases, on the server that others may share."""

    chain: Chain
    service: Service

    def at(self, minute: int) -> tuple[str | None, str | None]:
        """Name the newest and the previous release at a minute."""
        found = []
        for record in ("newest", "previous"):
            releases = [
                labels["release"] for labels, _ in self.read(f"release:agent_{record}:seconds", minute)
            ]
            assert len(releases) <= 1
            found.append(releases[0] if releases else None)
        return found[0], found[1]

    def read(self, record: str, minute: int) -> list[tuple[Mapping[str, str], float]]:
        """Read a record at a minute."""
        query = f'{record}{{service="{self.service.name}"}}'
        return [(one.labels, one.value) for one in self.chain.api.query(query, T0 + minute * MINUTE)]

    def regressed(self, minute: int, alert: str = REGRESSION) -> bool:
        """Return whether an alert on releases is true as a warning: that on tokens per run, or another."""
        return any(
            one.labels["service"] == self.service.name
            for rule in rules_of(self.chain.groups, alert)
            if rule.labels["severity"] == "warning"
            for one in self.chain.api.query(rule.expr, T0 + minute * MINUTE)
        )


def series_of(service: Service, lives: Iterable[Lives]) -> Iterator[TimeSeries]:
    """Craft the raw series of releases."""
    return joined.from_iterable(
        craft(service, each.stretches, start=T0 + each.start * MINUTE) for each in lives
    )


def evaluate(chain: Chain, start: int, end: int, *texts: str) -> None:
    """Evaluate the rules for the alerts on releases, and for other queries, from one minute to another."""
    alerts = (REGRESSION, SLOWER, FAILING) if texts else (REGRESSION,)
    read = [rule.expr for alert in alerts for rule in rules_of(chain.groups, alert)]
    rules = needed(chain.groups, [*read, *texts])
    chain.evaluate(T0 + start * MINUTE, T0 + end * MINUTE, priced(rules, priced_models([chain.service])))


@pytest.fixture(scope="module")
def lived(chain: NewChain) -> Mapping[str, Lived]:
    """The outcome of all stories: rules that read their own last step are evaluated minute by minute, once for all."""
    first = chain()
    names = [*STORIES, *STRETCHES, *COLOURS]
    services = {name: renamed(first.service, f"agents-{place}") for place, name in enumerate(names)}
    every = replace(first, service=services[names[0]], others=tuple(services[name] for name in names[1:]))
    for name, lives in STORIES.items():
        every.write(series_of(services[name], lives))
    for name, stretches in STRETCHES.items():
        every.write(craft(services[name], stretches))
    for name, colours in COLOURS.items():
        for start, stretches in colours.items():
            every.write(craft(services[name], stretches, start=T0 + start * MINUTE))
    evaluate(every, 0, END, *(_culprit(Lived(every, one)) for one in services.values()))
    return {name: Lived(every, service) for name, service in services.items()}


def _culprit(one: Lived) -> str:
    """Write the query for the culprit of runs that are slow."""
    alert = next(each for each in one.chain.library.alerts if each.name == HIGH)
    asked = query(alert, ground_of(one.chain.library, Scope(one.chain.site)))
    assert asked is not None
    return filled(asked.text, {"service": one.service.name})


def test_v10_is_newer_than_v9_and_both_are_live(lived: Mapping[str, Lived]) -> None:
    both = lived["v10 beside v9"]
    assert both.at(30) == ("v9", None)
    assert both.at(90) == ("v10", "v9")
    assert not both.regressed(55)
    assert both.regressed(90)


def test_exactly_at_its_threshold_a_regression_is_one(lived: Mapping[str, Lived]) -> None:
    assert {tokens: lived[f"{tokens} tokens"].regressed(119) for tokens in THRESHOLD} == THRESHOLD


def test_an_instant_cut_over_compares_with_what_is_gone(lived: Mapping[str, Lived]) -> None:
    cut = lived["cut over"]
    assert cut.at(239) == ("v10", "v9")
    assert cut.regressed(239)


def test_the_first_release_ever_is_compared_with_nothing(lived: Mapping[str, Lived]) -> None:
    first = lived["the first"]
    assert first.at(80) == ("v1", None)
    assert not first.regressed(80)


def test_releases_that_were_there_before_the_rules_are_not_told_apart(lived: Mapping[str, Lived]) -> None:
    before = lived["there before"]
    assert before.at(50)[1] is None
    assert not before.regressed(50)


def test_a_canary_says_nothing_before_it_has_three_hundred_runs(lived: Mapping[str, Lived]) -> None:
    canaries = {runs: lived[f"a canary of {runs} runs"] for runs in CANARIES}
    assert [canary.at(170) for canary in canaries.values()] == [("v2", "v1"), ("v2", "v1")]
    assert {runs: canary.regressed(170) for runs, canary in canaries.items()} == CANARIES


def test_after_a_rollback_the_old_release_is_the_newest_live_one_and_not_new(
    lived: Mapping[str, Lived],
) -> None:
    back = lived["rolled back"]
    assert back.at(119) == ("v10", "v9")
    assert back.regressed(119)
    assert back.at(239) == ("v9", None)
    assert not back.regressed(239)


def test_a_release_that_was_rolled_back_and_idles_is_charged_for_an_hour(
    lived: Mapping[str, Lived],
) -> None:
    """As a colour that is kept for the next release, it is still there, and the newest."""
    colours = lived["rolled back and idle"]
    assert colours.at(189) == ("v10", "v9")
    assert [colours.regressed(minute) for minute in (59, 119, 122, 189)] == [True, True, False, False]


def test_of_three_releases_the_newest_is_compared_with_the_one_that_carries_the_runs(
    lived: Mapping[str, Lived],
) -> None:
    three = lived["three"]
    assert three.at(60) == ("v9", "v8")
    assert three.at(170) == ("v10", "v8")
    assert three.regressed(170)


def test_each_of_a_train_of_releases_is_compared_with_the_one_before_it(lived: Mapping[str, Lived]) -> None:
    train = lived["a train"]
    assert [train.at(60 * number + 50)[1] for number in range(1, 5)] == ["v0", "v1", "v2", "v3"]


def test_a_gap_in_the_records_does_not_make_a_release_new(chain: NewChain) -> None:
    """Prometheus was down for three hours; the agents were not."""
    on = chain()
    on.write(series_of(on.service, (Lives("v1", 0, 300), Lives("v2", 30, 300, tokens=6500))))
    evaluate(on, 0, 60)
    evaluate(on, 240, 300)
    gap = Lived(on, on.service)
    assert gap.at(290) == ("v2", "v1")
    newest = gap.read("release:agent_newest:seconds", 290)
    assert newest[0][1] == T0 + 31 * MINUTE


def test_a_release_is_new_for_a_day(chain: NewChain) -> None:
    usual = chain()
    # A day of rules every minute would take long, and says no more.
    seldom = replace(usual, site=replace(usual.site, rule_interval=5 * MINUTE))
    lives = (Lives("v1", 0, 60, tokens=5000), Lives("v2", 60, 26 * HOUR, tokens=6500))
    seldom.write(series_of(seldom.service, lives))
    evaluate(seldom, 0, 26 * HOUR)
    old = Lived(seldom, seldom.service)
    assert old.regressed(12 * HOUR)
    assert old.at(24 * HOUR + 30)[0] == "v2"
    assert old.at(25 * HOUR + 10)[0] is None
    assert not old.regressed(25 * HOUR + 10)


def test_releases_of_another_service_are_not_compared(lived: Mapping[str, Lived]) -> None:
    mine, other = lived["mine"], lived["another's"]
    assert mine.at(110) == ("v1", None)
    assert other.at(110) == ("v2", None)
    assert not mine.regressed(110)
    assert not other.regressed(110)


def test_a_release_as_slow_as_the_last_hour_of_one_that_is_gone_is_no_slower(
    lived: Mapping[str, Lived],
) -> None:
    """Over its last day the previous release was faster."""
    cut = lived["slow in its last hour"]
    assert not any(cut.regressed(minute, SLOWER) for minute in (390, 420, 479))


@pytest.mark.parametrize("tokens", CHARGED)
def test_an_incident_that_ended_before_a_release_earns_it_nothing(
    lived: Mapping[str, Lived], tokens: float
) -> None:
    """Over its last day the previous release used four times as much, and in its last hour as usual."""
    cut = lived[f"after an incident, {tokens} tokens"]
    ((_, found),) = cut.read("release:agent_token_usage_per_run:release_change", 470)
    assert found == pytest.approx(CHARGED[tokens], abs=0.005)


def test_the_change_of_a_quantile_is_recorded_with_both_sides(lived: Mapping[str, Lived]) -> None:
    two = lived["a slower one"]
    found = {
        side: two.read(f"release:agent_latency_p95:{side}", 110)[0][1]
        for side in ("newest", "previous", "release_change", "newest_slow", "previous_slow")
    }
    quick = 0.5 + 0.5 * 0.45 / 0.48
    expected = {"newest": 1.5, "previous": quick, "release_change": 1.5 / quick - 1}
    assert found == pytest.approx({**expected, "newest_slow": 0.1, "previous_slow": 0.02})


@pytest.mark.parametrize(("before", "named"), [("a quick one", ["v10"]), ("a slow one", [])])
def test_a_slow_release_is_named_when_it_has_all_runs_and_the_one_before_was_faster(
    lived: Mapping[str, Lived], before: str, named: list[str]
) -> None:
    cut = lived[f"slow after {before}"]
    found = cut.chain.api.query(_culprit(cut), T0 + 140 * MINUTE)
    assert [one.labels["release"] for one in found] == named


def failing(lived: Mapping[str, Lived], story: str) -> list[bool]:
    """Ask every few minutes whether the last release of a story is charged; some of its runs fail."""
    stretches = STRETCHES[story]
    end = sum(one.minutes for one in stretches)
    last = range(end - stretches[-1].minutes + 8, end, 10)
    return [lived[story].regressed(minute, FAILING) for minute in last]


@pytest.mark.parametrize("after", SOON)
def test_an_outage_soon_after_a_cut_over_is_not_charged_to_the_release(
    lived: Mapping[str, Lived], after: int
) -> None:
    assert not any(failing(lived, f"an outage after {after} minutes"))


def test_a_release_that_comes_during_an_outage_did_not_bring_it(lived: Mapping[str, Lived]) -> None:
    assert not any(failing(lived, "released in an outage"))


def test_a_release_is_charged_with_failures_from_its_first_run_on(lived: Mapping[str, Lived]) -> None:
    assert all(failing(lived, "failing at once"))


def test_an_outage_long_after_a_hotfix_is_not_charged_to_it(lived: Mapping[str, Lived]) -> None:
    """The hotfix is compared with the release before the one that it replaced, which ended hours ago."""
    assert lived["an outage after a hotfix"].at(400) == ("v11", "v9")
    assert not any(failing(lived, "an outage after a hotfix"))


def test_a_hotfix_that_fails_from_its_first_run_on_is_charged(lived: Mapping[str, Lived]) -> None:
    assert all(failing(lived, "a hotfix that fails"))


def test_a_few_bad_runs_at_its_end_do_not_stand_for_a_release(lived: Mapping[str, Lived]) -> None:
    """In its last two minutes the previous release failed about as often as in any two minutes of a bad day."""
    assert all(failing(lived, "a few bad runs at the end")[1:])


@pytest.mark.parametrize(("slow", "charged"), [("later", False), ("at once", True)])
def test_runs_that_get_slow_after_a_cut_over_are_not_charged_to_the_release(
    lived: Mapping[str, Lived], slow: str, *, charged: bool
) -> None:
    cut = lived[f"slow {slow}"]
    assert any(cut.regressed(minute, SLOWER) for minute in (100, 120, 179)) == charged


@pytest.mark.parametrize(("good", "charged"), [(25, False), (1, True)])
def test_tokens_that_grow_after_a_cut_over_are_not_charged_to_the_release(
    lived: Mapping[str, Lived], good: int, *, charged: bool
) -> None:
    cut = lived[f"more tokens after {good} minutes"]
    assert any(cut.regressed(minute) for minute in (100, 120, 150)) == charged


def _calling(server: PrometheusServer, directory: Path, stretches: Sequence[Stretch]) -> Lived:
    """Let a service that alerts on more calls per run of a release live through stretches."""
    more = "labels: {model: [gpt-4o], tool: [search_docs]}\nalerts:\n  CallsMore:\n"
    alert = "{regression: {signal: tool_calls_per_run}, warning: 40%, min_events: 50}"
    model = model_with(directory, "agent", f"{more}    {alert}")
    chain = Chain(server.api, model.services[0], model.library, model.site)
    chain.write(craft(chain.service, stretches))
    read = [one.expr for one in rules_of(chain.groups, "CallsMore")]
    chain.evaluate(T0, T0 + sum(one.minutes for one in stretches) * MINUTE, needed(chain.groups, read))
    return Lived(chain, chain.service)


@pytest.mark.parametrize(("before", "after", "charged"), [(0.25, 0.25, True), (0.12, 0.25, False)])
def test_a_release_is_charged_with_calls_of_which_its_first_runs_had_none(
    fresh_prometheus: PrometheusServer, tmp_path: Path, before: float, after: float, *, charged: bool
) -> None:
    """One run in eight called a tool, and one in four does now: none of the first ones does, by chance."""
    lives = ((90, "v9", 0.12), (1, "v10", 0), (30, "v10", before), (60, "v10", after))
    stretches = [Stretch(end, name, 300, calls={"search_docs": (calls, 0)}) for end, name, calls in lives]
    cut = _calling(fresh_prometheus, tmp_path, stretches)
    assert any(cut.regressed(minute, "CallsMore") for minute in (120, 150, 169)) == charged


@pytest.mark.parametrize(("runs", "charged"), [(75, False), (600, True)])
def test_a_few_calls_more_of_a_release_may_be_chance(
    fresh_prometheus: PrometheusServer, tmp_path: Path, runs: float, *, charged: bool
) -> None:
    """Twice as many calls as before are 14 in place of 7, or 112 in place of 56."""
    stretches = [Stretch(90, "v9", 300, calls={"search_docs": (0.04, 0)})]
    stretches.append(Stretch(40, "v10", runs, calls={"search_docs": (0.08, 0)}))
    cut = _calling(fresh_prometheus, tmp_path, stretches)
    assert cut.regressed(125, "CallsMore") == charged


@pytest.mark.parametrize(("calls", "charged"), [(0.25, True), (0.005, False)])
def test_a_release_is_charged_with_calls_of_which_the_one_before_had_none(
    fresh_prometheus: PrometheusServer, tmp_path: Path, calls: float, *, charged: bool
) -> None:
    stretches = [
        Stretch(90, name, 300, calls={"search_docs": (each, 0)}) for name, each in (("v9", 0), ("v10", calls))
    ]
    cut = _calling(fresh_prometheus, tmp_path, stretches)
    assert cut.regressed(150, "CallsMore") == charged
