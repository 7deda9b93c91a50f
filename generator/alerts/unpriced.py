"""Unpriced tokens: a model or token type that is not in the price list, so that cost leaves it out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.alerts import usual
from generator.alerts.condition import SERVICE_VALUE, Ground
from generator.alerts.draft import Draft, Resolved, about_signal
from generator.alerts.guide import OF_RELEASES, Guide, ask
from generator.model import names
from generator.model.alerts import Alert, Tier, Unpriced
from generator.model.panels import UNPRICED
from generator.model.signals import Cost, Tokens
from generator.model.streams import MODEL, TOKEN_TYPE
from generator.promql.expr import Expr, binary, number
from generator.scenarios import PLENTY, SLACK, Subject, TestCase, Traffic, counter, merged
from generator.signals.events import count_at
from generator.signals.prices import without_strays

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.model.service import Service

_ON = (MODEL, TOKEN_TYPE)
_UNKNOWN = "no-such-model"

KEY, KIND = "unpriced", Unpriced
FLOORS: tuple[str, ...] = ()
GUIDE: Guide | None = Guide(
    "Add the model's price to `prices.yaml`, and run `make generate`: until then its cost is missing "
    "everywhere.",
    (
        ask(
            "Which model and which token type is it? The alert's labels name both.",
            ("cost", "Tokens without a price"),
        ),
        ask("Is it new, so that `prices.yaml` lacks it, or spelled there in another way?"),
        ask("Since which release?", ("cost", "Tokens per run by release"), needs=OF_RELEASES),
    ),
)
records, labels, variant_parts = usual.records, usual.labels, usual.variant_parts


def resolve(draft: Draft) -> Iterator[Resolved]:
    """Resolve it for a signal of tokens or of cost."""
    about = about_signal(draft)
    needed = "a signal of tokens or cost"
    if about is not None and about.fits(needed, fits=isinstance(about.signal.kind, Tokens | Cost)):
        yield about.resolved(Unpriced(), draft.unbounded())


def panel(_alert: Alert, _kind: Unpriced) -> str:
    """Link the tokens without a price."""
    return UNPRICED


def expr(alert: Alert, kind: Unpriced, _tier: Tier, ground: Ground) -> Expr:
    """Find such tokens; those of types that no list names are another alert's subject."""
    signal = ground.signal(alert)
    return without_strays(compared(alert, kind, ground), signal.of, ground.scope, signal.window)


def compared(alert: Alert, _kind: Unpriced, ground: Ground) -> Expr:
    """Count tokens of the window by model and type, where no price is recorded."""
    signal = ground.signal(alert)
    used = count_at(signal.of, signal.window, _ON, ground.scope)
    return binary("unless", used > number(0), Expr(names.PRICE), on=_ON)


def sentence(_alert: Alert, _kind: Unpriced, _tier: Tier, _ground: Ground) -> str:
    """Describe the number of tokens, their model and their type."""
    model, kind = (f"{{{{ $labels.{label} }}}}" for label in _ON)
    return (
        f"{SERVICE_VALUE} used {{{{ $value | humanize }}}} {kind} tokens of model {model}, which has no price: "
        "cost_per_run and the budget leave them out."
    )


def words(_alert: Alert, _kind: Unpriced, _tier: Tier, _service: Service) -> str:
    """Describe the condition for people."""
    return "Tokens of a model or a type without a price were used"


def cases(_kind: Unpriced, subject: Subject) -> Iterator[TestCase]:
    """Use a model that is not in the price list."""
    signal, fixture = subject.signal, subject.fixture
    priced = counter(signal.of, Traffic(PLENTY, {}), fixture)
    unknown = counter(signal.of, Traffic(PLENTY, {MODEL: _UNKNOWN}), fixture)
    quiet = subject.timeline.then(subject.alert.for_ + SLACK, priced).quiet(
        "silent while every model has a price"
    )
    lasting = subject.interval + subject.alert.for_
    timeline = subject.fires_and_resolves(
        quiet,
        merged(priced, unknown),
        priced,
        true_after=subject.interval,
        false_after=signal.window,
        value=PLENTY * min(lasting, signal.window),
    )
    (name,) = unknown
    labels = dict(name.labels)
    yield subject.case(
        "fires on a model without a price only",
        timeline,
        ((MODEL, _UNKNOWN), (TOKEN_TYPE, labels[TOKEN_TYPE])),
    )
    yield subject.case("silent on a model with a price", quiet)
    if fixture.shared and TOKEN_TYPE in fixture.listed:
        # Another alert is about it.
        stray = counter(signal.of, Traffic(PLENTY, {TOKEN_TYPE: "no-such-type"}), fixture)
        begun = quiet.then(subject.interval, merged(priced, stray)).then(signal.window, priced)
        (of_type,) = stray
        unlisted = ((MODEL, dict(of_type.labels)[MODEL]), (TOKEN_TYPE, "no-such-type"))
        yield subject.case("silent on a type that no list names", begun.quiet("silent"), unlisted)
