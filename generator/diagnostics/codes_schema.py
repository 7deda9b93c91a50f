"""The codes of documents that do not fit the schema of their kind of file."""

from __future__ import annotations

from generator.diagnostics.code_entry import CodeEntry

_SERVICE = """\
service: support-agent
profile: agent
owner: team-support
selector: {job: support-agent}
"""

SCHEMA_CODES = (
    CodeEntry(
        "schema/unknown-key",
        "a key that means nothing here",
        "Each kind of file has its keys, and one that is not among them would be ignored silently: mostly it is "
        "mistyped or indented too little or too much.",
        example_bad=_SERVICE + "replica: 6",
        example_good=_SERVICE + "replicas: 6",
    ),
    CodeEntry(
        "schema/missing-key",
        "a key that must be there is missing",
        "Without it there is no sensible default: a service without an owner would page nobody.",
        example_bad=_SERVICE.replace("owner: team-support\n", ""),
        example_good=_SERVICE,
    ),
    CodeEntry(
        "schema/key-name",
        "a key is no valid name",
        "Names of metrics, labels, signals and alerts become names in Prometheus and Grafana, which take only some "
        "characters.",
        example_bad=_SERVICE + "labels:\n  agent-release: {max_live: 4}",
        example_good=_SERVICE + "labels:\n  agent_release: {max_live: 4}",
    ),
    CodeEntry(
        "schema/type",
        "a value is of the wrong kind",
        "A number stands where text is wanted, text where a list is, or nothing at all. In quotes a value is always "
        "text; 1.10 without quotes is the number 1.1.",
        example_bad=_SERVICE + "labels:\n  release: [1.10]",
        example_good=_SERVICE + 'labels:\n  release: ["1.10"]',
    ),
    CodeEntry(
        "schema/value",
        "a value is not among those that are known, or is written in another form",
        "The help names the values that exist, or shows how one is written.",
        example_bad=_SERVICE + "objectives:\n  success_rate: {min: 97%, window: 30 days}",
        example_good=_SERVICE + "objectives:\n  success_rate: {min: 97%, window: 30d}",
    ),
    CodeEntry(
        "schema/range",
        "a number is too small or too large",
        "The number is outside what makes sense for its key; the message names the bound.",
        example_bad=_SERVICE + "replicas: 0",
        example_good=_SERVICE + "replicas: 1",
    ),
    CodeEntry(
        "schema/size",
        "a text, list or mapping is too short or too long",
        "An empty list would allow nothing, and a text or a list without end would break what shows it.",
        example_bad=_SERVICE + "labels:\n  model: []",
        example_good=_SERVICE + "labels:\n  model: [gpt-4o]",
    ),
    CodeEntry(
        "schema/duplicate",
        "a list holds something twice",
        "The second entry changes nothing; mostly another one was meant.",
        example_bad=_SERVICE + "labels:\n  model: [gpt-4o, gpt-4o]",
        example_good=_SERVICE + "labels:\n  model: [gpt-4o, gpt-4o-mini]",
    ),
    CodeEntry(
        "schema/form",
        "a value is written in a way that is not allowed",
        "Some keys exclude each other, and some are not allowed in some places. The message names them where it can.",
    ),
)
