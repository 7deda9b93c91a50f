"""The comparison with the independent model detects mistakes: each wrong version of an expression is caught."""

from __future__ import annotations

import re
from collections import Counter
from itertools import chain as joined
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from msgspec import Struct
from msgspec.structs import replace

from generator.live.errors import LiveError
from generator.model.rules import RecordingRule, RuleGroup
from generator.simulate.history import simulate
from generator.simulate.scenario import Arrivals, Scenario
from tests.prometheus.chain import T0
from tests.prometheus.comparison import mismatches
from tests.prometheus.crafted import Stretch, craft
from tests.prometheus.increments import MINUTE
from tests.prometheus.mutations import mutants
from tests.prometheus.observation import STEP, observe, recording
from tests.prometheus.trials import needed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from generator.live.api import PrometheusApi
    from generator.live.remote_write import TimeSeries
    from tests.prometheus.chain import Chain
    from tests.prometheus.conftest import NewChain
    from tests.prometheus.expected import Key
    from tests.prometheus.observation import ComparedRecords

END = T0 + 75 * MINUTE

_USUAL = Stretch(
    30,
    reasons={"completed": 0.89, "paused": 0.01, "max_steps": 0.05, "step_error": 0.03, "tool_error": 0.02},
    latency={100: 0.1, 250: 0.3, 500: 0.55, 1000: 0.8, 2000: 0.93, 5000: 0.985, 10000: 0.999},
    steps={1: 0.1, 4: 0.6, 8: 0.9, 16: 0.99, 32: 1},
    calls={"search_docs": (2, 0.03), "create_ticket": (0.5, 0), "send_email": (0.2, 0.5)},
    tokens={
        ("gpt-4o", "prompt"): 3000,
        ("gpt-4o", "cached"): 1200,
        ("gpt-4o", "completion"): 400,
        ("gpt-4o", "reasoning"): 150,
        ("gpt-4o-mini", "prompt"): 500,
        ("gpt-4o-mini", "cached"): 100,
        ("unheard-of", "prompt"): 800,
    },
    llm_errors={("gpt-4o", "rate_limit"): 0.02, ("gpt-4o", "timeout"): 0.01},
)


#: Records with 0 where a profile measures errors, and nothing where it does not.
_FILLED = re.compile(r"^(model|release|service):agent_llm_errors_per_run:numerator")

#: Versions that are equivalent to the right one.
_EQUAL = tuple(
    re.compile(pattern)
    for pattern in (
        # Means of buckets are in the proportions of their sums.
        r"agent_(latency_p\d+|tool_latency_p\d+|step_count|step_count_p\d+):(seconds|count): mean of sums",
        # The record beneath has these labels alone, or one more that follows from them.
        r"^release:agent_(latency_p\d+|step_count|step_count_p\d+):\w+: (no|mean of) sums?",
        r"^release:agent_run_(latency|steps):increase15m: mean of sums",
        r"^release_stop_reason:agent_run:increase15m: mean of sums",
        # The input is recorded at that level already.
        r"^(release|service):agent_llm_errors_per_run:numerator: no sum",
        # The profile measures errors of models; the test of one that does not is below.
        rf"{_FILLED.pattern}: no guard",
        # All releases have the same buckets here; test_changed_buckets.py is about others.
        r"^(service|tool):agent_(latency_p\d+|tool_latency_p\d+|step_count|step_count_p\d+):\w+: no guard",
    )
)


class Subject(Struct, frozen=True):
    """A history that the real rules record correctly."""

    chain: Chain
    raw: Sequence[TimeSeries]
    right: ComparedRecords

    @property
    def recording(self) -> tuple[RuleGroup, ...]:
        """The real rules."""
        return recorders(self.chain.groups)


@pytest.fixture(scope="module")
def subject(chain: NewChain) -> Subject:
    """Two releases side by side, which fail differently, become idle, and then only fail."""
    other = replace(
        _USUAL,
        release="r2",
        runs=70,
        reasons={"completed": 0.65, "paused": 0.05, "step_error": 0.3},
        calls={"search_docs": (3, 0.1), "create_ticket": (0.2, 0)},
        llm_errors={},
    )
    new = chain()
    raw = [
        series
        for each in (_USUAL, other)
        for series in craft(
            new.service,
            [
                each,
                replace(each, minutes=20, runs=0),
                replace(each, minutes=25, reasons={"tool_error": 1}, llm_errors={}),
            ],
            restarts={0: 12},
        )
    ]
    return Subject(new, raw, observe(new, raw, T0, END))


@pytest.fixture(scope="module")
def one_sided(chain: NewChain) -> Subject:
    """A release that always fails, without failures of its tools and models, and which then ends."""
    new = chain()
    raw = craft(
        new.service,
        [
            replace(
                _USUAL,
                minutes=40,
                reasons={"tool_error": 1},
                calls={"search_docs": (3, 0), "create_ticket": (0.2, 0)},
                llm_errors={},
            )
        ],
    )
    return Subject(new, raw, observe(new, raw, T0, END))


@pytest.fixture(scope="module")
def random(chain: NewChain) -> Subject:
    """A simulated fleet, in which no two minutes are the same."""
    new = chain()
    scenario = Scenario(3, T0, END, 3, "v9", Arrivals(6000), mean_life=40 * MINUTE, missed_scrapes=0)
    raw = list(simulate(new.service, new.site, scenario).series)
    return Subject(new, raw, observe(new, raw, T0, END))


def test_the_rules_as_they_are_are_right(subject: Subject, one_sided: Subject, random: Subject) -> None:
    for each in (subject, one_sided, random):
        assert each.right.mismatches() == []


