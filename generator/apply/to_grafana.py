"""Bring the generated dashboards to a Grafana, or compare them with its own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.apply.carry_out import carry_out
from generator.apply.grafana_text import done_line, left_line, plan_lines, remark_lines
from generator.apply.plan import make_plan
from generator.live.errors import LiveError
from generator.model.names import GRAFANA_FOLDER, GRAFANA_FOLDER_UID

if TYPE_CHECKING:
    from collections.abc import Callable

    from generator.apply.generated import Generated
    from generator.apply.grafana_api import GrafanaApi
    from generator.apply.plan import Plan, Step

_UID = re.compile(r"[A-Za-z0-9_-]{1,40}")


class Options(Struct, frozen=True):
    """Options: the uid of the folder, whether only to show the changes, whether to delete stale dashboards."""

    folder: str = GRAFANA_FOLDER_UID
    dry_run: bool = False
    prune: bool = False


def apply_to_grafana(
    api: GrafanaApi, generated: Generated, options: Options, say: Callable[[str], None]
) -> None:
    """Save the generated dashboards in Grafana; unchanged ones are not saved again.

    Everything is read and compared first. Dashboards that are not ours stop it before anything is written.

    Args:
        api: the Grafana.
        generated: the generated files.
        options: the options.
        say: prints a line about each step, as soon as it is done.

    Raises:
        LiveError: a dashboard is not ours, or a request failed; steps reported as done stay done.
    """
    if not _UID.fullmatch(options.folder):
        message = "a folder's uid has up to 40 letters, digits, - and _"
        raise LiveError(message, "it is the part after /dashboards/f/ in the folder's address")
    try:
        plan = make_plan(api, generated.dashboards, options.folder)
    except LiveError as error:
        raise error.adding("nothing was written") from None
    _refuse_faults(plan)
    say(f"Grafana {api.url}, folder {options.folder}" + (": dry run, nothing is written" * options.dry_run))
    if options.dry_run:
        for line in plan_lines(plan, folder_title=GRAFANA_FOLDER, prune=options.prune):
            say(line)
    else:
        _carry_out(api, plan, f"agent-metrics, output {generated.digest}", options, say)
    for line in remark_lines(plan, prune=options.prune):
        say(line)


def _carry_out(
    api: GrafanaApi, plan: Plan, message: str, options: Options, say: Callable[[str], None]
) -> None:
    done: list[Step] = []
    try:
        for step in carry_out(api, plan, folder_title=GRAFANA_FOLDER, message=message, prune=options.prune):
            done.append(step)
            say(done_line(step))
    except LiveError as error:
        say(left_line(plan, done, prune=options.prune))
        raise error.adding("what was applied stays" if done else "") from None
    except KeyboardInterrupt:
        say(left_line(plan, done, prune=options.prune))
        raise


def _refuse_faults(plan: Plan) -> None:
    if plan.faults:
        lines = "".join(f"\n  {fault.uid} {fault.reason}: {fault.help}" for fault in plan.faults)
        raise LiveError(f"dashboards are in the way that are not ours to change; nothing was written{lines}")
