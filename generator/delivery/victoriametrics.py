"""``victoriametrics``: the rules as VMRules, for the VictoriaMetrics operator.

VictoriaMetrics' ``rate`` begins with the last sample before its window, so that windows of a rule interval tile time;
Prometheus needs a scrape more for that, which would count increases twice here.

vmalert fills in templates in the labels of recording rules as well, where Prometheus has plain text, such as the title
of a signal. So the beginnings of templates are written as templates of themselves there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from generator.artifact import Artifact
from generator.delivery.deliver import SMALLER_SERVICE, Limit, RuleText, nothing
from generator.delivery.kubernetes import ObjectKind, kustomization, rules_object
from generator.model.units import duration

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from generator.model.delivery import VictoriaMetrics
    from generator.model.service import Service, Site
    from generator.prometheus.alertmanager import Routing

ROOT = "victoriametrics"
_TEMPLATE, _OF_ITSELF = "{{", "{{`{{`}}"
_VM_RULE = ObjectKind("VMRule", "operator.victoriametrics.com/v1beta1")
LIMITS: tuple[Limit, ...] = (
    Limit(
        f"{ROOT}/",
        524_288,
        "the VictoriaMetrics operator accepts at most 524,288 bytes for a VMRule",
        SMALLER_SERVICE,
    ),
)
#: Grafana uses the same dashboards.
of_dashboards = nothing


def of_service(service: Service, rules: RuleText, options: VictoriaMetrics, site: Site) -> Iterator[Artifact]:
    """Write the VMRule of a service."""
    prometheus, here = (
        f"}}[{duration(window)}]" for window in (site.of(service).raw_window, site.rule_interval)
    )
    yield _rule(replace(rules, groups=rules.groups.replace(prometheus, here)), options)


def of_all(
    shared: Sequence[RuleText], routes: Sequence[Routing], options: VictoriaMetrics
) -> Iterator[Artifact]:
    """Write the VMRules of the shared rules, and the list of all objects."""
    yield from (_rule(rules, options) for rules in shared)
    names = [*(rules.name for rules in shared), *(one.service for one in routes)]
    yield kustomization(ROOT, (f"{name}.yaml" for name in names))


def _rule(rules: RuleText, options: VictoriaMetrics) -> Artifact:
    plain = replace(rules, groups="".join(_literal(rules.groups)))
    text = rules_object(_VM_RULE, plain, options.namespace, dict(options.rule_labels))
    return Artifact(f"{ROOT}/{rules.name}.yaml", text)


def _literal(groups: str) -> Iterator[str]:
    """Yield the lines of rule groups, with the labels of recording rules as plain text."""
    key, is_record, inner = "", False, 0
    for line in groups.splitlines(keepends=True):
        text = line.lstrip(" ")
        depth = len(line) - len(text)
        if text.startswith(("- record:", "- alert:")):
            key, is_record, inner = "", text.startswith("- record:"), depth + 2
        elif depth <= inner:
            key = text.partition(":")[0] if depth == inner else ""
        yield line.replace(_TEMPLATE, _OF_ITSELF) if is_record and key == "labels" else line
