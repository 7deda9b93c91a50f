"""For any input, a module's series stay within the spec's bound, and it raises no exception of its own."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct
from prometheus_client import CollectorRegistry

from tests.instrumentation.exposition import beyond, families, misfits
from tests.instrumentation.loading import compiled, fresh, generated, service, shipped, support, value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from generator.model.service import Model


class Hostile:
    """An object that fails at every use."""

    def __getattribute__(self, name: str) -> NoReturn:
        raise RuntimeError(name)

    def __hash__(self) -> int:
        raise RuntimeError

    def __eq__(self, other: object) -> bool:
        raise RuntimeError

    def __bool__(self) -> bool:
        raise RuntimeError

    def __str__(self) -> str:
        raise RuntimeError


class Liar(str):  # noqa: SLOT000 - as odd as can be
    """A text that claims to be equal to everything."""

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return hash("search_docs")

    def __str__(self) -> str:
        return "a value that grows"


class HostileError(Exception):
    """An exception that cannot be read."""

    def __getattribute__(self, name: str) -> NoReturn:
        raise RuntimeError(name)


class GraphInterrupt(Exception):  # noqa: N818 - as its framework calls it
    """An exception of a framework, with odd values in the attributes that are read."""

    code = Hostile()
    body: ClassVar = {"error": 1}


class RateLimitError(Exception):
    """An exception of a provider."""

    status_code = 429


class Odd(Struct, frozen=True):
    """An odd object by name: Hypothesis prints its draws, and such objects cannot be printed."""

    name: str


_ODD: dict[str, Callable[[], object]] = {
    "hostile": Hostile,
    "liar": lambda: Liar("made up"),
    "long": lambda: "x" * 5000,
    "half a character": lambda: "\ud800",
    "object": object,
}


def real(thing: object) -> Any:  # noqa: ANN401 - anything
    """Replace the names in ``thing`` by the odd objects."""
    if isinstance(thing, dict):
        return {key: real(value) for key, value in thing.items()}
    return _ODD[thing.name]() if isinstance(thing, Odd) else thing


_ODDITIES = st.sampled_from(sorted(_ODD)).map(Odd)
_THINGS = st.one_of(
    st.text(max_size=30),
    st.sampled_from(["search_docs", "gpt-4o", "completed", "other", "timeout", "", "a\nb"]),
    _ODDITIES,
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.binary(max_size=5),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(
        st.sampled_from(["usage", "prompt_tokens", "output_tokens", "input_tokens", "generations"]),
        st.one_of(st.integers(), st.floats(), st.none(), _ODDITIES),
        max_size=3,
    ),
)
_ERRORS: dict[str, Callable[[], BaseException]] = {
    "hostile": HostileError,
    "plain": lambda: ValueError("text that nobody may see"),
    "interrupt": KeyboardInterrupt,
    "group": lambda: ExceptionGroup("g", [HostileError()]),
    "of a framework": GraphInterrupt,
    "of a provider": RateLimitError,
}
_MOVES = st.tuples(
    st.sampled_from(["tool", "llm", "stop", "words", "step", "fail"]),
    _THINGS,
    _THINGS,
    st.sampled_from([None, *sorted(_ERRORS)]),
)


def _move(run: Any, kind: str, first: object, second: object, error: BaseException | None) -> None:  # noqa: ANN401
    if kind == "stop":
        run.stop(first)
    elif kind == "words":
        run.stop_from(first)
    elif kind == "step":
        run.step()
    else:
        with run.llm_step(first) if kind == "llm" else run.tool_call(first) as block:
            if kind == "llm":
                block.usage(second)
            if kind == "fail":
                block.fail(second)
            if error is not None:
                raise error


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(_MOVES, max_size=6), max_size=6), _THINGS)
def test_nothing_exceeds_the_bounds_and_nothing_comes_out(stories: list[list[Any]], release: object) -> None:
    metrics, registry = fresh()
    elsewhere = CollectorRegistry()  # a process has one release
    other = support().SupportAgentMetrics(release=real(release), registry=elsewhere)
    for number, story in enumerate(stories):
        thrown, passed = None, None
        try:
            with (other if number % 2 else metrics).run() as run:
                for kind, first, second, name in story:
                    thrown = _ERRORS[name]() if name and kind in {"tool", "llm", "fail"} else None
                    _move(run, kind, real(first), real(second), thrown)
                thrown = None
        except BaseException as error:  # noqa: BLE001 - whichever
            passed = error
        assert passed is thrown
    support_agent, processes = service("support-agent"), [families(registry), families(elsewhere)]
    for exposed in processes:
        assert beyond(exposed, support_agent, shipped().site) == []
        assert misfits(exposed, support_agent) == []
        assert "nobody may see" not in str(exposed)
    counted = sum(one.value for exposed in processes for one in exposed["agent_run"].samples)
    assert counted == len(stories)


_OPEN = """
service: open-agent
profile: agent
owner: team
selector: {job: open-agent}
labels:
  release: {max_live: 2}
  model: {max_live: 1}
  tool: {max_live: 3}
  region: {max_live: 2}
  self: {max_live: 2}
