"""Rules narrowed to few services, and answers of a server, put together into the life of each alert."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from generator.live.errors import LiveError
from generator.model import names
from generator.model.rules import AlertingRule
from generator.prometheus.rule_set import alerting_by_service
from generator.promql.syntax import references
from generator.replay.history import AlertHistory, histories, narrowed
from generator.replay.jobs import WorkerPool
from generator.replay.subject import ReplayedRule
from tests.instrumentation.loading import shipped

if TYPE_CHECKING:
    from collections.abc import Collection

    from tests.replay.scripted import Answer, Script


T = 6000


def replayed(script: Script, *, hold: int = 0, points: int = 4) -> AlertHistory:
    """Replay one rule, whose label ``tool`` replaces the result's, over ten minutes."""
    rule = AlertingRule("A", "x", hold, 0, {"severity": "warning", "kind": "all"}, {})
    crew = WorkerPool((script.api,), lambda *_: None)
    (found,) = histories(crew, [ReplayedRule("s", rule, 60, 0)], (T, T + 600), points)
    return found


def present(fields: dict[str, str], *metrics: dict[str, str], at: Collection[int] | None = None) -> Answer:
    """Answer with series that are 1 at every step, or at the minutes ``at`` of the span."""
    times = range(int(fields["start"]), int(fields["end"]) + 1, int(fields["step"]))
    values = [[time, "1"] for time in times if at is None or (time - T) // 60 in at]
    series = [{"metric": metric, "values": values} for metric in metrics if values]
    body = {"status": "success", "data": {"resultType": "matrix", "result": series}}
    return 200, json.dumps(body).encode(), {}


def refused(fields: dict[str, str], minute: int) -> bool:
    """Whether a request includes a minute of the span."""
    return int(fields["start"]) <= T + minute * 60 <= int(fields["end"])


def error(words: str) -> Answer:
    """A query that fails."""
    return 422, json.dumps({"status": "error", "errorType": "execution", "error": words}).encode(), {}


def test_an_alert_has_the_results_labels_and_the_rules_and_no_name(script: Script) -> None:
    script.reply = lambda fields: present(fields, {"__name__": "x", "tool": "t", "severity": "mild"})
    (episode,) = replayed(script).episodes
    assert episode.labels == {"alertname": "A", "kind": "all", "severity": "warning", "tool": "t"}
    assert episode.since_before


def test_an_activity_goes_on_over_the_ends_of_requests(script: Script) -> None:
    script.reply = lambda fields: present(fields, {}, at=range(2, 8))
    (episode,) = replayed(script, hold=120, points=3).episodes
    activity = episode.activity
    assert (activity.active_at, activity.fired_at, activity.ended_at) == (T + 120, T + 240, T + 480)
    assert not episode.since_before


def test_a_failed_evaluation_leaves_alerts_as_they_are(script: Script) -> None:
    script.reply = lambda fields: error("many-to-many") if refused(fields, 4) else present(fields, {})
    found = replayed(script, hold=60)
    assert list(found.failures) == [T + 240]
    (episode,) = found.episodes
    assert episode.activity.ended_at is None
    assert T + 240 not in episode.activity.values


def test_two_results_that_become_one_alert_are_a_failed_evaluation(script: Script) -> None:
    def both_at_five(fields: dict[str, str]) -> Answer:
        one, other = ({"severity": "mild"}, {"severity": "wild"})
        if fields["start"] == fields["end"] == str(T + 300):
            return present(fields, one, other)
        return present(fields, one)

    script.reply = both_at_five
    found = replayed(script, points=1)
    assert list(found.failures) == [T + 300]
    assert [episode.activity.ended_at for episode in found.episodes] == [None]


def test_what_ended_before_the_span_is_left_out(script: Script) -> None:
    script.reply = lambda fields: present(fields, {}, at=[-1])
    assert replayed(script).episodes == ()


def test_a_rule_that_cannot_be_evaluated_is_named(script: Script) -> None:
    script.reply = lambda _: (
        400,
        b'{"status":"error","errorType":"bad_data","error":"no such function"}',
        {},
    )
    with pytest.raises(LiveError, match=r"alert A of s: .*bad_data: no such function"):
        replayed(script)


def test_a_shared_rule_is_asked_once_and_told_apart_by_service(script: Script) -> None:
    rule = AlertingRule("A", "x:y:z > 0", 0, 0, {"severity": "warning"}, {})
    results = [{"service": "one", "owner": "me"}, {"service": "two", "tool": "a"}, {"service": "three"}]
    script.reply = lambda fields: present(fields, *results)
    crew = WorkerPool((script.api,), lambda *_: None)
    rules = [ReplayedRule(service, rule, 60, 0) for service in ("one", "two", "four")]
    one, two, four = histories(crew, rules, (T, T + 600), 100, {"two": T + 300})
    assert [fields["query"] for fields in script.asked] == ['x:y:z{service=~"one|two|four"} > 0']
    assert not four.episodes
    own = {"alertname": "A", "severity": "warning"}
    assert [episode.labels for episode in one.episodes] == [{**own, **results[0]}]
    assert [episode.labels for episode in two.episodes] == [{**own, **results[1]}]
    assert one.episodes[0].activity.active_at < T
    assert two.episodes[0].activity.active_at == T + 300


@pytest.mark.parametrize(
    ("expr", "narrow"),
    [
        ("a:b", 'a:b{service=~"s|t-1"}'),
        ('a:b{x="c:d"}', 'a:b{service=~"s|t-1", x="c:d"}'),
        ("sum by (service) (a:b:c[5m])", 'sum by (service) (a:b:c{service=~"s|t-1"}[5m])'),
        ("max_over_time((up > 0)[5m:30s])", "max_over_time((up > 0)[5m:30s])"),
        (
            'label_replace(a:b, "x", "a:b", "y", "\\"c:d")',
            'label_replace(a:b{service=~"s|t-1"}, "x", "a:b", "y", "\\"c:d")',
        ),
        (f"{names.PRICE} + a:b", f'{names.PRICE} + a:b{{service=~"s|t-1"}}'),
    ],
)
def test_every_record_is_read_of_these_services_only(expr: str, narrow: str) -> None:
    assert narrowed(expr, ["s", "t-1"]) == narrow


def test_where_there_are_many_services_nothing_is_narrowed() -> None:
    assert narrowed("a:b", [f"s{number}" for number in range(100)]) == "a:b"


def test_the_shared_rules_parse_when_narrowed_and_read_the_same_records() -> None:
    model = shipped()
    for groups in alerting_by_service(model.services, model.library, model.site).values():
        for rule in groups[0].rules:
            before, after = references(rule.expr), references(narrowed(rule.expr, ["s"]))
            assert [one.name for one in after] == [one.name for one in before]
            for one, narrow in zip(before, after, strict=True):
                own = set() if one.name in names.OF_NO_SERVICE else {("service", "=~", "s")}
                assert set(narrow.matchers) == {*one.matchers, *own}
