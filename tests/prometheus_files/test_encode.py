"""A rule file's text is read back, by PyYAML and by Prometheus, as the values that it was written from."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from generator.live.server import ServerConfig
from generator.model.rules import AlertingRule, RecordingRule, RuleFile, RuleGroup
from generator.model.units import duration
from generator.prometheus.files import encode
from generator.promql.syntax import PromqlError, references

if TYPE_CHECKING:
    from pathlib import Path

    from generator.live.server import PrometheusServer

# Texts with a meaning in YAML, alone, at the beginning or at the end.
_NASTY = (
    *(
        "",
        " ",
        "~",
        "null",
        "true",
        "no",
        "1",
        "1.5",
        "0x1F",
        "1e3",
        ".inf",
        "2026-03-21",
        "12:30:45",
        "<<",
        "=",
    ),
    *(
        "- a",
        "a: b",
        "a #b",
        "#a",
        "&a",
        "*a",
        "!a",
        "|",
        ">",
        "%a",
        "@a",
        "`a",
        "'",
        '"',
        "\\",
        "{a",
        "[a",
        "? a",
    ),
    *(
        " a",
        "a ",
        "a\n",
        "\na",
        "a\n\nb",
        "a\n b",
        " a\nb",
        "a\n\n",
        "\t",
        "a\tb",
        "a\t\nb",
        "a \nb",
        "---",
        "...",
    ),
    *("é", "日本", "\U0001f916", "\u00a0", "a\u2003b", "a\\nb", "$1", "${x}", "%s", "C:\\x", "a" * 3000),
)
texts = st.one_of(
    st.sampled_from(_NASTY), st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\t\n"))
)


def _file(*rules: RecordingRule | AlertingRule) -> RuleFile:
    return RuleFile(("A comment.", "", "# more"), (RuleGroup("g", 60, rules),))


def _alert(text: str) -> AlertingRule:
    return AlertingRule("A", "up == 0", 300, 0, {"severity": text}, {"summary": text, "description": text})


@given(texts)
def test_yaml_reads_back_every_text(text: str) -> None:
    (group,) = yaml.load(encode(_file(_alert(text))), yaml.CSafeLoader)["groups"]
    assert group["rules"][0]["annotations"] == {"summary": text, "description": text}
    assert group["rules"][0]["labels"] == {"severity": text}


@given(st.lists(texts.filter(bool), min_size=1, max_size=3, unique=True))
@example(["\t", "a" * 3000])
def test_yaml_reads_back_every_expression(values: list[str]) -> None:
    expr = " or ".join(f"up{{x={_quoted(value)}}}" for value in values)
    (group,) = yaml.load(encode(_file(RecordingRule("a:b:c", expr))), yaml.CSafeLoader)["groups"]
    written = group["rules"][0]["expr"]
    assert [read.matchers for read in references(written)] == [(("x", "=", value),) for value in values]


def test_prometheus_reads_back_every_text(fresh_prometheus: PrometheusServer, tmp_path: Path) -> None:
    texts = [text for text in _NASTY if text]
    alerts = [
        AlertingRule(
            f"A{index}", f"up{{x={_quoted(text)}}} == 0", 60, 120, {"label": text}, {"summary": text}
        )
        for index, text in enumerate(texts)
    ]
    path = tmp_path / "a.yml"
    path.write_text(encode(_file(*alerts)), "utf-8")
    fresh_prometheus.load(ServerConfig(rule_files=(path,)))

    (group,) = fresh_prometheus.api.rules()
    assert (group.name, group.interval) == ("g", 60)
    assert [rule.name for rule in group.rules] == [alert.alert for alert in alerts]
    assert [rule.labels["label"] for rule in group.rules] == texts
    # Prometheus spells strings anew, with escapes that Python shares with Go.
    strings = [rule.expr.removeprefix("up{x=").removesuffix("} == 0") for rule in group.rules]
    assert [ast.literal_eval(string) for string in strings] == texts


def test_a_rule_is_written_in_the_order_that_people_read() -> None:
    text = encode(
        _file(RecordingRule("a:b:c", "sum(up)", {"x": "y"}), AlertingRule("A", "up", 90, 0, {}, {}))
    )
    assert text == (
        "# A comment.\n#\n# # more\n"
        "groups:\n- name: g\n  interval: 1m\n  rules:\n"
        "  - record: a:b:c\n    expr: sum(up)\n    labels:\n      x: y\n"
        "  - alert: A\n    expr: up\n    for: 1m30s\n    labels: {}\n    annotations: {}\n"
    )


def test_times_that_are_zero_are_left_out() -> None:
    assert "for:" not in encode(_file(AlertingRule("A", "up", 0, 0, {}, {})))
    kept = encode(_file(AlertingRule("A", "up", 60, 600, {}, {})))
    assert "    for: 1m\n    keep_firing_for: 10m\n" in kept


def test_a_long_expression_is_a_block_of_lines() -> None:
    expr = " + ".join(f"sum(rate(metric_{index}_total[5m]))" for index in range(6))
    text = encode(_file(RecordingRule("a:b:c", expr)))
    assert "    expr: |-\n" in text
    assert all(len(line) < 110 for line in text.splitlines())


def test_an_expression_that_does_not_parse_does_not_leave() -> None:
    with pytest.raises(PromqlError):
        encode(_file(RecordingRule("a:b:c", "sum(")))


def test_the_same_value_gives_the_same_bytes() -> None:
    first, second = (_file(_alert("x"), RecordingRule("a:b:c", "up", {"b": "1", "a": "2"})) for _ in range(2))
    assert encode(first) == encode(second)


@given(st.integers(1, 10**7))
def test_intervals_are_durations(seconds: int) -> None:
    document: Any = yaml.load(encode(RuleFile((), (RuleGroup("g", seconds, ()),))), yaml.CSafeLoader)
    assert document["groups"][0]["interval"] == duration(seconds)


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
