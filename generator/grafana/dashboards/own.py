"""The signals of a service beyond its profile: a panel for each of them, by a variable.

The dashboards are the same for all services, so the signals are unknown until a service is chosen: a panel is repeated
for each signal of the status board that is not a profile's. It has one query for each unit, of which one returns data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from generator.grafana import colours, grammar
from generator.grafana.layout import Section, even
from generator.grafana.panels import Panel, Query
from generator.grafana.variables import OWN, own_values
from generator.model import names
from generator.model.units import Unit

if TYPE_CHECKING:
    from generator.grafana.records import Records

_SCALES = {
    Unit.RATIO: grammar.BAD_SHARE,
    Unit.SECONDS: grammar.DURATION,
    Unit.USD: grammar.MONEY,
    Unit.COUNT: grammar.COUNT,
}


def section(records: Records) -> tuple[Section, ...]:
    """Declare the section; none if no service has signals of its own."""
    if not records.own:
        return ()
    return (Section("This service's own signals", (even(7, signal(records)),), own_values(records)),)


def signal(records: Records) -> Panel:
    """Draw one own signal, in any unit."""
    series = own_values(records).where("=~", **{names.SIGNAL: f"${OWN}"})
    values = (
        Query(
            series.where(**{names.UNIT: str(unit)}).now(),
            f"{{{{{names.TITLE}}}}}",
            rare=True,
            colour=colours.BLUE,
            scale=scale,
        )
        for unit, scale in _SCALES.items()
    )
    panel = grammar.lines(
        grammar.COUNT,
        f"${{{OWN}}}",
        "A signal that the service's spec declares beyond its profile, in its own unit, as on the status board.",
        *values,
    )
    return replace(panel, repeat=OWN, empty="This service declares no signals of its own.")
