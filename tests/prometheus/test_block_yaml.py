"""Block YAML, compared with PyYAML's emitter for the whole document."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from generator.prometheus.block_yaml import block_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.prometheus.block_yaml import BlockValue, Mapped

_RESOLVER: Any = yaml.CSafeDumper(io.StringIO())
_CHARACTERS = list("aZ0 \n\t\r\u0085\u2028\ufeff\x07é🙂:#-?.|>{}[],&*!'\"%@`\\=~")
_WORDS = ["  ", "\n\n", ": ", " #", "- ", "? ", "---", "...", "<<", "null", "yes", "true"]
_NUMBERS = ["1e3", "0x1f", "1:30", "2001-01-01", "2001-01-01 0:00:00"]
_LIKELY = [
    "sum by (a) (\n  rate(x[5m])\n)",
    '{{ $value | humanize }}, "so"',
    "http://host/d/x?y=1&z={{ $labels.z }}",
]
_PIECES = st.sampled_from([*_CHARACTERS, *_WORDS, *_NUMBERS, *_LIKELY])
_SEPARATORS = ("\u2028", "\u2029")
_ANY_TEXTS = (
    st.lists(_PIECES, max_size=6).map("".join) | st.text("a0 :#-\n", max_size=6) | st.text(max_size=8)
)
#: PyYAML's own way of writing a block that ends with a separator cannot be read again.
_TEXTS = _ANY_TEXTS.filter(lambda text: "\n" not in text or not text.endswith(_SEPARATORS))
_ONE_LINE = _TEXTS.filter(lambda text: len(text) <= 20 and not set(text) & set("\r\n\u0085\u2028\u2029"))
_LEAVES = _TEXTS | st.integers()


def _members(values: st.SearchStrategy[BlockValue]) -> st.SearchStrategy[BlockValue]:
    mappings = st.dictionaries(_ONE_LINE, values, max_size=4)
    return mappings | st.lists(_TEXTS | mappings, max_size=4)


_DOCUMENTS = st.dictionaries(_ONE_LINE, st.recursive(_LEAVES, _members, max_leaves=12), max_size=4)


def _text(text: str) -> yaml.ScalarEvent:
    is_plain = _RESOLVER.resolve(yaml.ScalarNode, text, (True, False)) == "tag:yaml.org,2002:str"
    return yaml.ScalarEvent(None, None, (is_plain, True), text, style="|" if "\n" in text else None)


def _events(value: BlockValue) -> Iterator[yaml.Event]:
    if isinstance(value, str):
        yield _text(value)
    elif isinstance(value, int | float):
        yield yaml.ScalarEvent(None, None, (True, False), str(value))
    elif isinstance(value, Mapping):
        yield yaml.MappingStartEvent(None, None, implicit=True, flow_style=not value)
        for key, member in value.items():
            yield _text(key)
            yield from _events(member)
        yield yaml.MappingEndEvent()
    else:
        yield yaml.SequenceStartEvent(None, None, implicit=True, flow_style=not value)
        for member in value:
            yield from _events(member)
        yield yaml.SequenceEndEvent()


def by_pyyaml(value: Mapped) -> str:
    """Write a whole document with PyYAML, without the end mark that empty lines cause."""
    start = [yaml.StreamStartEvent(), yaml.DocumentStartEvent(explicit=False)]
    end = [yaml.DocumentEndEvent(explicit=False), yaml.StreamEndEvent()]
    written: str = yaml.emit(
        [*start, *_events(value), *end], Dumper=yaml.CSafeDumper, allow_unicode=True, width=100_000
    )
    return re.sub(r"\n\.\.\.\n\Z", "\n", written)


@given(_DOCUMENTS)
@example({"a": {"b": [{"c": "sum(\n  x\n\n)"}, "x\n\n", {}], "d": []}, "e": 0, "yes": "no"})
@example({"a": "x\n\n"})
def test_a_document_is_written_as_pyyaml_writes_it(document: Mapped) -> None:
    assert block_yaml(document) == by_pyyaml(document)


@given(_TEXTS)
@example("a: b")
@example("a:")
@example("a #b")
@example("a \nb")
@example("é...")
@example("2001-01-01 0:00:00")
def test_text_is_written_as_pyyaml_writes_it(text: str) -> None:
    document: Mapped = {"a": text, "b": [text, {"c": {"d": text}}]}
    assert block_yaml(document) == by_pyyaml(document)


@pytest.mark.parametrize("end", _SEPARATORS)
def test_text_that_ends_with_a_separator_can_be_read(end: str) -> None:
    document: Mapped = {"a": f"a\n{end}", "b": [f"\n{end}"], "c": "d"}
    assert yaml.load(block_yaml(document), Loader=yaml.CSafeLoader) == document


@pytest.mark.parametrize("key", ["k" * 129, "two\nlines"])
def test_a_key_that_would_not_stand_on_its_line_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="too long for a key"):
        block_yaml({key: ""})
