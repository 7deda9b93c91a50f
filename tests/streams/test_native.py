"""Native histograms become the same streams as classic ones of the same events, on a real Prometheus."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from generator.live.remote_write import TimeSeries, write
from generator.model import names
from generator.model.rules import RecordingRule
from generator.prometheus.rule_set import compile_rules
from generator.prometheus.rule_tests.raw import raw_test
from generator.streams.raw import as_classic
from tests.models import model_of, written
from tests.native_histograms import Native, native_prometheus, prometheus_3, write_native

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from generator.live.api import PrometheusApi
    from generator.model.service import Model, Service, Site

pytestmark = pytest.mark.prometheus

START, SCRAPE, SCRAPES = 1_700_000_000, 15, 20
END = START + SCRAPE * (SCRAPES - 1)

PROFILE = """\
profile: mine
emitted: elsewhere
labels:
  model: {}
  status: {values: {ok: [""], error: [".+"]}}
  token_type: {values: {prompt: [input], completion: [output]}, ignore: [total]}
  release: {max_live: 3}
streams:
  run: {of: run_seconds, value: count, labels: {status: error, release: version}}
  run_latency: {of: [run_seconds, other_seconds], labels: {model: model, release: release}, buckets: [BUCKETS]}
  run_steps: {of: steps, where: {kind: agent}, labels: {release: release}, buckets: [1, 2, 4, 8]}
  token_usage: {of: tokens, value: sum, labels: {model: asked, token_type: type, release: version}}
"""
SERVICE = """\
service: {name}
profile: mine
owner: t
selector: {{job: {name}}}
{more}labels: {{model: [gpt-4o]}}
"""

#: In each scrape: events up to 1, 2, 4 and 8, and their sum.
Events = tuple[int, int, int, int, float]
SERIES: list[tuple[str, Mapping[str, str], Events]] = [
    ("run_seconds", {"model": "gpt-4o", "instance": "a"}, (3, 2, 0, 1, 14.0)),
    ("run_seconds", {"model": "gpt-4o", "instance": "b"}, (1, 0, 0, 0, 1.0)),
    ("run_seconds", {"model": "gpt-4o", "instance": "a", "error": "timeout"}, (0, 0, 0, 2, 12.0)),
    ("run_seconds", {"model": "unheard-of", "instance": "b"}, (0, 0, 0, 0, 0.0)),
    ("steps", {"kind": "agent", "instance": "a"}, (0, 4, 2, 0, 16.0)),
    ("steps", {"kind": "workflow", "instance": "a"}, (9, 9, 9, 9, 90.0)),
    ("steps_of_trials", {"kind": "agent", "instance": "a"}, (0, 1, 1, 0, 5.0)),
    ("tokens", {"model": "gpt-4o", "type": "input", "instance": "a"}, (0, 0, 1, 1, 10.0)),
    ("tokens", {"model": "gpt-4o", "type": "output", "instance": "a"}, (1, 0, 0, 0, 1.0)),
    ("tokens", {"model": "gpt-4o", "type": "total", "instance": "a"}, (1, 0, 1, 1, 11.0)),
]
#: By stream, each series' events in a scrape, counted by hand from those above.
EXPECTED = {
    "stream:agent_run:rate": {"r1 ok": 7, "r1 error": 2},
    "stream:agent_run_latency:rate": {
        **{f"{le} gpt-4o r1": count for le, count in (("1", 4), ("2", 6), ("4", 6), ("8", 9), ("+Inf", 9))},
        **{f"{le} unheard-of r1": 0 for le in ("1", "2", "4", "8", "+Inf")},
    },
    "stream:agent_run_steps:rate": {"1 r1": 0, "2 r1": 4, "4 r1": 6, "8 r1": 6, "+Inf r1": 6},
    "stream:agent_token_usage:rate": {"gpt-4o r1 prompt": 10, "gpt-4o r1 completion": 1},
}


#: As it is where labels have other names, and the release is an attribute of the process alone.
JOINED = PROFILE.replace(", release: version", "").replace(", release: release", "")
JOINED = JOINED.replace("labels: {release: release}, ", "").replace("model: model", "model: asked")
JOINED = JOINED.replace("release: {max_live: 3}", "release: {from: target_info, label: version, max_live: 3}")

#: The same without the steps of trials, and what is left of them.
WITHOUT_TRIALS = JOINED.replace("{of: steps,", "{of: steps, minus: steps_of_trials,")
REST = {**EXPECTED, "stream:agent_run_steps:rate": {"1 r1": 0, "2 r1": 3, "4 r1": 4, "8 r1": 4, "+Inf r1": 4}}


@pytest.fixture(scope="module")
def api() -> Iterator[PrometheusApi]:
    with native_prometheus() as server:
        _fill(server.api)
        yield server.api


def _fill(api: PrometheusApi, *, bounds: tuple[float, ...] = (), version: str = "r1") -> None:
    """Write the series in both forms; with ``bounds`` of their own, the native ones have the classic ones' buckets."""
    write(api, [one for job in ("classic", "native") for one in _infos(job)])
    for name, labels, events in SERIES:
        every = {**labels, "version": version, "release": version}
        every |= {"asked": labels["model"]} if "model" in labels else {}
        write(api, _classic(name, every, events))
        samples = {
            at: Native(
                [count * times for count in events[:4]] + [0] * bool(bounds), events[4] * times, bounds=bounds
            )
            for times, at in _times()
        }
        write_native(api, {"__name__": name, "job": "native", **every}, samples)


