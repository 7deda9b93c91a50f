"""JSON Schema with two keywords of our own; the only module that imports it when the program runs."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator, ValidationError, validators
from msgspec import Struct, field
from referencing import Registry, Resource
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

from generator.spec.schema_errors import Violation, fits_pattern, twins

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from generator.spec.nodes import Step


def _pattern(
    _validator: object, pattern: str, instance: object, _schema: object
) -> Iterator[ValidationError]:
    """As JSON Schema means it."""
    if isinstance(instance, str) and not fits_pattern(pattern, instance):
        yield ValidationError("does not match the pattern")


def _unique(
    _validator: object, unique: object, instance: object, _schema: object
) -> Iterator[ValidationError]:
    """In linear time; jsonschema's own is quadratic for lists of mappings."""
    if unique and isinstance(instance, list) and twins(instance):
        yield ValidationError("has equal items")


_extend: Any = validators.extend  # its stub has no types
_Validator = _extend(Draft202012Validator, {"pattern": _pattern, "uniqueItems": _unique})


def _violation(error: Any) -> Violation:  # noqa: ANN401 - ValidationError, whose stubs make every field optional
    by_form = groupby(error.context, key=lambda each: each.relative_schema_path[0])
    return Violation(
        error.validator or "",
        tuple(error.absolute_path),
        tuple(error.absolute_schema_path),
        error.instance,
        error.validator_value,
        error.schema if isinstance(error.schema, dict) else {},
        tuple(tuple(map(_violation, errors)) for _, errors in by_form),
    )


class Subschema(Struct, frozen=True):
    """A part of a schema, and the resolver of its references."""

    contents: Any
    resolver: Any

    def child(self, step: Step) -> Subschema | None:
        """The part under a key or an index."""
        if isinstance(self.contents, dict) and step in self.contents:
            return Subschema(self.contents[step], self.resolver)
        if isinstance(self.contents, list) and isinstance(step, int) and 0 <= step < len(self.contents):
            return Subschema(self.contents[step], self.resolver)
        return None

    def target(self) -> Subschema | None:
        """The target of its ``$ref``."""
        reference = self.contents.get("$ref") if isinstance(self.contents, dict) else None
        if not isinstance(reference, str):
            return None
        try:
            resolved = self.resolver.lookup(reference)
        except Unresolvable:
            return None
        return Subschema(resolved.contents, resolved.resolver)

    def aliases(self) -> list[Subschema]:
        """The part itself, and the chain of its references."""
        chain = [self]
        while (target := chain[-1].target()) is not None and target not in chain:
            chain.append(target)
        return chain


class Schema(Struct, frozen=True):
    """A compiled schema.

    Attributes:
        root: Its contents.
        validator: The compiled form.
        elsewhere: By keys that it does not know of the whole document, the files of specs that have them.
    """

    root: Subschema
    validator: Any
    elsewhere: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, contents: Mapping[str, Any], shared: Iterable[Mapping[str, Any]]) -> Schema:
        """The schema, with those that it may refer to; no reference is ever fetched."""
        every = [Resource.from_contents(each, DRAFT202012) for each in (*shared, contents)]
        named = [(resource.id() or "", resource) for resource in every]
        registry: Registry[Any] = Registry().with_resources(named)
        resolver = registry.resolver(base_uri=named[-1][0])
        return cls(Subschema(contents, resolver), _Validator(dict(contents), registry=registry))

    def violations(self, instance: object) -> Iterator[Violation]:
        """Find the violations of a plain value."""
        return map(_violation, self.validator.iter_errors(instance))

    @property
    def keys(self) -> Mapping[str, Any]:
        """The keys that the schema knows of the whole document, and their schemas."""
        contents = self.root.contents
        return contents.get("properties", {}) if isinstance(contents, dict) else {}

    def annotated(self, path: Iterable[Step]) -> list[dict[str, Any]]:
        """The schemas of the place that a schema path's last keyword belongs to, the referring one first."""
        part: Subschema | None = self.root
        holders: list[Subschema] = []
        for step in path:
            if part is None:
                break
            holders = part.aliases()
            part = next((below for holder in reversed(holders) if (below := holder.child(step))), None)
        return [holder.contents for holder in holders if isinstance(holder.contents, dict)]
