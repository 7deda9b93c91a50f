"""A quick answer to whether a value fits one of our schemas, as most values do.

The package jsonschema explains why a value does not fit, and takes a hundred times as long.
"""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING

from jsonschema_rs import Draft202012Validator, Registry

from generator.spec.schema import KINDS, SUFFIX, schema_text

if TYPE_CHECKING:
    from generator.spec.nodes import Plain


def fits(value: Plain, kind: str) -> bool:
    """Whether a value fits the schema of a kind of file; where that is not known for sure, it does not."""
    try:
        return _validator(kind).is_valid(value)
    except ValueError:  # a number that JSON cannot have, such as infinity
        return False


@cache
def _registry() -> Registry:
    return Registry([(f"{kind}{SUFFIX}", json.loads(schema_text(kind))) for kind in KINDS])


@cache
def _validator(kind: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads(schema_text(kind)), registry=_registry())
