"""A dashboard as a value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from generator.grafana.layout import Section
    from generator.grafana.variables import Variable


class Dashboard(Struct, frozen=True):
    """A dashboard before it is laid out.

    Attributes:
        uid: Its address for links and alerts; also the name of its file.
        title: Its name in lists of dashboards.
        description: The question that it answers.
        variables: Its variables without the data source; each may read those before it.
        sections: Its panels, the most urgent first.
        hours: The number of hours that it shows when opened.
        tabs: Whether its sections are tabs, where Grafana has some.
    """

    uid: str
    title: str
    description: str
    variables: tuple[Variable, ...]
    sections: tuple[Section, ...]
    hours: int = 6
    tabs: bool = False
