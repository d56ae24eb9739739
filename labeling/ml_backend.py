"""Pre-annotation on demand: what Label Studio asks of a model while a labeler opens a task.

Its protocol: `GET /health`, `POST /setup` when a project connects, `POST /predict` with tasks.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree

from datasets.formats.label_studio import Interface, samples_in
from datasets.formats.label_studio.context import CONTEXT
from labeling.json_server import Answer, RefusedError
from labeling.predictions import Predictor, predictions_of
from serving.core.errors import FootfallError, LabelError

_SHOWN_BY = {"RectangleLabels": Interface.PERSON_BOXES}
"""By the control of an interface: what we can say there. Tracks need the whole video."""


class MlBackend:
    """Answers Label Studio with one of our models.

    Args:
        predictor: the model; asked by one thread at a time.
    """

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor
        self._lock = threading.Lock()

    @property
    def answers(self) -> Mapping[tuple[str, str], Answer]:
        """For a `JsonServer`."""
        return {
            ("GET", "/"): self._health,
            ("GET", "/health"): self._health,
            ("POST", "/setup"): self._setup,
            ("POST", "/predict"): self._predict,
        }

    def _health(self, _: Any) -> dict[str, Any]:
        return {"status": "UP", "model_class": "Footfall", "model_version": self._predictor.version}

    def _setup(self, body: Any) -> dict[str, Any]:
        _class_names(_text(body, "schema"))
        return {"model_version": self._predictor.version}

    def _predict(self, body: Any) -> dict[str, Any]:
        class_names = _class_names(_text(body, "label_config"))
        tasks = body.get("tasks")
        if not isinstance(tasks, list):
            raise RefusedError(f"predict: expected a list 'tasks', got {type(tasks).__name__}")
        return {
            "results": [self._result(task, class_names) for task in tasks],
            "model_version": self._predictor.version,
        }

    def _result(self, task: Any, class_names: Sequence[str]) -> dict[str, Any]:
        """The prediction of a task; of one that cannot be answered an empty one with the reason."""
        nothing = {"result": [], "score": 0.0, "model_version": self._predictor.version}
        if not isinstance(task, Mapping) or CONTEXT not in (task.get("data") or {}):
            return nothing | {"error": "expected a task that was pushed by Footfall"}
        try:
            samples = samples_in(task)
            with self._lock:
                (found,) = predictions_of(
                    self._predictor, Interface.PERSON_BOXES, [samples], class_names
                )
        except (FootfallError, LabelError) as error:
            return nothing | {"error": str(error)}
        return nothing | (found or {})


def _text(body: Any, key: str) -> str:
    if not isinstance(body, Mapping) or not isinstance(body.get(key), str):
        raise RefusedError(f"expected an object with a text '{key}', got {type(body).__name__}")
    return body[key]


def _class_names(label_config: str) -> list[str]:
    """The labels that a project offers for boxes.

    Raises:
        RefusedError: its interface is one that a detector has nothing to say to.
    """
    try:
        root = ElementTree.fromstring(label_config)
    except ElementTree.ParseError as error:
        raise RefusedError(f"label config: expected XML, got {error}") from error
    found = {element.tag for element in root.iter()} & _SHOWN_BY.keys()
    if not found or root.find(".//Image") is None:
        raise RefusedError(
            "label config: expected boxes on pictures (RectangleLabels), as in person_boxes, got "
            f"{sorted({element.tag for element in root.iter()})}"
        )
    return [
        label.get("value", "") for label in root.iter("Label") if label.get("value") is not None
    ]
