"""Reasons for generated rules to stay empty on a server: another scrape interval, histograms in another form."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from generator.diagnostics.wording import listed
from generator.live.errors import LiveError
from generator.live.scrapes import is_other, scraped_every
from generator.model import names
from generator.model.units import duration, parse_duration
from generator.promql.expr import aggregate, escape_regex, series
from generator.promql.syntax import Reading, readings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from generator.apply.generated import Generated
    from generator.live.api import PrometheusApi

_PARTS = ("_bucket", "_count", "_sum")
#: The beginnings of the records of raw passes.
_RAW = ("stream:", "metric:")
#: Functions of native histograms alone.
_OF_NATIVE = ("histogram_sum(", "histogram_count(")
#: The most services that are looked at: one cause is mostly that of all.
_MOST = 50


class RawReads(Struct, frozen=True):
    """The reads of one service's raw pass.

    Attributes:
        service: Its name.
        selector: The labels of its series.
        scrape: The scrape interval that the rules are made for, in seconds.
        classic: Series that are read as parts of classic histograms.
        native: Native histograms that are read.
    """

    service: str
    selector: Mapping[str, str]
    scrape: float
    classic: frozenset[str]
    native: frozenset[str]


def warnings(api: PrometheusApi, generated: Generated) -> Iterator[str]:
    """Yield the reasons as sentences, with the way out; none where the server lets nobody query it."""
    try:
        for one in islice(_raw_reads(generated), _MOST):
            yield from _of_scrape(api, one)
            yield from _of_histograms(api, one)
    except LiveError:
        return


def _raw_reads(generated: Generated) -> Iterator[RawReads]:
    """Find the raw pass of each service in the rule files."""
    for groups in generated.rule_files.values():
        found = [
            _Rate(group, rule, one) for group in groups for rule in group["rules"] for one in _rates(rule)
        ]
        if found:
            yield _together(found)


class _Rate(Struct, frozen=True):
    """A read of raw series, and the rule and the group that do it, as in YAML."""

    group: Mapping[str, Any]
    rule: Mapping[str, Any]
    reading: Reading

    @property
    def is_native(self) -> bool:
        is_record = self.rule["record"].endswith(names.NATIVE_RATE)
        return is_record or any(text in self.rule["expr"] for text in _OF_NATIVE)


def _rates(rule: Mapping[str, Any]) -> list[Reading]:
    own = rule.get("record", "").startswith(_RAW) and names.SERVICE in rule.get("labels", {})
    return [one for one in readings(rule["expr"]) if one.function == "rate"] if own else []


def _together(found: list[_Rate]) -> RawReads:
    """Merge the reads of a service; labels that only some of them match are not its targets'."""
    first = found[0]
    equal = [{(label, value) for label, op, value in one.reading.of.matchers if op == "="} for one in found]
    return RawReads(
        service=first.rule["labels"][names.SERVICE],
        selector=dict(sorted(set.intersection(*equal))),
        scrape=first.reading.window - (parse_duration(first.group.get("interval", "")) or 0),
        classic=frozenset(
            name for one in found if not one.is_native and (name := one.reading.of.name).endswith(_PARTS)
        ),
        native=frozenset(one.reading.of.name for one in found if one.is_native),
    )


def _of_scrape(api: PrometheusApi, one: RawReads) -> Iterator[str]:
    real = scraped_every(api, one.selector)
    if real is None or not is_other(real, one.scrape):
        return
    true = duration(max(1, round(real)))
    effect = (
        "see too few samples, so that little or nothing is recorded"
        if real > one.scrape
        else "count some increases twice"
    )
    yield (
        f"{one.service} is scraped every {true}, and its rules, which are for every {duration(round(one.scrape))}, "
        f"{effect}: set scrape_interval: {true} in the spec, then generate again"
    )


def _of_histograms(api: PrometheusApi, one: RawReads) -> Iterator[str]:
    parts = {name.removesuffix(part): name for name in one.classic for part in _PARTS if name.endswith(part)}
    asked = {*one.classic, *parts, *one.native, *(f"{name}_count" for name in one.native)}
    if not asked:
        return
    there = _there(api, one.selector, asked)
    natively = sorted(name for name, read in parts.items() if name in there and read not in there)
    classic = sorted(name for name in one.native if name not in there and f"{name}_count" in there)
    if natively:
        yield (
            f"{listed(natively)} of {one.service} {_are(natively)} stored natively, and the rules read classic "
            'buckets: set histograms: native and oldest_prometheus: "3.0" or later in site.yaml, then generate again'
        )
    if classic:
        yield (
            f"{listed(classic)} of {one.service} {_are(classic)} stored with classic buckets, and the rules read "
            "native histograms: leave histograms: native out of the spec, then generate again"
        )


def _are(several: list[str]) -> str:
    return "is" if len(several) == 1 else "are"


def _there(api: PrometheusApi, selector: Mapping[str, str], asked: Iterable[str]) -> frozenset[str]:
    """Name the existing series of those asked for."""
    pattern = "|".join(map(escape_regex, sorted(asked)))
    found = series("", selector).where("=~", __name__=pattern)
    samples = api.query(aggregate("count", found.now(), ("__name__",)).text).samples
    return frozenset(one.labels.get("__name__", "") for one in samples)
