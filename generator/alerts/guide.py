"""Guides for runbooks: the first action when an alert fires, and the first questions, with panels that answer them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Panels of several guides: the dashboard, without ``agent-``, and the title.
RUNS = ("runs", "Runs by status")
CALLS_MADE = ("tools", "Tool calls")
RELEASES = ("releases", "Live releases")


class Question(Struct, frozen=True):
    """A question, and the panels that answer it: their titles by the uid of their dashboard."""

    text: str
    panels: Mapping[str, tuple[str, ...]]


class Guide(Struct, frozen=True):
    """The first action, and the questions to answer then."""

    action: str
    questions: tuple[Question, ...]


def ask(text: str, *panels: tuple[str, str]) -> Question:
    """Make a question; each panel is given by its dashboard, without ``agent-``, and its title."""
    boards = dict.fromkeys(board for board, _ in panels)
    titles = {f"agent-{board}": tuple(title for of, title in panels if of == board) for board in boards}
    return Question(text, titles)
