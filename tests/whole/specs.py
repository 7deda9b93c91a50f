"""Whole directories of specs: a strategy for unusual but valid specs."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.whole import parts, words
from tests.whole.parts import Metrics, Section

#: A directory: the contents of each file by its path.
Directory = dict[str, Section]

_HOURS: Section = {"hours": "22:30-06:00", "days": ["mon-fri", "sun"], "time_zone": "Australia/Sydney"}
_SHIPPED_ALERTS = (
    "AgentSuccessRateLow",
    "AgentLatencyP95High",
    "AgentToolCallsPerRunHigh",
    "AgentMetricAbsent",
)
_PROMISES: tuple[tuple[str, Any], ...] = (
    ("success_rate", {"min": "97%", "window": "30d"}),
    ("success_rate", {"min": "99.9%"}),
    ("latency_p95", {"max": "2s"}),
    ("tool_error_rate", {"max": "1%"}),
    ("cost_per_run", {"max": "$0.5"}),
)


@st.composite
def directories(draw: st.DrawFn) -> Directory:
    """One or two services, on their own profile or on the shipped one, and the files that they share."""
    files: Directory = {}
    services: st.SearchStrategy[Section] = _on_shipped()
    if draw(st.booleans()):
        name = draw(words.names.map(lambda name: f"p{name}"))
        files[f"profiles/{name}.yaml"], metrics = draw(profiles(name))
        services = _on(files[f"profiles/{name}.yaml"], metrics)
    for index, service in enumerate(draw(st.lists(words.names, min_size=1, max_size=2, unique=True))):
        job = draw(words.values) if index == 0 else f"job of {service}"
        own = {"service": service, "selector": {"job": job}, "owner": "team-x"}
        files[f"services/{service}.yaml"] = own | draw(services)
    files["site.yaml"] = draw(_sites())
    if draw(st.booleans()):
        files["prices.yaml"] = draw(_prices())
    return files


@st.composite
def profiles(draw: st.DrawFn, name: str) -> tuple[Section, Metrics]:
    """A profile with a counter of runs, another counter, a histogram, a gauge, and signals and alerts on them."""
    labels, values = draw(_labels())
    stems = draw(st.lists(words.stems, min_size=3, max_size=3, unique=True))
    some = st.lists(st.sampled_from(sorted(labels)), unique=True, max_size=3)
    runs, calls, queue = f"{stems[0]}_total", f"{stems[1]}_total", f"{stems[2]}_now"
    # A counter is called without its ending by client libraries.
    times = draw(words.stems.filter(lambda stem: stem and stem not in stems))
    of = {metric: tuple(draw(some)) for metric in (runs, calls, times, queue)}
    metrics = Metrics(runs, times, calls, queue, values, of)
    known = {
        "run_count": {"title": "Runs", "description": "Runs.", "count": {"of": runs}, "by": list(of[runs])}
    }
    known |= draw(st.dictionaries(words.signals, parts.signals(metrics), min_size=1, max_size=4))
    buckets = draw(st.sampled_from(([100, 250.5, 1000, 2500], [0.001, 3000], [5000, 1e6])))
    profile: Section = {
        "profile": name,
        "description": draw(words.texts),
        "labels": labels,
        "metrics": {
            runs: {"type": "counter", "help": draw(words.texts), "labels": list(of[runs])},
            calls: {
                "type": "counter",
                "help": "Calls.",
                "labels": list(of[calls]),
                "sparse": draw(st.booleans()),
            },
            times: {
                "type": "histogram",
                "unit": "ms",
                "help": "T.",
                "labels": list(of[times]),
                "buckets": buckets,
            },
            queue: {
                "type": "gauge",
                "unit": draw(st.sampled_from(("ms", "s"))),
                "help": "Q.",
                "labels": list(of[queue]),
                "across": draw(st.sampled_from(("sum", "avg", "max", "min"))),
            },
        },
        "signals": known,
        "objectives": draw(parts.objectives(known)),
        "alerts": draw(st.dictionaries(words.alerts, parts.alerts(known), max_size=3)) | draw(_sweeps()),
    }
    return profile, metrics


@st.composite
def _labels(draw: st.DrawFn) -> tuple[Section, dict[str, tuple[str, ...]]]:
    """Labels with listed values, one that determines another, and open ones; and the values of each."""
    lists = st.lists(words.values, min_size=1, max_size=4, unique=True)
    names = draw(st.lists(words.labels, min_size=2, max_size=5, unique=True))
    labels: Section = {name: {"values": draw(lists), "closed": draw(st.booleans())} for name in names}
    reasons = draw(lists)
    if draw(st.booleans()):
        outcome = st.sampled_from(labels[names[1]]["values"])
        labels[names[0]] = {
            "values": {reason: draw(outcome) for reason in reasons},
            "determines": names[1],
            "limits": reasons[:1],
        }
    labels["release"] = {"max_live": 3, "new_per_week": 2}
    if draw(st.booleans()):
        labels["model"] = {"description": draw(words.texts)}
    return labels, {name: tuple(label.get("values", ())) for name, label in labels.items()}


@st.composite
def _sweeps(draw: st.DrawFn) -> Section:
    kinds = draw(st.lists(st.sampled_from(("absence", "undeclared", "series_budget")), unique=True))
    return {f"Sweep{index}": {kind: {}, "summary": draw(words.sentences)} for index, kind in enumerate(kinds)}


@st.composite
def _on(draw: st.DrawFn, profile: Section, metrics: Metrics) -> Section:
    """A service on a profile of its own."""
    spec: Section = {"profile": profile["profile"], "replicas": draw(st.integers(1, 5))}
    if "model" in profile["labels"]:
        spec["labels"] = {"model": draw(st.lists(words.values, min_size=1, max_size=3, unique=True))}
    known = {
        f"own_{name}": signal
        for name, signal in draw(st.dictionaries(words.signals, parts.signals(metrics), max_size=2)).items()
    }
    spec["signals"] = known
    spec["objectives"] = draw(parts.objectives(profile["signals"] | known))
    spec["alerts"] = draw(
        st.dictionaries(
            words.alerts.map(lambda name: f"Own{name}"), parts.alerts(profile["signals"] | known), max_size=2
        )
    )
    spec["alerts"] |= {alert: draw(parts.changes) for alert in profile["alerts"] if draw(st.booleans())}
    spec["metrics"] = {metrics.times: {"buckets": [1, 10, 20000]}} if draw(st.booleans()) else {}
    return spec


@st.composite
def _on_shipped(draw: st.DrawFn) -> Section:
    """A service on the profile that ships with the compiler."""
    listed = st.lists(words.values, min_size=1, max_size=4, unique=True)
    bounded = st.integers(1, 30).map(lambda most: {"max_live": most})
    spec: Section = {
        "profile": "agent",
        "labels": {
            "model": draw(st.one_of(listed, bounded, st.just(["gpt-4o", "o3"]))),
            "tool": draw(st.one_of(listed, bounded)),
        },
        "objectives": dict(draw(st.lists(st.sampled_from(_PROMISES), max_size=3))),
        "alerts": {alert: draw(parts.changes) for alert in _SHIPPED_ALERTS if draw(st.booleans())},
    }
    options: Section = {
        "traffic": {"min_runs_per_hour": 30} | (_HOURS if spec["objectives"] else {}),
        "budget": {"per_day": "$200"},
        "links": {"logs": "https://x.example.com/?q={service}%20&r={release}"},
        "metrics": {
            "agent_run_latency_ms": {"buckets": [10, 6000, 90000]},
            "own_total": {"type": "counter", "help": "Own.", "labels": ["tool"]},
        },
        "description": draw(words.texts),
    }
    return spec | {key: option for key, option in options.items() if draw(st.booleans())}


@st.composite
def _sites(draw: st.DrawFn) -> Section:
    options: Section = {
        "scrape_interval": draw(st.sampled_from(("5s", "15s", "30s"))),
        "rule_interval": draw(st.sampled_from(("30s", "60s", "2m"))),
        "retention": "30d",
        "grafana_url": "https://grafana.example.com/sub",
        "runbook_url": "https://x.example.com/%7Eops",
        "created_series": draw(st.booleans()),
    }
    enough = dict.fromkeys(("metric", "service", "recorded", "total"), 1_000_000)
    chosen = {key: option for key, option in options.items() if draw(st.booleans())}
    return chosen | {"series_budget": enough}


@st.composite
def _prices(draw: st.DrawFn) -> Section:
    models = draw(
        st.dictionaries(
            words.values,
            st.sampled_from(
                ({"provider": "p", "prompt": 2.5, "completion": 10}, {"free": True}, {"prompt": 1e-7})
            ),
        )
    )
    return {
        "providers": {"p": {"includes": {"prompt": ["cached"], "completion": ["reasoning"]}}},
        "models": models,
    }
