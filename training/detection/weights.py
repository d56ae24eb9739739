"""Start weights for the detector: from an ONNX file, a bundle or a published checkpoint.

An exported graph has each batch normalisation folded into its convolution, and often anonymous
tensor names. It is read back by walking graph and network in the order of execution; a folded
convolution becomes a convolution followed by a batch normalisation that only adds the bias.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from serving.core.bundle import METADATA_FILE, MODEL_FILE, Bundle
from serving.core.errors import BundleError
from training.detection.layers import BATCH_NORM_EPS, BaseConv, Focus, focus_from_strided
from training.detection.network import DetectionNetwork

_COCO = (
    "person,bicycle,car,motorcycle,airplane,bus,train,truck,boat,traffic light,fire hydrant,"
    "stop sign,parking meter,bench,bird,cat,dog,horse,sheep,cow,elephant,bear,zebra,giraffe,"
    "backpack,umbrella,handbag,tie,suitcase,frisbee,skis,snowboard,sports ball,kite,"
    "baseball bat,baseball glove,skateboard,surfboard,tennis racket,bottle,wine glass,cup,fork,"
    "knife,spoon,bowl,banana,apple,sandwich,orange,broccoli,carrot,hot dog,pizza,donut,cake,"
    "chair,couch,potted plant,bed,dining table,toilet,tv,laptop,mouse,remote,keyboard,"
    "cell phone,microwave,oven,toaster,sink,refrigerator,book,clock,vase,scissors,teddy bear,"
    "hair drier,toothbrush"
)
COCO_CLASS_NAMES = tuple(_COCO.split(","))
"""The 80 classes of COCO in the order of the published checkpoints."""

State = dict[str, Tensor]

_CLASS_PREDICTORS = "head.cls_preds."


def load_weights(network: DetectionNetwork, path: Path, class_names: Sequence[str]) -> None:
    """Fill `network` from a bundle folder, an `.onnx` file or an official `.pth` checkpoint.

    The class head is reduced to `class_names` where the source knows more classes. It assumes of
    the network that `head.cls_preds.<level>` are its class predictors and, for a graph, that it
    consists of `BaseConv`s and convolutions with a bias. A checkpoint is matched by tensor names.

    Raises:
        BundleError: the file is missing or unreadable, lacks a class, or a tensor is unknown,
            missing or of the wrong shape; the message names it.
    """
    if len(class_names) != network.num_classes:
        raise ValueError(
            f"class_names: expected {network.num_classes} names, got {list(class_names)}"
        )
    path = path / MODEL_FILE if path.is_dir() else path
    if not path.is_file():
        raise BundleError(f"start weights: expected a file, found none ({path})")
    if path.suffix == ".onnx":
        state = _state_from_onnx(network, path)
    elif path.suffix == ".pth":
        state = _state_from_checkpoint(path)
    else:
        raise BundleError(f"start weights: expected .onnx or .pth, got '{path.suffix}' ({path})")
    if f"{_CLASS_PREDICTORS}0.bias" not in state:
        raise BundleError(
            f"start weights: expected class predictors '{_CLASS_PREDICTORS}0' in the network, "
            f"got none ({path})"
        )
    source_names = _source_class_names(path, len(state[f"{_CLASS_PREDICTORS}0.bias"]))
    state = _select_classes(state, source_names, class_names, path)
    _check(state, network.state_dict(), path)
    network.load_state_dict(state)


def interpolate_weights(start: State, tuned: State, alpha: float) -> State:
    """θ = (1 − α) · start + α · tuned for every floating tensor; the others come from `tuned`.

    Between a general network and one fine-tuned from it, this keeps much of what the first knows
    elsewhere (Wortsman et al. 2022, "Robust fine-tuning of zero-shot models", WiSE-FT).

    Raises:
        ValueError: alpha lies outside [0, 1], or the two do not hold the same tensors.
    """
    if not 0 <= alpha <= 1:
        raise ValueError(f"alpha: expected a value in [0, 1], got {alpha}")
    if start.keys() != tuned.keys():
        raise ValueError(f"weights differ in tensors: {sorted(start.keys() ^ tuned.keys())[:4]}")
    return {
        name: torch.lerp(start[name], tensor, alpha) if tensor.is_floating_point() else tensor
        for name, tensor in tuned.items()
    }


def _state_from_onnx(network: DetectionNetwork, path: Path) -> State:
    convolutions = _onnx_convolutions(path)
    names = _convolutions_in_order_of_execution(network)
    modules = dict(network.named_modules())
    state: State = {}
    for name, found in zip_longest(names, convolutions):
        if name is None:
            raise BundleError(
                f"start weights: tensor '{found.name}' {tuple(found.weight.shape)} is unknown: "
                f"expected {len(names)} convolutions, got {len(convolutions)} ({path})"
            )
        expected = tuple(modules[name].weight.shape)
        if found is None:
            raise BundleError(
                f"start weights: tensor '{name}.weight' {expected} is missing: expected "
                f"{len(names)} convolutions, got {len(convolutions)} ({path})"
            )
        block_name, _, _ = name.rpartition(".")
        parent_name, _, _ = block_name.rpartition(".")
        weight = found.weight
        exported_strided = weight.shape[2:] == (2 * expected[2], 2 * expected[3])
        if isinstance(modules.get(parent_name), Focus) and exported_strided:
            weight = focus_from_strided(weight)
        # The classes are selected later; until then a predictor may have more rows.
        first = 1 if name.startswith(_CLASS_PREDICTORS) else 0
        if tuple(weight.shape[first:]) != expected[first:]:
            raise BundleError(
                f"start weights: tensor '{name}.weight': expected shape {expected}, "
                f"got {tuple(weight.shape)} of '{found.name}' ({path})"
            )
        state[f"{name}.weight"] = weight
        if isinstance(modules[block_name], BaseConv):
            state |= _batch_norm_that_adds(found.bias, f"{block_name}.bn")
        else:
            state[f"{name}.bias"] = found.bias
    return state


class _Convolution(NamedTuple):
    """A convolution of a graph; `name` is that of its weight."""

    name: str
    weight: Tensor
    bias: Tensor


def _onnx_convolutions(path: Path) -> list[_Convolution]:
    """The convolutions in the order of the graph's nodes."""
    import onnx
    from google.protobuf.message import DecodeError
    from onnx import numpy_helper

    try:
        graph = onnx.load(path).graph
    except DecodeError as error:
        raise BundleError(f"start weights: not an ONNX model ({path}): {error}") from error
    constants = {tensor.name: tensor for tensor in graph.initializer}
    unused = constants.keys() - {name for node in graph.node for name in node.input}
    if unused:
        raise BundleError(
            f"start weights: tensor '{min(unused)}' is unknown: expected constants that the graph "
            f"uses, got {len(unused)} that it does not ({path})"
        )
    for node in graph.node:  # the exporter writes equal constants once
        if node.op_type == "Identity" and node.input[0] in constants:
            constants[node.output[0]] = constants[node.input[0]]
    convolutions = []
    for node in graph.node:
        if node.op_type != "Conv":
            continue
        missing = [name for name in node.input[1:] if name not in constants]
        if missing or len(node.input) != 3:
            raise BundleError(
                f"start weights: convolution '{node.name}': expected a constant weight and bias "
                f"(batch normalisation folded), got inputs {list(node.input)} ({path})"
            )
        weight, bias = (numpy_helper.to_array(constants[name]) for name in node.input[1:])
        convolutions.append(_Convolution(node.input[1], torch.tensor(weight), torch.tensor(bias)))
    return convolutions


