"""Samples that do not depend on the order of the stream, by hashing alert ids."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

__all__ = ["in_random_share", "reservoir_key", "stable_hash"]


def stable_hash(survey: str, alert_ids: NDArray[np.int64], salt: str = "") -> NDArray[np.uint64]:
    """Mix each alert id to 64 uniformly distributed bits, the same on every machine and run.

    The finaliser of SplitMix64 (Steele, Lea & Flood 2014, OOPSLA, doi:10.1145/2660193.2660195)
    over the id plus an offset drawn from the survey and the salt; a bijection for each of them,
    so different ids never tie.

    Parameters
    ----------
    survey : str
        Ids of two surveys may coincide; their hashes do not follow each other.
    alert_ids : (n,) int64
    salt : str
        Another salt gives an independent sample.

    Returns
    -------
    (n,) uint64
    """
    digest = hashlib.blake2b(f"{survey}\0{salt}".encode(), digest_size=8).digest()
    z = np.asarray(alert_ids, np.int64).view(np.uint64) + np.uint64(int.from_bytes(digest, "big"))
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def reservoir_key(survey: str, alert_ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """Order of the reference reservoir, (n,): it holds the alerts with the smallest keys.

    The upper 63 bits of the hash, so that the key fits a signed integer of a database.
    """
    return (stable_hash(survey, alert_ids, "reservoir") >> np.uint64(1)).astype(np.int64)


def in_random_share(survey: str, alert_ids: NDArray[np.int64], share: float) -> NDArray[np.bool_]:
    """Tell which alerts belong to the random sample kept of a survey, (n,).

    Parameters
    ----------
    share : float
        Fraction of all alerts, 0 to 1. A smaller share is a subset of a larger one.
    """
    uniform = stable_hash(survey, alert_ids, "random").astype(np.float64) / 2.0**64
    return uniform < share
