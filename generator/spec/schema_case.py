"""A finding with its surroundings: all that its words are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from generator.spec.schema_words import help_of, subject

if TYPE_CHECKING:
    from generator.spec.document import Document
    from generator.spec.nodes import Node
    from generator.spec.schema_findings import Finding
    from generator.spec.schema_validator import Schema


class Case(Struct, frozen=True):
    """A finding in its document, and the schema that it comes from."""

    finding: Finding
    document: Document
    schema: Schema

    @property
    def wanted(self) -> Any:  # noqa: ANN401 - the value of a keyword of JSON Schema
        """The value of the keyword that fails."""
        return self.finding.misfit.wanted

    @property
    def instance(self) -> Any:  # noqa: ANN401 - whatever the document holds
        """The value that fails, plain."""
        return self.finding.misfit.instance

    @property
    def subject(self) -> str:
        """The place of the value in words."""
        return subject(self.finding.misfit.path)

    @property
    def node(self) -> Node:
        """The value as written."""
        return self.document.at(self.finding.misfit.path)

    @property
    def help(self) -> str:
        """The schema's own words on how to write the value."""
        return help_of(self.schema.annotated(self.finding.misfit.schema_path))

    @property
    def advice(self) -> str:
        """What of ``help`` says how to write the value, without what says what it is."""
        schemas = self.schema.annotated(self.finding.misfit.schema_path)
        return self.help if any("x-help" in each for each in schemas) else ""

    def key_schemas(self, key: str) -> list[dict[str, Any]]:
        """The schemas of a key of the value."""
        path = (*self.finding.misfit.schema_path[:-1], "properties", key, "")
        return self.schema.annotated(path)
