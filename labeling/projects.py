"""A project in Label Studio: made and kept as an interface wants it, and recognised again."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree

from datasets.formats.label_studio import Interface
from labeling.client import Client, Project
from labeling.interface import instruction, label_config
from serving.core.errors import LabelingError

_MARK = "Footfall: "
"""How the description of a project of ours starts; the name of the interface follows."""

_SETTINGS: Mapping[str, Any] = {
    "show_instruction": True,
    "show_skip_button": True,
    "enable_empty_annotation": True,  # nobody in the picture is an answer
    "show_collab_predictions": True,
    "sampling": "Sequential sampling",
}


def prepared_project(
    client: Client,
    title: str,
    interface: Interface,
    *,
    class_names: Sequence[str],
    num_annotations: int,
) -> tuple[Project, str]:
    """The project of this title, made where there is none, updated where it differs.

    Args:
        client: of the server.
        title: of the project.
        interface: what labelers are asked.
        class_names: of boxes and tracks.
        num_annotations: wanted for each task, from as many labelers.

    Returns:
        The project and what was done: `created`, `updated` or `unchanged`.

    Raises:
        LabelingError: the project is for another interface, or the server refuses the change, as
            of labels that annotations already use.
    """
    wanted = {
        "label_config": label_config(interface, class_names),
        "expert_instruction": instruction(interface),
        "maximum_annotations": num_annotations,
    }
    project = client.project(title)
    if project is None:
        own = {"title": title, "description": f"{_MARK}{interface}"}
        return client.create_project({**_SETTINGS, **own, **wanted}), "created"
    interface_of(project, interface)
    if _is(project, wanted):
        return project, "unchanged"
    return client.update_project(project, {**_SETTINGS, **wanted}), "updated"


def found_project(
    client: Client, title: str, interface: Interface | None
) -> tuple[Project, Interface]:
    """The project of this title and its interface.

    Raises:
        LabelingError: there is none, it is for another interface, or does not say for which.
    """
    project = client.project(title)
    if project is None:
        raise LabelingError(f"project '{title}' ({client.url}): expected one, got none")
    return project, interface_of(project, interface)


def interface_of(project: Project, asked: Interface | None) -> Interface:
    """What labelers are asked in a project: as its description says, or else `asked`.

    Raises:
        LabelingError: the description says another, or neither says one.
    """
    marked = [line for line in project.description.splitlines() if line.startswith(_MARK)]
    name = marked[0].removeprefix(_MARK).strip() if marked else None
    known = {interface.value: interface for interface in Interface}
    if name is None and asked is not None:
        return asked
    if name not in known or asked not in (None, known[name]):
        expected = f"interface '{asked}'" if asked else f"one of {sorted(known)} in its description"
        raise LabelingError(f"project '{project.title}': expected {expected}, got '{name}'")
    return known[name]


def _is(project: Project, wanted: Mapping[str, Any]) -> bool:
    return (
        _canonical(project.label_config) == _canonical(wanted["label_config"])
        and _words(project.instruction) == _words(wanted["expert_instruction"])
        and project.num_annotations == wanted["maximum_annotations"]
    )


def _canonical(label_config: str) -> str:
    """The XML without what a parser does not see, such as the order of attributes."""
    try:
        return ElementTree.canonicalize(label_config, strip_text=True)
    except ElementTree.ParseError:
        return label_config


def _words(page: str) -> list[str]:
    """The words of HTML: the server takes away attributes that it does not allow."""
    return html.unescape(re.sub("<[^>]*>", " ", page)).split()
