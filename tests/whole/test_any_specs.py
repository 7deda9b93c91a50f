"""Whatever an author writes within the schemas compiles, or is told why it does not; never a third thing."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import TYPE_CHECKING

import promql_parser
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.whole.compiled import Compilation, compile_specs, rules, unhurried
from tests.whole.specs import directories

if TYPE_CHECKING:
    from tests.whole.specs import Directory


@settings(unhurried, max_examples=30)
@given(directories())
def test_specs_compile_or_their_author_is_told_why(files: Directory) -> None:
    compilation = compile_specs(files)
    # A rule that names what does not exist is the compiler's fault, whatever the specs are.
    assert not [code for code in compilation.codes if code.startswith("internal/")], compilation.told
    assert bool(compilation.files) is not bool(compilation.codes), compilation.told
    for rule in rules(compilation.files):
        promql_parser.parse(rule["expr"])


@settings(unhurried, max_examples=10)
@given(directories(), st.integers())
def test_in_which_order_keys_and_files_are_written_changes_no_rule(files: Directory, seed: int) -> None:
    first, second = compile_specs(files), compile_specs(files, Random(seed))  # noqa: S311 - an order, no secret
    assert sorted(first.codes) == sorted(second.codes)
    assert first.files.keys() == second.files.keys()
    assert _counted(first) == _counted(second)


def test_most_of_what_the_strategy_writes_compiles() -> None:
    """The two tests above would prove nothing on specs that are all refused."""
    compiled = []

    @settings(unhurried, max_examples=12, derandomize=True, database=None)
    @given(directories())
    def collect(files: Directory) -> None:
        compiled.append(bool(compile_specs(files).files))

    collect()
    assert sum(compiled) > len(compiled) / 2


def _counted(compilation: Compilation) -> Counter[str]:
    return Counter(str(_sorted(rule)) for rule in rules(compilation.files))


def _sorted(rule: object) -> object:
    if isinstance(rule, dict):
        return sorted((key, _sorted(value)) for key, value in rule.items())
    return rule