def _convolutions_in_order_of_execution(network: DetectionNetwork) -> list[str]:
    names: list[str] = []
    hooks = [
        module.register_forward_hook(lambda *_, name=name: names.append(name))
        for name, module in network.named_modules()
        if isinstance(module, nn.Conv2d)
    ]
    training = network.training
    network.eval()
    with torch.no_grad():
        network(next(network.parameters()).new_zeros(1, 3, 64, 64))
    network.train(training)
    for hook in hooks:
        hook.remove()
    return names


def _batch_norm_that_adds(bias: Tensor, name: str) -> State:
    """Batch normalisation in evaluation mode whose only effect is `+ bias`."""
    return {
        f"{name}.weight": torch.ones_like(bias),
        f"{name}.bias": bias,
        f"{name}.running_mean": torch.zeros_like(bias),
        f"{name}.running_var": torch.full_like(bias, 1 - BATCH_NORM_EPS),
        f"{name}.num_batches_tracked": torch.tensor(0),
    }


def _state_from_checkpoint(path: Path) -> State:
    import pickle

    try:
        checkpoint: Any = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, EOFError, RuntimeError) as error:
        raise BundleError(f"start weights: not a torch checkpoint ({path}): {error}") from error
    state = checkpoint.get("model", checkpoint) if isinstance(checkpoint, dict) else None
    if not isinstance(state, dict) or "head.cls_preds.0.bias" not in state:
        raise BundleError(
            f"start weights: expected a YOLOX checkpoint with 'head.cls_preds.0.bias' ({path})"
        )
    return state


def _source_class_names(path: Path, num_classes: int) -> Sequence[str]:
    if path.with_name(METADATA_FILE).is_file():
        return Bundle.load(path.parent).output("scores").labels
    if num_classes == len(COCO_CLASS_NAMES):
        return COCO_CLASS_NAMES
    raise BundleError(
        f"start weights: expected {len(COCO_CLASS_NAMES)} classes as in COCO, or a bundle that "
        f"names them, got {num_classes} classes ({path})"
    )


def _select_classes(
    state: State, source_names: Sequence[str], wanted: Sequence[str], path: Path
) -> State:
    unknown = [name for name in wanted if name not in source_names]
    if unknown:
        raise BundleError(
            f"start weights: class '{unknown[0]}': expected one of {list(source_names)} ({path})"
        )
    rows = torch.tensor([source_names.index(name) for name in wanted])
    return {
        name: tensor[rows] if name.startswith(_CLASS_PREDICTORS) else tensor
        for name, tensor in state.items()
    }


def _check(state: State, expected: State, path: Path) -> None:
    for name, tensor in expected.items():
        if name not in state:
            raise BundleError(f"start weights: tensor '{name}' is missing ({path})")
        if state[name].shape != tensor.shape:
            raise BundleError(
                f"start weights: tensor '{name}': expected shape {tuple(tensor.shape)}, "
                f"got {tuple(state[name].shape)} ({path})"
            )
    unknown = sorted(state.keys() - expected.keys())
    if unknown:
        raise BundleError(f"start weights: tensor '{unknown[0]}' is unknown ({path})")
