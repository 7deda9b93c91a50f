"""PromQL expressions as values: composed with operators, parenthesised by precedence."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from generator.model.names import is_classic_label
from generator.model.units import duration, plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_ATOM = 7
_META = frozenset(r"\.+*?()|[]{}^")
#: Characters that only UTF-8 names of metrics have: these names are selected by their label.
_BEYOND_PROMQL = frozenset("./-")
#: Text that Grafana may read as a variable in a dashboard's query; a regular expression spells it differently.
_VARIABLE = re.compile(r"\$|\[\[")
_RANKS = {
    "or": 1,
    "and": 2,
    "unless": 2,
    "==": 3,
    "!=": 3,
    "<=": 3,
    "<": 3,
    ">=": 3,
    ">": 3,
    "+": 4,
    "-": 4,
    "*": 5,
    "/": 5,
    "%": 5,
}


class Expr(Struct, frozen=True):
    """PromQL text and how tightly its outermost operator binds."""

    text: str
    rank: int = _ATOM

    def __str__(self) -> str:
        return self.text

    def __add__(self, other: Expr) -> Expr:
        return binary("+", self, other)

    def __sub__(self, other: Expr) -> Expr:
        return binary("-", self, other)

    def __mul__(self, other: Expr) -> Expr:
        return binary("*", self, other)

    def __truediv__(self, other: Expr) -> Expr:
        return binary("/", self, other)

    def __and__(self, other: Expr) -> Expr:
        return binary("and", self, other)

    def __or__(self, other: Expr) -> Expr:
        return binary("or", self, other)

    def __gt__(self, other: Expr) -> Expr:
        return binary(">", self, other)

    def __ge__(self, other: Expr) -> Expr:
        return binary(">=", self, other)

    def __lt__(self, other: Expr) -> Expr:
        return binary("<", self, other)

    def __le__(self, other: Expr) -> Expr:
        return binary("<=", self, other)


MatchOperator = Literal["=", "!=", "=~", "!~"]
#: A label, an operator and a value.
Matcher = tuple[str, MatchOperator, str]


class Series(Struct, frozen=True):
    """A metric or record name with its matchers."""

    name: str
    matchers: tuple[Matcher, ...] = ()

    def where(self, op: MatchOperator = "=", /, **labels: str) -> Series:
        """Add matchers; the first parameters are by position, so that a label may have the name ``op``."""
        return Series(self.name, self.matchers + tuple((name, op, value) for name, value in labels.items()))

    def one_of(self, label: str, values: Sequence[str]) -> Series:
        """Add a matcher for exactly these values, however a dashboard's variables are spelled."""
        if len(values) == 1 and not _VARIABLE.search(values[0]):
            return self.where(**{label: values[0]})
        return self.where("=~", **{label: "|".join(escape_regex(value) for value in values)})

    def none_of(self, label: str, values: Sequence[str]) -> Series:
        """Add a matcher that excludes these values."""
        return self.where("!~", **{label: "|".join(escape_regex(value) for value in values)})

    def now(self, *, offset: int = 0) -> Expr:
        """Select the instant vector, ``offset`` seconds ago."""
        return Expr(_text(self) + _offset(offset))

    def over(self, seconds: int, *, offset: int = 0) -> Expr:
        """Select the range vector of the last ``seconds``."""
        return Expr(f"{_text(self)}[{duration(seconds)}]{_offset(offset)}")

    def sampled(self, seconds: int, step: int) -> Expr:
        """Sample the last ``seconds`` every ``step`` only, which reads a fraction of the samples of ``over``."""
        return Expr(f"{_text(self)}[{duration(seconds)}:{duration(step)}]")


def series(name: str, matchers: Mapping[str, str]) -> Series:
    """Select ``name`` by equality of each label in ``matchers``."""
    return Series(name, tuple([(label, "=", value) for label, value in matchers.items()]))


