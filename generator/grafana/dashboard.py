"""What a dashboard is, as a value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from generator.grafana.layout import Section
    from generator.grafana.variables import Variable


class Dashboard(Struct, frozen=True):
    """A dashboard before it is laid out.

    Attributes:
        uid: How links and alerts address it; also the name of its file.
        title: As lists of dashboards show it.
        description: The question that it answers.
        variables: What can be chosen, the data source aside; each may read those before it.
        sections: Its panels, the most urgent first.
        hours: So many of the last hours are shown when it is opened.
    """

    uid: str
    title: str
    description: str
    variables: tuple[Variable, ...]
    sections: tuple[Section, ...]
    hours: int = 6
