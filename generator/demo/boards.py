"""The Grafana of the demo, in a container: the generated dashboards on the Prometheus that watches the agents."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.checks.facts import service_facts
from generator.checks.world import of_service
from generator.diagnostics.wording import printable
from generator.grafana.dashboards import dashboards, provisioning
from generator.grafana.records import combined_records, recording
from generator.live.errors import LiveError
from generator.live.process import START_SECONDS, HttpServer, find_program, launch_http, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from generator.artifact import Artifact
    from generator.model.service import Service, Site
    from generator.prometheus.rule_set import RuleSet

#: The release that the dashboards are written for.
IMAGE = "grafana/grafana:13.2.2"
#: An engine that does not report its version within this time is not used.
_ENGINE_SECONDS = 20.0
_SETTINGS = {
    "GF_AUTH_ANONYMOUS_ENABLED": "true",
    "GF_AUTH_ANONYMOUS_ORG_ROLE": "Editor",
    "GF_ANALYTICS_ENABLED": "false",
    "GF_ANALYTICS_REPORTING_ENABLED": "false",
    "GF_ANALYTICS_CHECK_FOR_UPDATES": "false",
    "GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES": "false",
    "GF_PLUGINS_PREINSTALL_DISABLED": "true",
    "GF_LOG_LEVEL": "warn",
}


class Boards(Struct, frozen=True):
    """The address of a Grafana, or the reason why there is none."""

    url: str
    missing: str = ""


def boards(  # noqa: PLR0913, PLR0917 - of a stage that is being set up
    service: Service,
    rules: RuleSet,
    site: Site,
    prometheus: str,
    opened: ExitStack,
    progress: Callable[[str, int, int], None],
    timeout: float,
) -> Boards:
    """Start a Grafana that ends with ``opened``; everything else works without."""
    try:
        docker = _find_docker()
        progress(f"fetching {IMAGE}", 0, 1)
        _fetch(docker)
        progress("starting Grafana", 0, 1)
        files = _files(service, rules, site, _seen_from_inside(prometheus))
        return Boards(opened.enter_context(_grafana_server(docker, files, timeout=timeout)).url)
    except LiveError as problem:
        return Boards("", str(problem))


def dashboard_files(service: Service, rules: RuleSet, site: Site) -> tuple[Artifact, ...]:
    """Generate the dashboards of one service."""
    everyone = of_service(rules.shared, service)
    known = service_facts(service, site, rules.own[0], rules.shared, everyone).recorded_names
    return dashboards(combined_records([recording(service, known)], site))


def _files(service: Service, rules: RuleSet, site: Site, prometheus: str) -> dict[str, str]:
    """Write Grafana's configuration as described in the comments of ``output/grafana/provisioning``."""
    made = (*dashboard_files(service, rules, site), *provisioning(site, prometheus))
    return {_place(artifact.path): artifact.text for artifact in made}


def _place(path: str) -> str:
    kind, _, rest = path.removeprefix("grafana/").partition("/")
    return f"{kind}/agent-metrics/{rest}" if kind == "dashboards" else f"{kind}/{rest}"


def _find_docker() -> str:
    """Return the path of Docker's client, if its engine answers.

    Raises:
        LiveError: it is not installed, or its engine does not answer.
    """
    docker = find_program("docker", "docker.io")
    _done(
        (docker, "version", "--format", "{{.Server.Version}}"),
        "Docker's engine does not answer",
        _ENGINE_SECONDS,
    )
    return docker


def _fetch(docker: str) -> None:
    """Ensure that the image is on this machine, which may take minutes the first time.

    Raises:
        LiveError: it cannot be downloaded.
    """
    try:
        _done((docker, "image", "inspect", IMAGE), "", _ENGINE_SECONDS)
    except LiveError:
        _done((docker, "pull", "--quiet", IMAGE), f"{IMAGE} cannot be fetched")


def _seen_from_inside(url: str) -> str:
    """Spell the address of a server on this machine as seen from the container."""
    return url if _shares_network() else url.replace("127.0.0.1", "host.docker.internal")


@contextmanager
def _grafana_server(
    docker: str, files: Mapping[str, str], *, timeout: float = START_SECONDS
) -> Iterator[HttpServer]:
    """Start a Grafana on 127.0.0.1 that anybody may look into, and end it with its data when the block ends.

    Args:
        docker: Docker's client, as ``_find_docker`` found it.
        files: further files in ``/etc/grafana``, by path.
        timeout: seconds until it is ready.

    Raises:
        LiveError: it does not start (with its last messages).
    """
    with tempfile.TemporaryDirectory(prefix="grafana-", ignore_cleanup_errors=True) as name:
        directory = Path(name)
        for path, text in files.items():
            place = directory / "etc" / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")
        try:
            launched = partial(_launch, docker, directory)
            with running(launched, _is_ready, directory, called="Grafana", timeout=timeout) as server:
                yield server
        finally:
            # A client that was killed, or lost its engine, leaves its container.
            subprocess.run(  # noqa: S603
                (docker, "rm", "--force", directory.name), capture_output=True, check=False
            )


def _launch(docker: str, directory: Path, port: int) -> HttpServer:
    address = "127.0.0.1" if _shares_network() else ""
    settings = {**_SETTINGS, "GF_SERVER_HTTP_PORT": str(port), "GF_SERVER_HTTP_ADDR": address}
    mounts = (f"{path},target=/etc/grafana/{path.name}" for path in sorted((directory / "etc").iterdir()))
    command = [
        docker,
        *("run", "--rm", "--pull", "never", "--name", directory.name),
        *(("--network", "host") if _shares_network() else ("--publish", f"127.0.0.1:{port}:{port}")),
        # As our own user, since only we may read the files; the image lets any user of group 0 write its data.
        *("--user", f"{os.getuid()}:0", "--security-opt", "label=disable"),
        *(part for mount in mounts for part in ("--mount", f"type=bind,readonly,source={mount}")),
        *(part for name, value in settings.items() for part in ("--env", f"{name}={value}")),
        IMAGE,
    ]
    return launch_http(command, directory, port)


def _shares_network() -> bool:
    """Whether a container can listen on this machine's own addresses: elsewhere it is in a virtual machine."""
    return sys.platform == "linux"


def _is_ready(server: HttpServer) -> bool:
    return server.answers("/api/health")


def _done(command: tuple[str, ...], otherwise: str, seconds: float | None = None) -> None:
    """Run a command to its end.

    Raises:
        LiveError: it failed, or took longer: ``otherwise``, and its last message.
    """
    try:
        done = subprocess.run(  # noqa: S603 - our own arguments, no shell
            command, capture_output=True, check=False, timeout=seconds, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise LiveError(otherwise) from error
    if done.returncode:
        messages = done.stderr.decode(errors="backslashreplace").strip().splitlines()
        raise LiveError(printable(": ".join((otherwise, *messages[-1:]))))
