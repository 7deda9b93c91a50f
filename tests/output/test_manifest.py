"""The manifest: its text, and the reading of older, damaged or conflicting ones."""

from __future__ import annotations

import hashlib
import json

import pytest

from generator.output.manifest import hash_of, manifest_of, parse_manifest
from generator.output.outcome import OutputError

OURS = {"generated_by": "agent-metrics", "version": 1}
HASH = "a" * 64


def _bytes(**changes: object) -> bytes:
    return json.dumps({**OURS, "files": {}, **changes}).encode()


def test_the_manifest_is_the_same_text_whatever_the_order_of_the_files() -> None:
    digest = hashlib.sha256(b"one").hexdigest()
    empty = hashlib.sha256(b"").hexdigest()
    expected = f"""\
{{
  "files": {{
    "a/b": "{empty}",
    "b": "{digest}"
  }},
  "generated_by": "agent-metrics",
  "version": 1
}}
"""
    assert manifest_of({"b": hash_of(b"one"), "a/b": hash_of(b"")}) == expected
    assert manifest_of({"a/b": hash_of(b""), "b": hash_of(b"one")}) == expected


def test_what_was_written_is_read_back() -> None:
    text = manifest_of(
        {"a": hash_of(b"new"), "b": hash_of(b"same")}, before={"a": frozenset({HASH}), "c": frozenset({HASH})}
    )
    assert parse_manifest(text.encode()) == {
        "a": {HASH, hash_of(b"new")},
        "b": {hash_of(b"same")},
        "c": {HASH},
    }


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", "cannot be read"),
        (b"\xff\xfe", "cannot be read"),
        (b"[" * 100_000, "cannot be read"),
        (b"1" * 10_000, "cannot be read"),
        (b"[]", "not made by agent-metrics"),
        (b'{"name": "a web app", "start_url": "/"}', "not made by agent-metrics"),
        (_bytes(version="1"), "no version"),
        (_bytes(version=0), "no version"),
        (_bytes(files=[]), r"at `\$.files`"),
        (_bytes(before=[]), r"at `\$.before`"),
        (_bytes(files={"a": "abc"}), r"at `\$.files"),
        (_bytes(files={"a": 1}), r"at `\$.files"),
        (_bytes(before={"a": HASH}), r"at `\$.before"),
        (_bytes(files={"../../.bashrc": HASH}), r"\.\."),
        (_bytes(files={"/etc/passwd": HASH}), "absolute"),
        (_bytes(files={"manifest.json": HASH}), "kept for the manifest"),
        (_bytes(before={"a\0": [HASH]}), r"a\\x00"),
    ],
)
def test_a_manifest_that_is_not_ours_is_an_error_with_a_way_on(data: bytes, fault: str) -> None:
    with pytest.raises(OutputError, match=fault) as caught:
        parse_manifest(data)
    assert "restore it" in caught.value.help


def test_a_later_version_asks_for_a_later_tool() -> None:
    with pytest.raises(OutputError, match="version 2; this agent-metrics knows 1") as caught:
        parse_manifest(_bytes(version=2, files="of another shape"))
    assert "a later one" in caught.value.help


def test_keys_that_a_later_version_adds_are_ignored() -> None:
    assert parse_manifest(_bytes(more=1)) == {}


def test_both_sides_of_a_merge_conflict_are_ours() -> None:
    other = "b" * 64
    text = f"""{{
  "files": {{
<<<<<<< HEAD
    "changed": "{HASH}",
    "left": "{HASH}",
||||||| base
    "deleted": "{HASH}",
=======
    "changed": "{other}",
>>>>>>> topic
    "same \\u00e9": "{HASH}"
  }},
  "generated_by": "agent-metrics",
  "version": 1
}}
"""
    assert parse_manifest(text.encode()) == {
        "changed": {HASH, other},
        "left": {HASH},
        "deleted": {HASH},
        "same é": {HASH},
    }


def test_a_merge_conflict_does_not_let_a_path_escape() -> None:
    with pytest.raises(OutputError, match=r"\.\./x"):
        parse_manifest(f'<<<<<<< HEAD\n    "../x": "{HASH}",\n'.encode())
