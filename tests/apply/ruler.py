"""A small ruler: tenants, namespaces and groups by the API that Mimir and Cortex document, on 127.0.0.1.

It keeps what Mimir keeps: no limit of a group, and durations in its own spelling. ``faults`` makes requests fail.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import yaml

from tests.http_servers import Handler, served

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Groups = dict[str, dict[str, dict[str, Any]]]
Answer = tuple[int, str]


@dataclass
class RulerFault:
    """The answer to ``times`` matching requests, in place of the real one."""

    matches: Callable[[str, str], bool]
    status: int = 500
    body: str = "oops"
    headers: dict[str, str] = field(default_factory=dict)
    times: int = 1_000


@dataclass
class Ruler:
    """The state, which tests may read and change, and ``log``, the requests that arrived."""

    url: str = ""
    prefix: str = "/prometheus/config/v1/rules"
    tenants: dict[str, Groups] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    faults: list[RulerFault] = field(default_factory=list)
    max_groups: int = 70
    max_rules: int = 20
    keeps_limit: bool = False
    listing: str | None = None

    def groups(self, tenant: str = "team-a") -> Groups:
        """Return a tenant's groups, by namespace and name."""
        return self.tenants.setdefault(tenant, {})

    def writes(self) -> list[str]:
        """Return the requests other than lists."""
        return [each for each in self.log if not each.startswith("GET")]

    def answer(self, method: str, path: str, tenant: str | None, body: bytes) -> Answer:
        """Carry out a request."""
        if not path.startswith(self.prefix):
            return 404, "404 page not found\n"
        if not tenant:
            return 401, "no org id\n"
        parts = [unquote(part) for part in path.removeprefix(self.prefix).split("/")[1:]]
        if method == "GET":
            return self._listed(self.groups(tenant))
        if method == "POST":
            return self._written(self.groups(tenant), parts[0], body)
        namespace, name = parts
        if self.groups(tenant).get(namespace, {}).pop(name, None) is None:
            return 404, "group does not exist\n"
        if not self.groups(tenant)[namespace]:
            del self.groups(tenant)[namespace]
        return 202, '{"status":"success"}'

    def _listed(self, groups: Groups) -> Answer:
        if self.listing is not None:
            return 200, self.listing
        if not groups:
            return 404, "no rule groups found\n"
        return 200, yaml.safe_dump(
            {name: list(each.values()) for name, each in groups.items()}, sort_keys=False
        )

    def _written(self, groups: Groups, namespace: str, body: bytes) -> Answer:
        group = yaml.safe_load(body)
        if not isinstance(group, dict) or set(group) - {"name", "interval", "limit", "rules"}:
            return 400, "unable to decode rule group\n"
        if len(group["rules"]) > self.max_rules:
            limit = f"limit: {self.max_rules} actual: {len(group['rules'])}"
            return 400, f"per-user rules per rule group limit ({limit}) exceeded\n"
        total = sum(map(len, groups.values())) + (group["name"] not in groups.get(namespace, {}))
        if total > self.max_groups:
            return 400, f"per-user rule groups limit (limit: {self.max_groups} actual: {total}) exceeded\n"
        groups.setdefault(namespace, {})[group["name"]] = self._kept(group)
        return 202, '{"status":"success","data":null,"errorType":"","error":""}'

    def _kept(self, group: dict[str, Any]) -> dict[str, Any]:
        if not self.keeps_limit:
            group.pop("limit", None)
        text = yaml.safe_dump(group, sort_keys=False)
        kept: dict[str, Any] = yaml.safe_load(re.sub(r"\b28d\b", "4w", text))
        return kept


@contextmanager
def serving(ruler: Ruler) -> Iterator[None]:
    """Serve on a free port until the block ends."""

    class RulerHandler(Handler):
        def handle_body(self, body: bytes) -> None:
            ruler.log.append(f"{self.command} {unquote(self.path).removeprefix(ruler.prefix)}")
            headers: dict[str, str] = {}
            for fault in ruler.faults:
                if fault.times > 0 and fault.matches(self.command, unquote(self.path)):
                    fault.times -= 1
                    status, text, headers = fault.status, fault.body, fault.headers
                    break
            else:
                status, text = ruler.answer(self.command, self.path, self.headers.get("X-Scope-OrgID"), body)
            self.answer(status, text.encode(), headers)

    with served(RulerHandler) as url:
        ruler.url = url
        yield
