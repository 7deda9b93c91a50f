"""The codes of text that is not the YAML that specs are written in."""

from __future__ import annotations

from generator.diagnostics.code_entry import CodeEntry

YAML_CODES = (
    CodeEntry(
        "yaml/syntax",
        "the text is not YAML",
        "The parser could not go on. The usual causes: an unquoted text that holds a colon and a space or begins with "
        "one of % @ ` [ ] { } , or a quote; a bracket or a quote that is not closed; an indentation that fits no "
        "line above. Nothing after that place has been checked.",
        example_bad="description: Answers tickets: the easy ones",
        example_good='description: "Answers tickets: the easy ones"',
    ),
    CodeEntry(
        "yaml/tab",
        "a tab stands where spaces belong",
        "YAML indents with spaces only: how wide a tab is depends on the editor.",
        example_bad="objectives:\n\tlatency_p95: {max: 2s}",
        example_good="objectives:\n  latency_p95: {max: 2s}",
    ),
    CodeEntry(
        "yaml/alias",
        "an anchor or an alias",
        "An alias (*name) stands for what is written elsewhere at an anchor (&name). A reader must then look in two "
        "places, and a few lines can stand for gigabytes. A spec says everything where it counts; what services "
        "share belongs in a profile or in site.yaml.",
        example_bad="retention: &long 30d\nscrape_interval: *long",
        example_good="retention: 30d\nscrape_interval: 30s",
    ),
    CodeEntry(
        "yaml/merge-key",
        "a merge key",
        "The key << copies another mapping into this one. What a spec says should be seen where it stands; what "
        "services share belongs in a profile or in site.yaml.",
        example_bad="selector:\n  <<: {job: support-agent}",
        example_good="selector:\n  job: support-agent",
    ),
    CodeEntry(
        "yaml/tag",
        "a tag",
        "A tag (!name, !!str) changes what a value is, up to objects of a programming language. Specs need none: the "
        "schema says what each value is. A text that begins with an exclamation mark needs quotes.",
        example_bad="owner: !!str team-support",
        example_good="owner: team-support",
    ),
    CodeEntry(
        "yaml/duplicate-key",
        "a key is written twice",
        "YAML readers keep one of the two silently, and not all the same one.",
        example_bad="owner: team-a\nowner: team-b",
        example_good="owner: team-a",
    ),
    CodeEntry(
        "yaml/key-type",
        "a key is not text",
        "Keys are names. A number, true, false, null, a list or a mapping as a key is refused, because readers turn "
        "it into text in different ways (1.10 becomes 1.1). In quotes it is text.",
        example_bad="values: {200: ok, 404: error}",
        example_good='values: {"200": ok, "404": error}',
    ),
    CodeEntry(
        "yaml/ambiguous-scalar",
        "a value that readers of YAML understand differently",
        "0755 is 493 to some readers and 755 to others, 5:30 is 330 or text, 10_000 is a number or text, and "
        "2024-08-06 is a date or text. Put text in quotes, and write numbers plainly.",
        example_bad="release: 2024-08-06",
        example_good='release: "2024-08-06"',
    ),
    CodeEntry(
        "yaml/number-range",
        "a number that cannot be held exactly",
        "Prometheus holds numbers as 64-bit floats: integers beyond 2^53 are rounded, and 1e999 does not exist. What "
        "looks like such a number is mostly an id or a commit, and belongs in quotes.",
        example_bad="release: 20240806123456789012",
        example_good='release: "20240806123456789012"',
    ),
    CodeEntry(
        "yaml/not-finite",
        "a number that is not finite",
        "A comparison with .nan is never true and one with .inf never useful: an alert with such a threshold would "
        "never fire.",
        example_bad="buckets: [100, 250, .inf]",
        example_good="buckets: [100, 250]",
    ),
    CodeEntry(
        "yaml/flow-comma",
        "a comma in braces has made a key without a value",
        "Inside braces a comma ends a value, and what follows is the next key. A text with a comma needs quotes. The "
        "same happens when no space follows a colon: {min:97%} is one key.",
        example_bad="AgentNoRuns: {disabled: it is night, nobody works}",
        example_good='AgentNoRuns: {disabled: "it is night, nobody works"}',
    ),
    CodeEntry(
        "yaml/flow-space",
        "a value of a list that may be two",
        "Values of a list are separated by commas; a space is a part of a value, so that [search create_ticket] lists "
        "one tool that nothing calls so. In quotes a value with a space is taken as it is.",
        example_bad="labels:\n  tool: [search create_ticket]",
        example_good='labels:\n  tool: [search, "create ticket"]',
    ),
    CodeEntry(
        "yaml/block-scalar",
        "> or | has begun a block of text",
        "An unquoted > or | at the start of a value begins a block of text on the lines below, so >5% is no "
        "comparison. Bounds are written without signs; a text that begins with one needs quotes.",
        example_bad="warning: >5%",
        example_good="warning: 5%",
    ),
    CodeEntry(
        "yaml/too-deep",
        "values are nested too deep",
        "No spec needs more than a few levels; a file with more than 32 is damaged or made to harm.",
        example_bad="a: " + "[" * 40 + "]" * 40,
        example_good="a: [1, 2]",
    ),
    CodeEntry(
        "yaml/too-large",
        "a file holds too many values",
        "A file may hold 50000 values, which is some hundred services.",
    ),
    CodeEntry(
        "yaml/empty",
        "a file holds nothing",
        "The file is empty or holds comments only. Delete it, or write the spec.",
        example_bad="# service: support-agent",
        example_good="service: support-agent",
    ),
    CodeEntry(
        "yaml/root-type",
        "a file holds no mapping",
        "A spec is a mapping: keys, colons and values. A file that is a list or a single value is something else; "
        "often only the space after the colon is missing.",
        example_bad="service:support-agent",
        example_good="service: support-agent",
    ),
    CodeEntry(
        "yaml/multi-document",
        "a file holds several documents",
        "A line of three dashes begins another document in the same file, and some readers ignore it. A spec is one "
        "document a file.",
        example_bad="service: support-agent\n---\nservice: research-agent",
        example_good="service: support-agent",
    ),
)
