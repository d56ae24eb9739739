"""What Hydra refuses of a command line, said in our words.

Hydra itself is not imported: its errors are known by their text and attributes, and the caller
composes. So `serve.py` and the commands of the other packages say the same.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from serving.core.errors import ConfigError
from serving.core.wording import one_line, unknown_key, unknown_name, wrong_value

Compose = Callable[[list[str]], Mapping[str, Any]]
"""The configuration as its files and the given overrides make it, the key `hydra` included."""


def file_of(key: str, choices: Mapping[str, Any], main: Path) -> str:
    """The file in which a key stands: that of the group that it lies in, else the main one.

    Args:
        key: `a.b.c`.
        choices: the chosen option of every group.
        main: the main configuration file, in the folder of the groups.
    """
    found = main
    for group, option in sorted(choices.items()):  # the longest group comes last
        package = group.replace("/", ".")
        if option and not _is_hydras(group) and f"{key}.".startswith(f"{package}."):
            found = main.parent / group / f"{option}.yaml"
    return _shown(found, main)


def chosen_groups(arguments: Sequence[str], conf: Path) -> list[str]:
    """Those of a command line's arguments that choose the files: groups, and where they lie."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--config-dir", "-cd", type=Path)
    options, rest = parser.parse_known_args(arguments)
    groups = [argument for argument in rest if _is_choice(argument, conf)]
    if options.config_dir is not None:
        folder = json.dumps(f"file://{options.config_dir.absolute()}")
        groups.append(f"hydra.searchpath=[{folder}]")
    return groups


def is_group(key: str, conf: Path) -> bool:
    """Whether a key of the command line, with its `+` or `@…`, chooses among a group's files."""
    return (conf / key.lstrip("+~").partition("@")[0]).is_dir()


def refusal(
    error: Exception, arguments: Sequence[str], main: Path, compose: Compose
) -> ConfigError:
    """What Hydra raised while it composed, with the key, the file, what was expected and got.

    Args:
        error: of Hydra, OmegaConf or the YAML parser.
        arguments: the command line.
        main: the main configuration file.
        compose: called where it takes the configuration to say what was expected.
    """
    override = getattr(error, "override", None)
    if override is not None:
        return ConfigError(f"command line: expected key=value, got {override!r}{_quoted(override)}")
    for argument in arguments:
        if argument.endswith("=null") and is_group(key := argument.partition("=")[0], main.parent):
            options = _options(main.parent / key)
            return wrong_value(key, f"{main.parent.name}/{key}/", f"one of {options}", None)
    group, _, name = (getattr(error, "missing_cfg_file", None) or "").rpartition("/")
    options = getattr(error, "options", None) or _options(main.parent / group)
    if group and options:
        return unknown_name(f"key '{group}'", name, options, f"{main.parent.name}/{group}/")
    mark = getattr(error, "problem_mark", None)
    if mark is not None:
        return ConfigError(f"{mark.name}:{mark.line + 1}: {getattr(error, 'problem', error)}")
    refused = re.match(r"(?:In '([^']+)': )?Could not override '([^'@]+)'", str(error))
    if refused is None or _is_hydras(refused[2]):
        return ConfigError(f"{_shown(main, main)}: {one_line(error.__cause__ or error)}")
    file, key = refused.groups()
    of_the_config = "append to your config" in str(error)  # else a group that nobody has
    known = dict(compose(chosen_groups(arguments, main.parent) if of_the_config else []))
    choices = known.pop("hydra")["runtime"]["choices"]
    unchosen = {group: None for group in choices if not _is_hydras(group)}
    origin = _shown(main.parent / f"{file}.yaml", main) if file else file_of(key, choices, main)
    return unknown_key(key, {**unchosen, **known}, origin)


def refuse_sweep(arguments: Sequence[str]) -> None:
    """Refuse `-m` where the runs would write to the same files.

    Raises:
        ConfigError: it is asked for.
    """
    if {"-m", "--multirun"} & set(arguments):
        raise ConfigError("command line: expected one run, got -m: runs would mix their outputs")


def _quoted(override: str) -> str:
    """How to write a value that is more than one word, as a hint; empty where it is none."""
    key, sign, value = override.partition("=")
    if not sign or value[:1] in "[{\"'" or not set(value) & set("= "):
        return ""
    return f"; text with = or {{}} in it takes quotes of its own: {key}='\"…\"'"


def _options(group: Path) -> list[str]:
    return sorted(file.stem for file in group.glob("*.yaml"))


def _is_choice(argument: str, conf: Path) -> bool:
    """A group and one option of it, or several at once; not a sweep."""
    key, _, option = argument.partition("=")
    is_one = re.fullmatch(r"[\w./-]*|\[.*\]", option) is not None
    return not key.startswith("-") and is_group(key, conf) and is_one


def _is_hydras(key: str) -> bool:
    return re.match(r"hydra[./]", key) is not None


def _shown(path: Path, main: Path) -> str:
    return str(path.relative_to(main.parent.parent))