metrics:
  open_handover_total: {type: counter, help: 'Say "why" \\ how.', labels: [region, release]}
  open_wait_ms: {type: histogram, unit: ms, help: Waits., labels: [region], buckets: [0.5, 10]}
  open_nothing_total: {type: counter, help: Without labels., labels: []}
  open_queue: {type: gauge, help: Waiting., labels: [region]}
  open_oldest_ms: {type: gauge, unit: ms, help: Oldest., labels: [], across: max}
  open_end_total: {type: counter, help: Ends., labels: [status, stop_reason, self]}
"""


class OpenAgent:
    """A generated module, and its source; not a dataclass, which Hypothesis would print at length."""

    def __init__(self, module: Any, model: Model) -> None:  # noqa: ANN401
        self.module = module
        self.model = model


@pytest.fixture(scope="module")
def open_agent() -> Iterator[OpenAgent]:
    """A service whose labels are bounded by numbers, with own metrics."""
    with tempfile.TemporaryDirectory() as name:
        specs = Path(name)
        (specs / "services").mkdir()
        (specs / "profiles").mkdir()
        (specs / "services" / "open-agent.yaml").write_text(_OPEN)
        profile = (Path(__file__).parents[2] / "specs" / "profiles" / "agent.yaml").read_text()
        (specs / "profiles" / "agent.yaml").write_text(
            profile.replace("\nmetrics:\n", "  region: {}\n  self: {}\n\nmetrics:\n", 1)
        )
        model = compiled(specs)
        yield OpenAgent(generated(model, specs), model)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(_THINGS, _THINGS), max_size=12))
def test_labels_bounded_by_a_number_keep_the_first_values(open_agent: OpenAgent, pairs: list[Any]) -> None:
    module, model = open_agent.module, open_agent.model
    registry = CollectorRegistry()
    for first, second in ((real(one), real(other)) for one, other in pairs):
        metrics = module.OpenAgentMetrics(release="r1", registry=registry)
        with metrics.tool_call(second), metrics.llm_step(first) as llm:
            llm.usage({"prompt_tokens": 3})
        metrics.count_open_handover(second, first)
        metrics.observe_open_wait_ms(second, first)
        metrics.count_open_nothing(second)
        metrics.set_open_queue(second, first)
        metrics.set_open_oldest_ms(second)
    exposed = families(registry)
    assert beyond(exposed, model.services[0], model.site) == []
    told = misfits(exposed, model.services[0])
    assert [one for one in told if not one.endswith("is not exposed")] == []


def test_of_values_bounded_by_a_number_the_first_ones_stay_and_the_rest_are_other(
    open_agent: OpenAgent,
) -> None:
    module = open_agent.module
    registry = CollectorRegistry()
    metrics = module.OpenAgentMetrics(release="r1", registry=registry)
    for tool in ("a", "b", "c", "a", "d"):
        with metrics.tool_call(tool):
            pass
    labels = {"status": "ok", "release": "r1"}
    found = {
        name: registry.get_sample_value("agent_tool_call_total", {"tool": name, **labels}) for name in "abcd"
    }
    assert found == {"a": 2, "b": 1, "c": None, "d": None}
    assert registry.get_sample_value("agent_tool_call_total", {"tool": "other", **labels}) == 2
    assert registry.get_sample_value("agent_label_value_outside_total", {"label": "tool"}) == 2


def test_a_gauge_shows_nothing_until_it_is_set(open_agent: OpenAgent) -> None:
    registry = CollectorRegistry()
    metrics = open_agent.module.OpenAgentMetrics(release="r1", registry=registry)
    assert not any(name.startswith(("open_queue", "open_oldest")) for name in families(registry))
    metrics.set_open_queue(7, "eu")
    metrics.set_open_queue(float("nan"), "eu")
    metrics.set_open_oldest_ms(1500)
    metrics.set_open_oldest_ms(-2.5)
    assert registry.get_sample_value("open_queue", {"region": "eu"}) == 7
    assert registry.get_sample_value("open_oldest_ms") == -2.5


def test_metrics_of_a_service_itself_have_methods(open_agent: OpenAgent) -> None:
    module = open_agent.module
    registry = CollectorRegistry()
    metrics = module.OpenAgentMetrics(release="r1", registry=registry)
    metrics.count_open_handover("eu")
    metrics.count_open_handover("eu", 2)
    metrics.count_open_handover("eu", -1)
    metrics.count_open_handover("eu", float("inf"))
    metrics.observe_open_wait_ms(7, "eu")
    metrics.count_open_nothing()
    assert registry.get_sample_value("open_handover_total", {"region": "eu", "release": "r1"}) == 3
    assert registry.get_sample_value("open_wait_ms_bucket", {"region": "eu", "le": "10.0"}) == 1
    assert registry.get_sample_value("open_nothing_total") == 1


def test_a_label_follows_the_one_that_determines_it_whatever_is_said(open_agent: OpenAgent) -> None:
    registry = CollectorRegistry()
    metrics = open_agent.module.OpenAgentMetrics(release="r1", registry=registry)
    for status, stop_reason in (("ok", "no such reason"), ("ok", "tool_error"), ("?", "completed")):
        metrics.count_open_end(status, stop_reason, "me")
    samples = [one for one in families(registry)["open_end"].samples if one.value]
    assert {(one.labels["status"], one.labels["stop_reason"]) for one in samples} == {
        ("error", "other"),
        ("error", "tool_error"),
        ("ok", "completed"),
    }


def test_a_method_says_what_it_counts(open_agent: OpenAgent) -> None:
    method = open_agent.module.OpenAgentMetrics.count_open_handover
    assert method.__doc__ == (
        'Add to ``open_handover_total``, if the amount is not negative. Say "why" \\ how.'
    )


def test_the_first_values_outside_the_bounds_are_logged_once_each(caplog: pytest.LogCaptureFixture) -> None:
    metrics, _ = fresh()
    with metrics.run() as run:
        for number in range(50):
            for _ in range(2):
                with run.tool_call(f"tool\n{number:02}"):
                    pass
        with run.llm_step(cast("Any", Hostile())):
            pass
    told = [text for record in caplog.records if "outside the spec" in (text := record.getMessage())]
    assert told == [
        *(
            f"label tool: 'tool\\n{number:02}' is outside the spec, and counted as other"
            for number in range(20)
        ),
        "label model: what is no text of 1 to 100 characters is outside the spec, and counted as other",
    ]


def test_the_log_names_the_way_for_the_words_of_a_provider(caplog: pytest.LogCaptureFixture) -> None:
    metrics, registry = fresh()
    with metrics.run() as run:
        run.stop("end_turn")
    with metrics.run() as run:
        run.stop_from("end_turn")
    assert [record.getMessage() for record in caplog.records] == [
        (
            "label stop_reason: 'end_turn' is outside the spec, and counted as other: its run counts as failed; "
            "stop_from() reads the words of providers and SDKs"
        )
    ]
    assert value(registry, "agent_run_total", status="error", stop_reason="other") == 1
    assert value(registry, "agent_run_total", status="ok", stop_reason="completed") == 1


def test_the_log_says_when_a_value_is_not_even_counted_as_other(
    open_agent: OpenAgent, caplog: pytest.LogCaptureFixture
) -> None:
    registry = CollectorRegistry()
    metrics = open_agent.module.OpenAgentMetrics(release="r1", registry=registry)
    for model in ("first", "second"):
        with metrics.llm_step(model) as step:
            step.usage({"prompt_tokens": 3})
    told = [record.getMessage() for record in caplog.records]
    assert told == ["label model: 'second' is outside the spec, and not counted"]
    models = {one.labels["model"] for one in families(registry)["agent_token_usage"].samples}
    assert models == {"first"}
    assert registry.get_sample_value("agent_label_value_outside_total", {"label": "model"}) == 1
