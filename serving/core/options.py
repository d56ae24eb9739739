"""Options that a configuration hands to a constructor, held against its annotations.

A constructor that is given text for a number says something of operators, or nothing and fails in
the middle of a run. Here the key, its file, what was expected and what was got are still known.
"""

from __future__ import annotations

import enum
import inspect
import pydoc
import types
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

from serving.core.errors import ConfigError
from serving.core.wording import TARGET, one_line, unknown_name, wrong_value

_PLAIN: dict[Any, str] = {
    float: "a number",
    int: "a whole number",
    bool: "true or false",
    str: "text",
    Path: "a path",
    None: "null",
    types.NoneType: "null",
}


def check_part(node: Any, key: str, origin: str) -> None:
    """Hold a node of a configuration, and those in it, against what their `_target_` takes.

    What only a call can tell is left to it: ranges, missing arguments, and annotations that name
    no kind of value.

    Args:
        node: plain mappings, lists and values.
        key: where it stands, `a.b.c`.
        origin: the file in which it stands, for messages.

    Raises:
        ConfigError: there is no such class or function, it has no such option, or the option is
            annotated with another kind of value.
    """
    if not _is_part(node):
        raise wrong_value(key, origin, f"a mapping with {TARGET}", node)
    parameters = _parameters(node[TARGET], key, origin)
    if parameters is None:
        return
    takes_any = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values())
    for name, value in node.items():
        if str(name).startswith("_") and str(name).endswith("_"):  # Hydra's own, as _partial_
            continue
        option = f"{key}.{name}"
        _check_inside(value, option, origin)
        parameter = parameters.get(name)
        if parameter is None:
            if not takes_any:
                raise unknown_name(f"key '{option}'", name, parameters, origin)
        elif not (_fits(value, parameter.annotation) or _is_default(value, parameter)):
            raise wrong_value(option, origin, _in_words(parameter.annotation), value)


def check_parts(nodes: Mapping[str, Any], origin: Callable[[str], str]) -> None:
    """Check several nodes by their keys; `origin` gives the file of a key. See `check_part`."""
    for key, node in nodes.items():
        check_part(node, key, origin(key))


def _parameters(target: Any, key: str, origin: str) -> Mapping[str, inspect.Parameter] | None:
    """What a class or function takes; None where it does not tell, as some written in C."""
    key = f"{key}.{TARGET}"
    try:
        found = pydoc.locate(str(target))
    except pydoc.ErrorDuringImport as error:
        reason = one_line(error.value or error)
        raise ConfigError(f"key '{key}' ({origin}): cannot import {target}: {reason}") from error
    if not callable(found):
        raise wrong_value(key, origin, "the name of a class or function", target)
    try:
        return inspect.signature(found, eval_str=True).parameters
    except (NameError, AttributeError, TypeError):  # an annotation for type checkers alone
        return inspect.signature(found).parameters
    except ValueError:
        return None


def _check_inside(value: Any, key: str, origin: str) -> None:
    """Check the parts in a value, however deep."""
    if _is_part(value):
        check_part(value, key, origin)
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            _check_inside(inner, f"{key}.{name}", origin)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            _check_inside(inner, f"{key}.{index}", origin)


def _is_part(value: Any) -> bool:
    return isinstance(value, Mapping) and TARGET in value


def _is_default(value: Any, parameter: inspect.Parameter) -> bool:
    """`x: int = None` takes None."""
    return value is None and parameter.default is None


def _fits(value: Any, annotation: Any) -> bool:
    """Whether a value as YAML has it can be what is annotated; yes, where that does not tell."""
    if _is_part(value) or value == "???" or annotation in (Any, inspect.Parameter.empty):
        return True
    kind, arguments = get_origin(annotation) or annotation, get_args(annotation)
    if kind in (Union, types.UnionType):
        return any(_fits(value, one) for one in arguments)
    if kind is Literal:
        return any(value == one and type(value) is type(one) for one in arguments)
    if kind is None:
        return value is None
    if not isinstance(kind, type):
        return True
    if kind is float or kind is int:
        numbers = (int, float) if kind is float else (int,)
        return isinstance(value, numbers) and not isinstance(value, bool)
    if kind is str:  # what was written without quotes can be text too
        return isinstance(value, str | int | float)
    if issubclass(kind, enum.Enum):
        return value in [member.value for member in kind]
    if issubclass(kind, Path):
        return isinstance(value, str)
    if issubclass(kind, Mapping):
        return isinstance(value, Mapping) and (
            not arguments or all(_fits(inner, arguments[1]) for inner in value.values())
        )
    if issubclass(kind, Iterable):
        return isinstance(value, list) and _fit_each(value, kind, arguments)
    try:
        return isinstance(value, kind)
    except TypeError:  # a Protocol, say
        return True


def _fit_each(values: list[Any], kind: type, arguments: tuple[Any, ...]) -> bool:
    if kind is tuple and arguments and arguments[-1] is not ...:
        return len(values) == len(arguments) and all(map(_fits, values, arguments))
    return not arguments or all(_fits(value, arguments[0]) for value in values)


def _in_words(annotation: Any) -> str:
    """What an annotation asks for, as an operator would say it."""
    kind, arguments = get_origin(annotation) or annotation, get_args(annotation)
    if kind in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(map(_in_words, arguments)))
    if kind is Literal:
        return f"one of {list(arguments)}"
    if kind in _PLAIN:
        return _PLAIN[kind]
    if kind is Any or not isinstance(kind, type):
        return "a value"
    if issubclass(kind, enum.Enum):
        return f"one of {[member.value for member in kind]}"
    if issubclass(kind, Mapping):
        return "a mapping"
    if issubclass(kind, Iterable):
        is_fixed = kind is tuple and arguments and arguments[-1] is not ...
        number = f" of {len(arguments)}" if is_fixed else ""
        return f"a list{number}" + (f", each {_in_words(arguments[0])}" if arguments else "")
    return f"a mapping with {TARGET}: {kind.__module__}.{kind.__qualname__}"
