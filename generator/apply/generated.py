"""The files of ``output/`` for the servers, exactly as they were generated."""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import yaml
from msgspec import Struct

from generator.delivery import mimir
from generator.diagnostics.wording import listed, printable
from generator.model.names import ALERTS_FOLDER, DASHBOARDS_FOLDER, RULES_FOLDER
from generator.output.directory import MANIFEST, EntryKind, check_target, find_entry, located
from generator.output.lock import undisturbed
from generator.output.manifest import hash_of, manifest_of, owned_in
from generator.output.outcome import OutputError, name_of, system_errors

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_AGAIN = "run agent-metrics generate, which replaces what was edited; then apply"


class Generated(Struct, frozen=True):
    """The parts of ``output/`` for servers.

    Attributes:
        dashboards: Grafana's JSON, sorted by file name.
        rule_files: the groups, as read from YAML, by the rule file's name without its directory.
        digest: twelve hex digits that identify the whole output.
        namespaces: the groups of a ruler, by namespace; empty without delivery to a ruler.
    """

    dashboards: tuple[Mapping[str, Any], ...]
    rule_files: Mapping[str, tuple[Mapping[str, Any], ...]]
    digest: str
    namespaces: Mapping[str, tuple[Mapping[str, Any], ...]] = MappingProxyType({})


def read_output(target: Path) -> Generated:
    """Read an output directory, after waiting for a run that is writing it.

    Raises:
        OutputError: it does not exist, a file of it is missing or edited, or a write was not finished.
    """
    place = located(target)
    with system_errors(target, "read"):
        if check_target(place) is EntryKind.MISSING:
            message = f"there is no {name_of(target)}"
            raise OutputError(
                message, "run agent-metrics generate first, or name the output directory with -o"
            )
        return _generated(undisturbed(place, lambda: _verified(place, target)))


def _generated(files: Mapping[str, bytes]) -> Generated:
    dashboards = (
        json.loads(data) for path, data in sorted(files.items()) if path.startswith(DASHBOARDS_FOLDER)
    )
    rules = {
        path.rpartition("/")[2]: tuple(yaml.load(data, yaml.CSafeLoader)["groups"])
        for path, data in sorted(files.items())
        if path.startswith((RULES_FOLDER, ALERTS_FOLDER))
    }
    digest = hash_of(manifest_of(_hashes(files)).encode())[:12]
    spaces = (
        yaml.load(data, yaml.CSafeLoader)
        for path, data in sorted(files.items())
        if path.startswith(f"{mimir.ROOT}/")
    )
    return Generated(
        tuple(dashboards), rules, digest, {one["namespace"]: tuple(one["groups"]) for one in spaces}
    )


def _verified(place: Path, target: Path) -> dict[str, bytes]:
    """Read all files that the manifest lists; other files in the directory are not ours."""
    owned = owned_in(place)
    if not owned:
        message = f"{name_of(target)} has no {MANIFEST}, so agent-metrics did not generate it"
        raise OutputError(message, "run agent-metrics generate, or name the output directory with -o")
    files = {path: data for path in sorted(owned) if (data := _read(place, path)) is not None}
    _refuse(target, "missing", owned.keys() - files.keys())
    _refuse(target, "edited", {path for path, data in files.items() if hash_of(data) not in owned[path]})
    if not _complete(files, (place / MANIFEST).read_bytes()):
        raise OutputError(f"{name_of(target)} is only partly written, or merged by hand", _AGAIN)
    return files


def _read(place: Path, path: str) -> bytes | None:
    entry = find_entry(place, path)
    return (place / path).read_bytes() if entry.path == path and entry.kind is EntryKind.FILE else None


def _refuse(target: Path, fault: str, paths: set[str]) -> None:
    if paths:
        names = listed(map(printable, sorted(paths)))
        raise OutputError(f"{name_of(target)} is not as it was generated; {fault}: {names}", _AGAIN)


def _complete(files: Mapping[str, bytes], manifest: bytes) -> bool:
    """Whether the manifest lists exactly these files; after an unfinished write it does not."""
    try:
        return bool(json.loads(manifest) == json.loads(manifest_of(_hashes(files))))
    except ValueError:
        return False


def _hashes(files: Mapping[str, bytes]) -> dict[str, str]:
    return {path: hash_of(data) for path, data in files.items()}
