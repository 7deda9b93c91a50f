"""Codes of what specs mean: references, units, what can never happen."""

from __future__ import annotations

from generator.diagnostics.code_entry import CodeEntry

RESOLVE_CODES: tuple[CodeEntry, ...] = (
    CodeEntry(
        "reference/unknown-alert",
        "an alert that the profile does not have",
        "A service changes alerts of its profile by their names. A name that the profile does not have must be a whole alert of the service's own, which says what it compares.",
    ),
    CodeEntry(
        "reference/unknown-label",
        "a label that is not declared",
        "Whatever a metric, a signal or a bound names must be declared under labels of the profile, so that no rule or panel reads what nothing exposes. To change a profile that ships, copy it with init --profile.",
        example_bad="labels:\n  model: [gpt-4o]\n  tool: [search]\n  verdict: [good, bad]",
        example_good="labels:\n  model: [gpt-4o]\n  tool: [search]",
    ),
    CodeEntry(
        "reference/unknown-metric",
        "a metric that is not declared",
        "Signals are computed from metrics of the profile, or from the service's own.",
    ),
    CodeEntry(
        "reference/unknown-signal",
        "a signal that is not declared",
        "Objectives and alerts stand on signals of the profile, or on the service's own.",
    ),
    CodeEntry(
        "reference/unknown-profile",
        "a profile that does not exist",
        "A profile is a file in profiles/, or one that ships with the compiler, such as agent.",
    ),
    CodeEntry(
        "reference/unknown-provider",
        "a provider that is not declared",
        "A model names its provider, which says what is counted inside what; declare it under providers of prices.yaml.",
    ),
    CodeEntry(
        "reference/unknown-value",
        "a value that its label does not have",
        "A condition on a value that never occurs is always false. The values of a label are listed in the profile.",
    ),
    CodeEntry(
        "unit/mismatch",
        "an amount in another unit",
        "Amounts carry their unit, so that nobody takes seconds for milliseconds: 2s, 5%, 5pp, $200; a plain number counts things.",
    ),
    CodeEntry(
        "unit/range",
        "an amount beyond all sense",
        "What is smaller than a millionth shows as 0 on every panel and in every message, and rules would compare with rounding; what is larger than a million millions no signal reaches. A budget of nothing is exceeded by the first cent, and an alert that waits for more than 31 days tells nobody. Mostly a zero is too many.",
    ),
    CodeEntry(
        "unit/duration",
        "no duration",
        "A duration is a whole number with its unit, in Prometheus's notation: 30s, 5m, 1h, 30d, 1h30m.",
    ),
    CodeEntry(
        "unit/bound",
        "no bound of an alert",
        "A bound is an amount with its unit, or stands on the objective: objective, 2x objective, objective - 10pp.",
    ),
    CodeEntry(
        "unit/burn-rate",
        "no pace of an error budget",
        "A pace is a factor with a long and a short window: 14.4x in 1h and 5m. Several are separated by commas.",
    ),
    CodeEntry(
        "unit/window",
        "a window that does not fit",
        "A window looks back over at least one rule interval and four scrapes: a shorter one holds too few samples to tell anything, and an alert on it would never fire. One of more than 31 days would have a rule read a month of samples every minute.",
    ),
    CodeEntry(
        "label/unbounded",
        "a label without a bound",
        "Every label needs a list of values or a largest number of live ones, or nobody knows how many series a metric has.",
    ),
    CodeEntry(
        "label/bounded-twice",
        "a bound for a label that the profile bounds",
        "A service bounds only the labels that its profile leaves open; what the profile lists means the same for all services.",
    ),
    CodeEntry(
        "label/undetermined",
        "a value that does not say what it determines",
        "Where a label determines another, each of its values names the other's, so that the two do not multiply.",
    ),
    CodeEntry(
        "label/circle",
        "labels that determine each other",
        "A label may determine another, but not one that it follows from itself.",
    ),
    CodeEntry(
        "metric/reserved-suffix",
        "a name that client libraries use",
        "The endings _bucket, _sum, _count, _created and _info are added by client libraries to series of their own.",
    ),
    CodeEntry(
        "metric/counter-suffix",
        "a counter without _total, or something else with it",
        "Client libraries expose every counter with _total, and readers take the ending for one.",
    ),
    CodeEntry(
        "metric/family",
        "a name that another metric takes",
        "Client libraries name a counter without its _total, so x_total and a histogram x cannot live in one process.",
    ),
    CodeEntry(
        "metric/buckets",
        "wrong buckets",
        "A histogram needs bounds that ascend; a counter has none.",
    ),
    CodeEntry(
        "metric/duplicate",
        "a metric that the profile declares already",
        "A service may give a metric of its profile other buckets, not another meaning.",
    ),
    CodeEntry(
        "signal/kind",
        "not exactly one way to compute a signal",
        "A signal is computed in exactly one way: count, share, ratio, tokens, cost, quantile or distribution.",
    ),
    CodeEntry(
        "signal/duplicate",
        "a signal that the profile declares already",
        "Signals of a profile mean the same for every service, so dashboards can compare services.",
    ),
    CodeEntry(
        "signal/needs-histogram",
        "a quantile of no histogram",
        "Only a histogram knows how observations are spread.",
    ),
    CodeEntry(
        "signal/no-runs",
        "a profile without run_count",
        "Every other signal stands beside the number of finished runs, and alerts ask whether runs finish.",
    ),
    CodeEntry(
        "signal/worst-by",
        "a wrong label to name the worst by",
        "worst_by names a label that the signal is broken down by; a distribution on the status board needs one whose limits are listed.",
    ),
    CodeEntry(
        "signal/release-trend",
        "releases that cannot be compared",
        "Releases are compared by shares and by ratios whose metrics carry the label release.",
    ),
    CodeEntry(
        "signal/reserved-name",
        "a name that the compiler uses",
        "Recorded series are named after signals; this name is taken by series of the compiler's own.",
    ),
    CodeEntry(
        "signal/on-no-dashboard",
        "a service's own signal that nobody sees",
        "Dashboards are the same for all services, so they find a service's own signals by what is on its status board, and that is what has a trend. Without one a signal is recorded, and alerts may stand on it.",
    ),
    CodeEntry(
        "signal/token-metric",
        "tokens of a metric without their labels",
        "Tokens are priced by model and token type, so their metric needs both labels.",
    ),
    CodeEntry(
        "signal/cost-by",
        "cost by a label that it has not",
        "Tokens meet their prices summed by model and type; cost cannot be broken down by what is gone by then.",
    ),
    CodeEntry(
        "objective/direction",
        "a promise in the wrong direction",
        "A signal that should be high is promised min, one that should be low max.",
    ),
    CodeEntry(
        "objective/never-missed",
        "an objective that cannot be missed",
        "A quantile never shows more than its histogram's last bucket, so an alert beyond it would never fire.",
    ),
    CodeEntry(
        "objective/no-spend",
        "a budget without a signal that it is held against",
        "The daily budget is held against the signal spend.",
    ),
    CodeEntry(
        "objective/window",
        "a window of what has no error budget",
        "An objective's window says how far back alerts on burn rates may look. A burn rate needs a share of events: of a latency, a count or a cost nothing would read the window.",
        example_bad="objectives:\n  latency_p95: {max: 2s, window: 30d}",
        example_good="objectives:\n  latency_p95: {max: 2s}",
    ),
    CodeEntry(
        "objective/share",
        "a share of nothing or of all",
        "An objective of 0% or 100% leaves no error budget, and nothing to promise.",
    ),
    CodeEntry(
        "alert/kind",
        "not exactly one thing to compare",
        "An alert compares exactly one thing: threshold, change, regression, burn_rate and so on.",
    ),
    CodeEntry(
        "alert/no-bound",
        "an alert without a bound",
        "An alert needs a bound for warning, critical or both.",
    ),
    CodeEntry(
        "alert/severity",
        "a severity that is not said where the alert reads it",
        "An alert with bounds is as severe as the bound that is crossed: warning and critical. One that compares with none is true or not, and its key severity says which of the two it is: idle, unpriced, absence, undeclared, series_budget. The other way would be ignored.",
        example_bad="alerts:\n  AgentNoRuns: {critical: 30m}",
        example_good="alerts:\n  AgentNoRuns: {severity: critical}",
    ),
    CodeEntry(
        "alert/by",
        "a breakdown that the signal has not",
        "An alert fires for each value of a label only where its signal is broken down by it.",
    ),
    CodeEntry(
        "alert/never-fires",
        "an alert that can never fire",
        "No value of the signal gets beyond the bound: an alert that never fires is worse than none.",
    ),
    CodeEntry(
        "alert/tier-dropped",
        "a severity that cannot be reached here",
        "A bound that stands on the objective is out of reach for this service, so this severity is left out. Of a burn rate, so is each pace that looks back further than the objective's window.",
    ),
    CodeEntry(
        "alert/no-objective",
        "an alert that needs an objective",
        "The alert's bound stands on an objective that this service does not have, so the alert is off.",
    ),
    CodeEntry(
        "alert/no-events",
        "an alert that asks for events that are not counted",
        "A floor of events that the alert does not read would be ignored: that of a signal that stands on no events, or of a kind of alert without that floor. min_events is read by threshold, change, regression and absence, min_bad_events by the first three, burn_rate, overflow and undeclared.",
        example_bad="alerts:\n  AgentNoRuns: {min_events: 20}",
        example_good="alerts:\n  AgentMetricAbsent: {min_events: 20}",
    ),
    CodeEntry(
        "alert/too-little-traffic",
        "an alert that waits for more runs than are promised",
        "A floor of events that are runs (finished, timed, or counted by their steps) above what the promised traffic yields within the signal's window keeps the alert silent at that traffic. An author's own floor is an error, a profile's is only told.",
    ),
    CodeEntry(
        "alert/disabled-unused",
        "a disabled alert that would be off anyway",
        "disabled turns an alert off for the reason it gives. Where the alert is off without it, such as one that needs an objective, the reason is out of date and would hide the alert later.",
    ),
    CodeEntry(
        "alert/signal-kind",
        "an alert on a signal of another kind",
        "Burn rates need a share, overflow a quantile, regressions a share or a ratio.",
    ),
    CodeEntry(
        "price/missing",
        "a model without a price",
        "Its tokens are left out of cost and budget, and AgentTokensUnpriced fires when they are used. Add it to prices.yaml, or say free: true.",
        example_bad="models: {}",
        example_good="models:\n  gpt-4o: {prompt: 2.50, completion: 10.00}",
    ),
    CodeEntry(
        "price/unknown-type",
        "a price for a token type that nothing counts",
        "Prices and includes name token types, which are the values of the label token_type of a profile. A mistyped one prices nothing.",
    ),
    CodeEntry(
        "price/too-small",
        "a price too small to be counted with",
        "Prices are USD for a million tokens; rules multiply by that of one token, and write it with twelve digits after the point. Below 0.0001 USD for a million too few of them are left. Mostly the price of one token, or of a thousand, was written.",
    ),
    CodeEntry(
        "alert/order",
        "a critical bound that is milder than the warning's",
        "What is critical pages somebody, and a warning opens a ticket before it comes to that. A critical bound that is crossed first leaves nothing to warn of: mostly the two were exchanged.",
    ),
    CodeEntry(
        "name/device",
        "a name that is a device on Windows",
        "Files of the output are called after services and alerts. Windows knows CON, PRN, AUX, NUL, COM1 and their like as devices, with any ending: such a file could not be checked out there.",
    ),
    CodeEntry(
        "name/case",
        "two names that differ by case only",
        "Each alert has a runbook that is called after it. On file systems that ignore case, as those of Windows and macOS do, one of the two would overwrite the other. Services have lower-case names, so theirs never meet.",
    ),
    CodeEntry(
        "profile/duplicate",
        "two profiles of one name",
        "A service names its profile, so each name stands for one file.",
    ),
    CodeEntry(
        "service/duplicate",
        "two services of one name",
        "Series, files and alerts are told apart by the service's name.",
    ),
    CodeEntry(
        "service/selector-overlap",
        "selectors that can pick the same series",
        "What two services both count is counted twice. Give both a label in common, with different values.",
    ),
    CodeEntry(
        "site/scrape-interval",
        "a scrape interval that loses events",
        "Rates of one rule interval need several scrapes in it; with a scrape a minute one missed scrape loses events.",
    ),
    CodeEntry(
        "site/rule-interval",
        "a rule interval that leaves gaps",
        "Rules that read others look back five minutes; an interval above two minutes leaves gaps.",
    ),
    CodeEntry(
        "site/oldest-prometheus",
        "a Prometheus that is too old",
        "Rules and dashboards use what Prometheus knows since 2.37 or earlier, and have been run by no older one.",
        example_bad='oldest_prometheus: "2.20"',
        example_good='oldest_prometheus: "2.37"',
    ),
    CodeEntry(
        "alert/ends-at-once",
        "alerts that do not outlast their condition",
        "The site names a Prometheus older than 2.42, which refuses a whole rule file for the key keep_firing_for. So it "
        "is left out: an alert whose condition comes and goes ends and begins again each time, after its for.",
    ),
)
