"""Ways from one dashboard to another that keep what was chosen and the time range."""

from __future__ import annotations

from generator.grafana.variables import DATASOURCE

_KEPT = f"${{__url_time_range}}&${{{DATASOURCE}:queryparam}}"


def with_everything(uid: str) -> str:
    """Address a dashboard with all that is chosen here."""
    return f"/d/{uid}?${{__all_variables}}&${{__url_time_range}}"


def of_row(uid: str, **fields: str) -> str:
    """Address a dashboard with variables set from the fields of a table's row, by variable."""
    chosen = "&".join(
        f"var-{name}=${{__data.fields.{field}:percentencode}}" for name, field in fields.items()
    )
    return f"/d/{uid}?{_KEPT}&{chosen}"
