"""The result of a stage: a value, or the diagnostics with the reason why there is none.

The convention of every stage of the compiler: no exception leaves it for bad input; it reports all its findings; and
the value is ``None`` exactly when one of its diagnostics is an error.
"""

from __future__ import annotations

from typing import Generic, TypeVar

from msgspec import Struct

from generator.diagnostics.diagnostic import Diagnostic, has_errors

T = TypeVar("T")


class Result(Struct, Generic[T], frozen=True):
    """A value that may come with warnings, or no value and at least one error."""

    value: T | None
    diagnostics: tuple[Diagnostic, ...] = ()

    @classmethod
    def of(cls, value: T, diagnostics: tuple[Diagnostic, ...] = ()) -> Result[T]:
        """The value, unless one of the diagnostics is an error."""
        return cls(None if has_errors(diagnostics) else value, diagnostics)

    @classmethod
    def failed(cls, *diagnostics: Diagnostic) -> Result[T]:
        """No value; at least one of the diagnostics is an error."""
        return cls(None, diagnostics)
