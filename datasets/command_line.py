"""The edge of every command line: Hydra composes, one message says what is wrong, one code ends.

    @command("evaluate")
    def main(config: DictConfig) -> None: ...

A mistyped key or value, an unknown choice, a value that a constructor refuses: one line on the
error stream with the key, the file, what was expected and what was got, and exit code 2, before
anything heavy loads. A `FootfallError` ends with its own message and exit code, Ctrl-C with 130.
Anything else is a defect of ours and keeps its traceback.
"""

from __future__ import annotations

import functools
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import hydra
import yaml
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, QuotedString
from hydra.errors import CompactHydraException, InstantiationException
from omegaconf import DictConfig, ListConfig, OmegaConf
from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException

from datasets.exit_codes import BROKEN_PIPE_EXIT_CODE, INTERRUPTED_EXIT_CODE
from serving.core.errors import ConfigError, FootfallError
from serving.core.options import check_part
from serving.core.overrides import chosen_groups, file_of, is_group, refusal
from serving.core.wording import TARGET, one_line, shown, wrong_value

CONF_DIR = Path(__file__).resolve().parents[1] / "conf"
CONFIG_EXIT_CODE = ConfigError.exit_code
_VERSION_BASE = "1.3"
_TRACEBACKS = "HYDRA_FULL_ERROR"
_REFUSALS = (TypeError, ValueError, ImportError, AttributeError)
"""What a constructor raises at an argument that it does not take."""

Task = Callable[[DictConfig], object]


def command(config_name: str, conf_dir: Path = CONF_DIR) -> Callable[[Task], Callable[[], None]]:
    """Make a function of a composed configuration a command line.

    The decorated function takes no argument: it reads `sys.argv`, as Hydra does, and returns when
    the work was done, else raises `SystemExit` with the code. A value of the command line must have
    the kind (number, text, list …) of the default that it replaces. `$HYDRA_FULL_ERROR=1` gives
    tracebacks.

    Args:
        config_name: the main configuration, `conf_dir/<config_name>.yaml`.
        conf_dir: where the configuration lies.
    """

    def decorate(task: Task) -> Callable[[], None]:
        schema = _Schema(config_name, conf_dir)

        @functools.wraps(task)
        def checked(config: DictConfig) -> None:
            with schema.explaining():  # here, else Hydra adds lines of its own to a failed job
                schema.check_kinds(_command_line_overrides())
                schema.check_parts(config, _command_line_overrides())
                task(config)

        run = hydra.main(
            version_base=_VERSION_BASE, config_path=str(conf_dir), config_name=config_name
        )(checked)

        @functools.wraps(task)
        def main() -> None:
            if not conf_dir.is_dir():  # as after an install that is no editable one
                _stop(
                    f"{conf_dir}: expected the configuration, got no folder; Footfall runs from "
                    "its checkout, installed with pip install -c constraints.txt -e .",
                    CONFIG_EXIT_CODE,
                )
            before = os.environ.get(_TRACEBACKS, "")
            if before == "1":
                run()
                return
            os.environ[_TRACEBACKS] = "1"  # else Hydra prints and exits by itself
            try:
                with schema.explaining():
                    run()
            finally:
                os.environ[_TRACEBACKS] = before

        return main

    return decorate


