"""Accepted outputs, loaded by a real Prometheus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.live.errors import LiveError
from generator.live.server import ServerConfig

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from generator.live.server import PrometheusServer


def refused(
    server: PrometheusServer, outputs: Sequence[dict[str, str]], folder: Path
) -> list[tuple[int, str]]:
    """Load the rules of all ``outputs`` at once; where that fails, find the faulty ones.

    Returns:
        The index of each output that Prometheus does not load, with the reason.
    """
    said = _loaded(server, outputs, folder)
    if not said:
        return []
    if len(outputs) == 1:
        return [(0, said)]
    half = len(outputs) // 2
    return [
        *refused(server, outputs[:half], folder),
        *((half + index, why) for index, why in refused(server, outputs[half:], folder)),
    ]


def _loaded(server: PrometheusServer, outputs: Sequence[dict[str, str]], folder: Path) -> str:
    """The reason why Prometheus refuses them; empty when it does not."""
    paths = []
    for index, files in enumerate(outputs):
        for name, text in files.items():
            if name.endswith((".rules.yml", ".alerts.yml")):
                paths.append(folder / f"{index}-{name.rpartition('/')[2]}")
                paths[-1].write_text(text, "utf-8")
    try:
        server.load(ServerConfig(rule_files=tuple(paths)))
    except LiveError as problem:
        return str(problem)
    finally:
        for path in paths:
            path.unlink()
    return ""
