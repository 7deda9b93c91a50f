"""Codes of the audit: where a running service is not what its spec says."""

from __future__ import annotations

from generator.diagnostics.code_entry import CodeEntry

AUDIT_CODES: tuple[CodeEntry, ...] = (
    CodeEntry(
        "audit/no-series",
        "nothing of a service is there",
        "Its selector picks no series of its metrics: the service is down, is not scraped, or its labels are others. Rules that select nothing are silent.",
    ),
    CodeEntry(
        "audit/missing-metric",
        "a declared metric is not exposed",
        "Signals, alerts and panels that read it show nothing. A counter has no series before its first use unless the code creates them at zero.",
    ),
    CodeEntry(
        "audit/not-used-yet",
        "a sparse metric without a series",
        "Errors have no series before the first one happens, and the spec says so (sparse): absence is health.",
    ),
    CodeEntry(
        "audit/undeclared-metric",
        "a metric that no spec declares",
        "Its name begins like the declared ones, so it is this service's: no bound counts its series, and no signal reads it. Mostly it is mistyped or new.",
    ),
    CodeEntry(
        "audit/type",
        "a metric of another type",
        "The rate of a gauge means nothing, and there are no quantiles without buckets.",
    ),
    CodeEntry(
        "audit/not-a-counter",
        "a counter that falls",
        "Every fall counts as a restart, so rates come out too high. Code that sets a value instead of counting does this.",
    ),
    CodeEntry(
        "audit/unit",
        "a metric in another unit",
        "Seconds taken for milliseconds make a latency a thousand times too good, and no objective is ever missed.",
    ),
    CodeEntry(
        "audit/buckets",
        "a histogram with other buckets",
        "Rules and objectives are made for the declared bounds; an objective beyond the last real one can never be missed.",
    ),
    CodeEntry(
        "audit/missing-label",
        "a declared label is not there",
        "Breakdowns by it are empty, and matchers on it select nothing.",
    ),
    CodeEntry(
        "audit/extra-label",
        "a label that the spec does not declare",
        "It multiplies the series, and no bound counts it. Labels of the target, such as instance and job, are no fault.",
    ),
    CodeEntry(
        "audit/undeclared-value",
        "a value that the spec does not list",
        "The bound of series holds for listed values only, and a model that is not listed has no price. AgentUndeclaredLabelValue fires for the same.",
    ),
    CodeEntry(
        "audit/outside-value",
        "values that the generated module did not expose",
        "The module counts a value outside a label's bounds in agent_label_value_outside_total, and exposes other in its place: the bound of series holds, and what the value would have told is lost. AgentUndeclaredLabelValue fires for the same.",
    ),
    CodeEntry(
        "audit/too-many-values",
        "a label with more live values than allowed",
        "The spec says how many values live at once (max_live), and the bound of series is made of that.",
    ),
    CodeEntry(
        "audit/impossible-pair",
        "a value that goes with another one than the spec says",
        "A label that determines another one does not multiply, and success is counted by what it determines: stop reasons that count as ok must say so.",
    ),
    CodeEntry(
        "audit/created-series",
        "_created series that the site denies",
        "Client libraries add one to each counter and histogram; created_series in site.yaml says whether bounds count them.",
    ),
    CodeEntry(
        "audit/series-bound",
        "more series than the spec's bound",
        "The bound is made of labels, buckets and replicas, so one of these is not what the spec says. The help names the label that contributes most.",
    ),
    CodeEntry(
        "audit/series-budget",
        "more series than the site's budget",
        "The budgets of site.yaml hold for what is really there as well. AgentSeriesBudgetExceeded fires for the same.",
    ),
    CodeEntry(
        "audit/replicas",
        "more instances than replicas",
        "Every instance has all series; the bound counts with the largest number of them.",
    ),
    CodeEntry(
        "audit/turnover",
        "a label that turns over faster than the spec says",
        "Values that are gone keep their series until the retention ends, so releases cost more than the spec accounts for.",
    ),
)
