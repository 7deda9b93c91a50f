"""Texts that some reader of the output would interpret, if they are not escaped."""

from __future__ import annotations

#: Texts that a spec may contain, each as the value of a label and as prose.
TEXTS = (
    # strings and their ends, in PromQL, YAML, JSON and Python
    *('a"b', "a'b", '"""', "'''", "a\\", "\\", "\\n", "a\\u202eb", "a\nb", "a\n\nb\n", '",b="'),
    # templates of Prometheus, Jinja and formats
    *("{{ $labels.service }}", '{{ define "x" }}', "{{- end -}}", "{%raw%}", "{# a #}", "{", "{0} {}"),
    *("<<service>>", "<% a %>", "%s %(a)s", "%0A::error::a", "::error::a", "$(id) `id`"),
    # variables of Grafana
    *("$service", "${service}", "${service:raw}", "[[service]]", "$__all", "$1", "a $release b"),
    # regular expressions
    *(".*", "a|b", "(?i)a", "[a", "a{2}", "^a$"),
    # Markdown
    *("- a\n- b", "1. a", "# a", "> a", "a\n===", "---", "a | b |", "```\na", "[a](https://evil.example)"),
    *("![a](//evil.example)", "https://evil.example", "www.evil.example a@evil.example", "*a* __b__ ~~c~~"),
    # HTML
    *("<script>document.title='RUN'</script>", "\"><img src=x onerror=document.title='RUN'>", "&lt;b&gt;"),
    *("</title></style></svg>", "<!-- a", "]]>"),
    # YAML
    *("a: b #c", "null", "!!python/object:a", "&a *a", "1e3", " a ", "a\tb"),
    # invisible, or displayed at another place
    *("a\u200db", "a\u200fb", "a\u00a0b", "e\u0301", "\u65e5\u672c \U0001f600"),
)

#: Texts that no spec may contain, but that others may send to a terminal, a page or a report.
RAW = (
    "\x1b[31ma\x1b]0;b\x07",
    "a\u202eb",
    "a\u2066b",
    "a\u2028b",
    "a\rb",
    "a\x00b",
    "a\x9bb",
    "a\ufeffb",
    "a\u200bb",
    "\udc80",
)

#: The same number of harmless texts: their output has the shape that the hostile ones' must have, too.
PLAIN = tuple(f"plain{index}" for index in range(len(TEXTS)))


def sentence(text: str) -> str:
    """Make a summary of a text: a capital, a full stop, no braces."""
    return f"A {text.replace('{', '(').replace('}', ')')}."
