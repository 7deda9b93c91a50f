"""What is known of a diagnostic code, for those who ask what it means."""

from __future__ import annotations

from msgspec import Struct


class CodeEntry(Struct, frozen=True):
    """A code: what it says in a few words, why it matters, and a spec that has it and one that has not.

    The examples are whole documents or parts of one; they are empty where the fault is not in a file's text.
    """

    code: str
    title: str
    explanation: str
    example_bad: str = ""
    example_good: str = ""
