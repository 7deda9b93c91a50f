"""A real Prometheus or a real Alertmanager, for as long as a ``with`` block lasts: for tests, demos and replays."""

from __future__ import annotations

import re
import tempfile
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING, Any

import yaml
from msgspec import Struct

from generator.live.api import PrometheusApi, connect
from generator.live.errors import LiveError
from generator.live.process import (
    START_SECONDS,
    HttpServer,
    find_program,
    last_errors,
    launch,
    launch_http,
    log_of,
    running,
)
from generator.live.retry import ONCE

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator, Mapping

# A server accepts samples as old as half a block before its newest one (an hour, by default), and compacts once a block
# and a half is full. With one block for everything the age of samples does not matter, and no compaction runs beside a
# query.
_BLOCK = "20y"
_PROBE_SECONDS = 0.5
_CONFIG = "prometheus.yml"
# Out-of-order samples of a series are accepted this far back.
_OUT_OF_ORDER = "10y"
#: The program's name in Debian, and its makers' name.
_PROGRAMS = ("prometheus-alertmanager", "alertmanager")
_ROUTES = "alertmanager.yml"


class PrometheusServer(Struct, frozen=True):
    """A server that we started; ``directory`` contains its configuration, its log and its data."""

    api: PrometheusApi
    directory: Path
    process: subprocess.Popen[bytes]

    def load(self, config: ServerConfig) -> None:
        """Replace the server's configuration by ``config``.

        Raises:
            LiveError: the server refuses it (and keeps the old one), with its reason.
        """
        _write_config(self.directory, config)
        response = self.api.connection.send("POST", "/-/reload")
        if not response.ok:
            message = f"Prometheus refuses its configuration: {last_errors(log_of(self.directory)) or response.text}"
            raise LiveError(message)


class ServerConfig(Struct, frozen=True):
    """The configuration of a started Prometheus: rule files, scrape configurations in its own form, and Alertmanagers.

    ``alertmanagers`` are hosts with ports.
    """

    rule_files: tuple[Path, ...] = ()
    scrape_configs: tuple[Mapping[str, Any], ...] = ()
    scrape_interval: str = "15s"
    alertmanagers: tuple[str, ...] = ()


def find_prometheus() -> str:
    """Return the path of the ``prometheus`` program.

    Raises:
        LiveError: it is not installed.
    """
    return find_program("prometheus", "prometheus")


@contextmanager
def prometheus_server(
    config: ServerConfig | None = None,
    *,
    port: int = 0,
    timeout: float = START_SECONDS,
    features: tuple[str, ...] = (),
) -> Iterator[PrometheusServer]:
    """Start a Prometheus on 127.0.0.1, empty and ready, and end it with its data when the block ends.

    It accepts remote writes of any age up to ten years before its newest sample, in any order.

    Args:
        config: its configuration; empty by default.
        port: the port it listens on; 0 takes a free one.
        timeout: seconds until it is ready.
        features: what to switch on by --enable-feature, such as native-histograms before Prometheus 3.8.

    Raises:
        LiveError: there is no Prometheus, or it does not start (with its last messages).
    """
    binary = find_prometheus()
    with tempfile.TemporaryDirectory(prefix="prometheus-", ignore_cleanup_errors=True) as name:
        directory = Path(name)
        _write_config(directory, config or ServerConfig())
        launched = partial(_launch_prometheus, binary, directory, features)
        with (
            running(
                launched, _prometheus_is_ready, directory, called="Prometheus", port=port, timeout=timeout
            ) as server,
            closing(server.api),
        ):
            yield server


def _launch_prometheus(
    binary: str, directory: Path, features: tuple[str, ...], port: int
) -> PrometheusServer:
    command = [
        binary,
        f"--config.file={directory / _CONFIG}",
        f"--storage.tsdb.path={directory / 'data'}",
        f"--storage.tsdb.min-block-duration={_BLOCK}",
        f"--storage.tsdb.retention.time={_BLOCK}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--web.enable-remote-write-receiver",
        "--web.enable-lifecycle",
        "--query.max-samples=500000000",
        # It learns of Alertmanager seconds after its start: alerts of before then are lost until they are sent again.
        "--rules.alert.resend-delay=10s",
        "--log.level=warn",
        *([f"--enable-feature={','.join(features)}"] if features else []),
    ]
    api = connect(f"http://127.0.0.1:{port}")
    return PrometheusServer(api, directory, launch(command, directory))


def _prometheus_is_ready(server: PrometheusServer) -> bool:
    """Whether our server is ready, rather than another one that took its port: ours then ends by itself."""
    with closing(connect(server.api.url, timeout=_PROBE_SECONDS, patience=ONCE)) as api:
        try:
            flags = api.flags() if api.ready() else {}
        except LiveError:
            return False
    return flags.get("storage.tsdb.path") == str(server.directory / "data")


def _write_config(directory: Path, config: ServerConfig) -> None:
    (directory / _CONFIG).write_text(_configuration(config), encoding="utf-8")


def _configuration(config: ServerConfig) -> str:
    """Write ``config`` as Prometheus reads it.

    Raises:
        LiveError: a rule file does not exist; Prometheus would read its name as a pattern without matches.
    """
    for path in config.rule_files:
        if not path.is_file():
            message = f"no such rule file: {path}"
            raise LiveError(message)
    document: dict[str, Any] = {
        "global": {"scrape_interval": config.scrape_interval},
        "storage": {"tsdb": {"out_of_order_time_window": _OUT_OF_ORDER}},
        "rule_files": [_literal(path) for path in config.rule_files],
        "scrape_configs": [dict(one) for one in config.scrape_configs],
    }
    if config.alertmanagers:
        targets = {"static_configs": [{"targets": list(config.alertmanagers)}]}
        document["alerting"] = {"alertmanagers": [targets]}
    return yaml.safe_dump(document, sort_keys=False)


def _literal(path: Path) -> str:
    """Write a path where Prometheus expects a pattern."""
    return re.sub(r"([*?\[\\])", r"\\\1", str(path.resolve()))


def find_alertmanager() -> str:
    """Return the path of the program.

    Raises:
        LiveError: it is not installed.
    """
    return next(filter(None, map(which, _PROGRAMS)), None) or find_program("alertmanager", _PROGRAMS[0])


@contextmanager
def alertmanager_server(config: str, *, timeout: float = START_SECONDS) -> Iterator[HttpServer]:
    """Start an Alertmanager on 127.0.0.1, and end it with its data when the block ends.

    Args:
        config: its configuration file's text.
        timeout: seconds until it is ready.

    Raises:
        LiveError: there is no Alertmanager, or it does not start (with its last messages).
    """
    binary = find_alertmanager()
    with tempfile.TemporaryDirectory(prefix="alertmanager-", ignore_cleanup_errors=True) as name:
        directory = Path(name)
        (directory / _ROUTES).write_text(config, encoding="utf-8")
        launched = partial(_launch_alertmanager, binary, directory)
        with running(
            launched, _alertmanager_is_ready, directory, called="Alertmanager", timeout=timeout
        ) as server:
            yield server


def _launch_alertmanager(binary: str, directory: Path, port: int) -> HttpServer:
    command = [
        binary,
        f"--config.file={directory / _ROUTES}",
        f"--storage.path={directory / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
        "--log.level=warn",
    ]
    return launch_http(command, directory, port)


def _alertmanager_is_ready(server: HttpServer) -> bool:
    return server.answers("/-/ready")
