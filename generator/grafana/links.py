"""Ways from one dashboard to another that keep what was chosen and the time range."""

from __future__ import annotations

from generator.grafana.variables import DATASOURCE
from generator.model import names
from generator.model.links import filled


def with_everything(uid: str) -> str:
    """Address a dashboard with all that is chosen here."""
    return f"/d/{uid}?${{__all_variables}}&${{__url_time_range}}"


def of_row(uid: str, *kept: str, **fields: str) -> str:
    """Address a dashboard with the variables ``kept`` as they are, others from the fields of a table's row."""
    parts = (
        "${__url_time_range}",
        *(f"${{{name}:queryparam}}" for name in (DATASOURCE, *kept)),
        *(f"var-{name}=${{__data.fields.{field}:percentencode}}" for name, field in fields.items()),
    )
    return f"/d/{uid}?{'&'.join(parts)}"


def outside(address: str, *, release: str | None) -> str:
    """Fill an address of logs or traces with the chosen service and ``release``, an expression of Grafana's."""
    return filled(address, f"${{{names.SERVICE}:percentencode}}", release)
