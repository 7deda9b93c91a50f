"""What is wrong with a name, and one that would do in its place."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from generator.spec.misfits import fits_pattern

if TYPE_CHECKING:
    from collections.abc import Mapping

#: What a schema says under ``x-form`` of a text that is a name.
NAME = "name"

#: Words that one writes of a name; of anything else nobody knows what name was meant.
_WORDS = re.compile(r"[A-Za-z0-9_.@/ ,;:!?&'()+-]{1,200}")
_BETWEEN = re.compile(r"[ ,;:!?&'()+-]+")


def name_help(text: str, schema: Mapping[str, Any], help_: str) -> str:
    """Say which names there are, after one that the schema takes and that was perhaps meant."""
    if not _WORDS.fullmatch(text):
        return help_
    dashed = _BETWEEN.sub("-", text).strip("-")
    proposals = (dashed, dashed.lower().replace("_", "-"))
    fitting = (each for each in proposals if fits_pattern(schema["pattern"], each))
    proposal = next((each for each in fitting if len(each) <= schema["maxLength"]), None)
    return f"write {proposal}; {help_}" if proposal else help_
