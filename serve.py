"""Run a site or a video: `python serve.py site=demo`, `source=shop.mp4`; see conf/serve.yaml."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
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
from serving.core.options import check_part
from serving.core.overrides import file_of, refusal
from serving.settings import Run, selected_site

ORIGIN = "conf/serve.yaml"
MAIN = Path(__file__).resolve().parent / ORIGIN
REFUSALS = (HydraException, OmegaConfBaseException, yaml.YAMLError)

composed: list[tuple[DictConfig, Mapping[str, str | None]]] = []


@hydra.main(version_base="1.3", config_path=str(MAIN.parent), config_name=MAIN.stem)
def compose(config: DictConfig) -> None:
    """Note the configuration and its choices; running it here would mix in Hydra's errors."""
    composed.append((config, dict(HydraConfig.get().runtime.choices)))


def serve(config: DictConfig, choices: Mapping[str, str | None]) -> int:
    """Check what was written, build the parts that it names, and run them; the exit code."""
    plain = OmegaConf.to_container(config, resolve=True)
    run = parse(Run, {key: plain[key] for key in Run.model_fields if key in plain}, ORIGIN)
    site = selected_site(run, ORIGIN, file_of("site", choices, MAIN))
    from serving import assembly  # heavy: only now that the configuration is right

    parts = {name: plain.get(name) for name in ("backend", "tracker")}
    analyses = {f"analytics.{name}": node for name, node in plain.get("analytics", {}).items()}
    for key, node in {**parts, **analyses}.items():
        if node is not None or key in parts:  # null leaves an analysis out
            check_part(node, key, file_of(key, choices, MAIN))
    factories = {name: instantiate(config[name], _partial_=True) for name in parts}
    return assembly.serve(site, run, **factories, analyses=instantiate(config.analytics))


def known(overrides: list[str]) -> Mapping[str, Any]:
    """The configuration as its files say it, with these overrides."""
    with hydra.initialize_config_dir(str(MAIN.parent), version_base="1.3"):
        return OmegaConf.to_container(hydra.compose(MAIN.stem, overrides, return_hydra_config=True))


def main() -> int:
    """The command line; the exit code."""
    os.environ["HYDRA_FULL_ERROR"] = "1"  # Hydra raises instead of ending by itself
    try:
        compose()
        return max((serve(*job) for job in composed), default=0)
    except KeyboardInterrupt:
        return 130
    except FootfallError as error:
        told = error
    except (*REFUSALS, ValueError) as error:
        if composed and not isinstance(error, REFUSALS):  # else a group was set to null
            raise
        told = refusal(error, sys.argv[1:], MAIN, known)
    print(f"error: {told}", file=sys.stderr)
    return told.exit_code


if __name__ == "__main__":
    sys.exit(main())
