"""A fake of Docker's client: ``run`` serves the mounted files, as the container would.

It shows that the client is called as in its manual, and that every started container is ended; it contains no Grafana.
"""

from __future__ import annotations

import json
import os
import sys
from functools import partial
from http.server import HTTPServer, SimpleHTTPRequestHandler
from itertools import pairwise
from pathlib import Path

#: The variable with the file of calls; beside it, ``image`` means that the image exists, ``fault`` names a failing
#: call.
CALLS = "FAKE_DOCKER"


class Container(SimpleHTTPRequestHandler):
    """Answers for its health, and serves the mounted files."""

    def translate_path(self, path: str) -> str:
        """Find a file by its path in the container."""
        for source, target in mounts(sys.argv).items():
            if path.startswith(target):
                return source + path.removeprefix(target)
        return os.environ[CALLS] if path == "/api/health" else "/nowhere"

    def log_message(self, *_: object) -> None:
        """Write no log."""


def mounts(argv: list[str]) -> dict[str, str]:
    """Read the source and the target of each mount."""
    given = [
        dict(part.split("=") for part in one.split(",") if "=" in part) for one in after("--mount", argv)
    ]
    return {one["source"]: one["target"] for one in given}


def after(option: str, argv: list[str]) -> list[str]:
    """List the values of an option."""
    return [value for name, value in pairwise(argv) if name == option]


def main() -> int:
    """Carry out the first argument."""
    called = " ".join(sys.argv[1:3])
    noted = Path(os.environ[CALLS])
    with noted.open("a") as calls:
        calls.write(json.dumps(sys.argv[1:]) + "\n")
    fault = noted.with_name("fault")
    if fault.exists() and called.startswith(fault.read_text()):
        sys.stderr.write("ignored\nit is broken\n")
        return 1
    if called.startswith("image inspect"):
        return 0 if noted.with_name("image").exists() else 1
    if called.startswith("pull"):
        noted.with_name("image").touch()
    if called.startswith("run"):
        settings = dict(one.split("=", 1) for one in after("--env", sys.argv))
        where = settings["GF_SERVER_HTTP_ADDR"], int(settings["GF_SERVER_HTTP_PORT"])
        HTTPServer(where, partial(Container, directory="/nowhere")).serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
