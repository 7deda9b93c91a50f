"""The bound of raw series: never below the policy's number, and never larger than necessary."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from generator.checks.cardinality.bounds import count_combinations, determined_by, metric_series
from generator.model.metrics import OTHER, Label
from generator.model.units import WEEK
from tests.checks import brute
from tests.checks.models import SITE, counter, having, histogram, small

if TYPE_CHECKING:
    from generator.model.service import Service

NAMES = ("release", "status", "reason", "tool")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Service:
    return small(tmp_path_factory.mktemp("specs"))


@st.composite
def label_sets(draw: st.DrawFn) -> list[Label]:
    """Labels, listed or open, with ``other`` or without, with turnover or without, with determined labels."""
    chosen = draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=4))
    labels = [draw(_label(name)) for name in chosen]
    by_name = {label.name: label for label in labels}
    return [_determining(draw, label, by_name) for label in labels]


@st.composite
def _label(draw: st.DrawFn, name: str) -> Label:
    churn = draw(st.sampled_from([0, 0, 0.5, 1])) if name in {"release", "tool"} else 0
    if draw(st.booleans()):
        return Label(name, "", (), draw(st.integers(1, 3)), churn)
    listed = [f"{name}-{number}" for number in range(draw(st.integers(1, 3)))]
    values = (*listed, OTHER) if draw(st.booleans()) else tuple(listed)
    return Label(name, "", values, len(values), churn)


def _determining(draw: st.DrawFn, label: Label, by_name: dict[str, Label]) -> Label:
    others = [name for name in by_name if name != label.name]
    if not label.values or not others or draw(st.booleans()):
        return label
    target = by_name[draw(st.sampled_from(others))]
    said = [value for value in label.values if value != OTHER or draw(st.booleans())]
    allowed = st.sampled_from(brute.at_first(target))
    return replace(label, determines=target.name, determined={value: draw(allowed) for value in said})


def _a_forest(labels: list[Label]) -> bool:
    """Whether each label is determined by at most one other, in no circle."""
    targets = [label.determines for label in labels if label.determines]
    return len(set(targets)) == len(targets) == len(determined_by(labels))


@given(label_sets(), st.integers(1, 3), st.booleans(), st.booleans())
@settings(max_examples=300, deadline=None)
def test_no_allowed_series_is_beyond_the_bound(
    service: Service,
    labels: list[Label],
    replicas: int,
    created: bool,  # noqa: FBT001
    of_times: bool,  # noqa: FBT001
) -> None:
    site = replace(SITE, retention=2 * WEEK, created_series=created)
    metric = (histogram if of_times else counter)(*(label.name for label in labels))
    having_them = having(service, labels, replicas)
    bound = metric_series(metric, having_them, site)
    assert bound.live >= brute.live(metric, having_them, site)
    assert bound.retained >= brute.retained(metric, having_them, site)


@given(label_sets())
@settings(max_examples=300, deadline=None)
def test_the_bound_is_exact_where_no_label_follows_from_two(labels: list[Label]) -> None:
    if _a_forest(labels):
        assert count_combinations(tuple(labels)) == len(brute.combinations(labels))


@given(label_sets(), st.integers(1, 3))
@settings(max_examples=200, deadline=None)
def test_releases_that_turn_over_are_counted_exactly(
    service: Service, labels: list[Label], replicas: int
) -> None:
    """Where only releases turn over, and no label determines them or follows from them."""
    site = replace(SITE, retention=2 * WEEK)
    still = [label if label.name == "release" else replace(label, new_per_week=0) for label in labels]
    free = [
        replace(label, determines=None, determined={})
        if "release" in {label.name, label.determines}
        else label
        for label in still
    ]
    if not _a_forest(free):
        return
    having_them = having(service, free, replicas)
    without = [label.name for label in free if label.name != "release"]
    for metric in (counter(*(label.name for label in free)), counter(*without)):
        assert metric_series(metric, having_them, site).retained == brute.retained(metric, having_them, site)


def _label_of(name: str, *values: str, **more: object) -> Label:
    return replace(Label(name, "", values, len(values)), **more)


STATUS = _label_of("status", "ok", "error")
REASON = _label_of(
    "reason",
    "done",
    "limit",
    "broken",
    determines="status",
    determined={"done": "ok", "limit": "ok", "broken": "error"},
)
RELEASE = Label("release", "", (), 4, 2)
TOOL = _label_of("tool", "a", "b", OTHER)


@pytest.mark.parametrize(
    ("metric", "each", "live", "retained"),
    [
        (counter(), 2, 6, 6 * 9),
        (counter("tool"), 2, 3 * 2 * 3, 3 * 2 * 3 * 9),
        (counter("release"), 2, 2 * 2 * 3, 9 * 2 * 3),
        (counter("status", "reason"), 2, 3 * 2 * 3, 3 * 2 * 3 * 9),
        (counter("reason", "tool", "release"), 2, 3 * 3 * 2 * 2 * 3, 3 * 3 * 9 * 2 * 3),
        (histogram("release"), 7, 2 * 7 * 3, 9 * 7 * 3),
        (histogram("tool", buckets=(1,)), 5, 3 * 5 * 3, 3 * 5 * 3 * 9),
    ],
)
def test_the_bound_by_hand(service: Service, metric: object, each: int, live: int, retained: int) -> None:
    """At once 4 releases, 2 on an instance that restarts; in 15 days 5 more: 9 generations of 3 instances."""
    having_them = having(service, [STATUS, REASON, RELEASE, TOOL], replicas=3)
    found = metric_series(metric, having_them, SITE)  # type: ignore[arg-type]
    assert (found.each, found.live, found.retained) == (each, live, retained)
    settled = live // 2 if any(label.name == "release" for label in found.labels) else live
    assert found.instance == settled // 3


def test_created_series_can_be_switched_off(service: Service) -> None:
    having_them = having(service, [TOOL])
    site = replace(SITE, created_series=False)
    assert metric_series(counter("tool"), having_them, site).live == 3
    assert metric_series(histogram("tool", buckets=(1, 2)), having_them, site).each == 2 + 1 + 2


def test_a_native_histogram_is_one_series(service: Service) -> None:
    having_them = having(service, [TOOL])
    native = replace(histogram("tool", buckets=(1, 2)), native=True)
    assert metric_series(native, having_them, SITE).each == 1 + 1  # with _created, which stays beside it
    assert metric_series(native, having_them, replace(SITE, created_series=False)).live == 3


def test_a_label_that_follows_is_named_and_does_not_multiply(service: Service) -> None:
    found = metric_series(counter("status", "reason"), having(service, [STATUS, REASON]), SITE)
    assert [(label.name, label.follows) for label in found.labels] == [("status", "reason"), ("reason", "")]
    assert found.live == 3 * 2


def test_labels_that_determine_each_other_in_a_circle_are_still_bounded() -> None:
    ours = _label_of("a", "x", "y", determines="b", determined={"x": "p", "y": "q"})
    theirs = _label_of("b", "p", "q", determines="a", determined={"p": "x", "q": "y"})
    assert determined_by([ours, theirs]) == {"b": "a"}
    assert count_combinations((ours, theirs)) == 2


def test_a_label_with_few_values_for_each_of_another_does_not_multiply(service: Service) -> None:
    tools = [f"t{number}" for number in range(9)]
    few = _label_of("tool", *tools, per=(("model", 3),))
    model = _label_of("model", "m1", "m2")
    having_them = having(service, [few, model, RELEASE], replicas=5)
    site = replace(SITE, created_series=False)
    assert metric_series(counter("tool", "model"), having_them, site).live == 2 * 3 * 5
    assert metric_series(counter("tool"), having_them, site).live == 9 * 5
    # A service that adds models also gives the number of tools for each.
    assert metric_series(counter("tool", "model", "release"), having_them, site).live == 2 * 3 * 2 * 5


def test_labels_that_are_read_from_one_place_are_one(service: Service) -> None:
    """OpenTelemetry's error_type has both the failure and its class; and target_info has the release."""
    status = _label_of("status", "ok", "error", patterns={"ok": ("",), "error": (".+",)})
    error = _label_of(
        "error_class", "timeout", "auth", OTHER, patterns={"timeout": ("T.*",), "auth": ("A.*",)}
    )
    release = replace(RELEASE, joined="service_version")
    having_them = having(service, [status, error, release, TOOL], replicas=2)
    metric = replace(
        counter("tool", "status", "error_class", "release"),
        exposed={"status": "error_type", "error_class": "error_type", "release": "service_version"},
        parts=(("tool", "status", "release"), ("tool", "error_class", "release")),
        foreign=True,
    )
    found = metric_series(metric, having_them, replace(SITE, created_series=False))
    # 3 tools, each with no error or one of 3 classes, on 2 instances; 9 releases come on instances of their own.
    assert (found.live, found.retained) == (3 * 4 * 2, 3 * 4 * 2 * 9)
    assert [label.name for label in found.labels if not label.follows] == ["tool", "error_class"]


def test_each_pattern_is_a_value_that_the_source_has(service: Service) -> None:
    ended = {"ok": ("done",), "error": ("crashed", "gave_up")}
    status = replace(_label_of("status", "ok", "error", patterns=ended), ignore=("running",))
    site = replace(SITE, created_series=False)
    found = metric_series(replace(counter("status"), foreign=True), having(service, [status]), site)
    assert found.live == 4
    assert [label.live for label in found.labels] == [4]
