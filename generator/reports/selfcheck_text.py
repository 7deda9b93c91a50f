"""The checklist as text for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from generator.checks.selfcheck import SelfCheck


def selfcheck_text(checked: Sequence[SelfCheck]) -> str:
    """Write a line for each service, and below it the missing parts and how to add them."""
    width = max((len(one.service) for one in checked), default=0)
    return "".join(f"{line}\n" for one in checked for line in _service(one, width))


def _service(one: SelfCheck, width: int) -> Iterator[str]:
    yield f"{one.service:<{width}}  Progress: {one.progress}"
    for item in one.items:
        if item.missing:
            yield f"  [ ] {item.name}"
            for missing, how in zip(item.missing, item.how_to_add, strict=True):
                yield f"      missing: {missing}"
                yield f"      {how}"
    if one.not_measured:
        yield f"  {one.profile} does not measure {', '.join(one.not_measured)}"
    if one.missing_of_minimum:
        yield f"  the minimum first-release set lacks {', '.join(one.missing_of_minimum)}"
