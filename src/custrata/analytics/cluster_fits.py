"""Fits of clusters with scikit-learn, and their silhouettes."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from math import log

import numpy as np
import numpy.typing as npt
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score
from sklearn.mixture import GaussianMixture
from threadpoolctl import threadpool_limits

Floats = npt.NDArray[np.float64]

MOST_FOR_SILHOUETTE = 2_000
PARTS = 5  # samples that a silhouette is measured on, where it cannot be measured on everybody
LEAST_VARIANCE = 0.01
STARTS = 4  # one alone can end in a poor fit


@dataclass(frozen=True)
class Fit:
    """What a fit came to, in standard deviations: labels of the sample, centres, precisions and offsets."""

    labels: npt.NDArray[np.int64]
    centres: Floats
    precisions: Floats
    offsets: Floats


def fit_each(
    scaled: Floats, numbers: Iterable[int], method: str, seed: int
) -> tuple[dict[int, Fit], dict[int, list[float]]]:
    """The clusters for each number of them, and their mean silhouettes on every sample."""
    with threadpool_limits(limits=1), warnings.catch_warnings():  # several threads add up in any order
        # In some containers scikit-learn cannot count the cores, and says so; one thread needs no count.
        warnings.filterwarnings("ignore", "Could not find the number of physical cores", UserWarning)
        fits = {number: _fit(scaled, number, method, seed) for number in numbers}
        return fits, {number: _silhouettes(scaled, fit.labels) for number, fit in fits.items()}


def _fit(scaled: Floats, k: int, method: str, seed: int) -> Fit:
    if method == "k_means":
        means = KMeans(k, n_init=STARTS, random_state=seed).fit(scaled)
        centres = np.asarray(means.cluster_centers_, dtype=float)
        return Fit(means.labels_, centres, np.ones_like(centres), np.zeros(k))
    # No variance near 0, which one customer would fill.
    mixture = GaussianMixture(
        k, covariance_type="diag", reg_covar=LEAST_VARIANCE, n_init=STARTS, max_iter=500, random_state=seed
    ).fit(scaled)
    variances = np.asarray(mixture.covariances_, dtype=float)
    offsets = np.array(
        [
            sum(log(variance) for variance in own) - 2 * log(max(share, 1e-12))
            for own, share in zip(variances, mixture.weights_, strict=True)
        ]
    )
    # Groups of a mixture that nobody falls into are left out.
    occupied, labels = np.unique(mixture.predict(scaled), return_inverse=True)
    return Fit(labels, np.asarray(mixture.means_, dtype=float)[occupied], 1 / variances[occupied], offsets[occupied])


def _silhouettes(scaled: Floats, labels: npt.NDArray[np.int64]) -> list[float]:
    """The mean silhouette of everybody, or of several samples that share nobody; −1 where one has no two clusters."""
    if len(scaled) <= MOST_FOR_SILHOUETTE:
        places = [slice(None)]
    else:
        each = min(MOST_FOR_SILHOUETTE, len(scaled) // PARTS)
        places = [slice(each * number, each * (number + 1)) for number in range(PARTS)]
    scores = []
    for place in places:
        part, own = scaled[place], labels[place]
        several = 2 <= len(np.unique(own)) < len(own)
        scores.append(float(silhouette_score(part, own)) if several else -1.0)
    return scores
