"""Ridge regression with a kernel: the answers, explained by what alerts have in common."""

from __future__ import annotations

from functools import cache
from typing import Self

import numpy as np
import scipy.linalg
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

from fink_ad.errors import ModelError

__all__ = ["Ridge"]


@cache
def _threads() -> ThreadpoolController:
    return ThreadpoolController()


class Ridge:
    """Solves ``(K + diag(noise)) weights = residuals``, and again with one answer more.

    Equal input gives equal weights, bit for bit: sums are done on one thread, as their order
    would otherwise depend on the number of processors.

    Raises
    ------
    ModelError
        If the system has no finite solution, which positive noise rules out for a kernel.
    """

    def __init__(self, factor: NDArray[np.float64], residuals: NDArray[np.float64]) -> None:
        self._factor = factor
        self._residuals = residuals
        with _threads().limit(limits=1, user_api="blas"):
            self.weights: NDArray[np.float64] = scipy.linalg.cho_solve(
                (factor, True), residuals, check_finite=False
            )
        if not np.isfinite(self.weights).all():
            raise ModelError(
                f"no finite weights for {len(residuals)} answers: raise the learner's noise"
            )

    @classmethod
    def fit(
        cls,
        kernel: NDArray[np.float64],
        noise: NDArray[np.float64],
        residuals: NDArray[np.float64],
    ) -> Self:
        """Solve for a kernel among answers, (n, n), their noise and residuals, (n,)."""
        system = kernel.copy(order="F")
        system[np.diag_indices_from(system)] += noise
        try:
            with _threads().limit(limits=1, user_api="blas"):
                factor = scipy.linalg.cholesky(
                    system, lower=True, overwrite_a=True, check_finite=False
                )
        except np.linalg.LinAlgError as error:
            raise ModelError(
                f"the weights of {len(noise)} answers cannot be solved for ({error}): "
                "raise the learner's noise"
            ) from error
        return cls(factor, residuals)

    def extended(
        self, column: NDArray[np.float64], corner: float, noise: float, residual: float
    ) -> Self:
        """Return the solution with one answer more, by bordering the factor.

        Parameters
        ----------
        column : (n,) float64
            Kernel between the new answer and the others.
        corner : float
            Kernel of the new answer with itself.
        noise, residual : float
            Of the new answer.
        """
        n_old = len(self._residuals)
        factor = np.zeros((n_old + 1, n_old + 1), order="F")
        factor[:n_old, :n_old] = self._factor
        with _threads().limit(limits=1, user_api="blas"):
            row = scipy.linalg.solve_triangular(
                self._factor, column, lower=True, check_finite=False
            )
            factor[n_old, :n_old] = row
            # Never below the noise but for rounding.
            factor[n_old, n_old] = max(corner + noise - float(row @ row), 0.5 * noise) ** 0.5
        return type(self)(factor, np.append(self._residuals, residual))
