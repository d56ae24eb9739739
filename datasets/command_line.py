"""The edge of every command line: Hydra composes, one message says what is wrong, one code ends.

    @command("evaluate")
    def main(config: DictConfig) -> None: ...

A mistyped key or value, an unknown choice, a value that pydantic or a constructor refuses: one line
on the error stream with the key, the file, what was expected and what was got, and exit code 2,
before anything heavy loads. A `FootfallError` ends with its own message and exit code, Ctrl-C with
130. Anything else is a defect of ours and keeps its traceback.
"""

from __future__ import annotations

import difflib
import functools
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import hydra
import yaml
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, QuotedString
from hydra.errors import (
    CompactHydraException,
    ConfigCompositionException,
    InstantiationException,
    MissingConfigException,
    OverrideParseException,
)
from omegaconf import DictConfig, ListConfig, OmegaConf
from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException
from pydantic import ValidationError

from serving.core.errors import ConfigError, FootfallError

CONF_DIR = Path(__file__).resolve().parents[1] / "conf"
CONFIG_EXIT_CODE = ConfigError.exit_code
INTERRUPTED_EXIT_CODE = 130
BROKEN_PIPE_EXIT_CODE = 141
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
                task(config)

        run = hydra.main(
            version_base=_VERSION_BASE, config_path=str(conf_dir), config_name=config_name
        )(checked)

        @functools.wraps(task)
        def main() -> None:
            if os.environ.get(_TRACEBACKS) == "1":
                run()
                return
            os.environ[_TRACEBACKS] = "1"  # else Hydra prints and exits by itself
            try:
                with schema.explaining():
                    run()
            finally:
                del os.environ[_TRACEBACKS]

        return main

    return decorate


def closest(name: str, options: Sequence[str]) -> str:
    """`; did you mean 'x'?` where an option resembles the name, else an empty text."""
    matches = difflib.get_close_matches(name, options, n=1)
    return f"; did you mean '{matches[0]}'?" if matches else ""


def validation_message(error: ValidationError, where: str, prefix: str = "") -> str:
    """What pydantic refused, a line an entry: `key 'a.b' (where): expected …, got …`."""
    lines = []
    for detail in error.errors():
        key = ".".join([prefix, *map(str, detail["loc"])] if prefix else map(str, detail["loc"]))
        reason = detail["msg"][0].lower() + detail["msg"][1:]
        if detail["type"] == "extra_forbidden":
            lines.append(f"key '{key}' ({where}): expected only known keys, got '{key}'")
        elif detail["type"] == "missing":
            lines.append(f"key '{key}' ({where}): expected a value, got none")
        else:
            lines.append(f"key '{key}' ({where}): {reason}, got {detail['input']!r}")
    return "\n".join(lines)


