"""The files of a specs directory become specs: parsed, validated, decoded.

A directory holds ``services/*.yaml`` and, all optional, ``profiles/*.yaml``, ``site.yaml``, ``prices.yaml``,
``signals.yaml`` and ``incidents.yaml``. A profile that a service names and the directory lacks is taken from those that
ship with the compiler, and so are the price list and the library of signals.

Besides by their schemas they are checked for texts that no key accepts: with a credential in them, blank, or easily
confused with others; and for secrets of receivers.
"""

from __future__ import annotations

import typing
from functools import cache, lru_cache
from itertools import zip_longest
from types import MappingProxyType, UnionType
from typing import TYPE_CHECKING, Any, Generic, TypeGuard, TypeVar
from unicodedata import normalize

from msgspec import Struct

from generator.diagnostics import Diagnostic, error, has_errors, limited
from generator.diagnostics.wording import find_credential, in_quotes, is_secret_address
from generator.spec import types
from generator.spec.document import Document, parse_document
from generator.spec.environments import in_environments, too_long
from generator.spec.nodes import KeyValue, Mapping, Node, Scalar, Sequence
from generator.spec.schema import fits, load_schema, misplaced, validate
from generator.spec.sources import Sources, SpecFile, read_sources

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

T = TypeVar("T")
#: The largest integer up to which floats represent all integers.
_LARGEST_EXACT = 2**53
#: A record that may be written as a bare list is filled through this field.
_LIST_FIELD = "values"
#: Files of these kinds have unquoted times, which are read as text.
_WITH_DATES = frozenset({"incidents"})
#: For each channel, Alertmanager's keys for secrets and our keys for their files.
_FILES = MappingProxyType(
    {
        "pagerduty": {"routing_key": "routing_key_file", "service_key": "routing_key_file"},
        "slack": {"api_url": "api_url_file", "url": "api_url_file", "token": "api_url_file"},
        "webhook": {"token": "token_file", "password": "token_file", "credentials": "token_file"},
        "email": {"auth_password": "auth_password_file", "password": "auth_password_file"},
    }
)


def decode(node: Node, into: type[T]) -> T:
    """Fill the record ``into`` from a document that its JSON Schema accepts; missing keys become None or empty."""
    decoded: T = _decode(node, into)
    return decoded


def _decode(node: Node | None, hint: Any) -> Any:  # noqa: ANN401, PLR0911 - a return for each annotation
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is UnionType or origin is typing.Union:
        chosen = next(argument for argument in arguments if argument is not type(None))
        return None if node is None else _decode(node, chosen)
    if origin is tuple:
        return _decode_many(node, arguments[0])
    if node is None:
        return None
    if origin is types.Located:
        return types.Located(_scalar(node, arguments[0]), node.span)
    if hint is types.OneOrMany:
        return _one_or_many(node)
    if isinstance(hint, type) and issubclass(hint, Struct):
        return _decode_record(node, hint)
    return _scalar(node, hint)


def _one_or_many(node: Node) -> types.OneOrMany | None:
    """Read one value or a list of values."""
    if isinstance(node, Mapping):
        return None
    many = node.items if isinstance(node, Sequence) else (node,)
    return types.OneOrMany(tuple(_decode(one, types.Text) for one in many), not isinstance(node, Sequence))


def _scalar(node: Node, kind: type) -> object:
    if not isinstance(node, Scalar):
        return None
    # Amounts may be written as numbers (40) or as text (5%): as text they have one type.
    if kind is str:
        return node.text
    # JSON Schema also accepts 6.0 and 1e1 as whole numbers; and 100 is a number, which a float can represent.
    if kind is int and isinstance(node.value, float):
        return int(node.value)
    return float(node.value) if kind is float and _is_exact(node.value) else node.value


