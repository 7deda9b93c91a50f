"""The parts of Prometheus's API for applying: a reload, and the running rules."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.live.api import PrometheusApi, connect
from generator.live.errors import LiveError, UncertainError

if TYPE_CHECKING:
    from generator.live.answers import GroupState
    from generator.live.credentials import Credentials
    from generator.live.response import Response
    from generator.live.retry import Patience

_TIMEOUT = 60.0
_OFF = "start Prometheus with --web.enable-lifecycle, or send it SIGHUP; then run again, which checks what it runs"
_WHERE = "is this a Prometheus? its address ends with the path of --web.external-url, if there is one"
# Without the flag Prometheus itself answers a POST with 403.
_CLOSED: dict[int, str] = {
    HTTPStatus.FORBIDDEN: _OFF,
    HTTPStatus.NOT_FOUND: f"{_WHERE}; or a proxy hides /-/reload: {_OFF}",
    HTTPStatus.METHOD_NOT_ALLOWED: f"a proxy lets no POST through, or this is no Prometheus: {_OFF}",
}


class ReloadClosedError(LiveError):
    """Reloading over HTTP is not allowed for us; the server may have been reloaded in another way."""


class PrometheusRules(Struct, frozen=True):
    """The rules of a Prometheus. Every method raises LiveError when it fails."""

    api: PrometheusApi

    @property
    def url(self) -> str:
        """The server's address."""
        return self.api.url

    def reload(self) -> None:
        """Make the server reload its configuration and rule files; it keeps the old ones when one is wrong.

        Raises:
            ReloadClosedError: it does not allow that over HTTP, or not for us.
        """
        try:
            response = self.api.connection.send("POST", "/-/reload")
        except UncertainError as error:
            raise error.adding("it may have been reloaded: run again to see") from None
        except LiveError as error:
            raise error.adding("it was not reloaded") from None
        if not response.ok:
            raise self._not_reloaded(response)

    def groups(self) -> tuple[GroupState, ...]:
        """Return the rule groups that the server runs."""
        return self.api.rules()

    def close(self) -> None:
        """Close the connections; a later request opens new ones."""
        self.api.close()

    def _not_reloaded(self, response: Response) -> LiveError:
        error, status = self.api.connection.error, response.status
        message = f"it does not reload: {response.reason}"
        general = self.api.connection.help_for(status)
        if status == HTTPStatus.UNAUTHORIZED:
            return error(message, general, ReloadClosedError)
        if status in _CLOSED:
            return error(message, _CLOSED[status], ReloadClosedError)
        # Prometheus itself answers 500 where it cannot read its configuration; other statuses come from a proxy.
        if status == HTTPStatus.INTERNAL_SERVER_ERROR:
            return error(message, "it still runs the rules from before; its log says which file is at fault")
        return error(message, f"{general or _WHERE}; it still runs the rules from before")


def connect_prometheus(
    url: str, credentials: Credentials, *, timeout: float = _TIMEOUT, patience: Patience | None = None
) -> PrometheusRules:
    """Prepare requests to the Prometheus at ``url``, which has been checked; nothing is sent yet.

    Raises:
        LiveError: ``url`` is not an address.
    """
    return PrometheusRules(connect(url, timeout=timeout, credentials=credentials, patience=patience))