@lru_cache(maxsize=4096)
def _text(of: Series) -> str:
    """Write a selector; alerts, panels and records share many of them."""
    if not _BEYOND_PROMQL.isdisjoint(of.name):
        return _text(Series("", (("__name__", "=", of.name), *of.matchers)))
    if not of.matchers:
        return of.name
    inside = ",".join(f"{_label_name(name)}{op}{quote(value)}" for name, op, value in sorted(of.matchers))
    return f"{of.name}{{{inside}}}"


def _offset(seconds: int) -> str:
    return f" offset {duration(seconds)}" if seconds else ""


def escape_regex(value: str) -> str:
    """Escape the special characters of a regular expression of Prometheus, and no others.

    A dollar becomes a class of one character, as Grafana reads ``$x`` as its variable even after a backslash.
    """
    return "".join("[$]" if char == "$" else f"\\{char}" if char in _META else char for char in value)


def quote(value: str) -> str:
    """Write a string literal of PromQL; the only way a value of a spec gets into an expression."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _label_name(name: str) -> str:
    """Write the name of a label; a name that is not a plain word is quoted, which Prometheus 3 reads."""
    return name if is_classic_label(name) else quote(name)


def number(value: float) -> Expr:
    """Write a number literal."""
    return Expr(plain(value))


def vector(value: float = 1) -> Expr:
    """Make a vector of one series without labels."""
    return call("vector", number(value))


def call(function: str, *arguments: Expr) -> Expr:
    """Call a function."""
    return Expr(f"{function}({', '.join(argument.text for argument in arguments)})")


def literal(value: str) -> Expr:
    """Write a string as an argument."""
    return Expr(quote(value))


def labelled(expr: Expr, label: str, value: str) -> Expr:
    """Set a label to the same value in every series."""
    return call("label_replace", expr, literal(label), literal(escaped(value)), literal(""), literal(""))


def escaped(value: str) -> str:
    """Escape a value for ``label_replace``: a dollar would be a group."""
    return value.replace("$", "$$")


def aggregate(operator: str, expr: Expr, by: Sequence[str] = ()) -> Expr:
    """Aggregate to one series for each combination of ``by``, or to a single one."""
    grouping = f" by ({', '.join(map(_label_name, by))}) " if by else ""
    return Expr(f"{operator}{grouping}({expr.text})")


def total(expr: Expr, by: Sequence[str] = ()) -> Expr:
    """``sum`` to the labels of ``by``."""
    return aggregate("sum", expr, by)


def top(expr: Expr, by: Sequence[str] = ()) -> Expr:
    """Keep the one largest series, or one for each combination of ``by``."""
    return _single("topk", expr, by)


def bottom(expr: Expr, by: Sequence[str] = ()) -> Expr:
    """Keep the one smallest series, or one for each combination of ``by``."""
    return _single("bottomk", expr, by)


def _single(operator: str, expr: Expr, by: Sequence[str]) -> Expr:
    return aggregate(operator, Expr(f"1, {expr.text}"), by)


def binary(
    op: str,
    left: Expr,
    right: Expr,
    *,
    on: Sequence[str] | None = None,
    group_left: Sequence[str] | None = None,
) -> Expr:
    """Join two expressions; ``on`` and ``group_left`` are the vector matching, where it is not one to one."""
    rank = _RANKS[op]
    matching = "" if on is None else f" on ({', '.join(on)})"
    if group_left is not None:
        matching += f" group_left ({', '.join(map(_label_name, group_left))})"
    left_text = left.text if left.rank >= rank else f"({left.text})"
    right_text = right.text if right.rank > rank else f"({right.text})"
    return Expr(f"{left_text} {op}{matching} {right_text}", rank)


def any_of(exprs: Sequence[Expr]) -> Expr:
    """Join with ``or``, in order."""
    joined = exprs[0]
    for expr in exprs[1:]:
        joined = joined | expr
    return joined


def all_of(exprs: Sequence[Expr]) -> Expr:
    """Join with ``and``, in order."""
    joined = exprs[0]
    for expr in exprs[1:]:
        joined = joined & expr
    return joined
