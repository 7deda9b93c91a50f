"""The rules of a Mimir, a Cortex or a Grafana Cloud, by the API of their ruler.

Groups are values, so that a returned group can be compared with the sent one.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import msgspec
import yaml
from msgspec import Struct, field
from msgspec.structs import replace

from generator.diagnostics.wording import counted, printable, shortened
from generator.live.errors import LiveError
from generator.live.transport import Connection, Response, open_connection

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from generator.live.credentials import Credentials
    from generator.live.retry import Patience

#: The path of the rules in Mimir and Grafana Cloud, and after a custom prefix.
_DEFAULT_PREFIX, _RULES = "/prometheus", "/config/v1/rules"
_NONE_YET = b"no rule group"
_TENANT = "X-Scope-OrgID"
_NO_TENANT = b"no org id"
_WHERE = (
    "the address is Mimir's or Grafana Cloud's own (https://mimir.example.com), ends with the prefix of its API of "
    "Prometheus if that is not /prometheus, or with /rules where the API of rules is elsewhere: Cortex has it at "
    "/api/v1/rules, when it runs with -ruler.enable-api"
)
_HELP: dict[int, str] = {
    HTTPStatus.NOT_FOUND: _WHERE,
    HTTPStatus.METHOD_NOT_ALLOWED: _WHERE,
    HTTPStatus.TOO_MANY_REQUESTS: "the ruler takes no more requests of this tenant for now: run again in a minute, "
    "which goes on where this stopped",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "a proxy before the ruler takes no larger requests: raise its limit",
}
#: Parts of a ruler's message about a limit, and the ways out.
_LIMITS = {
    b"rule groups limit": "have ruler_max_rule_groups_per_tenant raised for the tenant; --prune first makes room where "
    "services are gone",
    b"rules per rule group limit": "have ruler_max_rules_per_rule_group raised for the tenant, to its default of 20",
}
_PART = re.compile(r"(\d+)(ms|[ywdhms])")
#: A thousand services have a third of it.
_MOST_BYTES, _MOST_EVENTS, _MOST_DEPTH = 16 * 1024 * 1024, 1_000_000, 10
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800, "y": 31_536_000}


class RulerApi(Struct, frozen=True):
    """A ruler, for one tenant. Every method raises LiveError when it fails."""

    connection: Connection
    path: str
    tenant: str = ""

    @property
    def url(self) -> str:
        """The server's address."""
        return self.connection.url

    def groups(self) -> Namespaces:
        """Return all groups of the tenant."""
        response = self.connection.send("GET", self.path, headers=self._headers)
        if response.status == HTTPStatus.NOT_FOUND and _NONE_YET in response.body:
            return {}
        self._check(response, "list its rules")
        try:
            return _parsed(response.body)
        except LiveError as error:
            raise self.connection.error(f"answers with {error.message}", _WHERE) from None

    def write(self, namespace: str, name: str, group: bytes) -> None:
        """Create or replace a group; it may be done twice."""
        headers = {**self._headers, "Content-Type": "application/yaml"}
        path = f"{self.path}/{_quoted(namespace)}"
        response = self.connection.send("POST", path, group, headers, safe=True)
        self._check(response, f"take {namespace}/{name}")

    def remove(self, namespace: str, name: str) -> None:
        """Delete a group; one that no longer exists is no failure."""
        path = f"{self.path}/{_quoted(namespace)}/{_quoted(name)}"
        response = self.connection.send("DELETE", path, headers=self._headers, safe=True)
        if response.status != HTTPStatus.NOT_FOUND:
            self._check(response, f"delete {namespace}/{name}")

    def close(self) -> None:
        """Close the connections."""
        self.connection.close()

    @property
    def _headers(self) -> dict[str, str]:
        return {_TENANT: self.tenant} if self.tenant else {}

    def _check(self, response: Response, doing: str) -> None:
        if response.ok:
            return
        for of, help_ in _LIMITS.items():
            if of in response.body:
                raise self._refusal(response, doing, help_)
        if _NO_TENANT in response.body:
            raise self._refusal(response, doing, "name the tenant with --tenant")
        general = self.connection.help_for(response.status)
        if response.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN} and self.tenant:
            general = f"{general}, for tenant {self.tenant}"
        raise self._refusal(response, doing, _HELP.get(response.status, general))

    def _refusal(self, response: Response, doing: str, help_: str) -> LiveError:
        reason = printable(shortened(response.reason, 300))
        return self.connection.error(f"the ruler does not {doing}: {reason}", help_)


class Rule(Struct, frozen=True):
    """A rule as a ruler writes it; times are in seconds once they are ``read_groups``."""

    record: str = ""
    alert: str = ""
    expr: str = ""
    for_: str | float = field(default=0, name="for")
    keep_firing_for: str | float = 0
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None


