"""The page of a replay shows texts; its mark-up and its scripts are only its own."""

from __future__ import annotations

import os
import re
import subprocess
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

from generator.diagnostics.wording import printable
from generator.live.process import find_program
from generator.model.incidents import Incident, Incidents, Rollout
from generator.replay.page import page
from generator.spec.source import FORBIDDEN
from tests.injection.hostile import PLAIN, RAW, TEXTS
from tests.programs import needed
from tests.replay.reports import END, HOUR, T, active, history, reported, rule

if TYPE_CHECKING:
    from pathlib import Path

#: Its own sandbox needs rights that a container's root lacks; it opens our page alone.
_ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--dump-dom",
)
EVERY = (*TEXTS, *RAW)
#: The page's policy forbids all scripts. Without it only escaping keeps a text from running.
_POLICY = re.compile(r"<meta http-equiv=[^>]*>")
RUN = "<script>document.title='RUN'</script>"


def dom(page: str, directory: Path) -> str:
    """Open a page and return its DOM after loading, scripts included."""
    file = directory / "page.html"
    file.write_text(page, "utf-8")
    ended = subprocess.run(
        [
            find_program("chromium", "chromium"),
            *_ARGUMENTS,
            f"--user-data-dir={directory / 'browser'}",
            file.as_uri(),
        ],
        capture_output=True,
        check=True,
        timeout=120,
        env={**os.environ, "HOME": str(directory)},
    )
    return ended.stdout.decode()


def written(texts: tuple[str, ...]) -> str:
    """Write a page with texts as names and values of labels, alerts, services, incidents, releases, and in notes."""
    alerts = [
        history(rule(text, text, text), active(60, labels={text: text}), failures={float(T): text})
        for text in texts
    ]
    quiet = [history(rule(f"quiet {text}")) for text in texts]
    incidents = tuple(Incident(text, T + HOUR, T + 2 * HOUR, (text,), impact=text) for text in texts)
    rollouts = tuple(Rollout(text, T + HOUR) for text in texts)
    known = Incidents(incidents, texts[0], T, END, rollouts)
    return page(reported(*alerts, *quiet, known=known, notes=texts))


class PageShape(HTMLParser):
    """Tags with the names of their attributes, and the words between them."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, tuple[str, ...]]] = []
        self.words: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take a tag, including one that ends itself."""
        self.tags.append((tag, tuple(name for name, _ in attrs)))

    def handle_data(self, data: str) -> None:
        """Take words."""
        self.words.add(data)


def _shape(text: str) -> PageShape:
    shape = PageShape()
    shape.feed(text)
    shape.close()
    return shape


def test_the_elements_are_the_templates_own() -> None:
    plain = (*PLAIN, *(f"more{index}" for index in range(len(EVERY) - len(PLAIN))))
    found, harmless = _shape(written(EVERY)), _shape(written(plain))
    assert sorted(found.tags) == sorted(harmless.tags)
    for text in EVERY:
        assert {printable(text), f"{printable(text)}={printable(text)}"} <= found.words


def test_nothing_hides_or_turns_the_text_around_it() -> None:
    assert not FORBIDDEN.search(written(EVERY))
    assert "\u200b" not in written(EVERY)


def test_a_browser_shows_the_texts_and_runs_nothing(tmp_path: Path) -> None:
    needed(lambda: find_program("chromium", "chromium"))
    text = written(EVERY)
    bare = _POLICY.sub("", text)
    assert bare != text
    for each in (text, bare):
        shown = dom(each, tmp_path)
        assert "<title>Replay of " in shown
        assert "RUN</title>" not in shown
        found = _shape(shown)
        for one in EVERY:
            assert printable(one) in found.words


@pytest.mark.parametrize("guarded", [True, False])
def test_the_browser_would_run_what_is_not_quoted(tmp_path: Path, *, guarded: bool) -> None:
    needed(lambda: find_program("chromium", "chromium"))
    text = written(PLAIN).replace("</main>", f"{RUN}</main>")
    shown = dom(text if guarded else _POLICY.sub("", text), tmp_path)
    assert ("<title>RUN</title>" in shown) is not guarded
