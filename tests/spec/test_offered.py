"""A value of a wrong type, in any place of any spec: following the help leads to what the schema allows there."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from generator.spec.schema import load_schema, validate
from tests.extremes.leaves import leaves, root, with_text
from tests.extremes.test_extremes import DOCUMENTS, KINDS
from tests.spec.front import document

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.extremes.leaves import Step

#: The forms that a help offers to copy as they are, in place of the value.
_COPIED = re.compile(r"(?:^|, or )write (?:(?P<empty>\{\}|\[\]) for an empty|a list: (?P<list>\[.*\])$)")
_PLAIN = re.compile(r"^leave out the quotes: (?P<plain>[^;]+)$")


def _holders(path: Sequence[Step]) -> Iterator[tuple[Step, ...]]:
    for end in range(1, len(path) + 1):
        yield tuple(path[:end])


def _places() -> list[tuple[str, tuple[Step, ...]]]:
    """List a place for each key of the schemas, and for what is around it."""
    chosen: dict[object, tuple[str, tuple[Step, ...]]] = {}
    for name, kind in KINDS.items():
        for leaf in leaves(DOCUMENTS[name], root(kind)):
            for path in _holders(leaf.path):
                chosen.setdefault((name, leaf.part.place, len(path)), (name, path))
    return list(chosen.values())


PLACES = _places()


def _helps(name: str, path: Sequence[Step], written: str) -> list[str]:
    """List the helps of a document with this text in one place."""
    text = with_text(DOCUMENTS[name], path, written)
    return [one.help for one in validate(document(text), load_schema(KINDS[name]))]


def _offered(help_: str, written: str) -> str:
    if found := _COPIED.search(help_):
        return found["empty"] or found["list"]
    return json.loads(written) if _PLAIN.search(help_) else ""


@pytest.mark.parametrize("written", ["null", "12", '"12"', '"x"'])
def test_what_a_help_offers_to_write_is_allowed_there(written: str) -> None:
    offered = 0
    for name, path in PLACES:
        for help_ in _helps(name, path, written):
            assert help_
            if form := _offered(help_, written):
                offered += 1
                assert _helps(name, path, form) == [], (name, path, help_)
    assert offered
