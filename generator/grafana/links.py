"""Links from one dashboard to another that keep the chosen values and the time range."""

from __future__ import annotations

from generator.grafana.variables import DATASOURCE
from generator.model import names
from generator.model.service import fill_in


def with_everything(uid: str) -> str:
    """Return a dashboard's address with all chosen values."""
    return f"/d/{uid}?${{__all_variables}}&${{__url_time_range}}"


def of_row(uid: str, *kept: str, **fields: str) -> str:
    """Return a dashboard's address with the variables ``kept``, and others from the fields of a table's row."""
    parts = (
        "${__url_time_range}",
        *(f"${{{name}:queryparam}}" for name in (DATASOURCE, *kept)),
        *(f"var-{name}=${{__data.fields.{field}:percentencode}}" for name, field in fields.items()),
    )
    return f"/d/{uid}?{'&'.join(parts)}"


def outside(address: str, *, release: str | None) -> str:
    """Fill an address of logs or traces with the chosen service and ``release``, a Grafana expression."""
    return fill_in(address, f"${{{names.SERVICE}:percentencode}}", release)
