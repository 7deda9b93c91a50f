"""For any file, the front end returns a document or printable diagnostics."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from generator.diagnostics import has_errors
from generator.diagnostics.formats import render_github, render_json, render_sarif, render_text, split_lines
from generator.spec.document import parse_document
from generator.spec.schema import validate
from generator.spec.source import SourceText, decode_source
from tests.spec.front import NAME, SMALL, unhurried

_PIECES = [
    *(
        "a",
        "b: ",
        "- ",
        "? ",
        ": ",
        "{",
        "}",
        "[",
        "]",
        ",",
        "#",
        "&a ",
        "*a",
        "!",
        "!!str ",
        "!x!y ",
        "|",
        ">",
        ">5%",
    ),
    *(
        "'",
        '"',
        "%",
        "@",
        "`",
        "\n",
        "\n  ",
        "\n\t",
        "\r",
        "\r\n",
        "---",
        "...",
        "%YAML 1.1",
        "%TAG ! x",
        "<<: ",
        "~",
    ),
    *(
        "\\",
        "\\u",
        "\\x0",
        "0755",
        "1:30",
        "1e999",
        ".nan",
        "true",
        "no",
        "service: ",
        "labels:\n  x: ",
        "é",
        "日本",
    ),
    *("\x07", "\x85", "\u2028", "\ufeff", "\ud800", "\udc80", " ", "  ", "\0"),
]


def _survives(source: SourceText) -> None:
    parsed = parse_document(source)
    found = parsed.diagnostics if parsed.value is None else validate(parsed.value, SMALL)
    assert (parsed.value is None) == has_errors(parsed.diagnostics)
    lines = split_lines(source.text)
    for span in [each.span for each in found] + [note.span for each in found for note in each.notes]:
        assert span is not None
        assert span == span.of_file(NAME) or 1 <= span.line <= len(lines)
        assert (span.line, span.column) <= (span.end_line, span.end_column)
    sources = {source.path: source.text}
    text = render_text(found, sources) + render_text(found, sources, colour=True)
    text += render_json(found) + render_sarif(found) + render_github(found)
    text.encode()


@unhurried
@given(st.lists(st.sampled_from(_PIECES), max_size=25).map("".join))
@example("a: [1,\n")
@example("a: 'x\n\n")
@example("a:\n - b\n  - c: {d\n")
@example('a: "\\')
@example("%YAML 2.0\n---\na: 1")
@example("%TAG ! x\n%TAG ! y\n---\na: 1")
@example("%YAML 1.1\n%YAML 1.1\n---\na: 1")
@example("%YAML 1\n---\na: 1")
@example("%TAG x\n---\na: 1")
@example("a: !<x")
@example("a: !%zz x")
@example("- \t- a")
@example("a: 1\n\n\n- b")
def test_any_yaml_like_text_is_survived(text: str) -> None:
    _survives(SourceText(NAME, text))


@unhurried
@given(st.text())
def test_any_text_is_survived(text: str) -> None:
    _survives(SourceText(NAME, text))


@unhurried
@given(st.binary())
@example(b"\xff\xfea\0")
@example(b"\xef\xbb\xbf")
@example(b"\x00\x00\x00\x00")
def test_any_bytes_are_survived(data: bytes) -> None:
    source = decode_source(NAME, data).value
    assert source is not None
    _survives(source)
