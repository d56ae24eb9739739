"""`python -m evaluation task=…`: figures with n and interval, against the benchmark."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from hydra.core.hydra_config import HydraConfig
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf
from rich.console import Console

from datasets.command_line import CONF_DIR, command
from datasets.files import write_atomically
from evaluation.request import ORIGIN, Format, Parts, Request
from evaluation.result import EvaluationResult
from evaluation.run import evaluate
from evaluation.targets import Benchmark
from serving.configuration import parse
from serving.core.errors import ConfigError
from serving.core.wording import unknown_name
from serving.settings import parse_site

SAMPLE_SITE = "demo"
"""The site of the sample, where none is chosen."""

_PARTS = ("benchmark", "backend", "tracker", "analytics")
_FILE_WIDTH = 120


@command("evaluate")
def main(config: DictConfig) -> None:
    """Check what was written, evaluate, and say what came out.

    On the sample a missed floor is an error, once everything is written. Recorded files are other
    people's results, which may score whatever they score.
    """
    plain = cast(
        dict[str, Any], OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
    )
    _check_keys(plain)
    asked = _written({key: plain[key] for key in Request.model_fields})
    request = parse(Request, asked, ORIGIN)
    result = evaluate(request, _parts(config, plain, request))
    record = json.dumps(result.to_record(), indent=2, ensure_ascii=False) + "\n"
    if request.output is not None:
        write_atomically(request.output, record)
    if request.format is Format.JSON:
        sys.stdout.write(record)
    else:
        _print(result, request.output)
    if request.is_of_the_sample:
        result.require_floors()


def _check_keys(plain: Mapping[str, Any]) -> None:
    """Hold the keys that the command line adds (`+key`) or takes away (`~key`) against the known.

    Raises:
        ConfigError: a key that nothing reads, or one that is read and was taken away.
    """
    read = [*Request.model_fields, *_PARTS]
    for key in plain:
        if key not in (*read, "site"):
            raise unknown_name(f"key '{key}'", key, [*read, "site"], ORIGIN)
    for key in read:
        if key not in plain:
            raise ConfigError(f"key '{key}' ({ORIGIN}): expected to stand there, got ~{key}")


def _written(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values that somebody wrote, at every depth: null leaves the default to the settings."""
    return {
        key: _written(value) if isinstance(value, Mapping) else value
        for key, value in values.items()
        if value is not None
    }


def _parts(config: DictConfig, plain: Mapping[str, Any], request: Request) -> Parts:
    choices = HydraConfig.get().runtime.choices
    site, site_origin = plain.get("site"), "command line"
    if choices.get("site"):
        site_origin = f"conf/site/{choices['site']}.yaml"
    elif request.is_of_the_sample:  # with what `+site.…` changes
        site_origin = f"conf/site/{SAMPLE_SITE}.yaml"
        known = OmegaConf.load(CONF_DIR.parent / site_origin)
        site = OmegaConf.to_container(OmegaConf.merge(known, site or {}))

    def build(group: str) -> Any:
        if group == "analytics":
            return instantiate(config.analytics, _convert_="all")
        return instantiate(config[group], _partial_=True)

    return Parts(
        Benchmark.from_values(plain["benchmark"], f"conf/benchmark/{choices['benchmark']}.yaml"),
        None if site is None else parse_site(site, site_origin),
        site_origin,
        build,
        tuple(HydraConfig.get().overrides.task),
    )


def _print(result: EvaluationResult, output: Path | None) -> None:
    console = Console()
    if not console.is_terminal:
        console = Console(width=_FILE_WIDTH)
    console.print(*result.tables())
    for note in result.notes:
        console.print(note)
    if output is not None:
        console.print(f"written to {output}", soft_wrap=True, highlight=False)


if __name__ == "__main__":
    main()