def _is_exact(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and abs(value) <= _LARGEST_EXACT


def _decode_many(node: Node | None, item: Any) -> tuple[Any, ...]:  # noqa: ANN401 - an annotation can be anything
    keyed = typing.get_origin(item) is types.Entry
    value = typing.get_args(item)[0] if keyed else item
    if isinstance(node, Mapping):
        return tuple(
            types.Entry(types.Located(entry.key.text, entry.key.span), _decode(entry.value, value))
            for entry in node.entries.values()
        )
    if isinstance(node, Sequence):
        if keyed:
            return tuple(types.Entry(_decode(child, types.Text), None) for child in node.items)
        return tuple(_decode(child, value) for child in node.items)
    return ()


def _decode_record(node: Node, record: type) -> object:
    fields: dict[str, object] = {}
    for name, hint in _hints(record).items():
        if name == "span":
            fields[name] = node.span
        elif name == "written":
            fields[name] = frozenset(field for field in _hints(record) if _has(node, field))
        elif isinstance(node, Sequence):
            fields[name] = _decode(node if name == _LIST_FIELD else None, hint)
        else:
            fields[name] = _decode(node.child(name.removesuffix("_")), hint)
    return record(**fields)


def _has(node: Node, field: str) -> bool:
    """Whether a mapping has the key of a field, also with an empty value."""
    return node.child(field.removesuffix("_")) is not None


@cache
def _hints(record: type) -> dict[str, Any]:
    from generator.diagnostics import Span  # noqa: PLC0415 - the annotations name it, at run time only here

    return typing.get_type_hints(record, localns={"Span": Span})


class Loaded(Struct, Generic[T], frozen=True):
    """The specs of a file or a directory; None when they cannot be loaded."""

    specs: T | None
    diagnostics: tuple[Diagnostic, ...]


def load(directory: Path) -> Loaded[types.Specs]:
    """Load all specs of a directory; every file is read, and services at fault are left out."""
    sources = read_sources(directory)
    services = [load_services(file) for file in sources.services]
    shared = load_shared(sources)
    diagnostics = (*(one for each in services for one in each.diagnostics), *shared.diagnostics)
    if shared.specs is None:
        return Loaded(None, diagnostics)
    understood = tuple(spec for each in services for spec in each.specs or ())
    return Loaded(types.Specs(shared.specs, understood), diagnostics)


def load_services(file: SpecFile) -> Loaded[tuple[types.ServiceSpec, ...]]:
    """Load the file of a service: of one, or of one for each of its environments."""
    loaded = _load(file, "service", types.ServiceSpec)
    if loaded.specs is None:
        return Loaded(None, loaded.diagnostics)
    if too_many := too_long(loaded.specs):
        return Loaded(None, (*loaded.diagnostics, *too_many))
    return Loaded(in_environments(loaded.specs), loaded.diagnostics)


def load_profile(file: SpecFile) -> Loaded[types.ProfileSpec]:
    """Load the file of one profile."""
    return _load(file, "profile", types.ProfileSpec)


def load_incidents(file: SpecFile) -> Loaded[types.IncidentsSpec]:
    """Load a list of incidents."""
    return _load(file, "incidents", types.IncidentsSpec)


def load_shared(sources: Sources) -> Loaded[types.SharedSpecs]:
    """Load the parts that all services share: the site, the prices, the library of signals and the profiles."""
    profiles = _profiles(sources)
    site = _load_once(sources.site, "site", types.SiteSpec) if sources.site else None
    prices = _load_once(sources.prices, "prices", types.PricesSpec) if sources.prices else None
    signals = _load_once(sources.signals, "signals", types.SignalsSpec) if sources.signals else None
    every = (*profiles, *(each for each in (site, prices, signals) if each))
    diagnostics = (*(one for each in every for one in each.diagnostics), *sources.diagnostics)
    if has_errors(diagnostics):
        return Loaded(None, diagnostics)
    shared = types.SharedSpecs(
        site.specs if site else None,
        prices.specs if prices else None,
        signals.specs if signals else None,
        tuple(profile.specs for profile in profiles if profile.specs is not None),
        _shadowed(profiles, sources),
    )
    return Loaded(shared, diagnostics)


def _profiles(sources: Sources) -> list[Loaded[types.ProfileSpec]]:
    """Load the profiles; a directory's own profile replaces the shipped one of its name."""
    own = [_load_once(file, "profile", types.ProfileSpec) for file in sources.profiles]
    local = {each.specs.profile.value for each in own if each.specs is not None}
    return own + [
        _load_once(file, "profile", types.ProfileSpec)
        for file in sources.shipped
        if file.path.stem not in local
    ]


def _shadowed(profiles: list[Loaded[types.ProfileSpec]], sources: Sources) -> tuple[types.ProfileSpec, ...]:
    """Load the shipped profiles that the directory's own of their names extend."""
    own = [each.specs for each in profiles if each.specs is not None]
    names = {spec.profile.value for spec in own if spec.extends and spec.extends.value == spec.profile.value}
    shipped = [
        _load_once(file, "profile", types.ProfileSpec).specs
        for file in sources.shipped
        if file.path.stem in names
    ]
    return tuple(spec for spec in shipped if spec is not None)


def _errors_of(document: Document, kind: str) -> tuple[Diagnostic, ...]:
    """Find all errors of one document: of its texts, and of its schema."""
    of_texts = (*_check_texts(document.root), *(_check_secrets(document.root) if kind == "site" else ()))
    of_schema = () if fits(document.to_plain(), kind) else validate(document, load_schema(kind))
    if of_schema and (elsewhere := misplaced(document, kind)):
        return (elsewhere,)
    # A text gets one error only.
    places = {one.span for one in of_texts}
    return limited((*of_texts, *(one for one in of_schema if one.span not in places)))


def _load(file: SpecFile, kind: str, into: type[T]) -> Loaded[T]:
    """Load a file of one kind."""
    source = file.source
    if source.value is None:
        return Loaded(None, source.diagnostics)
    document = parse_document(source.value, dates=kind in _WITH_DATES)
    if document.value is None:
        return Loaded(None, (*source.diagnostics, *document.diagnostics))
    misfits = _errors_of(document.value, kind)
    findings = (*source.diagnostics, *document.diagnostics, *misfits)
    return Loaded(None if has_errors(misfits) else decode(document.value.root, into), findings)


#: Files that services share are seldom edited, and one process may compile often: while it watches, say.
_load_once = lru_cache(maxsize=64)(_load)


def _check_texts(root: Node) -> Iterator[Diagnostic]:
    """Find the errors in the texts of a document, keys and values, in their order."""
    written = [node for node in _scalars(root) if isinstance(node.value, str)]
    texts = {node.text for node in written}
    for node in written:
        if credential := find_credential(node.text):
            message = f"this text contains {credential.noun}, and specs are shared, generated from and shown"
            yield error("source/credential", message, node.span, credential.help)
        if node.text and not node.text.strip():
            yield error("source/blank", "the text is blank", node.span, "write a text, or remove it")
        elif (stripped := node.text.strip()) != node.text and stripped in texts:
            message = "this text looks like another one of the file, but has blanks around it"
            yield error("source/blank", message, node.span, f"write {in_quotes(stripped)}")
        elif (composed := normalize("NFC", node.text)) != node.text and composed in texts:
            yield _not_composed(node, composed)


def _scalars(root: Node) -> Iterator[Scalar]:
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Scalar):
            yield node
        elif isinstance(node, Sequence):
            waiting += reversed(node.items)
        elif isinstance(node, Mapping):
            entries = reversed(list(node.entries.values()))
            waiting += (part for entry in entries for part in (entry.value, entry.key))


