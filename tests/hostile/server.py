"""A server with every kind of fault: each mode answers every request in its own bad way."""

from __future__ import annotations

import gzip
import html
import json
import socket
import threading
import time
import zlib
from contextlib import contextmanager, suppress
from functools import cache
from itertools import count, repeat
from typing import TYPE_CHECKING
from urllib.parse import quote

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Pieces = Iterator[bytes]
    Mode = Callable[["Request"], Pieces]

#: Between two bytes of an answer that drips; a real one would take a second.
_DROP_SECONDS = 0.05
_MEGABYTE = 1024 * 1024


class Request(Struct, frozen=True):
    """A received request: the path, and the whole head, which contains credentials."""

    path: str
    head: bytes

    @property
    def secret(self) -> str:
        """The credential, as it was sent."""
        line = next(
            (one for one in self.head.split(b"\r\n") if one.lower().startswith(b"authorization:")), b""
        )
        return line.partition(b": ")[2].decode()

    @property
    def token(self) -> str:
        """The credential without the word before it."""
        return self.secret.partition(" ")[2]


class Hostile(Struct):
    """A server on its way: its address, the requests it had, and when the first came (monotonic seconds)."""

    url: str
    requests: list[Request] = field(default_factory=list)
    began: float = 0.0


def answer(body: bytes, status: str = "200 OK", **headers: str) -> bytes:
    """Write a whole answer; ``_`` in the name of a header is a hyphen."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Content-Type: application/json"]
    lines += [f"{name.replace('_', '-')}: {text}" for name, text in headers.items()]
    return "\r\n".join((*lines, "\r\n")).encode("latin-1") + body


def _api(data: str) -> bytes:
    return answer(f'{{"status":"success","data":{data}}}'.encode())


def _fixed(whole: bytes) -> Mode:
    return lambda _: iter([whole])


def _result(kind: str, result: str) -> Mode:
    """Answer every query to a Prometheus with this result."""
    return _fixed(_api(f'{{"resultType":"{kind}","result":{result}}}'))


def _echo(status: str, spell: Callable[[str], str], **headers: str) -> Mode:
    """Repeat the credential in an error of the API."""

    def mode(request: Request) -> Pieces:
        said = spell(f"bad header {request.secret}")
        body = f'{{"status":"error","errorType":"x","error":"{said}","message":"{said}"}}'.encode()
        known = {name: text.replace("TOKEN", request.token) for name, text in headers.items()}
        yield answer(body, status, **known)

    return mode


def _escaped(text: str) -> str:
    return "".join(f"\\u{ord(character):04X}" for character in text)


def _as_data(request: Request) -> Pieces:
    """Insert the credential into labels, warnings and names."""
    series = {"metric": {"__name__": request.token, "tool": request.secret}, "value": [1, "1"]}
    body = {"status": "success", "data": {"resultType": "vector", "result": [series]}}
    yield answer(json.dumps({**body, "warnings": [request.secret]}).encode())


def _dripping(beginning: bytes, drop: bytes) -> Mode:
    def mode(_: Request) -> Pieces:
        yield beginning
        for one in repeat(drop):
            time.sleep(_DROP_SECONDS)
            yield one

    return mode


def _endless(piece: bytes, **headers: str) -> Mode:
    def mode(_: Request) -> Pieces:
        lines = ["HTTP/1.1 200 OK", *(f"{name.replace('_', '-')}: {text}" for name, text in headers.items())]
        yield "\r\n".join((*lines, "\r\n")).encode()
        yield from repeat(piece)

    return mode


def _endless_header(_: Request) -> Pieces:
    yield b"HTTP/1.1 200 OK\r\n"
    for start in count(step=100):  # a piece for each line would cost more than all else
        yield b"".join(b"X-%d: a\r\n" % number for number in range(start, start + 100))


@cache
def _packed_gigabyte() -> bytes:
    """A gigabyte of zeros, compressed to a megabyte: the same block again and again, without a checksum at its end.

    Who reads so far has unpacked all of it.
    """
    packed = zlib.compressobj(wbits=31)
    zeros = bytes(_MEGABYTE)
    first, again = (packed.compress(zeros) + packed.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    return first + again * 1023


def _bomb(_: Request) -> Pieces:
    yield answer(_packed_gigabyte(), Content_Encoding="gzip")


def _samples(kind: str, before: str, one: str, after: str, number: int) -> Mode:
    """Answer with more data than is useful, all of it well-formed."""

    @cache
    def whole() -> bytes:
        listed = f"{one}," * (number - 1) + one
        return _api(f'{{"resultType":"{kind}","result":[{before}{listed}{after}]}}')

    return lambda _: iter([whole()])


def _silent(_: Request) -> Pieces:
    time.sleep(60)
    return iter(())


_VECTOR = '[{"metric":{"__name__":"up"},"value":[1,"%s"]}]'
_MATRIX = '[{"metric":{},"values":[[1,"%s"]]}]'
_NEST = b"[" * 200_000

MODES: dict[str, Mode] = {
    "silent": _silent,
    "drips its status": _dripping(b"", b"H"),
    "drips headers": _dripping(b"HTTP/1.1 200 OK\r\nX: ", b"a"),
    "drips a body": _dripping(b"HTTP/1.1 200 OK\r\n\r\n{", b" "),
    "drips chunks": _dripping(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "endless": _endless(b"a" * 65536),
    "endless lines": _endless(b"up 1\n" * 10_000, Content_Type="text/plain"),
    "endless header": _endless_header,
    "gzip bomb": _bomb,
    "bad gzip": _fixed(answer(b"no gzip", Content_Encoding="gzip")),
    "unknown encoding": _fixed(answer(b"{}", Content_Encoding="rot13")),
    "good gzip of brackets": _fixed(answer(gzip.compress(_NEST), Content_Encoding="gzip")),
    "brackets": _fixed(answer(_NEST)),
    "brackets as data": _fixed(_api(_NEST.decode())),
    "brackets as a result": _result("vector", _NEST.decode()),
    "a series without end": _samples("matrix", '{"metric":{},"values":[', '[1,"1"]', "]}", 3_000_000),
    "series without end": _samples("vector", "", '{"metric":{},"value":[1,"1"]}', "", 900_000),
    "a sample without a name": _result("vector", '[{"metric":{},"value":[1,"1"]}]'),
    "a sample without a value": _result("vector", '[{"metric":{}}]'),
    "no number": _result("vector", _VECTOR % "NaN"),
    "infinite": _result("vector", _VECTOR % "+Inf"),
    "negative": _result("vector", _VECTOR % "-5"),
    "words": _result("vector", _VECTOR % "many"),
    "no number in a range": _result("matrix", _MATRIX % "NaN"),
    "infinite in a range": _result("matrix", _MATRIX % "+Inf"),
    "a time that is none": _result("matrix", '[{"metric":{},"values":[[1e300,"1"]]}]'),
    "a huge number": _result("vector", '[{"metric":{},"value":[1e999,"1"]}]'),
    "strings for lists": _fixed(_api('{"groups":"abc","resultType":"vector","result":"abc"}')),
    "null": _fixed(_api("null")),
    "half a character": _fixed(
        _api('{"resultType":"vector","result":[{"metric":{"a":"\\ud800"},"value":[1,"1"]}]}')
    ),
    "no UTF-8": _fixed(answer(b'{"status":"\xff"}')),
    "a page": _fixed(answer(b"<html>Sign in</html>")),
    "nothing": _fixed(answer(b"")),
    "no HTTP": _fixed(b"SSH-2.0-OpenSSH_9.2\r\n"),
    "hangs up": _fixed(b""),
    "cut short": _fixed(answer(b'{"status":"success"}')[:-5]),
    "chunks that are none": _fixed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
    "two lengths": _fixed(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}"),
    "a length of letters": _fixed(b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n{}"),
    "redirects": _fixed(answer(b"", "302 Found", Location="http://127.0.0.2:9/elsewhere?token=x")),
    "redirects with the token": _echo(
        "307 Temporary Redirect", str, Location="https://TOKEN@evil.example/TOKEN?t=TOKEN"
    ),
    "redirects to nowhere": _fixed(answer(b"", "301 Moved Permanently", Location="http://[::1")),
    "too many requests": _fixed(answer(b"slow down", "429 Too Many Requests", Retry_After="86400")),
    "too many, by date": _fixed(
        answer(b"slow", "429 Too Many Requests", Retry_After="Fri, 31 Dec 2999 23:59:59 GMT")
    ),
    "busy": _fixed(answer(b"busy", "503 Service Unavailable", Retry_After="0")),
    "bad gateway": _fixed(answer(b"<html>", "502 Bad Gateway")),
    "broken": _fixed(answer(b"oops", "500 Internal Server Error")),
    "escape sequences": _fixed(answer(b"\x1b]0;x\x07\x1b[2J", "500 Internal Server Error")),
    "repeats the token": _echo("403 Forbidden", str),
    "repeats it with 200": _echo("200 OK", str),
    "repeats it late": _echo("400 Bad Request", lambda text: "x" * 280 + text),
    "repeats it as escapes": _echo("403 Forbidden", _escaped),
    "repeats it as an address": _echo("403 Forbidden", lambda text: quote(text, safe="")),
    "repeats it as HTML": _echo("403 Forbidden", html.escape),
    "repeats it as data": _as_data,
}


@contextmanager
def hostile(mode: Mode) -> Iterator[Hostile]:
    """Serve as long as the block lasts."""
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listening:
        listening.settimeout(0.05)
        server = Hostile(f"http://127.0.0.1:{listening.getsockname()[1]}")
        thread = threading.Thread(target=_accept, args=(listening, server, mode, stop), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            stop.set()
            thread.join()


def _accept(listening: socket.socket, server: Hostile, mode: Mode, stop: threading.Event) -> None:
    while not stop.is_set():
        with suppress(TimeoutError):
            connection, _ = listening.accept()
            server.began = server.began or time.monotonic()
            threading.Thread(target=_serve, args=(connection, server, mode, stop), daemon=True).start()


def _serve(connection: socket.socket, server: Hostile, mode: Mode, stop: threading.Event) -> None:
    with connection, suppress(OSError):
        connection.settimeout(10)
        request = _received(connection)
        server.requests.append(request)
        for piece in mode(request):
            if stop.is_set():
                return
            connection.sendall(piece)


def _received(connection: socket.socket) -> Request:
    """Read a request with its body, or a reset would cut the answer off."""
    data = b""
    while b"\r\n\r\n" not in data and (piece := connection.recv(65536)):
        data += piece
    head, _, rest = data.partition(b"\r\n\r\n")
    lengths = [line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    left = int(lengths[0].partition(b":")[2]) - len(rest) if lengths else 0
    while left > 0 and (piece := connection.recv(65536)):
        left -= len(piece)
    return Request(head.split(b" ", 2)[1].decode(errors="replace") if b" " in head else "", head)