class _Schema:
    """What the configuration files allow, to say what a refused key or value should have been."""

    def __init__(self, config_name: str, conf_dir: Path) -> None:
        self._config_name = config_name
        self._main = conf_dir.absolute() / f"{config_name}.yaml"

    @contextmanager
    def explaining(self) -> Iterator[None]:
        """Turn an error that a user can act on into its message and `SystemExit`."""
        try:
            yield
        except KeyboardInterrupt:
            _stop("interrupted", INTERRUPTED_EXIT_CODE)
        except BrokenPipeError:  # who read the output, such as `head`, has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise SystemExit(BROKEN_PIPE_EXIT_CODE) from None
        except Exception as error:
            explained = self.explain(error)
            if explained is None:
                raise
            _stop(*explained)

    def check_kinds(self, overrides: Sequence[str]) -> None:
        """Hold each plain `key=value` against the kind of the default.

        Raises:
            ConfigError: text where a number stands, a list where a text stands, and the like.
        """
        plain = [o for o in _parsed(overrides) if _replaces_a_value(o) and not self._is_group(o)]
        if not plain:
            return
        defaults = self._composed(chosen_groups(sys.argv[1:], self._main.parent))
        for override in plain:
            key, value = override.key_or_group, _plain(override.value())
            default = OmegaConf.select(defaults, key, throw_on_missing=False)
            expected = _kind(default)
            if expected in ("anything", _kind(value)) or _kind(value) == "anything":
                continue
            if expected == "text" and _kind(value) in ("a number", "true or false"):
                continue
            such = f"{expected} such as {shown(_plain(default))}"
            raise wrong_value(key, self._file_of(key, defaults), such, value)

    def check_parts(self, config: DictConfig, overrides: Sequence[str]) -> None:
        """Hold each part that the command line changes against the constructor that it names.

        Raises:
            ConfigError: an option that the constructor lacks or annotates with another kind.
        """
        for override in _parsed(overrides):
            if self._is_group(override) or _is_hydras(override):
                continue
            steps = override.key_or_group.split(".")
            for number in range(1, len(steps) + 1):
                key = ".".join(steps[:number])
                node = OmegaConf.select(config, key, throw_on_missing=False)
                if isinstance(node, DictConfig) and TARGET in node:
                    origin = file_of(key, HydraConfig.get().runtime.choices, self._main)
                    check_part(OmegaConf.to_container(node, resolve=True), key, origin)
                    break

    def explain(self, error: Exception) -> tuple[str, int] | None:
        """Message and exit code of an error that a user can act on, else None."""
        if isinstance(error, FootfallError):
            return str(error), error.exit_code
        if isinstance(error, InstantiationException):
            return self._refused_by_constructor(error)
        if isinstance(error, MissingMandatoryValue):
            key = error.full_key
            return f"key '{key}' ({self._main_file}): expected a value, got none", CONFIG_EXIT_CODE
        if _is_hydras_refusal(error):
            told = refusal(error, sys.argv[1:], self._main, self._known)
            return str(told), told.exit_code
        if isinstance(error, OSError) and error.strerror:
            name = "" if error.filename is None else f"{error.filename}: "
            return f"{name}{error.strerror}", FootfallError.exit_code
        return None

    @property
    def _main_file(self) -> str:
        return f"{self._main.parent.name}/{self._main.name}"

    def _is_group(self, override: Override) -> bool:
        return is_group(override.key_or_group, self._main.parent)

    def _composed(self, overrides: list[str]) -> DictConfig:
        """The configuration as the files say it, with these overrides, `hydra` included."""
        if GlobalHydra.instance().is_initialized():  # inside a job
            return hydra.compose(self._config_name, overrides, return_hydra_config=True)
        with hydra.initialize_config_dir(str(self._main.parent), version_base=_VERSION_BASE):
            return hydra.compose(self._config_name, overrides, return_hydra_config=True)

    def _known(self, overrides: list[str]) -> Mapping[str, Any]:
        return _plain(self._composed(overrides))

    def _file_of(self, key: str, composed: DictConfig) -> str:
        return file_of(key, composed.hydra.runtime.choices, self._main)

    def _refused_by_constructor(self, error: InstantiationException) -> tuple[str, int] | None:
        cause = error.__cause__
        while isinstance(cause, InstantiationException):
            cause = cause.__cause__
        if cause is not None and not isinstance(cause, (*_REFUSALS, FootfallError)):
            return None
        match = re.search(r"full_key: (\S+)", str(error))
        key = match.group(1) if match else ""
        if isinstance(cause, FootfallError):
            return str(cause), cause.exit_code
        where = self._file_of(key, self._composed(chosen_groups(sys.argv[1:], self._main.parent)))
        reason = one_line(cause if cause is not None else error)
        return f"key '{key}' ({where}): {reason}", CONFIG_EXIT_CODE


def _command_line_overrides() -> list[str]:
    """The `key=value` arguments of the command line."""
    return [a for a in sys.argv[1:] if not a.startswith("-") and ("=" in a or a[0] == "~")]


def _parsed(overrides: Sequence[str]) -> list[Override]:
    return list(OverridesParser.create().parse_overrides(list(overrides)))


def _replaces_a_value(override: Override) -> bool:
    return not (
        override.is_add()
        or override.is_force_add()
        or override.is_delete()
        or override.is_sweep_override()
        or _is_hydras(override)
    )


def _is_hydras(override: Override) -> bool:
    return override.key_or_group.startswith("hydra.")


def _is_hydras_refusal(error: Exception) -> bool:
    known = CompactHydraException, OmegaConfBaseException, yaml.YAMLError
    is_null_group = isinstance(error, ValueError) and "Config group override" in str(error)
    return isinstance(error, known) or is_null_group


def _plain(value: Any) -> Any:
    """A value without the types of Hydra and OmegaConf."""
    if isinstance(value, QuotedString):
        return value.text
    return OmegaConf.to_container(value) if OmegaConf.is_config(value) else value


def _kind(value: Any) -> str:
    """What sort of value it is, in words; no default, a path to be filled or `null` take any."""
    if value is None or (isinstance(value, str) and (value == "???" or "${" in value)):
        return "anything"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, list | tuple | ListConfig):
        return "a list"
    if isinstance(value, dict | DictConfig):
        return "a mapping"
    return "text"


def _stop(message: str, exit_code: int) -> None:
    print(f"error: {message}", file=sys.stderr)
    raise SystemExit(exit_code)
