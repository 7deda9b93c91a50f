"""Names, values and texts that the schemas allow and that code may easily handle wrong."""

from __future__ import annotations

from hypothesis import strategies as st

_ODD = "\"'`\\\n\t{}$%|.*+?()[]^#:,&!~@-_/ aZ0é日\U0001f916"
FAMOUS = (
    "ok",
    "other",
    "null",
    "true",
    "1",
    "-",
    "~",
    ": #",
    "{{",
    "{{ $labels.x }}",
    "{{ end }}",
    "$1",
    "${x}",
    "%s",
    '"',
    "'",
    "\\",
    "a\\",
    "\\n",
    "a\nb",
    "\n",
    " a ",
    "a|b",
    ".*",
    "(",
    "[a",
    "a,b",
    "日本",
)

#: Values of labels; blank ones are refused.
values = st.one_of(st.sampled_from(FAMOUS), st.text(_ODD, min_size=1, max_size=6)).filter(str.strip)

#: Titles, descriptions, meanings.
texts = st.one_of(st.just("Plain text."), st.text(_ODD, min_size=1, max_size=20).filter(str.strip), values)

#: Summaries of alerts.
sentences = st.text([char for char in _ODD if char not in "{}"], max_size=20).map(
    lambda text: f"A{text.replace(chr(10), ' ')}."
)

#: Labels whose names have a meaning somewhere in PromQL, or whose joined names look alike.
labels = st.sampled_from(
    (
        "tool",
        "region",
        "tier",
        "on",
        "by",
        "ignoring",
        "group_left",
        "offset",
        "bool",
        "and",
        "or",
        "unless",
        "sum",
        "topk",
        "a",
        "b",
        "a_b",
        "A",
        "tool_tier",
        "tool_region",
    )
)

#: Names of counters and histograms, without ``_total``.
stems = st.sampled_from(
    (
        "runs",
        "x",
        "X",
        "_",
        "",
        "sum",
        "by",
        "nan",
        "inf",
        "rate",
        "agent_run",
        "agent_success_rate",
        "a__b",
        "status",
        "counters",
    )
)

#: Services, profiles.
names = st.from_regex(r"[a-z][a-z0-9]{0,5}(-[a-z0-9]{1,4}){0,2}", fullmatch=True)

#: Signals besides those with a meaning of their own.
signals = st.sampled_from(
    ("success_rate", "latency_p95", "x", "sum", "by", "agent", "x_y", "runs", f"{'s' * 50}1", f"{'s' * 50}2")
)

#: Alerts.
alerts = st.from_regex(r"[A-Z][A-Za-z0-9]{0,8}", fullmatch=True)

#: Durations of whole minutes, short enough for every check.
durations = st.sampled_from(("2m", "5m", "10m", "15m", "30m", "1h", "90m", "6h"))
