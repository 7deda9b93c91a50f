"""The allowed paths of an artifact, and the pairs that may not be in one output."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.output.directory import check_paths, parents, path_fault
from generator.output.outcome import OutputError


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("", 'has the part ""'),
        ("/etc/passwd", "is absolute"),
        ("../x", 'has the part ".."'),
        ("a/../b", 'has the part ".."'),
        ("a/./b", 'has the part "."'),
        ("a//b", 'has the part ""'),
        ("a/", 'has the part ""'),
        ("a\0b", "character"),
        ("a\nb", "character"),
        ("a\\b", "character"),
        ("C:x", "character"),
        ("a?b", "character"),
        ("\ud800", "character"),
        ("a.", "ends with a space or a dot"),
        ("a /b", "ends with a space or a dot"),
        ("con", "device"),
        ("a/NUL.json", "device"),
        ("a/Aux .tar.gz", "device"),
        ("lpt¹", "device"),
        ("COM9/x", "device"),
        ("x" * 201, "more than 200 bytes"),
        ("ü" * 101, "more than 200 bytes"),
        ("a/" * 500 + "a", "longer than 1000 bytes"),
        ("manifest.json", "kept for the manifest"),
        ("Manifest.JSON/x", "kept for the manifest"),
    ],
)
def test_a_path_that_is_unsafe_on_some_system_is_refused(path: str, fault: str) -> None:
    assert fault in (path_fault(path) or "")
    with pytest.raises(OutputError, match="cannot be written"):
        check_paths([path])


@pytest.mark.parametrize(
    "path",
    [
        "a",
        "a/b.c",
        "console.json",
        "com10",
        "nul0",
        "a b",
        ".gitattributes",
        "x" * 200,
        "b/manifest.json",
        "ü",
    ],
)
def test_an_ordinary_path_is_accepted(path: str) -> None:
    check_paths([path])


@pytest.mark.parametrize(
    ("paths", "fault"),
    [
        (("a", "a"), "are one path, given twice"),
        (("Foo.md", "foo.md"), "are one file on some systems"),
        (("straße", "STRASSE"), "are one file on some systems"),
        (("\u00e9", "e\u0301"), "are one file on some systems"),
        (("a", "a/b"), "need a file and a directory of one name"),
        (("A", "a/b"), "need a file and a directory of one name"),
        (("a/x", "A/y"), "are in one directory on some systems"),
        (("a-b", "a", "a/b"), "need a file and a directory of one name"),
    ],
)
def test_two_paths_that_are_one_somewhere_are_refused_and_both_named(
    paths: tuple[str, ...], fault: str
) -> None:
    for order in (paths, paths[::-1]):
        with pytest.raises(OutputError, match=fault) as caught:
            check_paths(order)
        assert all(f'"{path}"' in caught.value.message for path in paths if path != "a-b")


def test_a_path_given_twice_is_refused_also_when_both_are_the_same_object() -> None:
    path = "a/b"
    with pytest.raises(OutputError, match='"a/b" and "a/b" are one path, given twice'):
        check_paths([path, path])


def test_each_path_that_collides_is_named_once() -> None:
    with pytest.raises(OutputError) as caught:
        check_paths(["a/b/x", "A/B/y", "a/b/z"])
    assert caught.value.message.count("one directory") == 2
    assert caught.value.message.count('"A/B/y"') == 2


def test_directories_may_be_shared() -> None:
    check_paths(["a/x", "a/y", "a/b/x", "a-b", "a.b"])


def test_all_bad_paths_are_named_at_once_and_nothing_invisible_is_printed() -> None:
    with pytest.raises(OutputError) as caught:
        check_paths(["../x", "fine", "con\x1b[2J"])
    assert '"../x"' in caught.value.message
    assert r"con\x1b[2J" in caught.value.message
    assert "fine" not in caught.value.message


def test_parents_are_listed_from_the_top() -> None:
    assert list(parents("a/b/c")) == ["a", "a/b"]
    assert list(parents("a")) == []


@given(st.lists(st.text("aAbßsSéÉ\u0301e/.", min_size=1, max_size=6), max_size=6))
def test_what_is_accepted_is_distinct_in_any_case_and_normal_form(paths: list[str]) -> None:
    try:
        check_paths(paths)
    except OutputError:
        return
    assert len({unicodedata.normalize("NFKC", path.casefold()) for path in paths}) == len(paths)
    assert not any(part in {"", ".", ".."} for path in paths for part in path.split("/"))