def _times() -> list[tuple[int, int]]:
    return [(times + 1, START + SCRAPE * times) for times in range(SCRAPES)]


def _infos(job: str) -> list[TimeSeries]:
    at = [time * 1000 for _, time in _times()]
    return [
        TimeSeries(
            {"__name__": "target_info", "job": job, "instance": one, "version": "r1"}, at, [1.0] * SCRAPES
        )
        for one in ("a", "b")
    ]


def _classic(name: str, labels: Mapping[str, str], events: Events) -> Iterator[TimeSeries]:
    below = {le: float(sum(events[: place + 1])) for place, le in enumerate(("1.0", "2.0", "4.0", "8.0"))}
    parts = [(f"{name}_bucket", {"le": le}, count) for le, count in {**below, "+Inf": below["8.0"]}.items()]
    parts += [(f"{name}_count", {}, below["8.0"]), (f"{name}_sum", {}, events[4])]
    for series, more, each in parts:
        values = [each * times for times, _ in _times()]
        yield TimeSeries(
            {"__name__": series, "job": "classic", **labels, **more},
            [at * 1000 for _, at in _times()],
            values,
        )


def _model(
    directory: Path, *, site: str = "", buckets: str = "1, 2, 4, 8", more: str = "", profile: str = ""
) -> Model:
    files = {
        "site.yaml": f'oldest_prometheus: "3.0"\n{site}',
        "profiles/mine.yaml": (profile or PROFILE).replace("BUCKETS", buckets),
        "services/one.yaml": SERVICE.format(name="native", more=more),
        "services/two.yaml": SERVICE.format(name="classic", more="histograms: classic\n"),
    }
    return model_of(written(directory, files))


def _streams(api: PrometheusApi, service: Service, site: Site) -> dict[str, dict[str, float]]:
    """Evaluate the raw pass of a service; a record of native histograms is its expression."""
    rules = [
        rule
        for group in compile_rules(service, site).recording
        for rule in group.rules
        if isinstance(rule, RecordingRule) and rule.record.startswith("stream:")
    ]
    native = {rule.record: rule.expr for rule in rules if rule.record.endswith(names.NATIVE_RATE)}
    found = {}
    for rule in rules:
        if rule.record in native:
            continue
        expr = rule.expr
        for record, inner in native.items():
            expr = expr.replace(f'{record}{{service="{service.name}"}}', f"({inner})")
        found[rule.record] = {
            " ".join(value for _, value in sorted(one.labels.items())): round(one.value * SCRAPE, 6)
            for one in api.query(expr, END)
        }
    return {record: samples for record, samples in found.items() if samples}


@pytest.mark.parametrize(
    "said",
    [
        {"site": "histograms: native\n"},
        {"more": "histograms: native\n"},
        {"profile": PROFILE.replace("{of: ", "{histograms: native, of: ")},
    ],
    ids=["in the site", "in the service", "in each stream"],
)
def test_streams_have_the_events_counted_by_hand(
    api: PrometheusApi, tmp_path: Path, said: dict[str, str]
) -> None:
    model = _model(tmp_path, **said)
    one, other = model.services
    assert (other.name, _streams(api, other, model.site)) == ("native", EXPECTED)
    if "profile" not in said:
        assert (one.name, _streams(api, one, model.site)) == ("classic", EXPECTED)


