"""Names of labels that Prometheus or our own rules set."""

from __future__ import annotations

from generator.model import names

#: Who sets them, so that a metric's own would be renamed or overwritten.
RESERVED = {
    **dict.fromkeys((names.LE, "quantile"), "Prometheus sets it on histograms and summaries"),
    **dict.fromkeys(("job", "instance"), "Prometheus sets it on every series of a target"),
    **dict.fromkeys(("alertname", "alertstate"), "Prometheus sets it on alerts"),
    **dict.fromkeys(("severity", "owner", "metric", "label"), "our alerts set it"),
    **dict.fromkeys((names.SERVICE, names.SIGNAL), "our rules set it"),
    **dict.fromkeys((names.WORST, names.OVER, names.UNIT), "our status board sets it"),
}
#: No rule can group by them, in any case: PromQL reads a number or another word.
WORDS = frozenset({"inf", "nan", "without", "anchored", "smoothed"})
_INTERNAL = "names that begin with __ are Prometheus's own"


def reserved(name: str) -> str | None:
    """Name the owner of a reserved label; None when the name is free."""
    if name.lower() in WORDS:
        return "PromQL has another meaning for it"
    return _INTERNAL if name.startswith("__") else RESERVED.get(name)
