"""Colours with a meaning: a status, a stop reason or an outcome looks the same on every panel.

The hues of the statuses and of the families of stop reasons differ under the common colour deficiencies.
"""

from __future__ import annotations

from msgspec import Struct

BLUE = "#3D8EE0"
SKY = "#7CC4F0"
NAVY = "#2A5C99"
TEAL = "#2A9D8F"
GREEN = "#1F8A70"
AMBER = "#E6A117"
ORANGE = "#E07B39"
RED = "#CC3D4A"
PURPLE = "#9B72CF"
PINK = "#D886B8"
GREY = "#7A828C"
#: Releases before the newest one, in shades of this colour.
EARLIER = "#8E979F"
#: For numbers that are neither good nor bad, beside others: the colour of text, on a dark and on a light background.
TEXT = "text"
#: The one colour of objectives, on a dark and on a light background.
OBJECTIVE = "#A0A7B0"
#: The part of a budget from which it is nearly used.
NEARLY = 0.8
#: The steps of a part of a budget that is nearly used, and of a part of an objective that is more than used: never
#: red, which only a critical alert is.
NEARLY_USED = ((None, TEXT), (NEARLY, AMBER))
MORE_THAN_USED = ((None, TEXT), (1.000001, AMBER))


class Status(Struct, frozen=True):
    """A status of the board: its number, its text and its colour."""

    code: float
    text: str
    colour: str


OK = Status(0, "OK", GREEN)
WARNING = Status(1, "WARNING", AMBER)
CRITICAL = Status(2, "CRITICAL", RED)
#: No recorded status has this number: sorted by it, no data is worse than OK and better than a warning.
NO_DATA = Status(0.5, "NO DATA", GREY)

#: For a signal without a value because nothing finished, and for a number of runs that fell to zero.
NO_RUNS = Status(0.7, "NO RUNS", "#4A6A8C")

#: For a signal that some profile does not measure, and that had no value within a day.
NOT_MEASURED = Status(-1, "NO METRIC", GREY)

#: For a signal that no alert of the service watches: nobody would be told.
UNWATCHED = Status(-0.5, "UNWATCHED", "#5B626B")

STATUSES = (NOT_MEASURED, UNWATCHED, OK, NO_DATA, NO_RUNS, WARNING, CRITICAL)

#: For an alert that pages nobody, and so is no status.
INFO = Status(0, "INFO", BLUE)

OUTCOMES = {"ok": GREEN, "error": RED, "other": GREY}

#: Completed is calm, limits are warm, errors are red to purple, decisions of people or providers are blue to grey.
STOP_REASONS = {
    "completed": "#2E6F63",
    "max_steps": AMBER,
    "max_tokens": "#F2CC5B",
    "context_exceeded": "#B7791F",
    "budget_exceeded": "#8A6A12",
    "timeout": ORANGE,
    "tool_error": RED,
    "step_error": PURPLE,
    "invalid_output": PINK,
    "content_filter": BLUE,
    "refusal": SKY,
    "guardrail": NAVY,
    "paused": "#A9B7C6",
    "cancelled": GREY,
    "other": "#5B626B",
}

TOKEN_TYPES = {
    "prompt": BLUE,
    "completion": ORANGE,
    "cached": SKY,
    "cache_write": NAVY,
    "reasoning": PURPLE,
    "other": GREY,
}

#: The reasons why a step's tokens were not counted, or only partly.
UNREAD_REASONS = {"none": GREEN, "missing": GREY, "unknown": ORANGE, "contradicted": PURPLE}

#: Failed services are warm, refusals blue to grey, our own mistakes purple to teal.
ERROR_CLASSES = {
    "timeout": ORANGE,
    "connection": "#B7791F",
    "server_error": RED,
    "overloaded": AMBER,
    "rate_limit": BLUE,
    "quota": NAVY,
    "auth": SKY,
    "permission": "#A9B7C6",
    "tool_validation": PURPLE,
    "invalid_request": PINK,
    "invalid_response": TEAL,
    "context_length": "#6C4AA0",
    "content_policy": "#B45C8C",
    "not_found": "#2E6F63",
    "tool_error": "#8C2F39",
    "cancelled": GREY,
    "other": "#5B626B",
}

#: Names without a meaning of their own, such as tools and models, take these in turn: no green and no red among them.
#: For many names, lighter and then darker ones follow.
PALETTE = (
    *(BLUE, ORANGE, PURPLE, "#D9C04A", SKY, PINK, TEAL, "#A9744F"),
    *("#86B6EC", "#EDB08A", "#C3A9E3", "#B3A13C", "#4FA3D1", "#B4628F", "#6CC4B9", "#C9A084"),
    *("#2B639D", "#A8521E", "#6C4AA0", "#8F7F1F", "#35708F", "#8A4A70", "#4B4F9E", "#7A5236"),
)

#: The median is unremarkable, the tail hurts.
QUANTILES = {"p50": SKY, "p95": BLUE, "p99": PURPLE}
