"""What applying needs of a Prometheus: a reload, and the rules that it runs."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.apply.errors import ApplyError
from generator.apply.patience import Patience, send
from generator.diagnostics.printable import printable
from generator.live.answers import read_answer
from generator.live.api import connect
from generator.live.errors import LiveError, UnreachedError
from generator.live.rule_states import group_states

if TYPE_CHECKING:
    from generator.apply.credentials import Credentials
    from generator.live.api import PrometheusApi
    from generator.live.rule_states import GroupState
    from generator.live.transport import Response

_TIMEOUT = 60.0
_OFF = "start Prometheus with --web.enable-lifecycle, or send it SIGHUP; then run again, which checks what it runs"
_WHERE = "is this a Prometheus? its address ends with the path of --web.external-url, if there is one"
_CREDENTIALS = (
    "set AGENT_METRICS_PROMETHEUS_TOKEN, or AGENT_METRICS_PROMETHEUS_USER and AGENT_METRICS_PROMETHEUS_PASSWORD, in"
    " the environment"
)
_HELP: dict[int, str] = {HTTPStatus.UNAUTHORIZED: _CREDENTIALS, HTTPStatus.FORBIDDEN: _CREDENTIALS}
# What Prometheus itself answers without the flag is 403, to a POST.
_CLOSED: dict[int, str] = {
    HTTPStatus.UNAUTHORIZED: _CREDENTIALS,
    HTTPStatus.FORBIDDEN: _OFF,
    HTTPStatus.NOT_FOUND: f"{_WHERE}; or a proxy hides /-/reload: {_OFF}",
    HTTPStatus.METHOD_NOT_ALLOWED: f"a proxy lets no POST through, or this is no Prometheus: {_OFF}",
}


class ReloadClosedError(ApplyError):
    """Reloading over HTTP is not open to us; the server may have been reloaded in another way."""


class PrometheusRules(Struct, frozen=True):
    """The rules of a Prometheus. Every method raises ApplyError when it fails."""

    api: PrometheusApi
    credentials: Credentials
    patience: Patience

    @property
    def url(self) -> str:
        """The server's address."""
        return self.api.url

    def reload(self) -> None:
        """Have the server read its configuration and rule files anew; it keeps what it has when one is wrong.

        Raises:
            ReloadClosedError: it does not do so over HTTP, or not for us.
        """
        try:
            response = self.api.connection.send("POST", "/-/reload")
        except UnreachedError as error:
            help_ = "check the address, and that Prometheus runs; it was not reloaded"
            raise self._error(f"Prometheus at {error}", help_) from None
        except LiveError as error:
            raise self._error(
                f"Prometheus at {error}", "it may have been reloaded: run again to see"
            ) from None
        if response.ok:
            return
        said = f"Prometheus does not reload: HTTP {response.status}: {self._said(response)}"
        if response.status in _CLOSED:
            raise ReloadClosedError(self._shown(said), _CLOSED[response.status])
        raise self._error(said, "it runs what it ran before; its log says which file is at fault")

    def groups(self) -> tuple[GroupState, ...]:
        """Return the rule groups that the server runs."""
        try:
            response = send(self.api.connection, "GET", "/api/v1/rules", None, self.patience)
        except LiveError as error:
            raise self._error(f"Prometheus at {error}", "is the server there? run again") from None
        if not response.ok:
            said = f"Prometheus does not show its rules: HTTP {response.status}: {self._said(response)}"
            raise self._error(said, _HELP.get(response.status, _WHERE))
        try:
            return group_states(read_answer(response.body))
        except LiveError as error:
            raise self._error(f"{self.url}: {error}", _WHERE) from None

    def close(self) -> None:
        """Close the connections; a later request opens new ones."""
        self.api.close()

    def _said(self, response: Response) -> str:
        return self.credentials.without(response).text

    def _error(self, message: str, help_: str) -> ApplyError:
        return ApplyError(self._shown(message), help_)

    def _shown(self, text: str) -> str:
        return printable(self.credentials.hide(text))


def connect_prometheus(
    url: str, credentials: Credentials, *, timeout: float = _TIMEOUT, patience: Patience | None = None
) -> PrometheusRules:
    """Address the Prometheus at ``url``, which has been checked; nothing is sent yet.

    Raises:
        ApplyError: ``url`` is no address.
    """
    try:
        api = connect(url, timeout=timeout, retries=0, headers=credentials.headers)
    except LiveError as error:
        raise ApplyError(str(error)) from None
    return PrometheusRules(api, credentials, patience or Patience())
