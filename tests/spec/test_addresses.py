"""Refused addresses: the wrong character is named, with its replacement."""

from __future__ import annotations

import pytest

from generator.spec.schema_words import address_help

_ELSE = "as the schema says"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("grafana.example.com", "write a whole address that begins with http:// or https://"),
        ("https://x.example/$a", "percent-encode what an address may not hold: $ is %24"),
        ("https://x.example/a b", "percent-encode what an address may not hold: a space is %20"),
        ("http://[::1]/ü", "percent-encode what an address may not hold: ü is %C3%BC"),
        ("https://x.example/{service}/$", "percent-encode what an address may not hold: $ is %24"),
        ("https://x.example/{region}", _ELSE),
        ("https://x.example/\x07", _ELSE),
        ("https://x.example/", _ELSE),
        ("https://ü.example:9090/a", "write the name of the host as DNS has it: xn--tda.example:9090"),
        (
            'https://x.example/?left={"q"}',
            'percent-encode what an address may not hold: { is %7B, " is %22, } is %7D',
        ),
    ],
)
def test_the_help_names_what_is_wrong(text: str, told: str) -> None:
    assert address_help(text, _ELSE) == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("https://x.example/{{ service }}", "write single braces: {service}"),
        ("https://x.example/{region}", "{region} is not filled in: write {service}"),
        (
            'https://x.example/?left={"q":"{service}"}',
            'percent-encode what an address may not hold: { is %7B, " is %22, } is %7D',
        ),
    ],
)
def test_a_placeholder_is_told_from_other_braces(text: str, told: str) -> None:
    assert address_help(text, "{service} is filled in") == told
