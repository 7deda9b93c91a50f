"""Colours with a meaning: a status, a stop reason or an outcome looks the same wherever it is drawn.

The hues of the statuses and of the families of stop reasons stay apart under the common colour deficiencies.
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
#: Releases before the newest one, in shades of it.
EARLIER = "#8E979F"
#: The one colour of what was promised, on a dark and on a light background.
OBJECTIVE = "#A0A7B0"


class Status(Struct, frozen=True):
    """A status of the board: the number that stands for it, what is written, and its colour."""

    code: float
    text: str
    colour: str


OK = Status(0, "OK", GREEN)
WARNING = Status(1, "WARNING", AMBER)
CRITICAL = Status(2, "CRITICAL", RED)
#: No recorded status has this number: sorted by it, no data is worse than OK and better than a warning.
NO_DATA = Status(0.5, "NO DATA", GREY)

#: Of a signal that has no value because nothing finished, and of a number of runs that fell to none.
NO_RUNS = Status(0.7, "NO RUNS", "#4A6A8C")

#: Of a signal that some profile does not measure, and that had no value within a day.
NOT_MEASURED = Status(-1, "UNMEASURED", GREY)

STATUSES = (NOT_MEASURED, OK, NO_DATA, NO_RUNS, WARNING, CRITICAL)

#: Of an alert that wakes nobody, and so is no status.
INFO = Status(0, "INFO", BLUE)

OUTCOMES = {"ok": GREEN, "error": RED, "other": GREY}

#: Finished is calm, limits are warm, errors red to purple, what people or providers decided is blue to grey.
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

#: Why the tokens of a step were not counted, or not all of them.
UNREAD_REASONS = {"none": GREEN, "missing": GREY, "unknown": ORANGE, "contradicted": PURPLE}

#: Down is warm, refusing us blue to grey, our own mistakes purple to teal.
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

#: What has no meaning by itself, as tools and models, in turn: no green and no red among them. Lighter, then darker
#: ones follow where there are many.
PALETTE = (
    *(BLUE, ORANGE, PURPLE, "#D9C04A", SKY, PINK, TEAL, "#A9744F"),
    *("#86B6EC", "#EDB08A", "#C3A9E3", "#B3A13C", "#4FA3D1", "#B4628F", "#6CC4B9", "#C9A084"),
    *("#2B639D", "#A8521E", "#6C4AA0", "#8F7F1F", "#35708F", "#8A4A70", "#4B4F9E", "#7A5236"),
)

#: Half of the runs are unremarkable, the tail is what hurts.
QUANTILES = {"p50": SKY, "p95": BLUE, "p99": PURPLE}
