"""The rule files of each of several Prometheus servers: the shared ones, and those of its services."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.artifact import Artifact
from generator.model import names
from generator.prometheus.block_yaml import block_yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from generator.model.service import Site

_COMMENT = """\
# The rule files of the Prometheus of shard {shard}, by their paths below output/prometheus: those about all services,
# and those of the services that it scrapes. Generated from the specs: change site.yaml, not this file.
"""
_FOLDER = "prometheus/"


def shard_files(
    shared: Iterable[str], of_services: Mapping[str, Sequence[str]], site: Site
) -> Iterator[Artifact]:
    """Write the list of each shard's files.

    Args:
        shared: The paths of the shared rule files.
        of_services: The paths of each service's own rule files, by its name.
        site: The shards.
    """
    common = sorted(path.removeprefix(_FOLDER) for path in shared)
    for shard in site.shards:
        own = [path.removeprefix(_FOLDER) for name in shard.services for path in of_services[name]]
        text = _COMMENT.format(shard=shard.name) + block_yaml({"rule_files": [*common, *sorted(own)]})
        yield Artifact(names.shard_path(shard.name), text)
