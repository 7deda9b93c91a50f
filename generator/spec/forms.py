"""Which of several forms an author meant, judged by how each of them misfits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from msgspec.structs import replace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.spec.misfits import Misfit

Form: TypeAlias = "tuple[Misfit, ...]"
# Keywords of our own, for what JSON Schema says of each form alone.
ONE_OF_KEYS = "one of these keys"
RIVAL_KEYS = "keys of several forms"
NO_FORM = "none of these forms"


def leaves(misfit: Misfit) -> Iterator[Misfit]:
    """The misfits that the author must mend: of the form that was meant where there are several."""
    if not misfit.forms:
        yield misfit
        return
    likely = [form for form in misfit.forms if not any(_is_other_kind(misfit, each) for each in form)]
    if not likely:
        yield replace(misfit, keyword="type", wanted=_kinds(misfit), forms=())
        return
    least = min(map(_distance, likely))
    best = [form for form in likely if _distance(form) == least]
    if len(best) > 1:
        yield _undecided(misfit, best)
        return
    for each in best[0]:
        yield from leaves(each)


def _distance(form: Form) -> tuple[int, int, int, int]:
    """How far a value is from a form: other constants, unknown keys, missing keys, other misfits."""
    constants = sum(each.keyword == "const" for each in form)
    unknown = sum(len(each.extra_keys) for each in form if each.keyword == "additionalProperties")
    missing = sum(each.keyword == "required" for each in form)
    return constants, unknown, missing, len(form)


def _is_other_kind(whole: Misfit, each: Misfit) -> bool:
    """Whether a value is not even of the kind (text, list, ...) that the form wants."""
    if each.path != whole.path:
        return False
    if each.forms:
        return all(any(_is_other_kind(each, part) for part in form) for form in each.forms)
    is_listing = each.keyword in {"enum", "const"}
    return each.keyword == "type" or (is_listing and isinstance(each.instance, dict | list))


def _kinds(misfit: Misfit) -> list[str]:
    kinds = [kind for form in misfit.forms for each in form for kind in _kinds_of(misfit, each)]
    return list(dict.fromkeys(kinds))


def _kinds_of(whole: Misfit, each: Misfit) -> list[str]:
    if not _is_other_kind(whole, each):
        return []
    if each.forms:
        return _kinds(each)
    if each.keyword == "type":
        return [each.wanted] if isinstance(each.wanted, str) else list(each.wanted)
    return ["string"]


def _undecided(whole: Misfit, best: list[Form]) -> Misfit:
    """One misfit that speaks for several forms that are equally near."""
    every = [each for form in best for each in form]
    constants = [each for each in every if each.keyword == "const"]
    if constants and {each.path for each in constants} == {constants[0].path}:
        return replace(constants[0], keyword="enum", wanted=[each.wanted for each in constants])
    own = [each for each in every if each.path == whole.path]
    closed = [each for each in own if each.keyword == "additionalProperties"]
    required = [key for each in own if each.keyword == "required" for key in each.missing_keys]
    if closed:
        return _closed(whole, closed)
    if required:
        return replace(whole, keyword=ONE_OF_KEYS, wanted=list(dict.fromkeys(required)), forms=())
    helps = [each.schema["x-help"] for each in own if "x-help" in each.schema]
    return replace(whole, keyword=NO_FORM, wanted=helps, forms=())


def _closed(whole: Misfit, closed: list[Misfit]) -> Misfit:
    """Of forms that each refuse a key: it is unknown to all, or the keys belong to different forms."""
    known: dict[str, Any] = {key: {} for each in closed for key in each.known_keys}
    schema = {**whole.schema, "properties": known}
    unknown = replace(whole, keyword="additionalProperties", wanted=False, schema=schema, forms=())
    if unknown.extra_keys:
        return unknown
    rivals = {key for each in closed for key in each.extra_keys}
    wanted = [key for key in whole.instance if key in rivals]
    return replace(whole, keyword=RIVAL_KEYS, wanted=wanted, forms=())
