"""``prices import``: take prices from LiteLLM's published list, a local file; nothing is downloaded."""

from __future__ import annotations

import json
import re
import sys
from datetime import UTC, datetime
from math import isclose
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from generator.commands import options
from generator.commands.call import OK, CallError, printable_text
from generator.commands.compiling import checked
from generator.commands.init import shipped_text
from generator.commands.replacing import replacing
from generator.diagnostics.wording import did_you_mean, quoted, system_reason
from generator.model.metrics import OTHER
from generator.model.streams import MODEL
from generator.model.tokens import SERVED
from generator.resolve.prices import SMALLEST_PRICE
from generator.spec.document import parse_document
from generator.spec.schema import load_schema, validate
from generator.spec.source import SourceText

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

_ENTRY = re.compile(
    r"  (?:\"(?P<quoted>[^\"]+)\"|(?P<plain>[^\s#\"'][^#]*?)): (?P<value>\{.*\})\s*(?P<comment>#.*)?"
)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_DATED = re.compile(r"(?P<key>date:\s*)[^\s#]*(?P<comment>\s*(?:#.*)?)")
_MARK = "\ufeff"
_MOST_SHOWN = 20
_MILLION = 1_000_000
_OPENAI = "{prompt: [cached, cache_write], completion: [reasoning]}"
_BESIDE = "{completion: [reasoning]}"
_GOOGLE = "{prompt: [cached]}"
#: By the beginning of LiteLLM's provider: our name for it, and the token types that it counts inside others.
_PROVIDERS = {
    "anthropic": ("anthropic", _BESIDE),
    "bedrock": ("bedrock", _BESIDE),
    "vertex_ai-anthropic": ("anthropic", _BESIDE),
    "gemini": ("google", _GOOGLE),
    "vertex_ai": ("google", _GOOGLE),
    "xai": ("xai", _GOOGLE),
    "azure": ("openai", _OPENAI),
    "cohere": ("cohere", "{}"),
}
#: By LiteLLM's key: the token type that it prices; of two keys of a type the first existing one counts.
_TYPES = {
    "input_cost_per_token": "prompt",
    "output_cost_per_token": "completion",
    "cache_read_input_token_cost": "cached",
    "input_cost_per_token_cache_hit": "cached",
    "cache_creation_input_token_cost": "cache_write",
    "cache_creation_input_token_cost_above_1hr": "cache_write_1h",
    "output_cost_per_reasoning_token": "reasoning",
    "input_cost_per_audio_token": "audio_input",
    "output_cost_per_audio_token": "audio_output",
    "input_cost_per_image_token": "image_input",
    "output_cost_per_image_token": "image_output",
}
#: Our names of service tiers, by LiteLLM's.
_WAYS = {"batch": "batches", "flex": "flex", "priority": "priority"}
_TIER = re.compile(r"(?P<key>.+)_above_(?P<tokens>[0-9]+)k_tokens")
#: LiteLLM's prefixes of models whose names have no prefix elsewhere.
_PREFIXES = ("gemini/", "mistral/", "xai/", "deepseek/", "moonshot/", "dashscope/")
_CHAT = {"chat", "responses", "completion", "embedding"}
_LIST = "LiteLLM's list"
_EXPECTED = "pass model_prices_and_context_window.json of LiteLLM's repository or package"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.description = (
        "Take prices from model_prices_and_context_window.json, the list that LiteLLM publishes: of the models that "
        "the services list and of those that are priced already. Entries that it does not know stay as they are. "
        "Without a price list, it begins with the shipped one, which agent-metrics init --copy prices writes alone."
    )
    parser.add_argument("action", choices=["import"], help="what to do with the prices")
    parser.add_argument("file", type=options.path, metavar="FILE", help="LiteLLM's list")
    options.add_specs(parser)
    parser.add_argument(
        "--model", action="append", default=[], metavar="NAME", help="take this model, too; may be repeated"
    )
    parser.add_argument("--all", action="store_true", help="take every model of the list")
    parser.add_argument("--date", metavar="DAY", help="the day of the prices; default: that of the file")