class Group(Struct, frozen=True):
    """A group as a ruler writes it; ``interval`` is in seconds once it is ``read_groups``."""

    name: str
    interval: str | float = 60
    limit: int = 0
    rules: tuple[Rule, ...] = ()


Namespaces = dict[str, dict[str, Group]]
"""Groups by namespace and name."""


def connect_ruler(
    url: str, who: Credentials, *, tenant: str, timeout: float, patience: Patience | None = None
) -> RulerApi:
    """Prepare requests to a ruler; nothing is sent yet.

    Raises:
        LiveError: ``url`` is not a server's address, or ``tenant`` has characters that a header cannot have.
    """
    if tenant and not (tenant.isascii() and tenant.isprintable() and tenant == tenant.strip()):
        raise LiveError(
            "the tenant has characters that no tenant may have", "see -T of mimirtool, or X-Scope-OrgID"
        )
    connection = open_connection(url, timeout=timeout, called="ruler", credentials=who, patience=patience)
    return RulerApi(connection, _path(url), tenant)


def _path(url: str) -> str:
    """Find the path between the given address and a namespace."""
    given = urlsplit(url).path.rstrip("/")
    if given.endswith("/rules"):
        return ""
    return _RULES if given else _DEFAULT_PREFIX + _RULES


def _quoted(name: str) -> str:
    return quote(name, safe="")


def read_groups(namespaces: Mapping[str, Iterable[Mapping[str, Any]]]) -> Namespaces:
    """Read groups by namespace, as YAML spells them.

    Raises:
        LiveError: a text that is not a group.
    """
    try:
        known = msgspec.convert(dict(namespaces), dict[str, list[Group]])
    except msgspec.ValidationError as error:
        raise LiveError(f"no rule groups: {error}") from None
    return {name: {one.name: _read(one) for one in groups} for name, groups in known.items()}


def _parsed(text: bytes) -> Namespaces:
    """Read the answer of a ruler.

    Raises:
        LiveError: it is not YAML, not rule groups, or more than any tenant has.
    """
    try:
        _check_extent(text)
        document = yaml.load(text, yaml.CSafeLoader)
    except (yaml.YAMLError, ValueError):
        raise LiveError("no YAML") from None
    return read_groups(document or {}) if isinstance(document or {}, dict) else read_groups({"": document})


def _check_extent(text: bytes) -> None:
    """Refuse YAML that would fill the memory: too much of it, nested too deeply, or with aliases."""
    depth = 0
    for count, event in enumerate(yaml.parse(text[:_MOST_BYTES], yaml.CSafeLoader)):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _MOST_DEPTH or count > _MOST_EVENTS:
            raise LiveError("more YAML than rule groups can be")
        # An alias may represent any number of values, and no ruler writes one.
        if isinstance(event, yaml.AliasEvent):
            raise LiveError("YAML with aliases")
    if len(text) > _MOST_BYTES:
        raise LiveError(f"more than {_MOST_BYTES // 1024 // 1024} MiB of YAML")


def group_changes(ours: Group, theirs: Group) -> tuple[str, ...]:
    """List the differences of a ruler's group from the generated one, in a few words each; empty without any."""
    return tuple(_changes(ours, theirs))


def _changes(ours: Group, theirs: Group) -> Iterator[str]:
    if ours.interval != theirs.interval:
        yield "interval"
    # Mimir keeps no limit; sending it again would not change that.
    if theirs.limit and ours.limit != theirs.limit:
        yield "limit"
    before, after = ({_called(rule): rule for rule in group.rules} for group in (theirs, ours))
    added, removed = (len(one.keys() - other.keys()) for one, other in ((after, before), (before, after)))
    changed = sum(before[name] != after[name] for name in before.keys() & after.keys())
    counts = {"added": added, "removed": removed, "changed": changed}
    yield from (f"{counted(count, 'rule')} {what}" for what, count in counts.items() if count)
    if not any(counts.values()) and ours.rules != theirs.rules:
        yield "order of rules"


def _called(rule: Rule) -> tuple[str, str]:
    """The identity of a rule in its group: a name and its labels."""
    return rule.record or rule.alert, repr(sorted((rule.labels or {}).items()))


def _read(group: Group) -> Group:
    return replace(group, interval=_seconds(group.interval), rules=tuple(map(_read_rule, group.rules)))


def _read_rule(rule: Rule) -> Rule:
    return replace(
        rule,
        expr=rule.expr.strip(),
        for_=_seconds(rule.for_),
        keep_firing_for=_seconds(rule.keep_firing_for),
        labels=dict(rule.labels or {}),
        annotations=dict(rule.annotations or {}),
    )


def _seconds(written: str | float) -> float:
    """Read a duration: a ruler writes 28 days as ``4w``, and we as ``28d``."""
    if not isinstance(written, str):
        return written
    return round(sum(int(count) * _SECONDS[unit] for count, unit in _PART.findall(written)), 3)
