"""Block YAML is, byte for byte, what PyYAML writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml
from hypothesis import given
from hypothesis import strategies as st

from generator.prometheus.block_yaml import block_yaml

if TYPE_CHECKING:
    from generator.prometheus.block_yaml import Mapped

_WORDS = (
    "yes",
    "No",
    "on",
    "null",
    "~",
    "1e3",
    "0x1",
    "1:30",
    "1_0",
    "2026-03-21",
    ".inf",
    "=",
    "<<",
    "-",
    "...a",
)
_CHARACTERS = "ab1 .:#-'\"\n\t,[]{}&*!|>%@`?~=<_é+0\ufeff\u00a0"
# YAML 1.1 ends lines with these, too; how far the next line is indented then means nothing.
_LINE_ENDS = "\u2028\u2029\x85\r"

texts = st.one_of(st.sampled_from(_WORDS), st.text(st.sampled_from(_CHARACTERS), max_size=8))
keys = st.sampled_from(["yes", "a", "b_c", "1", "=", "a b", "-x", "é", "x: y", "#a"])


def _mappings(leaves: st.SearchStrategy[str]) -> st.SearchStrategy[Mapped]:
    values = st.recursive(
        leaves | st.integers(),
        lambda inner: st.one_of(
            st.dictionaries(keys, inner, max_size=3),
            st.lists(leaves | st.dictionaries(keys, inner, min_size=1, max_size=3), max_size=3),
        ),
        max_leaves=8,
    )
    return st.dictionaries(keys, values, min_size=1, max_size=3)


class _Dumper(yaml.SafeDumper):
    """The reference: written in Python, and without anchors."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002
        return True


_Dumper.add_representer(
    str,
    lambda dumper, text: dumper.represent_scalar(
        "tag:yaml.org,2002:str", text, style="|" if "\n" in text else None
    ),
)


@given(_mappings(texts))
def test_the_bytes_are_those_of_pyyaml(value: Mapped) -> None:
    written = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100_000)
    # A text whose last lines are empty has PyYAML say where the document ends, too.
    assert block_yaml(value) == written.removesuffix("...\n")


@given(_mappings(texts | st.text(st.sampled_from(_CHARACTERS + _LINE_ENDS), max_size=8)))
def test_it_is_read_back_as_it_was(value: Mapped) -> None:
    assert yaml.safe_load(block_yaml(value)) == value