def run(arguments: argparse.Namespace) -> int:
    """Change prices.yaml; the written file compiles."""
    day = arguments.date or _day_of(arguments.file)
    if not _DATE.fullmatch(day):
        raise CallError(f'"{printable_text(day)}" is no day', "write it as 2026-11-28")
    listed = _read_list(arguments.file)
    path = arguments.specs / "prices.yaml"
    written = _written(path)
    before = written.lines
    of_services = [] if arguments.all else _listed(arguments.specs)
    wanted = _every_chat_model(listed) if arguments.all else [*(of_services or ()), *_entries(before)]
    chosen, missing = _models_of(listed, [*wanted, *arguments.model])
    _require(arguments.model, missing, listed)
    others = [model.name for model in chosen if _is_other(model, _entries(before).get(model.name))]
    chosen = [model for model in chosen if model.name.partition("@")[0] not in others]
    after = _dated(_with_providers(_with_models(before, chosen), chosen), day)
    _check(after, path)
    with replacing(path) as new:
        new.write((written.mark, *(f"{line}{written.ending}" for line in after)))
    _report(_entries(before), chosen, path)
    if of_services is None:
        sys.stdout.write(
            f"the specs have errors, so that no model that only a service lists was looked for: run agent-metrics "
            f"check {printable_text(arguments.specs)}\n"
        )
    for why, names in (("not in the list", missing), ("of another provider there", others)):
        if names:
            sys.stdout.write(f"{why}, and left as they are: {', '.join(map(printable_text, names))}\n")
    return OK


def _require(named: Iterable[str], missing: Iterable[str], listed: Iterable[str]) -> None:
    """Refuse a model that the call names and the list lacks."""
    for name in named:
        if name in missing:
            raise CallError(f"{_LIST} has no model {quoted(name)}", did_you_mean(name, listed))


def _is_other(model: Imported, before: str | None) -> bool:
    """Whether the list prices another provider's model of that name."""
    provider = re.search(r"\bprovider: ([^,}]+)", before or "")
    return provider is not None and provider[1].strip() != model.provider


def _day_of(path: Path) -> str:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC).date().isoformat()
    except OSError as problem:
        message = f"{printable_text(path)} cannot be read: {system_reason(problem)}"
        raise CallError(message, _EXPECTED) from problem


class PriceFile(Struct, frozen=True):
    """A price list as it is written: its lines, how each of them ends, and the byte order mark, if it has one."""

    lines: list[str]
    ending: str = "\n"
    mark: str = ""


def _written(path: Path) -> PriceFile:
    """Read the price list; without one, the shipped list, which a local list replaces."""
    if not path.exists():
        return PriceFile(shipped_text("prices.yaml", ".schemas").removesuffix("\n").split("\n"))
    try:
        text = path.read_bytes().decode()
        ending = "\r\n" if "\r\n" in text else "\n"
        mark = _MARK if text.startswith(_MARK) else ""
        return PriceFile(text.removeprefix(mark).removesuffix(ending).split(ending), ending, mark)
    except (OSError, UnicodeDecodeError) as problem:
        help_ = "make it a readable file of text in UTF-8, or remove it to begin with the shipped prices"
        raise CallError(
            f"{printable_text(path)} cannot be read: {system_reason(problem)}", help_
        ) from problem


def _listed(specs: Path) -> list[str] | None:
    """Name the models that services list; None where there are services, and the specs do not compile."""
    model = checked(specs).model
    if model is None:
        return None if (specs / "services").is_dir() else []
    return [name for one in model.services for name in one.labels[MODEL].values if name != OTHER]


def _block(lines: list[str], key: str) -> tuple[int, int]:
    """Find the lines of a top-level map: after its key, up to the next one."""
    begin = next(
        (number for number, line in enumerate(lines) if re.fullmatch(rf"{key}:\s*(#.*)?", line)), None
    )
    if begin is None:
        raise CallError(
            f"{key} of prices.yaml is not written over several lines",
            f"write {key}: on a line of its own, and an entry a line below it",
        )
    ends = (number for number, line in enumerate(lines) if number > begin and line[:1] not in {"", " ", "#"})
    end = next(ends, len(lines))
    while end > begin + 1 and not lines[end - 1].strip():
        end -= 1
    return begin + 1, end


