"""Names that become file names: no device of Windows, and no two that differ only in case."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from generator.diagnostics import Note
from generator.model.names import is_shared_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from generator.diagnostics import Findings
    from generator.spec.types import Text

# Windows opens the device whatever follows the dot.
_DEVICE = re.compile(r"con|prn|aux|nul|(com|lpt)[0-9]", re.IGNORECASE)


def is_device(name: str) -> bool:
    """Whether a file of that name, with any suffix, is a device on Windows."""
    return bool(_DEVICE.fullmatch(name))


def check_device(name: Text, findings: Findings) -> None:
    """Refuse a name whose file would be a device."""
    if is_device(name.value):
        findings.error(
            "name/device",
            f'files are called after "{name.value}", which is a device on Windows',
            name.span,
            f"choose another name, such as {name.value}{'-agent' if name.value.islower() else 'Alert'}",
        )


def check_shared_files(service: Text, findings: Findings) -> None:
    """Refuse a service whose files would have the names of shared files."""
    if is_shared_name(service.value):
        findings.error(
            "name/shared-file",
            f'files about all services are called "{service.value}"',
            service.span,
            f"choose another name, such as {service.value.removeprefix('agent-')}-agent",
        )


def check_alert_names(names: Iterable[Text], findings: Findings) -> None:
    """Refuse alerts whose runbooks would be the same file, or a device."""
    seen: dict[str, Text] = {}
    for name in names:
        check_device(name, findings)
        first = seen.setdefault(name.value.casefold(), name)
        if first.value != name.value:
            findings.error(
                "name/case",
                f'alerts "{name.value}" and "{first.value}" differ by case only: their runbooks are one file on '
                "some systems",
                name.span,
                f"write {first.value} if that is meant, or choose another name",
                Note("the other one is here", first.span),
            )
