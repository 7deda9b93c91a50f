"""Listed values: the values of a label that a service's profile or the service itself lists."""

from __future__ import annotations

from generator.model import names
from generator.promql.expr import Expr, Series, binary, number
from generator.streams.scope import Scope, each, grouped, having, join, summed


def strays(rates: Series, label: str, scope: Scope) -> Expr:
    """Sum the series with an unlisted value of ``label``, by service and value, where there is a list.

    Args:
        rates: The series of a stream that have the label.
        label: Its name.
        scope: All services.
    """
    by = (label,)
    own = scope.written(names.LABEL_VALUE, **{names.LABEL: label})
    known = Series(names.PROFILE_LABEL_VALUE).where(**{names.LABEL: label})
    lists = grouped(own.now()) | binary(
        "and", scope.record(names.KNOWN).now(), known.now(), on=(names.PROFILE,)
    )
    profile = binary(
        "*",
        grouped(rates.now(), by),
        grouped(scope.record(names.KNOWN).now(), (names.PROFILE,)),
        on=each(),
        group_left=(names.PROFILE,),
    )
    listed = binary("and", profile, known.now(), on=(names.PROFILE, label))
    unlisted = join("and", summed(rates.now(), by) >= number(0), lists)
    unlisted = join("unless", unlisted, grouped(having(own, by).now(), by), by)
    return join("unless", unlisted, listed, by)
