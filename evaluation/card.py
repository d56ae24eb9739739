"""`task=card`: a bundle's card written again, with what was measured of it."""

from __future__ import annotations

import shlex

from evaluation.figure import Task
from evaluation.model_card import update_card
from evaluation.request import ORIGIN, Parts, Request
from evaluation.result import EvaluationResult, read_record
from serving.core.errors import ConfigError
from serving.core.zoo import load_bundle


def write_card(request: Request, parts: Parts) -> EvaluationResult:
    """Put the figures of `card.results` into the bundle, and write its card from what it says.

    Raises:
        ConfigError: the results are of another bundle.
        LabelError: the results are missing or no results.
        BundleError: there is no such bundle, or it does not fit together.
    """
    bundle = load_bundle(request.detector.bundle)
    folder = bundle.model_path.parent
    path = request.card.results
    if path is None:
        card = update_card(folder)
        return EvaluationResult(request.task.value, bundle.ref, (), notes=(f"The card is {card}",))
    result = EvaluationResult.from_record(read_record(path), parts.benchmark)
    measured = result.inputs.get("bundle"), result.inputs.get("model_sha256")
    if measured != (bundle.ref, bundle.model_sha256):
        raise ConfigError(
            f"key 'card.results' ({ORIGIN}): expected results of {bundle.ref} with the model "
            f"{bundle.model_sha256}, got {path} of {measured[0]} with {measured[1]}"
        )
    # A figure that is held against two targets has two verdicts.
    of_the_model = dict.fromkeys(v.figure for v in result.verdicts if v.task is not Task.LABELS)
    card = update_card(folder, tuple(of_the_model), _command(result, request))
    return EvaluationResult(
        request.task.value,
        result.dataset,
        result.verdicts,
        inputs={"bundle": bundle.ref, "results": str(path)},
        notes=(f"The card is {card}",),
    )


def _command(result: EvaluationResult, request: Request) -> str:
    """What to type to measure the figures again."""
    bundle = request.detector.bundle
    return shlex.join(
        ["python", "-m", "evaluation", f"task={result.task}", f"detector.bundle={bundle}"]
    )
