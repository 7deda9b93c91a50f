"""Kinds of tokens: their names in profiles, and the kind that each is a part of."""

from __future__ import annotations

#: By kind: its names in profiles, compared in lower case without separators.
NAMES = {
    "prompt": ("prompt", "input"),
    "completion": ("completion", "output"),
    "cached": ("cached", "cacheread", "cachedinput"),
    "cache_write": ("cachewrite", "cachecreation"),
    "cache_write_5m": ("cachewrite5m", "cachecreation5m", "ephemeral5minput"),
    "cache_write_1h": ("cachewrite1h", "cachecreation1h", "ephemeral1hinput"),
    "tool_use": ("tooluse", "tooluseprompt", "tooluseinput"),
    "audio_input": ("audioinput", "inputaudio", "promptaudio", "audioprompt"),
    "image_input": ("imageinput", "inputimage", "promptimage", "imageprompt"),
    "reasoning": ("reasoning", "thinking", "thoughts"),
    "audio_output": ("audiooutput", "outputaudio", "completionaudio", "audiocompletion"),
    "image_output": ("imageoutput", "outputimage", "completionimage", "imagecompletion"),
}

#: The kind that contains a kind: a profile without the part counts it there, and it costs as much.
PART_OF = {
    "cached": "prompt",
    "cache_write": "prompt",
    "cache_write_5m": "cache_write",
    "cache_write_1h": "cache_write",
    "tool_use": "prompt",
    "audio_input": "prompt",
    "image_input": "prompt",
    "reasoning": "completion",
    "audio_output": "completion",
    "image_output": "completion",
}

#: Service tiers with prices of their own: a service that lists ``MODEL@WAY`` separates its tokens by them.
SERVED = ("batch", "flex", "priority")

_KIND_BY_NAME = {name: kind for kind, names in NAMES.items() for name in names}


def kind_of(token_type: str) -> str | None:
    """Find the kind of a profile's token type; None for a type that no SDK reports."""
    return _KIND_BY_NAME.get(token_type.lower().replace("_", "").replace("-", ""))


def types_by_kind(values: tuple[str, ...]) -> dict[str, str]:
    """Find the token type that counts each kind: its own, or that of the kind that contains it.

    Without a list of values, a type has the name of its kind. A kind that no type counts is left out.
    """
    own = {kind_of(value): value for value in reversed(values)} if values else {kind: kind for kind in NAMES}
    parts = {}
    for kind in NAMES:
        nearest: str | None = kind
        while nearest is not None and nearest not in own:
            nearest = PART_OF.get(nearest)
        if nearest is not None:
            parts[kind] = own[nearest]
    return parts
