"""Findings of an audit: a diagnostic with a place in the spec, and the change of the spec that would resolve it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.diagnostics import Diagnostic, Severity

if TYPE_CHECKING:
    from generator.audit.seen import Observed


class Fix(Struct, frozen=True):
    """YAML to put into ``file``, in place of its values under the same keys.

    ``copy_of`` is the shipped file that must first be copied to ``file``; empty for an existing file.
    """

    file: str
    yaml: str
    copy_of: str = ""


class Finding(Struct, frozen=True):
    """A difference between a spec and the existing series, of ``metric`` if it is not empty."""

    diagnostic: Diagnostic
    metric: str = ""
    fix: Fix | None = None


def violation(code: str, message: str, seen: Observed, path: str, help_: str = "") -> Diagnostic:
    """Report a contradiction between the spec and the series; ``path`` is the part of the spec, as in origins."""
    return Diagnostic(code, Severity.ERROR, message, seen.service.where(path), help_)


def suspicion(code: str, message: str, seen: Observed, path: str, help_: str = "") -> Diagnostic:
    """Report a probable error that may have another reason."""
    return Diagnostic(code, Severity.WARNING, message, seen.service.where(path), help_)


def remark(code: str, message: str, seen: Observed, path: str, help_: str = "") -> Diagnostic:
    """Report a fact worth knowing that is no fault."""
    return Diagnostic(code, Severity.INFO, message, seen.service.where(path), help_)
