"""The form of histograms in Prometheus: classic, with a series for each bucket, or native, as one series."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from generator.diagnostics import Findings
    from generator.spec.types import Text

#: The first Prometheus that stores classic histograms as native ones, with the bounds that the source has.
NATIVE_SINCE = (3, 0)
_NATIVE = "native"


def are_native(written: Text | None, oldest: tuple[int, int], findings: Findings, *, default: bool) -> bool:
    """Read whether histograms are native; without the key they are as ``default`` says."""
    if written is None:
        return default
    if written.value == _NATIVE and oldest < NATIVE_SINCE:
        findings.error(
            "site/native-histograms",
            f"native histograms need Prometheus {NATIVE_SINCE[0]}.{NATIVE_SINCE[1]}, and the oldest here is "
            f"{oldest[0]}.{oldest[1]}",
            written.span,
            'if yours is newer, say so in site.yaml: oldest_prometheus: "3.0"; else leave histograms out',
        )
    return written.value == _NATIVE
