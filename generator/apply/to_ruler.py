"""Bring the generated namespaces to a ruler: new groups first, deletions last.

No request writes several groups, so a push may end half-way. At any moment every group is the old one or the new one,
and the next run, which compares first, continues where this one stopped. Groups are values, so that a returned group
can be compared with the sent one.
"""

from __future__ import annotations

import re
from enum import Enum
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import msgspec
import yaml
from msgspec import Struct, field
from msgspec.structs import replace

from generator.diagnostics.wording import counted, listed, printable, shortened
from generator.live.errors import LiveError
from generator.live.transport import Connection, Response, open_connection
from generator.model.names import GRAFANA_TAG
from generator.model.units import DAY, DURATION_UNITS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from generator.apply.generated import Generated
    from generator.live.credentials import Credentials
    from generator.live.retry import Patience

#: The prefix of all groups of agent-metrics, in any namespace.
_OUR_GROUPS = "agent-"
_NO_NAMESPACES = "add deliver: {mimir: {}} to site.yaml, and run agent-metrics generate"
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
_SECONDS = {**DURATION_UNITS, "y": 365 * DAY}


class GroupAction(Enum):
    """The action for a group, in this order; ``STALE`` ones are deleted only on request."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    STALE = "stale"


_DONE = {
    GroupAction.CREATE: "created",
    GroupAction.UPDATE: "updated",
    GroupAction.DELETE: "deleted",
    GroupAction.STALE: "deleted",
}


class GroupStep(Struct, frozen=True):
    """One group, and the changes of an update in words."""

    action: GroupAction
    namespace: str
    name: str
    words: str = ""

    @property
    def called(self) -> str:
        """The group as people name it."""
        return f"{self.namespace}/{self.name}"


class RulerPlan(Struct, frozen=True):
    """The steps in order, and the groups that stay.

    Attributes:
        steps: the actions.
        unchanged: the number of groups that are as generated.
        foreign: groups in our namespaces that agent-metrics did not make.
        unlimited: the number of groups whose limit the ruler does not keep.
    """

    steps: tuple[GroupStep, ...]
    unchanged: int
    foreign: tuple[str, ...]
    unlimited: int


def apply_to_ruler(
    api: RulerApi, generated: Generated, say: Callable[[str], None], *, dry_run: bool, prune: bool
) -> None:
    """Write the generated groups for a tenant; unchanged ones are not written again.

    Args:
        api: the ruler.
        generated: the generated files.
        say: prints a line about each step, as soon as it is done.
        dry_run: only report the steps.
        prune: delete the namespaces of services that are no longer generated.

    Raises:
        LiveError: there are no namespaces, or a request failed; steps reported as done stay done.
    """
    if not generated.namespaces:
        raise LiveError("the output has no namespaces for a ruler", _NO_NAMESPACES)
    wanted = _read_groups(generated.namespaces)
    plan = _plan_groups(wanted, api.groups())
    tenant = f", tenant {api.tenant}" if api.tenant else ""
    say(f"ruler {api.url}{tenant}" + (": dry run, nothing is written" * dry_run))
    if dry_run:
        for step in _chosen(plan, prune=prune):
            say(_line(step.action.value if step.action is not GroupAction.STALE else "delete", step))
    else:
        _carry_out(api, plan, generated.namespaces, say, prune=prune)
        _verify(api, wanted)
    say(f"  unchanged   {counted(plan.unchanged, 'group')}")
    for line in _remarks(plan, prune=prune):
        say(line)


def _plan_groups(wanted: Namespaces, there: Namespaces) -> RulerPlan:
    """Compare the generated groups with those of the tenant; namespaces other than ours are ignored."""
    ours = {name: groups for name, groups in there.items() if _is_ours(name)}
    steps = list(_written(wanted, ours))
    steps += _vanished(wanted, ours)
    order = list(GroupAction)
    same = [
        (group, ours[namespace][name])
        for namespace, groups in wanted.items()
        for name, group in groups.items()
        if name in ours.get(namespace, {}) and not _group_changes(group, ours[namespace][name])
    ]
    return RulerPlan(
        steps=tuple(sorted(steps, key=lambda step: order.index(step.action))),
        unchanged=len(same),
        foreign=tuple(_foreign(ours)),
        unlimited=sum(bool(group.limit and not has.limit) for group, has in same),
    )


def _written(wanted: Namespaces, ours: Namespaces) -> Iterator[GroupStep]:
    for namespace, groups in wanted.items():
        for name, group in groups.items():
            has = ours.get(namespace, {}).get(name)
            if has is None:
                yield GroupStep(GroupAction.CREATE, namespace, name, counted(len(group.rules), "rule"))
            elif changes := _group_changes(group, has):
                yield GroupStep(GroupAction.UPDATE, namespace, name, ", ".join(changes))


def _vanished(wanted: Namespaces, ours: Namespaces) -> Iterator[GroupStep]:
    for namespace, groups in ours.items():
        for name in groups:
            if name not in wanted.get(namespace, {}) and name.startswith(_OUR_GROUPS):
                yield GroupStep(
                    GroupAction.DELETE if namespace in wanted else GroupAction.STALE, namespace, name
                )


def _foreign(ours: Namespaces) -> Iterator[str]:
    for namespace, groups in ours.items():
        yield from (f"{namespace}/{name}" for name in groups if not name.startswith(_OUR_GROUPS))


def _is_ours(namespace: str) -> bool:
    return namespace == GRAFANA_TAG or namespace.startswith(f"{GRAFANA_TAG}-")


def _chosen(plan: RulerPlan, *, prune: bool) -> list[GroupStep]:
    return [step for step in plan.steps if prune or step.action is not GroupAction.STALE]


def _carry_out(
    api: RulerApi,
    plan: RulerPlan,
    namespaces: Mapping[str, Iterable[Mapping[str, Any]]],
    say: Callable[[str], None],
    *,
    prune: bool,
) -> None:
    texts = {(name, group["name"]): group for name, groups in namespaces.items() for group in groups}
    left = _chosen(plan, prune=prune)
    done = 0
    try:
        for step in left:
            if step.action in {GroupAction.CREATE, GroupAction.UPDATE}:
                group = yaml.dump(
                    dict(texts[step.namespace, step.name]), Dumper=yaml.CSafeDumper, sort_keys=False
                )
                api.write(step.namespace, step.name, group.encode())
            else:
                api.remove(step.namespace, step.name)
            done += 1
            say(_line(_DONE[step.action], step))
    except (LiveError, KeyboardInterrupt) as error:
        say(f"  not applied {listed(step.called for step in left[done:])}")
        if isinstance(error, LiveError) and done:
            raise error.adding("what was applied stays, and the next run goes on from there") from None
        raise


def _verify(api: RulerApi, wanted: Namespaces) -> None:
    """Compare the ruler's groups again: it may have stored something other than the sent groups."""
    there = api.groups()
    wrong = [
        f"{namespace}/{name}"
        for namespace, groups in wanted.items()
        for name, group in groups.items()
        if name not in there.get(namespace, {}) or _group_changes(group, there[namespace][name])
    ]
    if wrong:
        raise LiveError(
            f"the ruler did not keep the rules that it got: {listed(wrong)}",
            "see that nobody else writes the same namespaces; then run again",
        )


