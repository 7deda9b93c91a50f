"""The labels of foreign metrics that say what labels of ours say, and the meaning of those with outcomes.

They are found by their names and values. A profile has one translation of the label ``status``: a stream whose status
means something else is split by ``where``.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from generator.discover import meaning
from generator.model.names import RELEASE
from generator.model.streams import ERROR_CLASS, MODEL, STATUS, STOP_REASON, TOKEN_TYPE, TOOL
from generator.promql.expr import escape_regex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from generator.discover.foreign import Exposed, Part, Place, StreamDraft

_RELEASES = ("release", "version", "app_version", "service_version", "release_version", "build")
#: The largest number of listed values of one meaning.
_MOST_PATTERNS = 40
#: The ends of names of exceptions.
_CLASSES = ("Error", "Exception")
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


class StatusMeaning(Struct, frozen=True):
    """The meaning of each value of a label, and whether it names errors, of which there may be new ones."""

    label: str
    means: Mapping[str, str]
    names_errors: bool

    def of(self, meant: str) -> list[str]:
        """List the values with a meaning."""
        return [value for value, each in self.means.items() if each == meant]

    @property
    def successes(self) -> list[str]:
        """Write the patterns of successes: the seen values, else the usual ones."""
        ok = self.of(meaning.OK)
        if self.names_errors and not ok:
            return [""]
        return self._with_codes(ok, ("ok", "success"), ("2..", "3.."))

    @property
    def errors(self) -> list[str]:
        """Write the patterns of failures: any text where a label names the error, else the seen or usual ones."""
        ok, bad = self.of(meaning.OK), self.of(meaning.ERROR)
        if self.names_errors and set(ok) <= {""}:
            return [".+"]
        if self.names_errors and all(one.endswith(_CLASSES) for one in bad) and not _of_class(ok):
            return [f".*{end}" for end in _CLASSES]
        return self._with_codes(bad, ("error", "failed", "failure"), ("4..", "5.."))

    @property
    def is_closed(self) -> bool:
        """Whether the patterns give a meaning to values that were never seen, too."""
        return not self.names_errors or self.errors[0].startswith(".")

    def _with_codes(self, seen: Sequence[str], usual: Sequence[str], codes: Sequence[str]) -> list[str]:
        """Write values as patterns, codes of HTTP as their classes."""
        plain = [one for one in seen if not meaning.is_http(one)]
        if any(map(meaning.is_http, self.means)):
            return [*value_patterns(plain), *codes]
        return value_patterns(plain or usual)


def _of_class(values: Iterable[str]) -> bool:
    return any(one.endswith(_CLASSES) for one in values)


def value_patterns(values: Iterable[str]) -> list[str]:
    """Write values of one meaning as patterns, up to a number of them."""
    return list(islice(map(escape_regex, values), _MOST_PATTERNS))


def status_meaning(label: str, values: Sequence[str]) -> StatusMeaning:
    """Read the values of a label; where one is a yes or a no, the other one has a meaning before it is seen."""
    means, names_errors = meaning.outcomes(label, values), meaning.names_errors(label, values)
    others = () if names_errors else meaning.opposites(means)
    return StatusMeaning(
        label, {**meaning.outcomes(label, others), **means} if others else means, names_errors
    )


def merged_meanings(readings: Sequence[StatusMeaning]) -> StatusMeaning:
    """Read several labels that agree as one."""
    means = {value: meant for one in reversed(readings) for value, meant in one.means.items()}
    ordered = {value: means[value] for one in readings for value in one.means}
    return StatusMeaning(readings[0].label, ordered, readings[0].names_errors)


def told_apart(feeds: Iterable[StreamDraft], place: Place) -> tuple[StreamDraft, ...]:
    """Split the streams whose status means something else than that of the first one, and say so."""
    kept: list[StatusMeaning] = []
    found = []
    for feed in feeds:
        reading = _reading(feed, place)
        if reading and kept and not _agree(kept, reading):
            doubt = (
                f"{feed.parts[0].metric.name}: {reading.label} does not mean what {kept[0].label} means elsewhere, "
                "so where and set tell its values apart"
            )
            found.append(replace(_split(feed, reading), doubts=(doubt,)))
            continue
        kept += [reading] if reading else []
        found.append(feed)
    return tuple(found)


def _reading(feed: StreamDraft, place: Place) -> StatusMeaning | None:
    label = feed.labels.get(STATUS)
    if not label:
        return None
    values = {value: None for part in feed.parts for value in place.values(part.metric, label)}
    return status_meaning(label, list(values))


def _agree(kept: Sequence[StatusMeaning], other: StatusMeaning) -> bool:
    """Whether both can share a translation: each value means the same in both, and so do new values."""
    known = merged_meanings(kept)
    if known.names_errors != other.names_errors:
        return False
    if any(other.means.get(value, meant) != meant for value, meant in known.means.items()):
        return False
    one, two = set(known.of(meaning.OK)), set(other.of(meaning.OK))
    return not known.names_errors or one == two or not one or not two


def _split(feed: StreamDraft, reading: StatusMeaning) -> StreamDraft:
    """Give each meaning a part of its own."""
    patterns = ((meaning.OK, reading.successes), (meaning.ERROR, reading.errors))
    parts = tuple(
        _where(part, reading.label, tuple(some), meant) for part in feed.parts for meant, some in patterns
    )
    labels = {name: label for name, label in feed.labels.items() if name != STATUS}
    return replace(feed, parts=parts, labels=labels)


def _where(part: Part, label: str, patterns: tuple[str, ...], meant: str) -> Part:
    metric = replace(part.metric, where=(*part.metric.where, (label, patterns)))
    return replace(part, metric=metric, constants=(*part.constants, (STATUS, meant)))


def doubts_of_errors(feeds: Iterable[StreamDraft], place: Place) -> Iterator[str]:
    """Tell the assumptions about labels that name errors."""
    for feed in feeds:
        reading = _reading(feed, place)
        if reading is None or not reading.names_errors:
            continue
        name = feed.parts[0].metric.name
        if not reading.of(meaning.OK):
            yield f"{name}: every {reading.label} seen is an error; a series without it is taken as a success"
        elif not reading.is_closed:
            yield (
                f"{name}: a new {reading.label} is no success, and is counted as an error once status lists it"
            )
