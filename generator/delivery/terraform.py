"""``terraform``: a module for the dashboards and the rule files of the output, which does not depend on the specs.

It reads files and includes none: Terraform would interpret ``${`` and ``%{`` in a text, which in dashboards and alerts
are for Grafana and Prometheus.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.artifact import Artifact
from generator.delivery.deliver import GENERATED, Limit, RuleText, nothing
from generator.model.names import GRAFANA_FOLDER, GRAFANA_FOLDER_UID, GRAFANA_TAG

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from generator.model.delivery import Terraform
    from generator.prometheus.alertmanager import Routing

ROOT = "terraform"
LIMITS: tuple[Limit, ...] = ()
#: The module reads the rule files and the dashboards.
of_service = of_dashboards = nothing

_DASHBOARDS = f"""
resource "grafana_folder" "agent_metrics" {{
  uid   = "{GRAFANA_FOLDER_UID}"
  title = "{GRAFANA_FOLDER}"
}}

resource "grafana_dashboard" "agent_metrics" {{
  for_each    = fileset("${{path.module}}/../grafana/dashboards", "*.json")
  folder      = grafana_folder.agent_metrics.uid
  config_json = file("${{path.module}}/../grafana/dashboards/${{each.key}}")
  overwrite   = true
}}
"""

_NAMESPACE = f'{GRAFANA_TAG}-${{replace(trimsuffix(basename(each.key), ".yml"), ".", "-")}}'
_RULE_FILES = 'fileset("${path.module}/../prometheus", "{rules,alerts}/*.yml")'

#: By the destination of the rules: the provider besides Grafana's, with its source, and the resources.
_RULES = {
    "none": ("", "", ""),
    "mimir": (
        "mimir",
        "fgouteroux/mimir",
        f"""
resource "mimir_rules" "agent_metrics" {{
  for_each     = {_RULE_FILES}
  namespace    = "{_NAMESPACE}"
  content_file = "${{path.module}}/../prometheus/${{each.key}}"
}}
""",
    ),
    "amp": (
        "aws",
        "hashicorp/aws",
        f"""
variable "workspace_id" {{
  type        = string
  description = "The workspace of Amazon Managed Prometheus that runs the rules."
}}

resource "aws_prometheus_rule_group_namespace" "agent_metrics" {{
  for_each     = {_RULE_FILES}
  workspace_id = var.workspace_id
  name         = "{_NAMESPACE}"
  data         = file("${{path.module}}/../prometheus/${{each.key}}")
}}
""",
    ),
}


def of_all(shared: Sequence[RuleText], routes: Sequence[Routing], options: Terraform) -> Iterator[Artifact]:  # noqa: ARG001
    """Write the module."""
    yield Artifact(f"{ROOT}/main.tf", _main_tf(options.rules))


def _main_tf(rules: str) -> str:
    """Write the module for rules with the destination ``rules``."""
    name, source, resources = _RULES[rules]
    providers = {"grafana": "grafana/grafana", **({name: source} if name else {})}
    width = max(map(len, providers))
    listing = "".join(
        f'    {each.ljust(width)} = {{ source = "{place}" }}\n' for each, place in providers.items()
    )
    head = f"terraform {{\n  required_providers {{\n{listing}  }}\n}}\n"
    return f"{GENERATED}{head}{_DASHBOARDS}{resources}"
