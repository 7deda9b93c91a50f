"""The variables of the dashboards, the selectors that read them, and links that keep their values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.model import names
from generator.model.service import fill_in
from generator.model.streams import MODEL, STOP_REASON, TOOL
from generator.promql.expr import Series

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.grafana.records import Records

#: The name of the data source variable on all dashboards; links and panels refer to it.
DATASOURCE = "datasource"
#: The variable that holds a typed part of services' names.
_NAME = "name"
#: The variable that chooses among a service's own signals.
OWN = names.SIGNAL
#: For each label that a variable offers: its title, and the signals that have its values.
_OFFERED = {
    names.RELEASE: ("Release", ("run_count", "success_rate", "token_usage_per_run")),
    TOOL: ("Tool", ("tool_calls_per_run", "tool_error_rate", "tool_latency_p95")),
    MODEL: ("Model", ("token_usage_per_run", "cost_per_run", "llm_errors_per_run")),
    STOP_REASON: ("Stop reason", ("stop_reason_distribution",)),
}
_ONLY = "Chooses the lines of panels by {}; all other panels show the whole service."


class Variable(Struct, frozen=True):
    """A list of label values to choose from.

    Attributes:
        name: The label, as links spell it.
        title: For people.
        of: The series whose values of the label are offered; None for a typed text.
        besides: Another series whose values are offered as well.
        several: Whether several, or all, can be chosen; they select lines.
        newest_first: Whether the values descend.
        hidden: Whether it has no selection, and only titles read it.
        everything: The pattern of all values; that of an environment also matches services without one.
        label: The label of ``of``, if it is not the name.
        spelled: The spelling of that label's values here.
        said: The panels that read it, for the reader who wonders why the others stay the same.
    """

    name: str
    title: str
    of: Series | None
    several: bool = True
    newest_first: bool = False
    hidden: bool = False
    besides: Series | None = None
    everything: str = ".+"
    label: str = ""
    spelled: tuple[tuple[str, str], ...] = ()
    said: str = ""


def word_variables(records: Records) -> tuple[Variable, ...]:
    """Return the variables with the chosen service's word for a run, within a sentence and at its beginning."""
    info = mine(Series(names.INFO))
    capitals = tuple((word, word.capitalize()) for word in records.words)
    return (
        Variable(names.RUN_WORD, "Run", info, several=False, hidden=True),
        Variable(
            names.RUN_TITLE, "Run", info, several=False, hidden=True, label=names.RUN_WORD, spelled=capitals
        ),
    )


def named() -> Variable:
    """Return the variable for a typed part of services' names, which may be a regular expression."""
    return Variable(_NAME, "Name contains", None, several=False)


def of_name(series: Series) -> Series:
    """Select the services with the typed text in their names."""
    return series.where("=~", **{names.SERVICE: f".*${_NAME}.*"})


def mine(series: Series) -> Series:
    """Select the chosen service."""
    return series.where(**{names.SERVICE: f"${names.SERVICE}"})


def chosen(series: Series, *labels: str) -> Series:
    """Select the chosen service, and of each label the chosen values."""
    return mine(series).where("=~", **{label: f"${label}" for label in labels})


def variables(records: Records, *labels: str) -> tuple[Variable, ...]:
    """Offer the services, and of each label the chosen service's values; a label that no service has is dropped."""
    return (*environment(records), service(records), *_labels(records, labels))


def environment(records: Records) -> tuple[Variable, ...]:
    """Offer the environments; nothing if no service has any."""
    known = Variable(names.ENVIRONMENT, "Environment", Series(names.KNOWN), everything=".*")
    return (known,) if records.environments else ()


def service(records: Records) -> Variable:
    """Offer the known services, including silent ones, and unknown ones that alerts are about.

    If some run in environments, the services of the chosen ones are offered.
    """
    known, alerted = Series(names.KNOWN), Series(names.BOARD_WORST)
    if records.environments:
        there = known.where("=~", **{names.ENVIRONMENT: f"${names.ENVIRONMENT}"})
        return Variable(names.SERVICE, "Service", there, several=False)
    return Variable(names.SERVICE, "Service", known, several=False, besides=alerted)


def own_signals(records: Records) -> tuple[Variable, ...]:
    """Offer the signals that the chosen service declares itself; nothing if no service does."""
    return (Variable(OWN, "Signal", own_values(records)),) if records.own else ()


def own_values(records: Records) -> Series:
    """Select the rows of the status board that are not signals of profiles."""
    of_profiles = [name for name, signal in records.signals.items() if not signal.own]
    return mine(Series(names.BOARD_CURRENT)).none_of(names.SIGNAL, sorted(of_profiles))


def _labels(records: Records, labels: tuple[str, ...]) -> Iterator[Variable]:
    for label in labels:
        title, signals = _OFFERED[label]
        of = records.either(*(records.series(name, label) for name in signals))
        if of:
            yield Variable(
                label, title, mine(of), newest_first=label == names.RELEASE, said=_ONLY.format(title.lower())
            )


def with_everything(uid: str) -> str:
    """Return a dashboard's address with all chosen values."""
    return f"/d/{uid}?${{__all_variables}}&${{__url_time_range}}"


def of_row(uid: str, /, *kept: str, **fields: str) -> str:
    """Return a dashboard's address with the variables ``kept``, and others from the fields of a table's row."""
    parts = (
        "${__url_time_range}",
        *(f"${{{name}:queryparam}}" for name in (DATASOURCE, *kept)),
        *(f"var-{name}=${{__data.fields.{field}:percentencode}}" for name, field in fields.items()),
    )
    return f"/d/{uid}?{'&'.join(parts)}"


def outside(address: str, *, release: str | None) -> str:
    """Fill an address of logs or traces with the chosen service and ``release``, a Grafana expression."""
    return fill_in(address, f"${{{names.SERVICE}:percentencode}}", release)
