"""What a service measures beyond its profile: a panel for each of its own signals, found by a variable.

The dashboards are the same for all services, so what is drawn is not known before a service is chosen: a panel is
repeated for each signal that is on the status board and not a profile's; of its queries, one a unit, one answers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from generator.grafana import colours, grammar
from generator.grafana.layout import Section, even
from generator.grafana.panels import Query
from generator.grafana.variables import OWN, own_values
from generator.model import names
from generator.model.units import Unit

if TYPE_CHECKING:
    from generator.grafana.panels import Panel
    from generator.grafana.records import Records

_SCALES = {
    Unit.RATIO: grammar.BAD_SHARE,
    Unit.SECONDS: grammar.DURATION,
    Unit.USD: grammar.MONEY,
    Unit.COUNT: grammar.COUNT,
}


def section(records: Records) -> tuple[Section, ...]:
    """Declare the section; none where no service has signals of its own."""
    return (Section("This service's own signals", (even(7, signal(records)),)),) if records.own else ()


def signal(records: Records) -> Panel:
    """Draw one own signal, whatever its unit."""
    found = own_values(records).where("=~", **{names.SIGNAL: f"${OWN}"})
    values = (
        Query(
            found.where(**{names.UNIT: str(unit)}).now(),
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
