"""A directory of specs with hostile texts in every possible place: the shipped profile, and a service on it."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from tests.injection.fields import filled
from tests.injection.hostile import sentence
from tests.whole.shipped import shipped

if TYPE_CHECKING:
    from tests.whole.specs import Directory

SERVICE = "hostile-agent"
#: The site's owner: everything that the schema allows.
OWNER = "Team_a.b@c/d-e"
LINK = "https://logs.example.com/a;b/(c)?q=%5B%5Bservice%5D%5D&x=~*!|^"


def own(index: int) -> str:
    """Name the signal of a stop reason, after its place among the texts."""
    return f"reason_{index}"


def alert(index: int) -> str:
    """Name the alert on such a signal."""
    return f"Reason{index}"


def part(index: int) -> str:
    """Name a metric that feeds a stream together with others."""
    return f"calls_{index}_total"


def selector(texts: tuple[str, ...]) -> dict[str, str]:
    """Pick the service's series by several labels."""
    return dict(zip(("job", "zone", "cluster"), texts[:: len(texts) // 3 + 1], strict=True))


def few(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Choose some texts for labels that multiply with many."""
    return texts[:: len(texts) // 6]


def tools(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Choose few enough texts that each has its colour."""
    return texts[8:]


def directory(texts: tuple[str, ...]) -> Directory:
    """Write a file of each kind with ``texts`` in all places with free text."""
    files = {
        "profiles/hostile.yaml": filled("profile", _profile(texts), texts),
        f"services/{SERVICE}.yaml": filled("service", _service(texts), texts),
    }
    return files | {"prices.yaml": _prices(texts), "site.yaml": _SITE}


_SITE: dict[str, Any] = {
    "grafana_url": "https://grafana.example.com/a|b^c",
    "runbook_url": "http://[2001:db8::1]:8080/(runbooks)",
    "series_budget": dict.fromkeys(("metric", "service", "recorded", "total"), 10_000_000),
}


def _profile(texts: tuple[str, ...]) -> dict[str, Any]:
    profile: dict[str, Any] = shipped()["profiles/agent.yaml"]
    labels = profile["labels"]
    labels["status"]["values"] += few(texts)
    labels["stop_reason"]["values"] |= {
        text: ("ok", *few(texts))[index % (1 + len(few(texts)))] for index, text in enumerate(texts)
    }
    labels["stop_reason"]["limits"] = list(texts)
    labels["token_type"]["values"] += few(texts)
    profile["includes"] = {outer: [inner] for outer, inner in pairwise(few(texts))}
    profile["streams"] |= {
        "inner_run": {"of": "inner_total", "set": {"stop_reason": texts[0]}},
        "llm_call": {
            "parts": [{"of": part(index), "set": {"model": text}} for index, text in enumerate(few(texts))]
        },
    }
    profile["metrics"] |= {
        f"own_{index}_total": {"type": "counter", "labels": []} for index in range(len(texts))
    }
    profile |= {"signals": {}, "alerts": {}, "description": " ".join(texts)}
    for index, text in enumerate(texts):
        of = {"of": "run", "where": {"stop_reason": text}}
        profile["signals"][own(index)] = {"share": of}
        told = {"summary": sentence(text), "warning": "0.01%", "for": "1m"}
        profile["alerts"][alert(index)] = {"threshold": {"signal": own(index)}, **told}
    profile["signals"]["own_among"] = _among(texts)
    profile["signals"]["own_reasons"] = _distribution(texts)
    profile["alerts"]["AgentNoRuns"] = {"disabled": " ".join(texts)}
    return profile | {"profile": "hostile"}


def _distribution(texts: tuple[str, ...]) -> dict[str, Any]:
    return {"distribution": {"of": "run", "label": "stop_reason", "limits": list(texts)}}


def _among(texts: tuple[str, ...]) -> dict[str, Any]:
    return {"share": {"of": "run", "where": {"status": "ok"}, "among": {"stop_reason": texts[0]}}}


def _service(texts: tuple[str, ...]) -> dict[str, Any]:
    return {
        "service": SERVICE,
        "profile": "hostile",
        "owner": OWNER,
        "selector": selector(texts),
        "labels": {"model": [*texts, "gpt-4o"], "tool": {"values": [*tools(texts), "search"]}},
        "metrics": {"service_total": {"type": "counter", "labels": []}},
        "signals": {
            "of_service": {
                "share": {"of": "run", "where": {"stop_reason": texts[1]}},
                "trend": {"over": "1h"},
            },
            "reasons_of_service": _distribution(texts),
            "among_of_service": _among(texts),
        },
        "alerts": {
            "OfService": {"threshold": {"signal": "of_service"}, "warning": "0.01%", "summary": "It is."},
            "AgentLLMErrorRateHigh": {"disabled": " ".join(texts)},
        },
        "links": {"logs": f"{LINK}&s={{service}}&r={{release}}", "traces": LINK},
    }


def _prices(texts: tuple[str, ...]) -> dict[str, Any]:
    first, second, *rest = few(texts)
    models = {text: {"provider": text, "prompt": 1.5, second: 3} for text in texts}
    includes = {text: {"includes": {"prompt": [first], second: rest}} for text in texts}
    return {"providers": includes, "models": models | {"gpt-4o": {"prompt": 2}}}
