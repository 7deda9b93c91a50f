"""A server that stores histograms in another form than rules read, and one that scrapes at another interval."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from generator.live.remote_write import TimeSeries, write
from tests.commands.calls import CommandCalls
from tests.golden import compare
from tests.models import written
from tests.native_histograms import Native, native_prometheus, write_native

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.prometheus

FORMS = Path(__file__).parent / "forms_of_histograms"
NATIVE = 'oldest_prometheus: "3.0"\nhistograms: native\n'
#: The other form of each job's histograms, and the keys that say so.
WRONG = {"stored-natively": "", "stored-classic": NATIVE}
RIGHT = {"stored-natively": NATIVE, "stored-classic": ""}
_BOUNDS = ("100.0", "250.0", "500.0", "1000.0", "2000.0", "5000.0", "10000.0", "+Inf")
_SPAN, _SCRAPE, _RARELY = 600, 15, 60


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """The address of a server with two jobs, one of which is scraped once a minute."""
    now = int(time.time())
    often, rarely = (range(now - _SPAN, now + 1, each) for each in (_SCRAPE, _RARELY))
    with native_prometheus() as server:
        for job, times in (("stored-natively", often), ("stored-classic", rarely)):
            write(server.api, _plain("up", job, times, 0))
            run = {"status": "ok", "stop_reason": "completed", "release": "r1"}
            write(server.api, _plain("agent_run_total", job, times, 1, **run))
        for le in _BOUNDS:
            write(
                server.api,
                _plain("agent_run_latency_ms_bucket", "stored-classic", rarely, 1, le=le, release="r1"),
            )
        for part in ("_count", "_sum"):
            write(
                server.api, _plain(f"agent_run_latency_ms{part}", "stored-classic", rarely, 1, release="r1")
            )
        write_native(
            server.api,
            {"__name__": "agent_run_latency_ms", "job": "stored-natively", "instance": "a", "release": "r1"},
            {at: Native([place], 90.0 * place, first=7) for place, at in enumerate(often)},
        )
        yield server.api.url


def _plain(name: str, job: str, times: range, each: float, **labels: str) -> list[TimeSeries]:
    values = [1 + each * place for place in range(len(times))]
    found = {"__name__": name, "job": job, "instance": "a", **labels}
    return [TimeSeries(found, [at * 1000 for at in times], values)]


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> CommandCalls:
    return CommandCalls(capsys)


def _specs(directory: Path, job: str, site: str) -> Path:
    service = (
        f"service: {job}\nprofile: agent\nowner: t\nselector: {{job: {job}}}\n"
        "labels: {tool: [a], model: [gpt-5]}\n"
    )
    files = {"site.yaml": site or "retention: 15d\n", f"services/{job}.yaml": service}
    return written(directory / "specs", files)


@pytest.mark.parametrize("job", WRONG)
def test_an_audit_names_histograms_in_the_other_form(
    job: str, url: str, call: CommandCalls, tmp_path: Path
) -> None:
    answer = call("audit", str(_specs(tmp_path, job, WRONG[job])), "--prometheus", url)
    assert answer.code == 1
    found = [part for part in answer.out.split("\n\n") if "audit/histograms" in part]
    compare(FORMS / job, {"expected.txt": "\n\n".join(found) + "\n"})


@pytest.mark.parametrize("job", RIGHT)
def test_an_audit_is_content_with_the_form_that_rules_read(
    job: str, url: str, call: CommandCalls, tmp_path: Path
) -> None:
    answer = call("audit", str(_specs(tmp_path, job, RIGHT[job])), "--prometheus", url)
    assert "audit/histograms" not in answer.out
    assert "audit/no-buckets" not in answer.out


def test_apply_warns_of_what_leaves_rules_empty(url: str, call: CommandCalls, tmp_path: Path) -> None:
    told = []
    for job, site in WRONG.items():
        output = tmp_path / job
        assert call("generate", str(_specs(tmp_path / "of" / job, job, site)), "-o", str(output)).code == 0
        answer = call("apply", "-o", str(output), "--prometheus", url, "--dry-run")
        told += [line for line in answer.out.splitlines() if "warning" in line]
    compare(FORMS / "apply", {"expected.txt": "".join(f"{line}\n" for line in told)})


def test_apply_does_not_warn_of_what_rules_read(url: str, call: CommandCalls, tmp_path: Path) -> None:
    specs = _specs(tmp_path, "stored-natively", NATIVE)
    assert call("generate", str(specs), "-o", str(tmp_path / "output")).code == 0
    assert (
        "warning" not in call("apply", "-o", str(tmp_path / "output"), "--prometheus", url, "--dry-run").out
    )


@pytest.mark.parametrize(
    ("job", "told"),
    [
        ("stored-natively", "agent_run_latency_ms is stored as a native histogram at"),
        ("stored-classic", "agent_run_latency_ms is stored with classic buckets at"),
    ],
)
def test_a_first_service_needs_the_form_in_the_site(
    job: str, told: str, url: str, call: CommandCalls, tmp_path: Path
) -> None:
    specs = written(tmp_path, {"site.yaml": WRONG[job] or "retention: 15d\n"})
    answer = call("init", str(specs), "--from-prometheus", url, "--job", job)
    assert (answer.code, told in answer.err, "run this again" in answer.err) == (2, True, True)
    assert not (specs / "services").exists()
    written(tmp_path, {"site.yaml": RIGHT[job] or "retention: 15d\n"})
    assert call("init", str(specs), "--from-prometheus", url, "--job", job).code == 0


def test_a_replay_says_that_it_cannot_copy_native_histograms(
    url: str, call: CommandCalls, tmp_path: Path
) -> None:
    specs = _specs(tmp_path, "stored-natively", NATIVE)
    of = ["replay", str(specs), "--prometheus", url, "--last", "10m", "--records", "inlined"]
    answer = call(*of)
    assert answer.code == 2
    assert (
        "stream:agent_run_latency:native_rate is made from native histograms, which no query copies"
        in answer.err
    )


def test_a_simulation_says_that_its_histograms_are_classic(call: CommandCalls, tmp_path: Path) -> None:
    specs = _specs(tmp_path, "stored-natively", NATIVE)
    answer = call("simulate", str(specs), "--last", "30m", "--openmetrics", str(tmp_path / "file.txt"))
    assert "  histograms are written as classic buckets: rules for native ones do not read them" in answer.out
    assert "agent_run_latency_ms_bucket" in (tmp_path / "file.txt").read_text()