def _remarks(plan: RulerPlan, *, prune: bool) -> Iterator[str]:
    stale = dict.fromkeys(step.namespace for step in plan.steps if step.action is GroupAction.STALE)
    if stale and not prune:
        yield f"  still there {listed(stale)}: no longer generated; --prune deletes what agent-metrics made there"
    if plan.foreign:
        yield f"  left alone  {listed(plan.foreign)}: not made by agent-metrics"
    if plan.unlimited:
        yield f"  without     the limit of {counted(plan.unlimited, 'group')}, which this ruler does not keep"


def _line(done: str, step: GroupStep) -> str:
    words = f" ({step.words})" if step.words else ""
    return f"  {done:<11} {step.called}{words}"


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


class RulerRule(Struct, frozen=True):
    """A rule as a ruler writes it; times are in seconds once they are ``_read_groups``."""

    record: str = ""
    alert: str = ""
    expr: str = ""
    for_: str | float = field(default=0, name="for")
    keep_firing_for: str | float = 0
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None


class Group(Struct, frozen=True):
    """A group as a ruler writes it; ``interval`` is in seconds once it is ``_read_groups``."""

    name: str
    interval: str | float = 60
    limit: int = 0
    rules: tuple[RulerRule, ...] = ()


#: Groups by namespace and name.
Namespaces = dict[str, dict[str, Group]]


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


def _read_groups(namespaces: Mapping[str, Iterable[Mapping[str, Any]]]) -> Namespaces:
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
    return _read_groups(document or {}) if isinstance(document or {}, dict) else _read_groups({"": document})


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


def _group_changes(ours: Group, theirs: Group) -> tuple[str, ...]:
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


def _called(rule: RulerRule) -> tuple[str, str]:
    """The identity of a rule in its group: a name and its labels."""
    return rule.record or rule.alert, repr(sorted((rule.labels or {}).items()))


def _read(group: Group) -> Group:
    return replace(group, interval=_seconds(group.interval), rules=tuple(map(_read_rule, group.rules)))


def _read_rule(rule: RulerRule) -> RulerRule:
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
