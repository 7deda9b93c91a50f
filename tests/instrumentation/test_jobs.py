"""Jobs that end before a scrape: their pushes add up over processes, at a real Pushgateway and over OTLP."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

import pytest
from msgspec.structs import replace
from prometheus_client.parser import text_string_to_metric_families

from generator.live.errors import LiveError
from tests.http_servers import Handler, served
from tests.instrumentation.loading import service, shipped, with_adapters
from tests.programs import needed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_JOB = """
import sys
from support_agent_metrics import SupportAgentMetrics
from support_agent_pushgateway import push_at_exit
metrics = SupportAgentMetrics(release="r1")
push = push_at_exit(sys.argv[1], job="nightly")
if sys.argv[2:] == ["early"]:
    with metrics.run():
        pass
    assert push.push()
with metrics.run() as run, run.llm_step("gpt-4o") as llm:
    llm.usage({"prompt_tokens": 5, "completion_tokens": 1})
"""
_SENDS = """
import sys
from support_agent_metrics import SupportAgentMetrics
from support_agent_otlp import send_at_exit
metrics = SupportAgentMetrics(release="r1")
sender = send_at_exit(sys.argv[1], service="support-agent")
for _ in range(2):
    with metrics.run() as run, run.llm_step("gpt-4o") as llm:
        llm.usage({"prompt_tokens": 5, "completion_tokens": 1})
    assert sender.send()
"""


def _find() -> str:
    found = shutil.which("prometheus-pushgateway")
    if found is None:
        raise LiveError("prometheus-pushgateway is not installed")
    return found


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a module and its adapters for pushing."""
    one = replace(service("support-agent"), adapters=("pushgateway", "otlp"))
    return with_adapters(one, shipped().site, tmp_path_factory.mktemp("jobs"))


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the test's own Pushgateway; Debian's keeps its data in a file by default."""
    needed(_find)
    kept = tmp_path_factory.mktemp("gateway") / "data"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    process = subprocess.Popen(
        [_find(), f"--web.listen-address={address}", f"--persistence.file={kept}"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(100):
            try:
                urlopen(f"http://{address}/-/ready", timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield f"http://{address}"
    finally:
        process.terminate()
        process.wait()


def _start(code: str, written: Path, *arguments: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(written)}
    return subprocess.Popen([sys.executable, "-c", code, *arguments], env=environment, stderr=subprocess.PIPE)


def _run(code: str, written: Path, *arguments: str) -> None:
    process = _start(code, written, *arguments)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (0, b"")


def _there(gateway: str) -> dict[str, float]:
    with urlopen(f"{gateway}/metrics", timeout=5) as answer:  # noqa: S310 - our own
        text = answer.read().decode()
    samples = [one for family in text_string_to_metric_families(text) for one in family.samples]
    found: dict[str, float] = {}
    for one in samples:
        if one.labels.get("job") == "nightly" and "le" not in one.labels:
            name = one.name + one.labels.get("token_type", "")
            found[name] = found.get(name, 0.0) + one.value
    return found


def test_what_jobs_push_adds_up_over_processes(gateway: str, written: Path) -> None:
    for arguments in ((), ("early",), ()):
        _run(_JOB, written, gateway, *arguments)
    found = _there(gateway)
    assert found["agent_run_total"] == found["agent_run_latency_ms_count"] == 4
    assert found["agent_token_usage_totalprompt"] == 15
    together = [_start(_JOB, written, gateway) for _ in range(4)]
    for process in together:
        process.communicate(timeout=60)
    assert _there(gateway)["agent_run_total"] == 8


def test_a_job_whose_gateway_is_away_ends_as_it_would(written: Path) -> None:
    process = _start(_JOB, written, "http://127.0.0.1:9")
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0
    assert b"metrics were not pushed" in said


def test_amounts_are_sent_over_otlp_each_once(written: Path) -> None:
    received: list[Any] = []

    class Receiver(Handler):
        def handle_body(self, body: bytes) -> None:
            assert self.path == "/v1/metrics"
            received.append(json.loads(body))
            self.answer(200, b"{}")

    with served(Receiver) as url:
        _run(_SENDS, written, url)
    assert [_tokens(one) for one in received] == [5, 5, 0]
    assert [_steps(one) for one in received] == [("1", ["1"]), ("1", ["1"]), ("0", [])]


def _metric(request: Any, name: str) -> Any:  # noqa: ANN401 - JSON
    [scope] = request["resourceMetrics"][0]["scopeMetrics"]
    return next(one for one in scope["metrics"] if one["name"] == name)


def _tokens(request: Any) -> float:  # noqa: ANN401 - JSON
    data = _metric(request, "agent_token_usage")["sum"]
    assert (data["aggregationTemporality"], data["isMonotonic"]) == (1, True)
    wanted = {("model", "gpt-4o"), ("token_type", "prompt")}
    return sum(
        float(point["asDouble"])
        for point in data["dataPoints"]
        if wanted <= {(one["key"], one["value"]["stringValue"]) for one in point["attributes"]}
    )


def _steps(request: Any) -> tuple[str, list[str]]:  # noqa: ANN401 - JSON
    [point] = _metric(request, "agent_steps_per_run")["histogram"]["dataPoints"]
    assert len(point["bucketCounts"]) == len(point["explicitBounds"]) + 1
    return point["count"], [count for count in point["bucketCounts"] if count != "0"]