def _not_composed(node: Scalar, composed: str) -> Diagnostic:
    at = next(at for at, (one, other) in enumerate(zip_longest(node.text, composed)) if one != other)
    written = " and ".join(f"U+{ord(each):04X}" for each in node.text[at : at + 2])
    meant = f"U+{ord(composed[at]):04X}" if at < len(composed) else "one character"
    message = f"this text looks like another one of the file, but has {written} for {meant}"
    help_ = f"write {meant}, as editors do: {in_quotes(composed)}"
    return error("source/normal-form", message, node.span, help_)


def _file_key(channel: str, key: str) -> str:
    """Name the key for the file with an address: the one that has the address itself may be that for its file."""
    return key if key in _FILES.get(channel, {}).values() else _FILES.get(channel, {}).get("url", "url_file")


def _check_secrets(root: Node) -> Iterator[Diagnostic]:
    """Find secrets; messages do not show them."""
    receivers = root.child("receivers")
    for receiver in _entries(receivers):
        for channel in _entries(receiver.value):
            for entry in _entries(channel.value):
                instead = _FILES.get(channel.key.text, {}).get(entry.key.text)
                if isinstance(entry.value, Scalar) and is_secret_address(entry.value.text):
                    instead = instead or _file_key(channel.key.text, entry.key.text)
                if instead:
                    yield error(
                        "receiver/secret",
                        f"the spec contains a secret: {entry.key.text} of {channel.key.text}",
                        entry.key.span,
                        f"write it into a file that only Alertmanager reads, and the path here: {instead}: "
                        f"/etc/alertmanager/{receiver.key.text}-{channel.key.text}; replace the secret, as it was "
                        "written where others read it",
                    )


def _entries(node: Node | None) -> Iterator[KeyValue]:
    if isinstance(node, Mapping):
        yield from node.entries.values()
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from _entries(item)
