"""``backstage``: the entries of a service's catalog-info.yaml for its dashboards and alerts, to paste there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.artifact import Artifact
from generator.delivery.deliver import GENERATED, Limit, RuleText, nothing
from generator.model.names import DASHBOARDS, GRAFANA_TAG, SERVICE
from generator.prometheus.block_yaml import Mapped, block_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.model.delivery import Backstage
    from generator.model.service import Service, Site

ROOT = "backstage"
LIMITS: tuple[Limit, ...] = ()
#: Links name the dashboards, and every service has a file of its own.
of_dashboards = of_all = nothing
_PASTE = "# Paste this into the component's catalog-info.yaml, beside what its metadata holds.\n"


def of_service(service: Service, rules: RuleText, options: Backstage, site: Site) -> Iterator[Artifact]:  # noqa: ARG001
    """Write the annotations and links of a service."""
    yield Artifact(
        f"{ROOT}/{service.name}.yaml", GENERATED + _PASTE + block_yaml({"metadata": _metadata(service, site)})
    )


def _metadata(service: Service, site: Site) -> Mapped:
    overview = _address(DASHBOARDS["overview"], service, site)
    return {
        "annotations": {
            "grafana/dashboard-selector": f"tags @> '{GRAFANA_TAG}'",
            "grafana/alert-label-selector": f"{SERVICE}={service.name}",
            "grafana/overview-dashboard": overview,
            "prometheus.io/alert": "all",
        },
        "links": [
            {"url": overview, "title": "Overview", "icon": "dashboard"},
            *(
                {
                    "url": _address(uid, service, site),
                    "title": kind.replace("_", " ").capitalize(),
                    "icon": "dashboard",
                }
                for kind, uid in DASHBOARDS.items()
                if kind not in {"overview", "fleet"}
            ),
        ],
    }


def _address(uid: str, service: Service, site: Site) -> str:
    return f"{site.grafana_url}/d/{uid}?var-{SERVICE}={service.name}"
