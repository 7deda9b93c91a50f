"""A server that answers from a script, and records its requests."""

from __future__ import annotations

from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from msgspec import Struct, field

from generator.live.api import connect
from generator.live.retry import Patience
from tests.http_servers import Handler, served

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from generator.live.api import PrometheusApi

    Answer = tuple[int, bytes, dict[str, str]]
    Reply = Callable[[dict[str, str]], Answer]


#: Repeats at once.
WITHOUT_WAITING = Patience(sleep=lambda _: None)


class Script(Struct):
    """The server: ``reply`` makes an answer of a request's fields."""

    api: PrometheusApi
    asked: list[dict[str, str]] = field(default_factory=list)
    reply: Reply = field(default=lambda _: (500, b"no script", {}))


@contextmanager
def scripted() -> Iterator[Script]:
    """Serve a script as long as the block lasts."""

    class Scripted(Handler):
        def handle_body(self, body: bytes) -> None:
            fields = dict(parse_qsl(body.decode()))
            told.asked.append(fields)
            with suppress(BrokenPipeError):  # the client may not wait
                self.answer(*told.reply(fields))

    with served(Scripted) as url, closing(connect(url, timeout=30, patience=WITHOUT_WAITING)) as api:
        told = Script(api)
        yield told
