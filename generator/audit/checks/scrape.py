"""The scrape: its real interval."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.audit.findings import Finding, Fix, suspicion, violation
from generator.audit.fixes import service_file, site_file, snippet
from generator.live.scrapes import is_other
from generator.model.units import duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.audit.seen import Observed


def check(seen: Observed) -> Iterator[Finding]:
    """Compare the site's interval with the real one."""
    said = seen.site.scrape_interval
    if seen.interval is None or not is_other(seen.interval, said):
        return
    true = max(1, round(seen.interval))
    own = bool(seen.service.scrape_interval)
    message = (
        f"{seen.service.name} is scraped every {duration(true)}, and {'its spec' if own else 'site.yaml'} says "
        f"scrape_interval: {duration(said)}"
    )
    whose = service_file if own else site_file
    fix = Fix(whose(seen.service), snippet({"scrape_interval": duration(true)}))
    if seen.interval < said:
        help_ = "some increases are counted twice: say the true interval, then generate again"
        yield Finding(suspicion("audit/scrape-interval", message, seen, "", help_), fix=fix)
        return
    help_ = "rates see too few samples, so that little or nothing is recorded: say the true interval, or scrape as said"
    yield Finding(violation("audit/scrape-interval", message, seen, "", help_), fix=fix)
