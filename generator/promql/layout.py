"""The layout of long expressions: a chain of operators reads from top to bottom, its operands at one margin."""

from __future__ import annotations

import re
import sys
from collections import deque
from functools import lru_cache
from itertools import takewhile
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.promql.syntax import STAND_INS, PromqlError, parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import promql_parser as grammar

_LINE = 90
_INDENT = 2
#: A name that is as wide as it is long, and is written unchanged.
_PLAIN_NAME = re.compile(r"[\w.-]+", re.ASCII)
#: A line that has an operator and how it matches, and no operand.
_OPERATOR = re.compile(
    r"(?:and|or|unless|atan2|[-+*/%^]|[=!<>]=|[<>])(?: bool)?"
    r"(?: (?:on|ignoring) \([^()]*\))?(?: group_(?:left|right) \([^()]*\))?"
)


class _Line(Struct, frozen=True):
    """A line of an expression, and the number of blanks before its text."""

    indent: int
    text: str


@lru_cache(maxsize=4096)
def layout(text: str) -> str:
    """Return ``text`` on one line when it is short, else broken by the structure of the expression.

    The result never begins with blanks: go-yaml spoils such a text, and with it Cortex, Mimir and mimirtool.

    Raises:
        PromqlError: ``text`` is not PromQL.
    """
    tree = parse(text)
    if len(text) <= _LINE:
        return text
    printed = (_Line(len(line) - len(line.lstrip()), line.strip()) for line in tree.prettify().split("\n"))
    pretty = "\n".join(" " * line.indent + line.text for line in _hung(_flush_left(printed)))
    for duration, stand_in in STAND_INS.items():
        pretty = pretty.replace(stand_in, duration)
    # The library's printer does not escape: where a value needs it, our own text is kept.
    return pretty if _only_spaced(pretty, text) or _same(pretty, tree) else text


def layout_alike(text: str, name: str) -> str:
    """Lay ``text`` out like ``layout``, once for all texts that differ only in the label value ``name``.

    A placeholder of the same length replaces the value meanwhile.
    """
    value, aside = f'"{name}"', f'"{"_" * len(name)}"'
    if aside in text or not _PLAIN_NAME.fullmatch(name):
        return layout(text)
    return layout(text.replace(value, aside)).replace(aside, value)


def _flush_left(printed: Iterable[_Line]) -> Iterator[_Line]:
    """Undo the printer's indentation of a chain's first operand, which grows with each operator of the chain.

    Brackets, arguments and right operands each begin a chain of their own, at a deeper margin.
    """
    chains = [_Chain(floor=-1, column=0)]
    for line in printed:
        while line.indent <= chains[-1].floor:
            chains.pop()
        chain = chains[-1]
        chain.margin = min(chain.margin, line.indent)
        column = chain.column + line.indent - chain.margin
        yield _Line(column, line.text)
        if line.text.endswith("("):
            chains.append(_Chain(line.indent, column + _INDENT))
        elif _OPERATOR.fullmatch(line.text):
            chains.append(_Chain(line.indent, column + _INDENT, is_operand=True))
        elif line.text.endswith(","):
            while chains[-1].is_operand:
                chains.pop()
            chains[-1].margin = sys.maxsize


class _Chain(Struct):
    """Operands and operators between brackets, in one argument of a function, or right of an operator.

    Attributes:
        floor: the printer's indentation at which it has ended.
        column: the margin at which it is written.
        margin: the printer's smallest indentation of it so far.
        is_operand: it is right of an operator.
    """

    floor: int
    column: int
    margin: int = sys.maxsize
    is_operand: bool = False


def _hung(lines: Iterable[_Line]) -> Iterator[_Line]:
    """Write an operator and the one operand right of it, or the beginning of its brackets, on one line."""
    left = deque(lines)
    while left:
        line = left.popleft()
        yield _with_operand(line, left) if _OPERATOR.fullmatch(line.text) else line


def _with_operand(operator: _Line, left: deque[_Line]) -> _Line:
    """Take the first line of an operand from those that are left, and dedent its others, where the line fits."""
    operand = list(takewhile(lambda line: line.indent > operator.indent, left))
    line = _Line(operator.indent, f"{operator.text} {operand[0].text}")
    if not _is_one(operand) or line.indent + len(line.text) > _LINE:
        return operator
    for _ in operand:
        left.popleft()
    left.extendleft(_Line(one.indent - _INDENT, one.text) for one in reversed(operand[1:]))
    return line


def _is_one(operand: list[_Line]) -> bool:
    """Whether an operand is a line, or a pair of brackets and their content."""
    margin = operand[0].indent
    return len(operand) == 1 or (
        operand[-1].text == ")" and all(line.indent > margin for line in operand[1:-1])
    )


def _only_spaced(pretty: str, text: str) -> bool:
    """Whether ``pretty`` differs from ``text`` only in spaces and line ends; strings contain no line ends."""
    return text.isprintable() and "".join(pretty.split()) == "".join(text.split())


def _same(text: str, tree: grammar.Expr) -> bool:
    try:
        return str(parse(text)) == str(tree)
    except PromqlError:
        return False
