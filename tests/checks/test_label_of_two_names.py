"""A label of ours that a metric has under two names, of which one stream reads the one, another stream the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.cli import main
from tests.resolve.build import written

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

_PROFILE = """\
profile: mine
emitted: elsewhere
labels: {model: {}}
streams:
  run: {of: call_seconds, value: count, labels: {model: response_model}}
  run_latency: {of: call_seconds, labels: {model: request_model}, buckets: [1, 2]}
"""
_SERVICE = "service: one\nprofile: mine\nowner: t\nselector: {job: a}\nlabels: {model: [m]}\n"


def test_each_stream_may_read_its_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    specs = written(tmp_path / "specs", {"profiles/mine.yaml": _PROFILE, "services/one.yaml": _SERVICE})
    assert main(["generate", str(specs), "-o", str(tmp_path / "output")]) == 0, capsys.readouterr()
    rules = (tmp_path / "output/prometheus/rules/one.rules.yml").read_text("utf-8")
    assert "sum by (response_model)" in rules
    assert "sum by (le, request_model)" in rules or "sum by (request_model, le)" in rules
