"""The labels of foreign metrics that say what labels of ours say, found by their names and values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.discover import meaning
from generator.model.names import RELEASE
from generator.model.streams import ERROR_CLASS, MODEL, STATUS, STOP_REASON, TOKEN_TYPE, TOOL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from generator.discover.foreign import Exposed, Part, Place

_RELEASES = ("release", "version", "app_version", "service_version", "release_version", "build")
_STATUS_WORDS = frozenset({"status", "outcome", "result", "state", "success", "ok", "code"})


def stream_labels(wanted: Iterable[str], parts: Sequence[Part], place: Place) -> dict[str, str]:
    """Find the labels of a stream in its sources."""
    constant = {label for part in parts for label, _ in part.constants}
    found: dict[str, str] = {}
    for label in wanted:
        there = (_FINDERS[label](part.metric, place) for part in parts) if label in _FINDERS else ()
        exposed = next(filter(None, there), "")
        if exposed and label not in constant:
            found[label] = exposed
    return found


def status_label(metric: Exposed, place: Place) -> str:
    """Find the label that says whether it failed: by its name and its values, or one with the error."""
    return next(iter(_outcome_labels(metric, place)), "")


def other_outcomes(metric: Exposed, read: str, place: Place) -> tuple[str, ...]:
    """List the labels that may say otherwise than the one that is read whether it failed."""
    others = [one for one in _outcome_labels(metric, place) if one != read]
    return tuple(one for one in others if _differs(metric, (read, one), place))


def _differs(metric: Exposed, labels: tuple[str, str], place: Place) -> bool:
    """Whether two labels of outcomes contradict each other in a series; a label that only names errors cannot."""
    if meaning.names_errors(labels[1], place.values(metric, labels[1])):
        return False
    return any(
        len({meant for label, value in zip(labels, values, strict=True) for meant in _meant(label, value)})
        > 1
        for values in place.combinations(metric, labels)
    )


def _meant(label: str, value: str) -> Iterable[str]:
    return meaning.outcomes(label, (value,)).values()


def _outcome_labels(metric: Exposed, place: Place) -> list[str]:
    """List the labels with outcomes: their words before codes of HTTP, and these before names of errors."""
    labels = place.labels(metric)
    by_name = sorted(one for one in labels if meaning.words(one) & _STATUS_WORDS)
    errors = sorted(one for one in labels if meaning.words(one) & (meaning.FAILED | {"exception"}))
    found = [one for one in dict.fromkeys((*by_name, *errors)) if _has_outcomes(metric, one, place)]
    return sorted(found, key=lambda one: _vagueness(one, place.values(metric, one)))


def _has_outcomes(metric: Exposed, label: str, place: Place) -> bool:
    return bool(meaning.outcomes(label, place.values(metric, label)))


def _vagueness(label: str, values: Sequence[str]) -> int:
    if meaning.names_errors(label, values):
        return 2
    return int(any(map(meaning.is_http, values)))


def model_label(metric: Exposed, place: Place) -> str:
    """Find the label that names the model, rather the asked than the answering one."""
    found = [one for one in place.labels(metric) if meaning.words(one) & {"model", "llm", "engine"}]
    return min(found, key=lambda one: ("model" not in one, "response" in one, len(one), one), default="")


def _tool(metric: Exposed, place: Place) -> str:
    labels = place.labels(metric)
    found = [
        one
        for one in labels
        if meaning.words(one) & {"tool", "function"} and not meaning.words(one) & {"type", "kind"}
    ]
    default = "name" if "name" in labels and metric.words & meaning.TOOLS else ""
    return min(found, key=_unlike_a_tool, default=default)


def _unlike_a_tool(label: str) -> tuple[bool | int | str, ...]:
    """Prefer what is called a tool and nothing else: a function may be a deployment."""
    found = meaning.in_order(label)
    return {*found} - {"tool", "name"} != set(), "tool" not in found, "name" not in label, len(label), label


def _release(metric: Exposed, place: Place) -> str:
    there = (one for one in _RELEASES if one in place.labels(metric))
    return next((one for one in there if not _is_of_model(metric, one, place)), "")


def _is_of_model(metric: Exposed, label: str, place: Place) -> bool:
    """Whether a label is the version of a served model: a plain number beside the name of the model."""
    values = [value for value in place.values(metric, label) if value]
    return label == "version" and bool(model_label(metric, place)) and all(map(str.isdecimal, values))


def token_label(metric: Exposed, place: Place) -> str:
    """Find the label whose values are types of tokens: one that is called so, else the one with most of them."""
    shares = {
        one: share
        for one in place.labels(metric)
        if (share := meaning.share_of_token_types(one, place.values(metric, one)))
    }
    return min(
        shares,
        key=lambda one: (not meaning.says_token_types(one), -shares[one], "type" not in one, one),
        default="",
    )


def currency_label(metric: Exposed, place: Place) -> str:
    """Find the label of a cost that says its currency."""
    return next((one for one in sorted(place.labels(metric)) if "currency" in meaning.words(one)), "")


def request_label(metric: Exposed, place: Place) -> str:
    """Find the label that says which path or method a request was for."""
    return next((one for one in sorted(place.labels(metric)) if meaning.words(one) & meaning.PATHS), "")


def _error_class(metric: Exposed, place: Place) -> str:
    labels = sorted(place.labels(metric))
    by_name = [one for one in labels if meaning.words(one) & (meaning.FAILED | {"exception"})]
    others = [one for one in labels if meaning.words(one) & {"class", "reason", "code", "kind"}]
    return next((one for one in (*by_name, *others) if any(place.values(metric, one))), "")


def _stop_reason(metric: Exposed, place: Place) -> str:
    labels = sorted(one for one in place.labels(metric) if "reason" in meaning.words(one))
    known = (
        one
        for one in labels
        if {meaning.stop_reason(value) for value in place.values(metric, one)} - {meaning.OTHER}
    )
    return next(known, "")


_FINDERS: Mapping[str, Callable[[Exposed, Place], str]] = {
    STATUS: status_label,
    MODEL: model_label,
    TOOL: _tool,
    RELEASE: _release,
    TOKEN_TYPE: token_label,
    ERROR_CLASS: _error_class,
    STOP_REASON: _stop_reason,
}