def test_every_wrong_version_of_a_rule_is_caught(subject: Subject, one_sided: Subject) -> None:
    """One rule at a time, on the records of the others."""
    tried, survived = _survivors(subject)
    _, elsewhere = _survivors(one_sided)
    unseen = sorted(name for name in survived & elsewhere if not any(found.search(name) for found in _EQUAL))
    assert not unseen, "\n".join(unseen)
    assert sum(tried.values()) > 230
    assert {"no zero-fill", "no guard", "no sum", "mean of sums", "group_left", "status"} <= set(tried)


def test_a_zero_where_errors_are_not_measured_is_caught(one_sided: Subject, chain: NewChain) -> None:
    unmeasured = _without(chain(), "llm_error")
    unmeasured.write(one_sided.raw)
    rules = joined.from_iterable(group.rules for group in recorders(unmeasured.groups))
    filled = [rule for rule in rules if isinstance(rule, RecordingRule) and _FILLED.search(rule.record)]
    unmeasured.evaluate(T0, END, needed(unmeasured.groups, [rule.expr for rule in filled]))
    assert len(filled) == 3
    for rule in filled:
        assert not _evaluated(unmeasured.api, rule, rule.expr)
        wrong = [each for mistake, each in mutants(rule.expr) if mistake == "no guard"]
        assert wrong
        assert all(_evaluated(unmeasured.api, rule, each) for each in wrong)


def _without(chain: Chain, stream: str) -> Chain:
    """A chain whose profiles do not measure a stream."""
    profiles = tuple(
        replace(profile, feeds={name: metric for name, metric in profile.feeds.items() if name != stream})
        for profile in chain.library.profiles
    )
    return replace(chain, library=replace(chain.library, profiles=profiles))


def test_an_expression_as_it_is_is_not_taken_for_a_mutant(subject: Subject) -> None:
    assert [rule.record for rule in _compared(subject) if _seen(subject, rule, rule.expr)] == []


@pytest.mark.parametrize("mistake", ["irate", "no sum", "short window", "mean over time", "long window"])
def test_a_mistake_in_what_reads_raw_series_is_caught_in_every_metric(
    random: Subject, chain: NewChain, mistake: str
) -> None:
    new = chain()
    new.write(replace(one, labels={**one.labels, **new.service.selector}) for one in random.raw)
    groups = recording(new, random.right.expected)
    try:
        new.evaluate(T0, END, [_spoiled(group, mistake) for group in groups])
    except LiveError:
        return
    wrong = random.right.against(new.recorded(T0 + STEP, END, STEP))
    found = {mismatch.key[0].split(":")[1] for mismatch in wrong}
    assert found >= {
        "agent_run",
        "agent_run_latency",
        "agent_run_steps",
        "agent_tool_call",
        "agent_tool_error",
        "agent_llm_error",
        "agent_token_usage_billed",
    }


def _survivors(subject: Subject) -> tuple[Counter[str], set[str]]:
    """Test every wrong version: count each mistake, and name the undetected ones."""
    tried, survived = Counter[str](), set[str]()
    for rule in _compared(subject):
        for place, (mistake, wrong) in enumerate(mutants(rule.expr)):
            tried[mistake] += 1
            if not _seen(subject, rule, wrong):
                survived.add(f"{rule.record}: {mistake} ({place})")
    return tried, survived


def _compared(subject: Subject) -> Iterator[RecordingRule]:
    names = {name for keys in subject.right.expected.values() for name, _ in keys}
    for group in subject.recording:
        for rule in group.rules:
            if isinstance(rule, RecordingRule) and rule.record in names:
                yield rule


def _seen(subject: Subject, rule: RecordingRule, expr: str) -> bool:
    """Return whether a rule with this expression is refused, or records something wrong."""
    try:
        recorded = _evaluated(subject.chain.api, rule, expr)
    except (LiveError, _AmbiguousError):
        return True
    return any(
        mismatches(keys, recorded.get(at, {}), {rule.record}, at)
        for at, keys in subject.right.expected.items()
    )


class _AmbiguousError(Exception):
    """Two results differ only in labels that a record's name and labels replace."""


def _evaluated(api: PrometheusApi, rule: RecordingRule, expr: str) -> Mapping[int, Mapping[Key, float]]:
    """Evaluate as a rule's expression at the instants of the comparison."""
    found: dict[int, dict[Key, float]] = {}
    for series in api.query_range(expr, T0 + STEP, END, STEP).series:
        labels = {name: value for name, value in series.labels.items() if name not in {"__name__", "service"}}
        key = rule.record, frozenset(labels.items())
        for time, value in zip(series.timestamps, series.values, strict=True):
            at = found.setdefault(round(time), {})
            if key in at:
                raise _AmbiguousError
            at[key] = value
    return found


def _spoiled(group: RuleGroup, mistake: str) -> RuleGroup:
    """Make a mistake in every rule of a group that allows it and is not a signal's own."""
    return replace(group, rules=tuple(_mistaken(rule, mistake) for rule in group.rules))


def recorders(groups: Iterable[RuleGroup]) -> tuple[RuleGroup, ...]:
    """Keep only the recording rules of groups."""
    return tuple(
        replace(group, rules=tuple(rule for rule in group.rules if isinstance(rule, RecordingRule)))
        for group in groups
    )


def _mistaken(rule: object, mistake: str) -> RecordingRule:
    assert isinstance(rule, RecordingRule)
    if not rule.record.rpartition(":")[2].startswith(("rate", "increase15m")):
        return rule
    wrong = dict(mutants(rule.expr))
    return replace(rule, expr=wrong.get(mistake, rule.expr))


def test_mutants_differ_from_what_they_are_made_of(subject: Subject) -> None:
    for rule in _compared(subject):
        texts = [" ".join(rule.expr.split()), *(wrong for _, wrong in mutants(rule.expr))]
        assert all(left != right for left, right in pairwise(texts))
