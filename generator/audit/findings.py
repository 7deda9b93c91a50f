"""What an audit finds: a diagnostic that points into the spec, and the change of the spec that would settle it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.diagnostics import Diagnostic, Severity

if TYPE_CHECKING:
    from generator.audit.seen import Seen


class Fix(Struct, frozen=True):
    """YAML to put into ``file``; what stands there under the same keys is replaced.

    ``copy_of`` is the shipped file that ``file`` has to be a copy of; empty for a file that is there.
    """

    file: str
    yaml: str
    copy_of: str = ""


class Finding(Struct, frozen=True):
    """A difference between a spec and what is there, of ``metric`` if it is not empty."""

    diagnostic: Diagnostic
    metric: str = ""
    fix: Fix | None = None


def violation(code: str, message: str, seen: Seen, path: str, help_: str = "") -> Diagnostic:
    """Say that the spec and what is there contradict each other; ``path`` is what of the spec, as in origins."""
    return Diagnostic(code, Severity.ERROR, message, seen.service.where(path), help_)


def suspicion(code: str, message: str, seen: Seen, path: str, help_: str = "") -> Diagnostic:
    """Say what looks wrong, and may have another reason."""
    return Diagnostic(code, Severity.WARNING, message, seen.service.where(path), help_)


def remark(code: str, message: str, seen: Seen, path: str, help_: str = "") -> Diagnostic:
    """Say what is worth to know, and no fault."""
    return Diagnostic(code, Severity.INFO, message, seen.service.where(path), help_)
