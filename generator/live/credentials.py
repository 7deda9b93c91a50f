"""Our credentials for a server: from the environment alone, and never shown."""

from __future__ import annotations

import html
import json
import re
from base64 import b64encode
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

from msgspec import Struct, field

from generator.live.errors import LiveError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_HIDDEN = "***"
#: In a server's data, a text shorter than this is not treated as a credential: it would occur by chance.
_SHORTEST_IN_DATA = 8
#: The help where the server refuses what the environment has.
_OTHER = "see that {} in the environment is right, still valid, and allows this"


class Credentials(Struct, frozen=True):
    """Headers with a token or a password, and a way to keep both out of every text.

    Attributes:
        headers: sent with each request.
        secrets: texts that must not be shown.
        login: the help where the server wants credentials, or other ones.
    """

    headers: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    login: str = "the server wants credentials, and this call has none"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({_HIDDEN})"

    def hide(self, text: str) -> str:
        """Return a message without the secrets, in case a server repeats them, plain or quoted."""
        return self._hidden(text.encode(errors="surrogateescape"), self.secrets).decode(
            errors="surrogateescape"
        )

    def hide_in(self, data: bytes, *, good: bool) -> bytes:
        """Return a server's answer without the secrets; call it before any of it is cut or read.

        In a ``good`` answer, which is data, short secrets stay: a password of two letters is in every text.
        """
        least = _SHORTEST_IN_DATA if good else 1
        return self._hidden(data, tuple(secret for secret in self.secrets if len(secret) >= least))

    @staticmethod
    def _hidden(data: bytes, secrets: tuple[str, ...]) -> bytes:
        if not secrets:
            return data
        for spelling in _spellings(secrets):
            if spelling in data:
                data = data.replace(spelling, _HIDDEN.encode())
        # An escape may encode any character of it.
        return _escaped(secrets).sub(_HIDDEN.encode(), data) if b"\\u" in data or b"\\/" in data else data


def credentials(server: str, environment: Mapping[str, str]) -> Credentials:
    """Read the credentials of ``server`` (such as ``GRAFANA``) from ``environment``: a token, else user and password.

    Raises:
        LiveError: an invalid token, or a user without a password. The message does not repeat either.
    """
    names = {part: f"AGENT_METRICS_{server}_{part}" for part in ("TOKEN", "USER", "PASSWORD")}
    login = f"set {names['TOKEN']}, or {names['USER']} and {names['PASSWORD']}, in the environment"
    token, user, password = (environment.get(name, "").strip("\r\n") for name in names.values())
    if token.strip():
        return _token(token.strip(), names["TOKEN"], _OTHER.format(names["TOKEN"]))
    if not user and not password:
        return Credentials(login=login)
    if not user or not password or ":" in user:
        message = f"{names['USER']} and {names['PASSWORD']} go together, and a user name has no colon"
        raise LiveError(message, f"set both, or {names['TOKEN']}")
    return basic(user, password, _OTHER.format(f"{names['USER']} and {names['PASSWORD']}"))


def _token(token: str, name: str, login: str) -> Credentials:
    # An HTTP library would put such a token into the text of its exception.
    if not token.isascii() or not token.isprintable() or " " in token:
        message = f"{name} has characters that no token may have"
        raise LiveError(message, "set it to the token alone, on one line")
    return Credentials({"Authorization": f"Bearer {token}"}, (token,), login)


def basic(user: str, password: str, login: str = "") -> Credentials:
    """Make the credentials of a user with a password."""
    encoded = b64encode(f"{user}:{password}".encode(errors="surrogateescape")).decode()
    return Credentials({"Authorization": f"Basic {encoded}"}, (encoded, password), login)


@lru_cache(maxsize=64)
def _spellings(secrets: tuple[str, ...]) -> tuple[bytes, ...]:
    """Spell secrets as servers repeat them, the longest first, so that no part of one is left."""
    texts = dict.fromkeys(spelling for secret in secrets for spelling in _of(secret))
    return tuple(
        text.encode(errors="surrogateescape") for text in sorted(texts, key=len, reverse=True) if text
    )


def _of(secret: str) -> Iterator[str]:
    plain = secret.encode(errors="surrogateescape")
    yield secret
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    yield html.escape(secret)
    yield quote(plain, safe="")
    yield quote(plain)
    yield quote_plus(plain)


@lru_cache(maxsize=64)
def _escaped(secrets: Iterable[str]) -> re.Pattern[bytes]:
    """Match secrets in which any characters are JSON escapes."""
    choices = ("".join(map(_character, secret)) for secret in secrets)
    return re.compile("|".join(choices).encode(errors="surrogateescape"))


def _character(character: str) -> str:
    units = character.encode("utf-16-be", errors="surrogatepass")
    escape = "".join(rf"\\u(?i:{units[at : at + 2].hex()})" for at in range(0, len(units), 2))
    return rf"(?:{re.escape(character)}|{re.escape(json.dumps(character)[1:-1])}|\\{re.escape(character)}|{escape})"