def _entries(lines: list[str]) -> dict[str, str]:
    """List the models that are written on one line each, with their prices."""
    begin, end = _block(lines, "models")
    matches = (_ENTRY.fullmatch(line) for line in lines[begin:end])
    return {match["quoted"] or match["plain"]: match["value"] for match in matches if match}


def _with_models(lines: list[str], models: Iterable[Imported]) -> list[str]:
    new = {model.name: model.entry for model in models}
    begin, end = _block(lines, "models")
    kept = []
    for line in lines[begin:end]:
        match = _ENTRY.fullmatch(line)
        entry = new.pop(match["quoted"] or match["plain"], None) if match else None
        comment = f"  {match['comment']}" if match and match["comment"] else ""
        kept.append(
            line if match is None or entry is None else f"{line[: match.start('value')]}{entry}{comment}"
        )
    return [*lines[:begin], *kept, *(f"  {_key(name)}: {entry}" for name, entry in new.items()), *lines[end:]]


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z][\w./:@-]*\w", name) else json.dumps(name, ensure_ascii=False)


def _with_providers(lines: list[str], models: Iterable[Imported]) -> list[str]:
    if not any(line.startswith("providers:") for line in lines):
        begin = _block(lines, "models")[0] - 1
        lines = [*lines[:begin], "providers:", *lines[begin:]]
    begin, end = _block(lines, "providers")
    known = {line.strip().partition(":")[0] for line in lines[begin:end]}
    new = {model.provider: model.includes for model in models if model.provider not in known}
    return [
        *lines[:end],
        *(f"  {name}: {{includes: {entries}}}" for name, entries in new.items()),
        *lines[end:],
    ]


def _dated(lines: list[str], day: str) -> list[str]:
    if any(_DATED.fullmatch(line) for line in lines):
        return [_DATED.sub(rf'\g<key>"{day}"\g<comment>', line) for line in lines]
    begin = next((number for number, line in enumerate(lines) if line and not line.startswith("#")), 0)
    return [*lines[:begin], f'date: "{day}"', *lines[begin:]]


def _check(lines: list[str], path: Path) -> None:
    """Check that the new list compiles, before it replaces the old one."""
    document = parse_document(SourceText(str(path), "\n".join(lines) + "\n"))
    wrong = (
        validate(document.value, load_schema("prices"))
        if document.value is not None
        else document.diagnostics
    )
    if wrong:
        raise CallError(
            f"{printable_text(path)} would be wrong: {wrong[0].message}",
            "correct it first, or name fewer models",
        )


def _report(before: dict[str, str], models: list[Imported], path: Path) -> None:
    new = [model for model in models if model.name not in before]
    changed = [model for model in models if before.get(model.name, model.entry) != model.entry]
    same = len(models) - len(new) - len(changed)
    sys.stdout.write(f"{printable_text(path)}: {len(new)} added, {len(changed)} changed, {same} as before\n")
    for model in changed[:_MOST_SHOWN]:
        sys.stdout.write(f"  {model.name}: {before[model.name]}\n    now {model.entry}\n")
    if len(changed) > _MOST_SHOWN:
        sys.stdout.write(f"  and {len(changed) - _MOST_SHOWN} more\n")


class Imported(Struct, frozen=True):
    """A model of LiteLLM's list: the text of its entry, its provider and the provider's ``includes``, as flow YAML."""

    name: str
    entry: str
    provider: str
    includes: str


def _read_list(path: Path) -> Mapping[str, Mapping[str, Any]]:
    """Read the list.

    Raises:
        CallError: the file does not exist, or it is not such a list.
    """
    try:
        listed = json.loads(path.read_bytes())
    except OSError as problem:
        raise CallError(f"{path} cannot be read: {system_reason(problem)}", _EXPECTED) from problem
    except (ValueError, RecursionError) as problem:
        raise CallError(f"{path} is no JSON: {problem}", _EXPECTED) from problem
    if not isinstance(listed, dict) or not any(_is_priced(entry) for entry in listed.values()):
        raise CallError(f"{path} is not LiteLLM's price list", _EXPECTED)
    return {name: entry for name, entry in listed.items() if _is_priced(entry)}


