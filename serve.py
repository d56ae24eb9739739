"""Run a site or a video: `python serve.py site=demo`, `source=shop.mp4`; see conf/serve.yaml."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import hydra
import yaml
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException, MissingConfigException
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from serving.configuration import one_line, parse, unknown_key, unknown_name
from serving.core.errors import ConfigError, FootfallError
from serving.settings import Run, selected_site

CONF = str(Path(__file__).resolve().parent / "conf")
MAIN = "conf/serve.yaml"

composed: list[tuple[DictConfig, str | None]] = []


@hydra.main(version_base="1.3", config_path=CONF, config_name="serve")
def compose(config: DictConfig) -> None:
    """Note the configuration and the site's name; running it here would mix in Hydra's errors."""
    composed.append((config, HydraConfig.get().runtime.choices.get("site")))


def serve(config: DictConfig, site_name: str | None) -> int:
    """Check what was written, build the parts that it names, and run them; the exit code."""
    plain = OmegaConf.to_container(config, resolve=True)
    run = parse(Run, {key: plain[key] for key in Run.model_fields if key in plain}, MAIN)
    site = selected_site(run, MAIN, f"conf/site/{site_name}.yaml")
    from serving import assembly  # heavy: only now that the configuration is right

    parts = {name: instantiate(config[name], _partial_=True) for name in ("backend", "tracker")}
    return assembly.serve(site, run, **parts, analyses=instantiate(config.analytics))


def refusal(error: Exception) -> FootfallError:
    """What Hydra refused, in our words."""
    if isinstance(error, MissingConfigException) and error.missing_cfg_file:
        group, _, name = error.missing_cfg_file.rpartition("/")
        return unknown_name(f"key '{group}'", name, error.options or (), f"conf/{group}/")
    key = re.search(r"Could not override '([^'@]+)", str(error))
    if key is None:
        return ConfigError(f"{one_line(error.__cause__ or error)} ({MAIN})")
    groups = [arg for arg in sys.argv[1:] if (Path(CONF) / arg.partition("=")[0]).is_dir()]
    with hydra.initialize_config_dir(CONF, version_base="1.3"):
        known = OmegaConf.to_container(hydra.compose("serve", groups, return_hydra_config=True))
    option = known.pop("hydra")["runtime"]["choices"].get(group := key[1].partition(".")[0])
    origin = f"conf/{group}/{option}.yaml" if option else MAIN
    return unknown_key(key[1], {"site": None, **known}, origin)


def main() -> int:
    """The command line; the exit code."""
    os.environ.setdefault("HYDRA_FULL_ERROR", "1")  # Hydra raises instead of ending by itself
    try:
        compose()
        return max((serve(*job) for job in composed), default=0)
    except KeyboardInterrupt:
        return 130
    except (FootfallError, HydraException, OmegaConfBaseException, yaml.YAMLError) as error:
        told = error if isinstance(error, FootfallError) else refusal(error)
    except ValueError as error:
        if composed:  # else a group was set to null
            raise
        told = ConfigError(f"{one_line(error)} ({MAIN})")
    print(f"error: {told}", file=sys.stderr)
    return told.exit_code


if __name__ == "__main__":
    sys.exit(main())
