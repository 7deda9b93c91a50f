"""The rules of a Mimir, a Cortex or a Grafana Cloud, by the API of their ruler.

A tenant has namespaces, and a namespace groups, whose names are unique within it. A write replaces one group; no
request writes several.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from msgspec import Struct

from generator.apply.ruler_groups import parsed
from generator.diagnostics.printable import printable, shortened
from generator.live.errors import LiveError
from generator.live.transport import open_connection

if TYPE_CHECKING:
    from generator.apply.ruler_groups import Namespaces
    from generator.live.credentials import Credentials
    from generator.live.response import Response
    from generator.live.retry import Patience
    from generator.live.transport import Connection

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
            return parsed(response.body)
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
            general = f"{general}; and see that they are for tenant {self.tenant}"
        raise self._refusal(response, doing, _HELP.get(response.status, general))

    def _refusal(self, response: Response, doing: str, help_: str) -> LiveError:
        reason = printable(shortened(response.reason, 300))
        return self.connection.error(f"the ruler does not {doing}: {reason}", help_)


def connect_ruler(
    url: str, who: Credentials, *, tenant: str, timeout: float, patience: Patience | None = None
) -> RulerApi:
    """Prepare requests to a ruler; nothing is sent yet.

    Raises:
        LiveError: ``url`` is not a server's address, or ``tenant`` has characters that a header cannot have.
    """
    if tenant and not (tenant.isascii() and tenant.isprintable() and tenant == tenant.strip()):
        raise LiveError(
            "the tenant holds characters that no tenant has", "see -T of mimirtool, or X-Scope-OrgID"
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