def _is_priced(entry: object) -> bool:
    return isinstance(entry, dict) and _usd(entry, "input_cost_per_token") is not None


def _models_of(
    listed: Mapping[str, Mapping[str, Any]], wanted: Iterable[str]
) -> tuple[list[Imported], list[str]]:
    """Convert the wanted models and their tiers; the second list names those that the list lacks."""
    models: list[Imported] = []
    missing: list[str] = []
    for name in dict.fromkeys(wanted):
        key = _listed_key(name.partition("@")[0], listed)
        if key is None:
            missing.append(name)
        elif "@" not in name:
            models += _converted(name, listed[key])
    return models, missing


def _every_chat_model(listed: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Name all models that are billed by tokens, as the list names them."""
    return [name for name, entry in listed.items() if entry.get("mode") in _CHAT]


def _listed_key(name: str, listed: Mapping[str, Mapping[str, Any]]) -> str | None:
    """Find a model by its name, with or without its maker's prefix."""
    return next((key for key in (name, *(f"{prefix}{name}" for prefix in _PREFIXES)) if key in listed), None)


def _converted(name: str, entry: Mapping[str, Any]) -> Iterator[Imported]:
    usd = _by_type(entry, "")
    if not any(usd.values()):
        return
    provider, includes = _provider(str(entry.get("litellm_provider", "")))
    factors = {way: factor for way in SERVED if (factor := _factor(entry, _WAYS[way])) is not None}
    yield Imported(name, _flow({"provider": provider, **usd, **factors}), provider, includes)
    for tokens in sorted({int(tier["tokens"]) for key in entry if (tier := _TIER.fullmatch(key))}):
        there = _by_type(entry, f"_above_{tokens}k_tokens")
        above = {kind: there.get(kind, price) for kind, price in usd.items()}
        if above["prompt"] == usd["prompt"]:
            continue
        yield Imported(f"{name}@above_{tokens}k", _flow({"provider": provider, **above}), provider, includes)


def _by_type(entry: Mapping[str, Any], suffix: str) -> dict[str, float]:
    """Price the token types; one that costs the same as the type that contains it is left out."""
    prices: dict[str, float] = {}
    for key, kind in _TYPES.items():
        usd = _usd(entry, f"{key}{suffix}")
        if usd is not None and kind not in prices and not 0 < usd < SMALLEST_PRICE:
            prices[kind] = usd
    if prices.get("reasoning") == prices.get("completion"):
        prices.pop("reasoning", None)
    if prices.get("cache_write") == 0:  # the same price as input, which the prompt's price covers
        prices.pop("cache_write")
    return prices


def _factor(entry: Mapping[str, Any], way: str) -> float | None:
    """Find the common factor of the input and output prices; None where they differ, or are unknown."""
    pairs = [
        (_usd(entry, key), _usd(entry, f"{key}_{way}"))
        for key in ("input_cost_per_token", "output_cost_per_token")
    ]
    factors = [round(there / plain, 6) for plain, there in pairs if plain and there is not None]
    same = len(factors) == len(pairs) and isclose(factors[0], factors[1], rel_tol=1e-4)
    return factors[0] if same else None


def _usd(entry: Mapping[str, Any], key: str) -> float | None:
    """Convert a price of one token to the price of a million."""
    value = entry.get(key)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1:
        return None
    return round(value * _MILLION, 6)


def _provider(name: str) -> tuple[str, str]:
    for start in sorted(_PROVIDERS, key=len, reverse=True):
        if name.startswith(start):
            return _PROVIDERS[start]
    return re.sub(r"[^a-z0-9_]+", "_", name.lower()) or "openai", _OPENAI


def _flow(values: Mapping[str, str | float]) -> str:
    texts = (f"{key}: {value if isinstance(value, str) else f'{value:.6g}'}" for key, value in values.items())
    return f"{{{', '.join(texts)}}}"
