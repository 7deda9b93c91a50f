"""Who we are to a server: from the environment alone, and never shown."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from generator.apply.errors import ApplyError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.live.transport import Response

_HIDDEN = "***"


class Credentials(Struct, frozen=True):
    """Headers that carry a token or a password, and a way to keep both out of every text."""

    headers: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({_HIDDEN})"

    def hide(self, text: str) -> str:
        """Return ``text`` without the secrets, in case a server repeats what it was sent."""
        for secret in self.secrets:
            text = text.replace(secret, _HIDDEN)
        return text

    def without(self, response: Response) -> Response:
        """Return an answer whose body does not hold the secrets; to be done before any of it is cut."""
        body = self.hide(response.body.decode(errors="surrogateescape")).encode(errors="surrogateescape")
        return replace(response, body=body)


def credentials(server: str, environment: Mapping[str, str]) -> Credentials:
    """Read what ``environment`` says of ``server`` (``GRAFANA``, ``PROMETHEUS``): a token, else user and password.

    Raises:
        ApplyError: a token that can be none, or a user without a password. The message does not repeat either.
    """
    names = {part: f"AGENT_METRICS_{server}_{part}" for part in ("TOKEN", "USER", "PASSWORD")}
    token, user, password = (environment.get(name, "").strip("\r\n") for name in names.values())
    if token.strip():
        return _token(token.strip(), names["TOKEN"])
    if not user and not password:
        return Credentials()
    if not user or not password or ":" in user:
        message = f"{names['USER']} and {names['PASSWORD']} go together, and a user name holds no colon"
        raise ApplyError(message, f"set both, or {names['TOKEN']}")
    return _password(user, password)


def _token(token: str, name: str) -> Credentials:
    # An HTTP library would put such a token into the text of its exception.
    if not token.isascii() or not token.isprintable() or " " in token:
        message = f"{name} holds characters that no token has"
        raise ApplyError(message, "set it to the token alone, on one line")
    return Credentials({"Authorization": f"Bearer {token}"}, (token,))


def _password(user: str, password: str) -> Credentials:
    encoded = b64encode(f"{user}:{password}".encode(errors="surrogateescape")).decode()
    return Credentials({"Authorization": f"Basic {encoded}"}, (encoded, password))
