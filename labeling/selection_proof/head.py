"""The model that learns from the labels: a linear classifier on frozen features."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Features = NDArray[np.float32]
Classes = NDArray[np.int64]
Shares = NDArray[np.float64]

DECAY = 0.03
"""Of the squared weights; chosen on random labels alone, the same for every rule and budget."""

_MAX_STEPS = 200


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """Weights (D, K) and offsets (K,)."""

    weights: NDArray[np.float64]
    offsets: NDArray[np.float64]

    def shares(self, features: Features) -> Shares:
        """(N, K) what it gives each class; rows add up to 1."""
        return np.exp(_log_shares(features @ self.weights + self.offsets))


def fit(features: Features, classes: Classes, num_classes: int, decay: float = DECAY) -> Head:
    """Multinomial logistic regression, every class with the same say however many labels it has.

    Args:
        features: (N, D).
        classes: (N,) in [0, num_classes).
        num_classes: K; a class without labels is never given.
        decay: of the squared weights.
    """
    from scipy.optimize import minimize

    num_values = features.shape[1]
    features = features.astype(np.float64)
    counts = np.bincount(classes, minlength=num_classes)
    says = 1 / (counts[classes] * np.count_nonzero(counts))
    truth = np.eye(num_classes)[classes]
    is_there = counts > 0

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        weights, offsets = _split(flat, num_values, num_classes)
        logits = features @ weights + offsets
        logits[:, ~is_there] = -1e3
        log_shares = _log_shares(logits)
        value = -(says[:, None] * truth * log_shares).sum() + 0.5 * decay * (weights**2).sum()
        slope = (np.exp(log_shares) - truth) * says[:, None]
        down = features.T @ slope + decay * weights
        return float(value), np.concatenate([down.ravel(), slope.sum(axis=0)])

    start = np.zeros((num_values + 1) * num_classes)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": _MAX_STEPS})
    weights, offsets = _split(found.x, num_values, num_classes)
    return Head(weights, np.where(is_there, offsets, -1e3))


def balanced_accuracy(shares: Shares, classes: Classes) -> float:
    """The mean over classes of the share of their pictures that are recognised."""
    found = shares.argmax(axis=1)
    return float(np.mean([np.mean(found[classes == one] == one) for one in np.unique(classes)]))


def hardness(shares: Shares) -> NDArray[np.float64]:
    """(N,) in [0, 1]: 1 less how far the best class is ahead of the second."""
    ordered = np.sort(shares, axis=1)
    return 1 - (ordered[:, -1] - ordered[:, -2])


def _split(
    flat: NDArray[np.float64], num_values: int, num_classes: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    num = num_values * num_classes
    return flat[:num].reshape(num_values, num_classes), flat[num:]


def _log_shares(logits: NDArray[np.float64]) -> Shares:
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
