"""A simulated night: packets as the survey would send them, and the truth beside them."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import fastavro
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fink_ad.alerts.times import ZTF_EXPOSURE_S, jd_start_to_mjd_mid, night_of
from fink_ad.errors import ConfigError
from fink_ad.simulate.cadence import Schedule
from fink_ad.simulate.classes import CLASSES
from fink_ad.simulate.columns import Rows, candidate_columns, flatten, visit_columns
from fink_ad.simulate.cutouts import StampMode, encode_cutouts
from fink_ad.simulate.encode import container, encode_long, encode_rows
from fink_ad.simulate.population import Population, class_counts, draw_population
from fink_ad.simulate.schema import (
    CANDIDATE_FIELDS,
    PACKET_SCHEMA,
    PRV_CANDIDATE_FIELDS,
    SCHEMA_VERSION,
)

__all__ = ["DEFAULT_INJECT", "Night", "simulate_night"]

DEFAULT_INJECT: Mapping[str, int] = {
    "kilonova": 2,
    "double_peaked_supernova": 2,
    "slow_riser": 2,
    "r_crb": 2,
}
"""Anomalies planted in a night unless told otherwise."""

_PUBLISHER = b"fink_ad simulator"
_ID_LETTERS = 7


@dataclass(frozen=True, eq=False)
class Night:
    """Simulated alerts in order of time.

    Attributes
    ----------
    bodies : list of bytes
        Avro bodies, without container, of `PACKET_SCHEMA`.
    night : (n_alerts,) int32
        YYYYMMDD of each alert.
    truth : pandas.DataFrame
        One row per object: ``object_id, alert_ids`` (list of int), ``class, anomaly, t0_mjd,
        ra_deg, dec_deg, parameters`` (JSON text).
    sync : bytes
        Sync marker of container files: follows from the options, so that files are
        reproducible byte by byte.
    """

    bodies: list[bytes]
    night: NDArray[np.int32]
    truth: pd.DataFrame
    sync: bytes

    def __len__(self) -> int:
        return len(self.bodies)

    def packets(self) -> Iterator[bytes]:
        """Yield each alert as the survey sends it: an Avro container file of one record."""
        for body in self.bodies:
            yield b"".join(container(PACKET_SCHEMA, [[body]], "null", self.sync))

    def records(self) -> list[dict[str, Any]]:
        """Return the alerts as nested Python records."""
        schema = fastavro.parse_schema(PACKET_SCHEMA)
        return [fastavro.schemaless_reader(io.BytesIO(body), schema) for body in self.bodies]  # type: ignore[misc]


def simulate_night(
    night: int,
    *,
    n_objects: int = 600,
    rates: Mapping[str, int] | None = None,
    inject: Mapping[str, int] | None = None,
    seed: int = 0,
    nights: int = 1,
    stamps: StampMode = "none",
    n_stamped: int | None = None,
) -> Night:
    """Simulate the alerts of a night, each with 30 days of history.

    Parameters
    ----------
    night : int
        YYYYMMDD, UTC date of the exposures.
    n_objects : int
        Ordinary objects that give at least one alert, shared out among the classes.
    rates : mapping of str to int, optional
        Ordinary objects by class, instead of `n_objects`.
    inject : mapping of str to int, optional
        Further objects by class; default `DEFAULT_INJECT`.
    seed : int
        Same options and seed, same bytes.
    nights : int
        Number of consecutive nights that give alerts, the last being `night`; an object gives
        at least one alert in one of them.
    stamps : {"none", "pool", "individual"}
        No stamps; stamps shared by alerts that look alike; or each alert its own (slow).
    n_stamped : int, optional
        Only this many alerts, spread over the night, get stamps.

    Raises
    ------
    ConfigError
        If the night is no date, or a class or mode is unknown, or a number out of range.
    """
    if nights < 1 or seed < 0:
        raise ConfigError(f"nights={nights} must be at least 1 and seed={seed} not negative")
    counts = class_counts(n_objects, rates, DEFAULT_INJECT if inject is None else inject)
    entropy = [seed, night, nights]
    rng = np.random.default_rng(entropy)
    schedule = Schedule.draw(rng, night, nights)
    population = draw_population(entropy, schedule, counts)
    rows = flatten(population, schedule)
    shared = visit_columns(rng, population, schedule, rows)
    own = candidate_columns(rng, population, schedule, rows, shared)
    object_ids = _object_ids(entropy, len(population), night)

    cutouts = encode_cutouts(rng, population, schedule, rows, own, stamps, n_stamped)
    bodies = _join(object_ids[rows.obj[rows.alert]], own, shared, rows, cutouts)
    return Night(
        bodies=bodies,
        night=night_of(jd_start_to_mjd_mid(own["jd"], ZTF_EXPOSURE_S), "ztf"),
        truth=_truth(population, rows, own["candid"], object_ids),
        sync=hashlib.blake2b(repr((entropy, counts)).encode(), digest_size=16).digest(),
    )


def _join(
    object_ids: NDArray[np.bytes_],
    own: dict[str, NDArray[Any]],
    shared: dict[str, NDArray[Any]],
    rows: Rows,
    cutouts: list[bytes],
) -> list[bytes]:
    """Put packets together out of encoded rows; a history is one slice of them."""
    head_fields = [(name, "string", False) for name in ("schemavsn", "publisher", "objectId")]
    head_columns = {
        "schemavsn": np.full(len(object_ids), SCHEMA_VERSION.encode()),
        "publisher": np.full(len(object_ids), _PUBLISHER),
        "objectId": object_ids,
        "top": own["candid"],
    }
    heads, head_at = encode_rows([*head_fields, ("top", "long", False)], head_columns)
    alerts, alert_at = encode_rows(CANDIDATE_FIELDS, own)
    history, history_at = encode_rows(PRV_CANDIDATE_FIELDS, shared)
    counts = {n: encode_long(n) for n in np.unique(rows.alert - rows.first).tolist()}
    bodies = []
    for i, (first, stop) in enumerate(zip(rows.first.tolist(), rows.alert.tolist(), strict=True)):
        parts = [heads[head_at[i] : head_at[i + 1]], alerts[alert_at[i] : alert_at[i + 1]]]
        if first == stop:
            parts.append(b"\x02")  # branch 1: null, as for an object without history
        else:
            items = history[history_at[first] : history_at[stop]]
            parts += [b"\x00", counts[stop - first], items, b"\x00"]
        bodies.append(b"".join([*parts, cutouts[i]]))
    return bodies


def _object_ids(entropy: list[int], n_objects: int, night: int) -> NDArray[np.bytes_]:
    """Ids like ZTF26abcdefg; those of different skies do not meet but by rare accident."""
    digest = hashlib.blake2b(repr(entropy).encode(), digest_size=8).digest()
    n_ids = 26**_ID_LETTERS
    # Shuffled, lest the order of the ids tell the classes.
    order = np.random.default_rng(list(digest)).permutation(n_objects)
    number = (int.from_bytes(digest, "big") % n_ids + order) % n_ids
    places = 26 ** np.arange(_ID_LETTERS - 1, -1, -1)
    letters = (ord("a") + number[:, None] // places % 26).astype(np.uint8)
    words = np.ascontiguousarray(letters).view(f"S{_ID_LETTERS}").ravel()
    return np.char.add(f"ZTF{night // 10000 % 100:02}".encode(), words)


def _truth(
    population: Population,
    rows: Rows,
    candid: NDArray[np.int64],
    object_ids: NDArray[np.bytes_],
) -> pd.DataFrame:
    owner = rows.obj[rows.alert]
    order = np.argsort(owner, kind="stable")
    ends = np.searchsorted(owner[order], np.arange(1, len(population)))
    alert_ids = np.split(np.ma.getdata(candid)[order], ends)
    anomaly = {name: known.anomaly for name, known in CLASSES.items()}
    return pd.DataFrame(
        {
            "object_id": np.char.decode(object_ids, "ascii").astype(object),
            "alert_ids": [ids.tolist() for ids in alert_ids],
            "class": population.kind.astype(object),
            "anomaly": [anomaly[kind] for kind in population.kind.tolist()],
            "t0_mjd": population.t0_mjd,
            "ra_deg": population.ra_deg,
            "dec_deg": population.dec_deg,
            "parameters": population.parameters,
        }
    )
