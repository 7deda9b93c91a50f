"""Guides for runbooks: the first action when an alert fires, and the first questions, with panels that answer them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.model import names

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Panels of several guides: the dashboard, without ``agent-``, and the title.
RUNS_BY_STATUS = ("runs", "Runs by status")
CALLS_MADE = ("tools", "Tool calls")
RELEASES = ("releases", "Live releases")
#: The label that questions about releases need.
OF_RELEASES = (names.RELEASE,)


class Question(Struct, frozen=True):
    """A question, and the panels that answer it: their titles by the uid of their dashboard.

    ``needs`` are signals and labels: where a service measures none of them, nothing answers the question.
    ``on_release`` is whether it is about the release that began it, which is asked once.
    """

    text: str
    panels: Mapping[str, tuple[str, ...]]
    needs: tuple[str, ...] = ()
    on_release: bool = False


class Guide(Struct, frozen=True):
    """The first action, and the questions to answer then; ``then_signal`` adds those of the alert's signal."""

    action: str
    questions: tuple[Question, ...]
    then_signal: bool = False


def ask(
    text: str, *panels: tuple[str, str], needs: tuple[str, ...] = (), on_release: bool = False
) -> Question:
    """Make a question; each panel is given by its dashboard, without ``agent-``, and its title."""
    boards = dict.fromkeys(board for board, _ in panels)
    titles = {f"agent-{board}": tuple(title for of, title in panels if of == board) for board in boards}
    return Question(text, titles, needs, on_release)
