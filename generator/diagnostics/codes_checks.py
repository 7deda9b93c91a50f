"""Codes of the checks: policies, and practices of agent metrics."""

from __future__ import annotations

from generator.diagnostics.code_entry import CodeEntry

CHECKS_CODES: tuple[CodeEntry, ...] = (
    CodeEntry(
        "cardinality/forbidden-label",
        "a label that identifies single runs, users or texts",
        "Each value makes series of its own, for ever: the metric store overloads. Segment by release, model or tool; put ids in logs, traces or exemplars. No bound makes such a label right, and a profile that declares one is refused also while no service uses it.",
    ),
    CodeEntry(
        "cardinality/reserved-label",
        "a label that Prometheus or the compiler uses",
        "Prometheus and its histograms own le, quantile, job, instance and alertname; recorded series and alerts own service, signal and others.",
    ),
    CodeEntry(
        "cardinality/series-budget",
        "more series than allowed",
        "The bound of series, the product of the labels' bounds times the replicas, is above a budget of site.yaml. The help names the label to shrink and what that saves.",
    ),
    CodeEntry(
        "practice/averages-only",
        "a latency without p50 and p95",
        "Averages hide the long tail of slow runs; the least is p50 and p95.",
    ),
    CodeEntry(
        "practice/no-stop-reason",
        "no stop reasons",
        "Without the distribution of stop reasons nobody sees why runs end: limits and failing tools stay hidden.",
    ),
    CodeEntry(
        "practice/no-alerts",
        "a key anomaly without an alert",
        "Metrics without alerts are passive charts: tool spam, a drop of success, growing latency and cost each need one.",
    ),
    CodeEntry(
        "practice/instance-selector",
        "a selector that picks single instances",
        "A selector on instance or pod changes with every deployment, and the service loses its series.",
    ),
    CodeEntry(
        "practice/selector-pattern",
        "a selector that looks like a pattern",
        "A selector's values are compared exactly, so that no two services can pick the same series. One that is written as a regular expression or with asterisks picks nothing.",
        example_bad='selector: {job: "my-.*"}',
        example_good="selector: {job: my-agent}",
    ),
    CodeEntry(
        "practice/retention",
        "rules that read more than Prometheus keeps",
        "A rule over three days sees one where samples are deleted after one, and a comparison with last week sees nothing: it would be wrong without a word. retention in site.yaml says how long yours keeps samples; 15d is its default.",
        example_bad="# site.yaml\nretention: 1d",
        example_good="# site.yaml\nretention: 15d",
    ),
    CodeEntry(
        "internal/closed-world",
        "a rule that reads what nothing records",
        "A defect of the compiler, not of the spec: please report it with the specs that show it.",
    ),
    CodeEntry(
        "internal/raw-read",
        "a rule that reads raw series more than it may",
        "Raw series grow with instances, so each metric is read once an interval, by rate over the rule interval plus a scrape, and everything else stands on what that records. A defect of the compiler, not of the spec: please report it with the specs that show it.",
    ),
)
