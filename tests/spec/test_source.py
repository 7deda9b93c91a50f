"""Sources: decoding, and the characters that a text may contain."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from generator.diagnostics import Result, Span
from generator.spec.source import MAX_BYTES, SourceText, check_text, decode_source, read_source

if TYPE_CHECKING:
    from pathlib import Path


def _spans(text: str) -> list[tuple[int, int]]:
    return [
        (found.span.line, found.span.column) for found in check_text(SourceText("a.yaml", text)) if found.span
    ]


def test_a_file_is_read_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes("a: é日本\r\n".encode())
    assert read_source(path) == Result(SourceText(path.as_posix(), "a: é日本\r\n"))


def test_diagnostics_name_the_file_as_asked(tmp_path: Path) -> None:
    found = read_source(tmp_path / "a.yaml", "specs/a.yaml").diagnostics[0]
    assert found.span == Span.of_file("specs/a.yaml")


def test_a_utf8_mark_is_dropped_and_does_not_count_as_a_column() -> None:
    source = decode_source("a.yaml", b"\xef\xbb\xbfa: \x07").value
    assert source is not None
    assert source.text == "a: \x07"
    assert _spans(source.text) == [(1, 4)]


def test_the_largest_file_is_read_and_one_byte_more_is_not() -> None:
    assert decode_source("a.yaml", b"#" * MAX_BYTES).value is not None
    assert decode_source("a.yaml", b"#" * (MAX_BYTES + 1)).value is None


@pytest.mark.parametrize("text", ["a: 1\n", "é日本 😀 \u200d \xa0 \u061c\n", "\ta\r\nb\rc\n", ""])
def test_what_can_be_seen_may_stand_in_a_text(text: str) -> None:
    assert check_text(SourceText("a.yaml", text)) == ()


@pytest.mark.parametrize(
    "character",
    ["\0", "\x07", "\x1b", "\x7f", "\x85", "\u2028", "\u202e", "\u2067", "\ufeff", "\ufdd0", "\uffff"],
)
def test_what_cannot_be_seen_may_not(character: str) -> None:
    found = check_text(SourceText("a.yaml", f"service: x\nb: {character}\n"))
    assert [(each.code, each.span) for each in found] == [
        ("source/control-character", Span("a.yaml", 2, 4, 2, 5))
    ]


def test_a_lone_surrogate_is_refused_whatever_it_stands_for() -> None:
    codes = [found.code for found in check_text(SourceText("a.yaml", "a: \ud800\udcff"))]
    assert codes == ["source/encoding", "source/control-character"]


@pytest.mark.parametrize("ending", ["\n", "\r", "\r\n"])
def test_lines_are_counted_whatever_ends_them(ending: str) -> None:
    assert _spans(f"a{ending}b{ending}cc\x07") == [(3, 3)]


def test_each_character_is_told_once_with_the_number_of_its_places() -> None:
    found = check_text(SourceText("a.yaml", "\x07\x08\x07\x07"))
    assert [each.message for each in found] == [
        r'character "\x07" is not allowed here (and at 2 more places)',
        r'character "\x08" is not allowed here',
    ]


@pytest.mark.parametrize("data", [b"a: \xe9", b"a: \xc3", b"a: \xed\xa0\x80", b"a: \xf5\x80\x80\x80"])
def test_bytes_that_are_not_utf8_are_found_where_they_stand(data: bytes) -> None:
    source = decode_source("a.yaml", data).value
    assert source is not None
    assert [found.code for found in check_text(source)] == ["source/encoding"]
    assert _spans(source.text) == [(1, 4)]


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16"),
        ("utf-16-be", "UTF-16"),
        ("utf-32", "UTF-32"),
        ("utf-32-le", "UTF-32"),
        ("utf-32-be", "UTF-32"),
    ],
)
def test_a_wide_encoding_is_told_by_its_name(encoding: str, name: str) -> None:
    source = decode_source("a.yaml", "a: 1".encode(encoding)).value
    assert source is not None
    assert [found.message for found in check_text(source)] == [f"the file is encoded in {name}"]


def test_a_file_of_another_kind_is_told_once_and_a_text_in_another_encoding_by_its_first_byte() -> None:
    picture = decode_source("logo.yaml", b"\x89PNG" + bytes(range(256)) * 20).value
    assert picture is not None
    (told,) = check_text(picture)
    assert (told.code, told.span) == ("source/not-text", Span.of_file("logo.yaml"))
    letter = decode_source(
        "brief.yaml", "description: Отвечает на письма клиентов и ведёт их".encode("cp1251")
    ).value
    assert letter is not None
    (told,) = check_text(letter)
    assert told.code == "source/encoding"
    spoilt = decode_source("a.yaml", b"\1\2\3\4" + b"service: a\n" * 20).value
    assert spoilt is not None
    assert {each.code for each in check_text(spoilt)} == {"source/control-character"}
