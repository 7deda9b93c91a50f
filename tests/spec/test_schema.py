"""Schemas: the findings for a document that does not fit, besides the golden files in ``bad``."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from generator.diagnostics import MAX_PER_FILE, Diagnostic, Severity
from generator.spec.schema import compile_schema, load_schema, validate
from generator.spec.schema_words import address_help
from tests.spec.front import SMALL, document, unhurried


def _found(text: str, schema: dict[str, Any]) -> tuple[Diagnostic, ...]:
    Draft202012Validator.check_schema(schema)
    return validate(document(text), compile_schema(schema))


def _codes_and_messages(text: str, schema: dict[str, Any]) -> list[tuple[str, str]]:
    return [(found.code, found.message) for found in _found(text, schema)]


def _of_a(schema: dict[str, Any]) -> dict[str, Any]:
    return {"properties": {"a": schema}}


def test_a_document_that_fits_has_no_findings() -> None:
    assert validate(document("service: a\nowner: b\nlabels: {x: [y]}"), SMALL) == ()


@pytest.mark.parametrize("kind", ["service", "profile", "site", "prices"])
def test_each_kind_of_file_has_a_valid_schema_that_is_compiled_once(kind: str) -> None:
    schema = load_schema(kind)
    Draft202012Validator.check_schema(schema.root.contents)
    assert load_schema(kind) is schema


def test_the_schemas_refer_to_each_other() -> None:
    found = validate(document("scrape_interval: 15"), load_schema("site"))
    assert [(each.code, each.help) for each in found] == [
        ("schema/type", "write a whole number with its unit, such as 30s, 5m, 1h or 30d; 1.5m is 90s")
    ]


def test_importing_the_front_end_does_not_import_jsonschema() -> None:
    code = "import sys, generator.spec.schema, generator.spec.document; sys.exit('jsonschema' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_findings_stand_in_the_order_of_the_file() -> None:
    text = "zz: 1\nreplicas: 0\nowner: 5\naa: 1\nservice: A"
    spans = [found.span for found in validate(document(text), SMALL)]
    assert [span.line for span in spans if span] == [1, 2, 3, 4, 5]


def test_a_file_with_many_misfits_is_cut_and_the_rest_counted() -> None:
    text = "service: a\nowner: b\n" + "".join(f"key{i}: x\n" for i in range(MAX_PER_FILE + 5))
    found = validate(document(text), SMALL)
    assert len(found) == MAX_PER_FILE + 1
    assert found[-1].severity is Severity.WARNING
    assert found[-1].message == "findings from here on that are not shown: 5"


def test_the_same_misfit_told_by_two_schemas_is_one_finding() -> None:
    same = {"type": "string", "minLength": 3}
    assert len(_found("a: x", {"allOf": [_of_a(same), _of_a(same)]})) == 1


def test_two_misfits_of_one_value_are_two_findings() -> None:
    assert [code for code, _ in _codes_and_messages("a: x", _of_a({"minLength": 3, "pattern": "^y"}))] == [
        "schema/size",
        "schema/value",
    ]


def test_a_misfit_of_a_part_suppresses_that_of_the_whole() -> None:
    schema = _of_a({"minProperties": 2, "properties": {"b": {"type": "string"}}, "not": {"required": ["b"]}})
    assert _codes_and_messages("a: {b: 1}", schema) == [("schema/type", '"a.b" must be text, not 1')]


def test_a_key_that_is_missing_because_it_is_mistyped_is_told_once() -> None:
    schema = {"properties": {"owner": {}}, "required": ["owner"], "additionalProperties": False}
    assert _codes_and_messages("ownr: x", schema) == [("schema/unknown-key", 'unknown key "ownr"')]
    several = {**schema, "properties": {"owner": {}, "team": {}}}
    assert [code for code, _ in _codes_and_messages("zzz: x", several)] == [
        "schema/unknown-key",
        "schema/missing-key",
    ]


def test_a_key_in_the_place_of_the_only_one_is_told_once_with_what_that_is() -> None:
    only = {"owner": {"description": "Who is asked.", "examples": ["a-team"]}}
    schema = {"properties": only, "required": ["owner"], "additionalProperties": False}
    (found,) = _found("zzz: x", schema)
    assert (found.code, found.help) == (
        "schema/unknown-key",
        "the only key here is owner: Who is asked; for example a-team",
    )


def test_all_known_keys_are_listed_however_many() -> None:
    keys = [f"key_{number}" for number in range(30)]
    (found,) = _found("zzz: x", {"properties": {key: {} for key in keys}, "additionalProperties": False})
    assert found.help == f"known keys: {', '.join(keys)}"


def test_keys_that_a_pattern_describes_are_known() -> None:
    schema = {"patternProperties": {"^x-": {"type": "string"}}, "additionalProperties": False}
    assert _codes_and_messages("x-a: b\ny: c", schema) == [("schema/unknown-key", 'unknown key "y"')]


def test_where_no_key_is_known_the_help_says_so() -> None:
    assert (
        _found("a: {b: 1}", _of_a({"additionalProperties": False}))[0].help
        == "remove it: no key is known here"
    )


@pytest.mark.parametrize(
    ("text", "line", "columns"),
    [
        ("a: {b: 1}", 1, (4, 10)),
        ("a:\n  b: 1", 2, (3, 7)),
        ("a:\n  b: 1\n  c: 1", 1, (1, 2)),
        ("a: [1,\n  2]", 1, (1, 2)),
        ("a: |\n  x", 1, (1, 2)),
        ("a:", 1, (1, 2)),
        ("x: 1\na: ''", 2, (4, 6)),
    ],
)
def test_a_value_is_pointed_at_on_one_line_and_else_its_key(
    text: str, line: int, columns: tuple[int, int]
) -> None:
    span = _found(text, _of_a({"type": "integer"}))[0].span
    assert span is not None
    assert (span.line, span.end_line, span.column, span.end_column) == (line, line, *columns)


def test_an_item_is_pointed_at_by_its_first_key() -> None:
    span = _found("a:\n  - b: 1\n    c: 2", _of_a({"items": {"required": ["d"]}}))[0].span
    assert span is not None
    assert (span.line, span.column) == (2, 5)


@pytest.mark.parametrize(
    ("written", "types", "help_"),
    [
        ("1.10", "string", 'quote it: "1.10"'),
        ("true", ["string", "null"], 'quote it: "true"'),
        ("null", "string", "remove the key, or write a value"),
        ("~", "object", "remove the key, or write {} for an empty mapping"),
        ("", "array", "remove the key, or write [] for an empty list"),
        ("'6'", "integer", "leave out the quotes: 6"),
        ("'6'", "array", 'write a list: ["6"]'),
        ("x", "array", "write a list: [x]"),
        ("no", "boolean", "write false"),
        ("On", "boolean", "write true"),
        ("b:1", "object", "a space must follow the colon: b: 1"),
        ("'b:1'", "object", "write a mapping"),
        ("six", "integer", "write a whole number"),
        ("[x]", "string", "write text"),
        ("'6'", "boolean", "write true or false"),
        ("'true'", "boolean", "leave out the quotes: true"),
    ],
)
def test_the_help_for_a_wrong_kind_says_how_to_mend_it(written: str, types: object, help_: str) -> None:
    assert _found(f"a: {written}", _of_a({"type": types}))[0].help == help_


@pytest.mark.parametrize("written", ["null", "5", "[x]"])
def test_a_value_of_a_wrong_type_is_told_once_whatever_keys_it_needs(written: str) -> None:
    schema = {"type": "object", "oneOf": [{"required": ["x"]}, {"required": ["y"]}]}
    assert [found.code for found in _found(f"a: {written}", _of_a(schema))] == ["schema/type"]


def test_quotes_are_no_advice_where_they_would_not_mend_it() -> None:
    schema = {"type": "string", "pattern": "^[0-9]+s$", "x-help": "write seconds, such as 5s"}
    assert _found("a: 5", _of_a(schema))[0].help == "write seconds, such as 5s"


def test_the_help_is_the_nearest_x_help_else_the_description_with_examples() -> None:
    defs = {"d": {"type": "string", "pattern": "^x", "description": "Of the target.", "x-help": "target"}}
    refer = {"$ref": "#/$defs/d", "description": "Of the place."}
    assert _found("a: y", {"$defs": defs, **_of_a(refer)})[0].help == "target"
    assert _found("a: y", {"$defs": defs, **_of_a({**refer, "x-help": "place"})})[0].help == "place"
    described = _of_a({"pattern": "^x", "description": "A name.", "examples": ["xa", "xb"]})
    assert _found("a: y", described)[0].help == "A name; for example xa, xb"


def test_a_pattern_is_never_shown_and_ends_where_the_text_ends() -> None:
    schema = _of_a({"pattern": "^[a-z]+$"})
    assert _found("a: x", schema) == ()
    found = _found('a: "x\\n"', schema)[0]
    assert found.message == '"a" may not be the text "x\n"'
    assert "[a-z]" not in found.message + found.help
    assert _found("a: 'x$'", _of_a({"pattern": r"^x\$"})) == ()


def test_equal_items_are_found_whatever_they_are() -> None:
    schema = _of_a({"uniqueItems": True})
    assert _found("a: [1, true, '1', {b: 1}, [1]]", schema) == ()
    found = _found("a: [{b: 1, c: 2}, x, {c: 2, b: 1.0}]", schema)[0]
    assert found.span is not None
    assert (found.code, found.span.column, found.notes[0].span.column) == ("schema/duplicate", 22, 5)


def test_a_form_is_chosen_by_its_constant() -> None:
    forms = [
        {"properties": {"kind": {"const": kind}, "size": {"type": type_}}, "required": ["kind"]}
        for kind, type_ in (("a", "string"), ("b", "integer"))
    ]
    assert _codes_and_messages("a: {kind: b, size: x}", _of_a({"oneOf": forms})) == [
        ("schema/type", '"a.size" must be a whole number, not the text "x"')
    ]


def test_forms_within_forms_are_followed() -> None:
    inner = {"anyOf": [{"type": "array", "items": {"type": "integer"}}, {"type": "boolean"}]}
    schema = _of_a({"anyOf": [{"type": "object"}, inner]})
    assert _codes_and_messages("a: [x]", schema) == [
        ("schema/type", '"a[0]" must be a whole number, not the text "x"')
    ]
    assert _codes_and_messages("a: x", schema) == [
        ("schema/type", '"a" must be a mapping, a list or true or false, not the text "x"')
    ]


def test_a_listed_word_is_a_form_of_text() -> None:
    schema = _of_a({"anyOf": [{"enum": ["auto"]}, {"anyOf": [{"const": "off"}, {"type": "array"}]}]})
    assert _codes_and_messages("a: {b: 1}", schema) == [
        ("schema/type", '"a" must be text or a list, not a mapping')
    ]
    assert [code for code, _ in _codes_and_messages("a: aut", schema)] == ["schema/value"]


def test_no_schema_is_ever_fetched() -> None:
    schema = compile_schema({"$ref": "https://example.com/x.json"})
    with pytest.raises(Exception, match="example"):
        validate(document("a: 1"), schema)


_SCALARS = st.sampled_from([1, 0, -1, 1.5, "x", "5s", "yes", "", None, True])
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["a", "b", "of", "min", "max", "share", "ratio", "kind", "x-y"]), inner
        )
    ),
    max_leaves=6,
)
_NAMES = st.sampled_from([*SMALL.root.contents["properties"], "replica", "zz"])


@unhurried
@given(st.dictionaries(_NAMES, _VALUES, max_size=6))
def test_a_document_has_findings_exactly_when_it_does_not_fit(value: dict[str, Any]) -> None:
    found = validate(document(json.dumps(value)), SMALL)
    assert bool(found) == (not SMALL.validator.is_valid(value))
    assert all(each.span and each.span.line for each in found)
    assert len(set(found)) == len(found)


_ELSE = "as the schema says"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("grafana.example.com", "write a whole address that begins with http:// or https://"),
        ("https://x.example/$a", "percent-encode what an address may not hold: $ is %24"),
        ("https://x.example/a b", "percent-encode what an address may not hold: a space is %20"),
        ("http://[::1]/ü", "percent-encode what an address may not hold: ü is %C3%BC"),
        ("https://x.example/{service}/$", "percent-encode what an address may not hold: $ is %24"),
        ("https://x.example/{region}", _ELSE),
        ("https://x.example/\x07", _ELSE),
        ("https://x.example/", _ELSE),
        ("https://ü.example:9090/a", "write the name of the host as DNS has it: xn--tda.example:9090"),
        (
            'https://x.example/?left={"q"}',
            'percent-encode what an address may not hold: { is %7B, " is %22, } is %7D',
        ),
    ],
)
def test_the_help_names_what_is_wrong(text: str, told: str) -> None:
    assert address_help(text, _ELSE) == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("https://x.example/{{ service }}", "write single braces: {service}"),
        ("https://x.example/{region}", "{region} is not filled in: write {service}"),
        (
            'https://x.example/?left={"q":"{service}"}',
            'percent-encode what an address may not hold: { is %7B, " is %22, } is %7D',
        ),
    ],
)
def test_a_placeholder_is_told_from_other_braces(text: str, told: str) -> None:
    assert address_help(text, "{service} is filled in") == told