@pytest.mark.parametrize("bounds", [(), (1.0, 2.0, 4.0, 8.0)], ids=["exponential", "of their own"])
def test_they_have_them_on_prometheus_3_with_a_label_of_target_info(
    bounds: tuple[float, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prometheus_3(tmp_path, monkeypatch)
    model = _model(tmp_path / "all", site="histograms: native\n", profile=JOINED)
    rest = _model(tmp_path / "rest", site="histograms: native\n", profile=WITHOUT_TRIALS)
    with native_prometheus() as server:
        _fill(server.api, bounds=bounds, version="")
        assert [_streams(server.api, one, model.site) for one in model.services] == [EXPECTED, EXPECTED]
        assert [_streams(server.api, one, rest.site) for one in rest.services] == [REST, REST]


def test_native_histograms_are_joined_with_target_info(tmp_path: Path) -> None:
    model = _model(tmp_path, site="histograms: native\n", profile=JOINED)
    rules = [rule for group in compile_rules(model.services[1], model.site).recording for rule in group.rules]
    steps = next(rule.expr for rule in rules if "agent_run_steps:native_rate" in str(rule))
    scrapes = 'count_over_time(target_info{job="native"}[1m15s])'
    one = f"group by (job, instance, version) (topk by (job, instance) (1, {scrapes}))"
    rate = 'rate(steps{job="native",kind="agent"}[1m15s])'
    assert " ".join(steps.split()) == (
        f"sum by (release) (label_replace(sum by (version) ({rate} * on (job, instance) group_left (version) ({one} "
        f'or on (job, instance) group by (job, instance) ({rate}))), "release", "$1", "version", "(.*)"))'
    )


def test_rules_for_the_other_form_find_nothing(api: PrometheusApi, tmp_path: Path) -> None:
    model = _model(tmp_path)
    assert _streams(api, model.services[1], model.site) == {}


def test_a_bound_that_the_source_does_not_have_is_interpolated(api: PrometheusApi, tmp_path: Path) -> None:
    model = _model(tmp_path, site="histograms: native\n", buckets="0, 0.75, 1, 6, 8, 100")
    found = _streams(api, model.services[1], model.site)["stream:agent_run_latency:rate"]
    assert found["0 gpt-4o r1"] == 0
    assert 0 < found["0.75 gpt-4o r1"] < 4
    assert 6 < found["6 gpt-4o r1"] < 9
    assert found["100 gpt-4o r1"] == found["+Inf gpt-4o r1"] == 9


def test_the_native_histograms_of_a_service_are_read_once(tmp_path: Path) -> None:
    model = _model(tmp_path, site="histograms: native\n")
    rules = [rule for group in compile_rules(model.services[1], model.site).recording for rule in group.rules]
    assert sum("(steps{" in rule.expr for rule in rules) == 1
    assert sum("(run_seconds{" in rule.expr for rule in rules) == 2  # by two streams, as classic ones are


def test_our_own_expositions_are_read_as_classic(tmp_path: Path) -> None:
    model = _model(tmp_path, site="histograms: native\n")
    here, other = (as_classic(one) for one in model.services[::-1])
    rules = compile_rules(here, model.site).recording
    assert "native" not in str(rules).replace('"native"', "").replace("native'", "").replace("-native", "")
    assert [len(group.rules) for group in rules] == [
        len(group.rules) for group in compile_rules(other, model.site).recording
    ]


def test_the_unit_tests_of_rules_have_native_histograms_in_promtools_notation(tmp_path: Path) -> None:
    """Debian's promtool cannot read them; with that of Prometheus 3.13 these tests passed for every shipped profile."""
    model = _model(tmp_path, site="histograms: native\n")
    found = str(raw_test(model.services[1], model.site)["input_series"])
    begun, each = (
        f"{{{{schema:-53 custom_values:[1 2 4 8] sum:{5 * one} count:{5 * one} "
        f"buckets:[{one} {one} {one} {one} {one}]}}}}"
        for one in (120, 15)
    )
    assert f"'values': '{begun}+{each}x12'" in found
