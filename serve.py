"""Run a site or a video: `python serve.py site=demo`, `source=shop.mp4`; see conf/serve.yaml."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import hydra
import yaml
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from serving.configuration import parse
from serving.core.errors import FootfallError
from serving.core.options import check_parts
from serving.core.overrides import file_of, refusal, refuse_sweep
from serving.settings import Run, selected_site

ORIGIN = "conf/serve.yaml"
MAIN = Path(__file__).resolve().parent / ORIGIN
REFUSALS = (HydraException, OmegaConfBaseException, yaml.YAMLError)

composed: list[tuple[DictConfig, Mapping[str, str | None]]] = []


@hydra.main(version_base="1.3", config_path=str(MAIN.parent), config_name=MAIN.stem)
def compose(config: DictConfig) -> None:
    """Note what was composed; running it here would mix in Hydra's errors."""
    composed.append((config, dict(HydraConfig.get().runtime.choices)))


def serve(config: DictConfig, choices: Mapping[str, str | None]) -> int:
    """Check what was written, build the parts that it names, and run them; the exit code."""
    plain = OmegaConf.to_container(config, resolve=True)
    groups = {name: plain.pop(name, None) for name in ("backend", "tracker", "analytics")}
    run = parse(Run, plain, ORIGIN)
    origin = partial(file_of, choices=choices, main=MAIN)
    site = selected_site(run, ORIGIN, origin("site"))
    from serving import assembly  # heavy: only now that the configuration is right

    analyses = groups.pop("analytics") or {}  # null leaves them, or one of them, out
    check_parts(groups | {f"analytics.{k}": node for k, node in analyses.items() if node}, origin)
    factories = {name: instantiate(config[name], _partial_=True) for name in groups}
    return assembly.serve(site, run, **factories, analyses=instantiate(analyses))


def known(overrides: list[str]) -> Mapping[str, Any]:
    """The configuration as its files say it, with these overrides."""
    with hydra.initialize_config_dir(str(MAIN.parent), version_base="1.3"):
        return OmegaConf.to_container(hydra.compose(MAIN.stem, overrides, return_hydra_config=True))


def main() -> int:
    """The command line; the exit code."""
    os.environ["HYDRA_FULL_ERROR"] = "1"  # Hydra raises instead of ending by itself
    try:
        refuse_sweep(sys.argv[1:])
        compose()
        return serve(*composed[0]) if composed else 0
    except KeyboardInterrupt:
        return 130
    except (FootfallError, *REFUSALS, ValueError) as error:
        if composed and not isinstance(error, (FootfallError, *REFUSALS)):
            raise  # a defect; before that, a group was set to null
        ours = isinstance(error, FootfallError)
        told = error if ours else refusal(error, sys.argv[1:], MAIN, known)
    print(f"error: {told}", file=sys.stderr)
    return told.exit_code


if __name__ == "__main__":
    sys.exit(main())
