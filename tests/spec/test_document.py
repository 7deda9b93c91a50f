"""Documents: the contents of the tree, and the places."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.diagnostics import Span
from generator.spec.document import parse_document
from generator.spec.events import StopReading, read_events
from generator.spec.nodes import Mapping, Scalar, Sequence, to_plain
from generator.spec.source import SourceText
from tests.spec.front import NAME, codes_in, document, found_in, unhurried

TEXT = """\
# A service.
service: support-agent
labels:
  release: {max_live: 4, "new per week": 2}   # open
  model:
    - gpt-4o
    - 'gpt-4o-mini'
description: |
  Answers
  tickets.

owner:
replicas: 1.10
"""


def _span(text: str, *path: str | int) -> tuple[int, int, int, int]:
    span = document(text).at(path).span
    return span.line, span.column, span.end_line, span.end_column


def test_values_are_as_the_spec_language_means_them() -> None:
    assert document(TEXT).to_plain() == {
        "service": "support-agent",
        "labels": {"release": {"max_live": 4, "new per week": 2}, "model": ["gpt-4o", "gpt-4o-mini"]},
        "description": "Answers\ntickets.\n",
        "owner": None,
        "replicas": 1.1,
    }


def test_words_that_yaml_1_1_takes_for_booleans_are_text_as_values_and_as_keys() -> None:
    assert document("no: yes\non: off\nY: n\nmode: NO").to_plain() == {
        "no": "yes",
        "on": "off",
        "Y": "n",
        "mode": "NO",
    }


def test_constants_are_constants() -> None:
    assert document("a: true\nb: False\nc: null\nd: ~\ne:\nf: 'true'\ng: \"1\"\nh: ''").to_plain() == {
        "a": True,
        "b": False,
        "c": None,
        "d": None,
        "e": None,
        "f": "true",
        "g": "1",
        "h": "",
    }


def test_the_order_is_that_of_the_file() -> None:
    assert list(document("b: 1\na: 2\nc: 3").root.entries) == ["b", "a", "c"]


def test_a_number_keeps_how_it_was_written() -> None:
    node = document(TEXT).at(["replicas"])
    assert isinstance(node, Scalar)
    assert (node.value, node.text, node.quoted) == (1.1, "1.10", False)


def test_a_quoted_text_says_so() -> None:
    node = document(TEXT).at(["labels", "model", 1])
    assert isinstance(node, Scalar)
    assert (node.value, node.text, node.quoted) == ("gpt-4o-mini", "gpt-4o-mini", True)


@pytest.mark.parametrize(
    ("path", "span"),
    [
        (("service",), (2, 10, 2, 23)),
        (("labels",), (4, 3, 7, 20)),
        (("labels", "release"), (4, 12, 4, 44)),
        (("labels", "release", "new per week"), (4, 42, 4, 43)),
        (("labels", "model"), (6, 5, 7, 20)),
        (("labels", "model", 1), (7, 7, 7, 20)),
        (("owner",), (12, 7, 12, 7)),
        ((), (2, 1, 13, 15)),
    ],
)
def test_each_value_knows_its_place(path: tuple[str | int, ...], span: tuple[int, int, int, int]) -> None:
    assert _span(TEXT, *path) == span


def test_columns_count_characters_not_bytes() -> None:
    assert _span("a: [日本, 😀, x]", "a", 2) == (1, 12, 1, 13)


def test_lines_may_end_as_they_do_on_any_system() -> None:
    for ending in ("\n", "\r\n", "\r"):
        assert _span(f"a: 1{ending}b: 2{ending}", "b") == (2, 4, 2, 5)


def test_a_path_that_leads_nowhere_ends_at_the_nearest_parent() -> None:
    tree = document(TEXT)
    assert tree.at(["labels", "model", 7]) is tree.at(["labels", "model"])
    assert tree.at(["labels", "model", -1]) is tree.at(["labels", "model"])
    assert tree.at(["labels", "model", "x"]) is tree.at(["labels", "model"])
    assert tree.at(["service", "x"]) is tree.at(["service"])
    assert tree.at(["x", "y"]) is tree.root
    assert tree.at(["labels", 0]) is tree.at(["labels"])


def test_the_key_of_a_path_is_found() -> None:
    tree = document(TEXT)
    assert tree.key_at(["labels", "release", "new per week"]).span == Span(NAME, 4, 26, 4, 40)
    assert tree.key_at(["labels", "model", 0]) is tree.at(["labels", "model", 0])
    assert tree.key_at(["labels", "x"]) is tree.at(["labels"])
    assert tree.key_at([]) is tree.root


def test_a_tree_cannot_be_changed() -> None:
    root = document(TEXT).root
    with pytest.raises(AttributeError):
        root.entries = {}  # type: ignore[misc]  # that it is refused is the point
    with pytest.raises(TypeError):
        root.entries["x"] = root.entries["service"]  # type: ignore[index]  # the same
    assert isinstance(root.at(["labels", "model"]), Sequence)
    assert isinstance(root.at(["labels"]), Mapping)


def test_plain_values_are_fresh() -> None:
    root = document("a: [1]").root
    plain = to_plain(root)
    assert isinstance(plain, dict)
    plain["a"] = 2
    assert to_plain(root) == {"a": [1]}


@pytest.mark.parametrize(
    "text",
    ["---\na: 1\n", "a: 1\n...\n", "%YAML 1.2\n---\na: 1\n", "\ufeffa: 1", "{a: 1}", "\n\n# x\na: 1 # y"],
)
def test_one_document_is_read_however_it_is_framed(text: str) -> None:
    parsed = parse_document(SourceText(NAME, text.removeprefix("\ufeff")))
    assert parsed.value is not None
    assert parsed.value.to_plain() == {"a": 1}


def test_everything_wrong_is_told_at_once_in_the_order_of_the_file() -> None:
    assert codes_in("a: 0755\nb: *x\na: !!str 1\n1: .nan\nc: {d: e, f}\ng: @") == [
        "yaml/ambiguous-scalar",
        "yaml/alias",
        "yaml/duplicate-key",
        "yaml/tag",
        "yaml/key-type",
        "yaml/not-finite",
        "yaml/flow-comma",
        "yaml/syntax",
    ]


def test_a_key_is_a_duplicate_whatever_its_quotes() -> None:
    assert codes_in("a: 1\n'a': 2\n\"\\x61\": 3") == ["yaml/duplicate-key"] * 2


def test_the_same_key_in_two_mappings_is_no_duplicate() -> None:
    assert document("a: {x: 1}\nb: {x: 1}").to_plain() == {"a": {"x": 1}, "b": {"x": 1}}


def test_a_block_of_text_that_is_meant_is_text() -> None:
    assert document("a: >\n  x\n  y\nb: |-\n  z\nc: >5\n       w\n").to_plain() == {
        "a": "x y\n",
        "b": "z",
        "c": "  w\n",
    }


def test_an_alias_bomb_ends_at_its_events() -> None:
    names = "abcdefghijklmnop"
    lines = ["z: &a [x]"]
    lines += [f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]" for old, new in pairwise(names)]
    assert set(codes_in("\n".join(lines))) == {"yaml/alias", "source/too-many-errors"}


@pytest.mark.parametrize(
    "text", ["[" * 3000, "{a: " * 3000, "- " * 3000, "? " * 3000, "a: " + "[" * 900_000, "[\n" * 400_000]
)
def test_a_nest_of_any_depth_is_told_in_one_line(text: str) -> None:
    assert codes_in(text) == ["yaml/too-deep"]


def test_the_deepest_nest_that_is_allowed_is_read() -> None:
    assert parse_document(SourceText(NAME, "a: " + "[" * 31 + "]" * 31)).value is not None
    assert codes_in("a: " + "[" * 32 + "]" * 32) == ["yaml/too-deep"]


def test_an_alias_as_a_key_is_told_once() -> None:
    assert codes_in("*a : 1\n") == ["yaml/alias"]
    assert codes_in("{? *a : 1}") == ["yaml/alias"]
    assert codes_in("'<<': *a") == ["yaml/alias"]
    assert codes_in("<<: *a") == ["yaml/merge-key"]


def test_a_key_that_is_missing_is_told() -> None:
    assert codes_in("a: {: x}") == ["yaml/syntax"]
    assert codes_in("?\n: x") == ["yaml/key-type"]


def test_advice_quotes_a_text_so_that_it_is_yaml() -> None:
    assert [found.help for found in found_in('a: say: "it\'s"')] == ["quote the text: a: 'say: \"it''s\"'"]


def test_a_text_that_the_parser_itself_refuses_is_told_too() -> None:
    with pytest.raises(StopReading) as stop:
        list(read_events(SourceText(NAME, "a: \uffff")))
    assert stop.value.diagnostic.code == "yaml/syntax"


_PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(-1e6, 1e6)
    | st.text("ab:#{}[],'\"é\\ ?"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", min_size=1), inner, max_size=3),
    max_leaves=8,
)


@unhurried
@given(st.dictionaries(st.text("abc"), _PLAIN, max_size=4))
def test_every_json_object_is_a_document_with_the_same_values(value: dict[str, object]) -> None:
    parsed = parse_document(SourceText(NAME, json.dumps(value, ensure_ascii=False)))
    assert parsed.value is not None, parsed.diagnostics
    assert parsed.value.to_plain() == value


def test_a_finding_points_into_the_file_that_was_named() -> None:
    spans = [found.span for found in found_in("a: *b\nc: [")]
    assert all(span is not None and span.file == NAME for span in spans)
