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
    ],
)
def test_the_help_names_what_is_wrong(text: str, told: str) -> None:
    assert address_help(text, _ELSE) == told
