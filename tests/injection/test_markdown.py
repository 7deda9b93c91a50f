"""Markdown as a CommonMark reader with tables reads it: texts stay in their places, and are shown unchanged."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pytest
from markdown_it import MarkdownIt

from generator.diagnostics.wording import printable
from generator.markdown import address, code, text
from generator.model import names
from tests.injection.hostile import RAW, TEXTS, sentence
from tests.injection.specs import alert, own

if TYPE_CHECKING:
    from markdown_it.token import Token

    from tests.injection.conftest import CompiledFiles

#: With raw HTML, which would be found; strikethrough and tables are GitHub's.
_READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
_PAGES = (*(f"runbooks/{alert(index)}.md" for index in range(len(TEXTS))), "runbooks/OfService.md")
_REPORTS = ("reports/cardinality.md", "reports/self-check.md")


@pytest.mark.parametrize("value", [*TEXTS, *RAW, *(f"a {one}" for one in TEXTS)], ids=ascii)
@pytest.mark.parametrize(
    "place", ["{}", "# {}", "**{}** (`b`)", "- [ ] {}", "b {} c", "b\n{}\nc", "| b |\n|---|\n| {} |"]
)
def test_a_text_is_shown_as_it_is_wherever_it_stands(place: str, value: str) -> None:
    shown, harmless = (_READER.parse(place.format(one)) for one in (text(value), "x"))
    assert _shape(shown) == _shape(harmless)
    assert _text(shown) == _text(harmless).replace("x", _line(value))


@pytest.mark.parametrize("value", [*TEXTS, *RAW], ids=ascii)
def test_a_name_stays_in_its_cell(value: str) -> None:
    tokens = _READER.parse(f"| a | b |\n|---|---|\n| {code(value)} | c |")
    assert Counter(token.type for token in tokens)["td_open"] == 2
    assert {child.type for token in tokens for child in token.children or ()} <= {"text", "code_inline"}
    assert _text(tokens) in {f"a\nb\n{one}\nc" for one in (_line(value), printable(value))}


@pytest.mark.parametrize("path", [*_PAGES, *_REPORTS])
def test_a_page_has_the_shape_of_a_harmless_one(
    path: str, hostile: CompiledFiles, plain: CompiledFiles
) -> None:
    assert _shape(_READER.parse(hostile.read(path))) == _shape(_READER.parse(plain.read(path)))


def test_no_page_links_anywhere_but_to_the_sites_dashboards_or_holds_html(hostile: CompiledFiles) -> None:
    pages = list(hostile.output.rglob("*.md"))
    assert len(pages) > len(TEXTS)
    boards = {f"{hostile.model.site.grafana_url}/d/{uid}" for uid in names.DASHBOARDS.values()}
    for page in pages:
        source = page.read_bytes().decode()
        tokens = list(_every(_READER.parse(source)))
        assert not {token.type for token in tokens} & {"image", "html_block", "html_inline"}, page.name
        led = {unquote(str(token.attrs["href"])) for token in tokens if token.type == "link_open"}
        assert led <= boards, page.name
        for board in boards:
            source = source.replace(f"](<{board}>)", "]")
        # GitHub makes links of these by itself, if they are not escaped.
        assert not re.search(r"https?://|www\.|\w@\w", source), page.name


@pytest.mark.parametrize("url", ["https://a.b/&copy;?x=1&y=(2)*_~!", "http://[2001:db8::1]:3000/a|b^c"])
def test_a_link_leads_where_it_says(url: str) -> None:
    (opened,) = (
        one for one in _every(_READER.parse(f"- [`a`]({address(url)}): b")) if one.type == "link_open"
    )
    assert unquote(str(opened.attrs["href"])) == url


def test_a_runbook_says_the_texts(hostile: CompiledFiles) -> None:
    for index, value in enumerate(TEXTS):
        said = _text(_READER.parse(hostile.read(f"runbooks/{alert(index)}.md"))).split("\n")
        signal, means = hostile.service.signals[own(index)], _meaning(hostile, alert(index))
        assert said[:4] == [alert(index), _line(sentence(value)), "What it means", _line(means)]
        assert said[4] == f"{_line(signal.title)} ({signal.name}): {_line(signal.description)}"
        row = said.index("condition") + 1
        assert said[row : row + 2] == [hostile.service.name, "warning"]
        assert said[row + 2].startswith(_line(f"{signal.title} over the last"))


def _meaning(compiled: CompiledFiles, name: str) -> str:
    (found,) = (one for one in compiled.service.alerts if one.name == name)
    return found.means


def _line(value: str) -> str:
    """The visible form of a text: on one line, with invisible characters as numbers."""
    return printable(re.sub(r"[ \t\r\n]+", " ", value).strip(" ")) or '""'


def _every(tokens: list[Token]) -> list[Token]:
    return [one for token in tokens for one in (token, *(token.children or ()))]


def _shape(tokens: list[Token]) -> list[tuple[str, str]]:
    """List the structure of a page, without the words."""
    return [(token.type, token.tag) for token in _every(tokens) if token.type != "text"]


def _text(tokens: list[Token]) -> str:
    """Read the words, a line for each block."""
    blocks = (token.children or () for token in tokens if token.type == "inline")
    return "\n".join(
        "".join(child.content or "\n" * (child.type == "softbreak") for child in block) for block in blocks
    )
