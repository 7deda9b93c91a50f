"""Changes of a file, from single bits to whole sections: each takes bytes and gives bytes, as its dice fall."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import yaml

from tests.whole.words import FAMOUS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

# Besides odd words: amounts, and words with a meaning in YAML.
_VALUES = (
    *FAMOUS,
    *(
        "0",
        "-1",
        "1e999",
        "9" * 400,
        "0x10",
        "0755",
        "1_000",
        ".nan",
        "-.inf",
        "1:30",
        "2026-01-01",
        "no",
        "on",
    ),
    *(
        "2s",
        "5%",
        "0%",
        "100%",
        "101%",
        "5pp",
        "$0",
        "$200",
        "0s",
        "1w",
        "9999d",
        "1h30m",
        "30m1h",
        "0.001ms",
    ),
    *(
        "objective",
        "2x objective",
        "objective - 10pp",
        "0x objective",
        "14.4x in 1h and 5m",
        "1x in 1m and 1m",
    ),
    *(
        "[]",
        "{}",
        "[[]]",
        "{a: {}}",
        "&a x",
        "*a",
        "!!python/name:os.system x",
        "!!binary aGk=",
        "<<: {a: 1}",
        "? x",
    ),
    *(
        "run_id",
        "le",
        "__name__",
        "job",
        "alertname",
        "service",
        "other",
        "../../x",
        "CON",
        "\u0130",
        "\ufb01le",
    ),
    *("{{ ''.__class__ }}", "{% for x in y %}", "${IFS}", "x" * 70_000),
)
_TOKEN = re.compile(rb"[^\s:,{}\[\]#\"']+")
_BYTES = (
    b"\0",
    b"\xff",
    b"\r",
    b"\t",
    b"\xc2\x85",
    b"\xef\xbb\xbf",
    b"\xed\xa0\x80",
    b"'",
    b'"',
    b"\n",
    b":",
    b"-",
    b"|",
)


def mutated(data: bytes, others: Sequence[bytes], dice: Random) -> bytes:
    """Change a file in one way; ``others`` are files to take parts from."""
    way = dice.choice(
        (_bits, _odd_bytes, _lines, _indent, _token, _token, _splice, _tree, _tree, _tree, _tree)
    )
    return way(data, others, dice)


def _bits(data: bytes, _others: Sequence[bytes], dice: Random) -> bytes:
    changed = bytearray(data or b" ")
    for _ in range(dice.randint(1, 4)):
        changed[dice.randrange(len(changed))] ^= 1 << dice.randrange(8)
    return bytes(changed)


def _odd_bytes(data: bytes, _others: Sequence[bytes], dice: Random) -> bytes:
    at = dice.randint(0, len(data))
    return data[:at] + dice.choice(_BYTES) * dice.choice((1, 1, 2, 500)) + data[at + dice.randint(0, 3) :]


def _lines(data: bytes, _others: Sequence[bytes], dice: Random) -> bytes:
    """Drop, double or move a few lines, or end the file early."""
    lines = data.splitlines(keepends=True)
    first = dice.randint(0, len(lines))
    some = lines[first : first + dice.randint(1, 4)]
    rest = lines[:first] + lines[first + len(some) :]
    to = dice.randint(0, len(rest))
    return b"".join(
        dice.choice((rest, [*rest[:to], *some, *rest[to:]], [*lines[:to], *some, *lines[to:]], lines[:to]))
    )


def _indent(data: bytes, _others: Sequence[bytes], dice: Random) -> bytes:
    lines = data.split(b"\n")
    at = dice.randrange(len(lines))
    lines[at] = dice.choice((b" ", b"  ", b"- ", b"\t")) + lines[at] if dice.random() < 0.5 else lines[at][1:]
    return b"\n".join(lines)


def _token(data: bytes, others: Sequence[bytes], dice: Random) -> bytes:
    """Replace one word by another."""
    tokens = list(_TOKEN.finditer(data))
    if not tokens:
        return data
    found = dice.choice(tokens)
    word = dice.choice(_VALUES).encode("utf-8", "surrogatepass")
    if dice.random() < 0.5:
        word = dice.choice(_TOKEN.findall(dice.choice(others)) or [b""])
    return data[: found.start()] + word + data[found.end() :]


def _splice(data: bytes, others: Sequence[bytes], dice: Random) -> bytes:
    other = dice.choice(others)
    start = dice.randint(0, len(other))
    at = dice.randint(0, len(data))
    return data[:at] + other[start : start + dice.randint(1, 200)] + data[at:]


def _tree(data: bytes, others: Sequence[bytes], dice: Random) -> bytes:
    """Change a value, a key or a section, and write the file anew; as bytes where it is no plain YAML."""
    donor_text = dice.choice(others)
    if b"&" in data + donor_text:  # aliases can multiply a few lines without end
        return _bits(data, others, dice)
    with suppress(yaml.YAMLError, ValueError, RecursionError, TypeError):
        tree, donor = (yaml.load(text, yaml.CBaseLoader) for text in (data, donor_text))  # noqa: S506 - only text
        places = list(_places(tree))
        if places:
            _change(dice.choice(places), list(_places(donor)), dice)
            return json.dumps(tree, ensure_ascii=False, indent=1).encode("utf-8", "surrogatepass")
    return _bits(data, others, dice)


def _places(tree: Any) -> Any:  # noqa: ANN401 - whatever YAML holds
    """Every container and key in it."""
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in items:
        yield tree, key
        yield from _places(value)


def _change(place: tuple[Any, Any], donors: list[tuple[Any, Any]], dice: Random) -> None:
    container, key = place
    way = dice.choice((0, 1, 2, 3, 4, 5, 5, 5, 5))
    if way == 0:
        del container[key]
    elif way == 1 and donors:
        from_, at = dice.choice(donors)
        container[key] = from_[at]
        if isinstance(container, dict) and isinstance(at, str) and dice.random() < 0.5:
            container[at] = container.pop(key)
    elif way == 2 and isinstance(container, dict):
        container[dice.choice((*_VALUES, key.upper(), f"{key}x"))] = container[key]
    elif way == 3:
        container[key] = dice.choice(
            ([container[key]], {"a": container[key]}, [], {}, None, True, 0, -1.5, 10**30)
        )
    elif way == 5:
        container[key] = _alike(container[key], key, donors, dice)
    else:
        container[key] = dice.choice(_VALUES)


def _alike(value: Any, key: Any, donors: list[tuple[Any, Any]], dice: Random) -> Any:  # noqa: ANN401
    """Take the value of the same key elsewhere, or one of the same characters; else the value itself."""
    found = [container[at] for container, at in donors if at == key and container[at] != value]
    found = found or [container[at] for container, at in donors if _shape(container[at]) == _shape(value)]
    return dice.choice(found or [value])


def _shape(value: Any) -> object:  # noqa: ANN401
    return re.sub("[0-9]+", "0", value) if isinstance(value, str) else type(value)
