"""``init --repository``: the files for checks in a repository of specs."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from generator import __version__

if TYPE_CHECKING:
    from pathlib import Path

_ATTRIBUTES = """\
# Generated: reviews fold it away; agent-metrics diff says what a change does.
{output}/** linguist-generated=true
"""
_HOOKS = """\
# pre-commit install: these run before each commit, with the agent-metrics on the path.
repos:
  - repo: local
    hooks:
      - id: agent-metrics-check
        name: specs are right
        entry: agent-metrics check {specs}
        language: system
        files: ^{pattern}/
        pass_filenames: false
      - id: agent-metrics-generate
        name: output is up to date
        entry: agent-metrics generate {specs} -o {output} --check
        language: system
        files: ^({pattern}|{output_pattern})/
        pass_filenames: false
"""
_WORKFLOW = """\
# Each pull request: specs at fault are marked on their lines, and its summary says what the change does.
name: agent-metrics

on:
  push:
    branches: [main]
  pull_request:

permissions:
  contents: read

env:
  # The package that pip installs. agent-metrics is not published: build a wheel in its checkout, and commit it here:
  #   pip wheel --no-deps --wheel-dir wheels .
  # Or write git+https://... of your copy, with a version.
  AGENT_METRICS: wheels/agent_metrics-{version}-py3-none-any.whl

jobs:
  check:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
        with: {{fetch-depth: 0}}
      - uses: actions/setup-python@v5
        with: {{python-version: "3.11"}}
      - run: pip install "$AGENT_METRICS"
      - name: Check the specs
        run: |
          agent-metrics check {specs} --format github
      - name: Say what the change does
        if: github.event_name == 'pull_request'
        env:
          BASE: ${{{{ github.base_ref }}}}
        run: |
          agent-metrics diff "origin/$BASE" {specs} --format markdown >> "$GITHUB_STEP_SUMMARY"
      - name: Check that the output is up to date
        run: |
          agent-metrics generate {specs} -o {output} --check
"""


def repository_files(specs: Path, output: str) -> dict[Path, str]:
    """Write the files for a directory of specs, by their paths beside it; ``output`` is a name beside it as well."""
    root, name = specs.parent, specs.name
    names = {
        "specs": shlex.quote(name),
        "output": shlex.quote(output),
        "pattern": re.escape(name),
        "output_pattern": re.escape(output),
        "version": __version__,
    }
    return {
        root / ".gitattributes": _ATTRIBUTES.format(output=_in_attributes(output)),
        root / ".pre-commit-config.yaml": _HOOKS.format(**names),
        root / ".github/workflows/agent-metrics.yml": _WORKFLOW.format(**names),
    }


def _in_attributes(name: str) -> str:
    """Write a name as a pattern of Git, in which a blank would end it."""
    return re.sub(r"\s", "?", name)