class _Schema:
    """What the configuration files allow, to say what a refused key or value should have been."""

    def __init__(self, config_name: str, conf_dir: Path) -> None:
        self._config_name = config_name
        self._conf_dir = conf_dir

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
        defaults = self._defaults(overrides)
        for override in plain:
            key, value = override.key_or_group, override.value()
            default = OmegaConf.select(defaults, key, throw_on_missing=False)
            expected = _kind(default)
            if expected in ("anything", _kind(value)) or _kind(value) == "anything":
                continue
            if expected == "text" and _kind(value) in ("a number", "true or false"):
                continue
            raise ConfigError(
                f"key '{key}' ({self._file_of(key, defaults)}): expected {expected} "
                f"such as {_shown(default)}, got {_shown(value)}"
            )

    def explain(self, error: Exception) -> tuple[str, int] | None:
        """Message and exit code of an error that a user can act on, else None."""
        if isinstance(error, FootfallError):
            return str(error), error.exit_code
        if isinstance(error, InstantiationException):
            return self._refused_by_constructor(error)
        if isinstance(error, ValidationError):
            return validation_message(error, self._main_file), CONFIG_EXIT_CODE
        if isinstance(error, MissingConfigException):
            return self._unknown_choice(error), CONFIG_EXIT_CODE
        if isinstance(error, OverrideParseException):
            got = f"expected key=value, got {error.override!r}"
            return f"command line: {got}", CONFIG_EXIT_CODE
        if isinstance(error, ConfigCompositionException):
            return self._refused_override(error), CONFIG_EXIT_CODE
        if isinstance(error, ValueError) and "Config group override" in str(error):
            return f"command line: {_first_line(error)}", CONFIG_EXIT_CODE
        if isinstance(error, MissingMandatoryValue):
            key = error.full_key
            return f"key '{key}' ({self._main_file}): expected a value, got none", CONFIG_EXIT_CODE
        if isinstance(error, OmegaConfBaseException | CompactHydraException):
            return f"{self._main_file}: {_first_line(error)}", CONFIG_EXIT_CODE
        if isinstance(error, yaml.YAMLError):
            return f"{' '.join(str(error).split())}", CONFIG_EXIT_CODE
        if isinstance(error, OSError) and error.strerror:
            name = "" if error.filename is None else f"{error.filename}: "
            return f"{name}{error.strerror}", FootfallError.exit_code
        return None

    @property
    def _main_file(self) -> str:
        return f"{self._conf_dir.name}/{self._config_name}.yaml"

    def _is_group(self, override: Override) -> bool:
        return (self._conf_dir / override.key_or_group.split("@")[0]).is_dir()

    def _defaults(self, overrides: Sequence[str]) -> DictConfig:
        """The configuration as the files say it, with the command line's choices of groups."""
        groups = [
            text
            for text, override in zip(overrides, _parsed(overrides), strict=True)
            if self._is_group(override) and not override.is_sweep_override()
        ]
        if GlobalHydra.instance().is_initialized():  # inside a job
            return hydra.compose(self._config_name, groups, return_hydra_config=True)
        conf_dir = str(self._conf_dir.absolute())
        with hydra.initialize_config_dir(conf_dir, version_base=_VERSION_BASE):
            return hydra.compose(self._config_name, groups, return_hydra_config=True)

    def _file_of(self, key: str, defaults: DictConfig) -> str:
        """The file in which a key stands: that of the longest group that the key begins with."""
        found = self._main_file
        for group, option in sorted(defaults.hydra.runtime.choices.items()):
            package = group.replace("/", ".")
            if option and (key == package or key.startswith(f"{package}.")):
                path = self._conf_dir / group / f"{option}.yaml"
                found = f"{self._conf_dir.name}/{group}/{option}.yaml" if path.is_file() else found
        return found

    def _refused_override(self, error: ConfigCompositionException) -> str:
        match = re.search(r"Could not override '([^']+)'", str(error))
        if match is None:
            cause = f": {_first_line(error.__cause__)}" if error.__cause__ else ""
            return f"{self._main_file}: {_first_line(error)}{cause}"
        key = match.group(1).split("@")[0]
        parent, _, name = key.rpartition(".")
        defaults = self._defaults(_command_line_overrides(without=key))
        known = self._known_keys(parent, defaults)
        while parent and not known:  # the parent itself is unknown: name the first wrong step
            parent, _, name = parent.rpartition(".")
            known = self._known_keys(parent, defaults)
        where = self._file_of(parent, defaults) if parent else self._main_file
        return (
            f"key '{key}' ({where}): expected one of {sorted(known)}, got '{name}'"
            f"{closest(name, known)}"
        )

    def _known_keys(self, parent: str, defaults: DictConfig) -> list[str]:
        node = OmegaConf.select(defaults, parent) if parent else defaults
        keys = [str(key) for key in node] if isinstance(node, DictConfig) else []
        if not parent:
            groups = [path.name for path in self._conf_dir.iterdir() if path.is_dir()]
            chosen = defaults.hydra.runtime.choices
            keys = [key for key in keys if key != "hydra"]
            keys += [group for group in groups if group in chosen and group not in keys]
        return keys

    def _unknown_choice(self, error: MissingConfigException) -> str:
        group, _, name = (error.missing_cfg_file or "").rpartition("/")
        if not error.options:
            return _first_line(error)
        options = sorted(error.options)
        return (
            f"key '{group}' ({self._conf_dir.name}/{group}/): expected one of {options}, "
            f"got '{name}'{closest(name, options)}"
        )

    def _refused_by_constructor(self, error: InstantiationException) -> tuple[str, int] | None:
        cause = error.__cause__
        while isinstance(cause, InstantiationException):
            cause = cause.__cause__
        if cause is not None and not isinstance(cause, (*_REFUSALS, FootfallError)):
            return None
        match = re.search(r"full_key: (\S+)", str(error))
        key = match.group(1) if match else ""
        defaults = self._defaults(_command_line_overrides())
        where = self._file_of(key, defaults) if key else self._main_file
        if isinstance(cause, FootfallError):
            return str(cause), cause.exit_code
        if isinstance(cause, ValidationError):
            return validation_message(cause, where, key), CONFIG_EXIT_CODE
        reason = _first_line(cause if cause is not None else error)
        return f"key '{key}' ({where}): {reason}", CONFIG_EXIT_CODE


def _command_line_overrides(without: str = "") -> list[str]:
    """The `key=value` arguments of the command line."""
    arguments = [a for a in sys.argv[1:] if not a.startswith("-") and ("=" in a or a[0] == "~")]
    return [a for a in arguments if a.lstrip("+~").partition("=")[0].split("@")[0] != without]


def _parsed(overrides: Sequence[str]) -> list[Override]:
    return list(OverridesParser.create().parse_overrides(list(overrides)))


def _replaces_a_value(override: Override) -> bool:
    return not (
        override.is_add()
        or override.is_force_add()
        or override.is_delete()
        or override.is_sweep_override()
        or override.key_or_group.startswith("hydra.")
    )


def _kind(value: Any) -> str:
    """What sort of value it is, in words; no default, a path to be filled or `null` take any."""
    if isinstance(value, QuotedString):
        value = value.text
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


def _shown(value: Any) -> str:
    if isinstance(value, QuotedString):
        value = value.text
    if isinstance(value, bool):
        return str(value).lower()
    plain = OmegaConf.is_config(value)
    return repr(OmegaConf.to_container(value) if plain else value)


def _first_line(error: BaseException) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), repr(error))


def _stop(message: str, exit_code: int) -> None:
    print(f"error: {message}", file=sys.stderr)
    raise SystemExit(exit_code)
