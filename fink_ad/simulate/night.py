"""Simulated alerts in hand: packets as the survey would send them, and the truth beside them."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import fastavro
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fink_ad.simulate.classes import CLASSES
from fink_ad.simulate.encode import container
from fink_ad.simulate.lsst_schema import LSST_PACKET_SCHEMA
from fink_ad.simulate.packets import Packets
from fink_ad.simulate.population import Population
from fink_ad.simulate.rows import Rows
from fink_ad.simulate.schema import PACKET_SCHEMA
from fink_ad.simulate.survey import SurveyName

__all__ = ["Night", "packet_schema", "truth_table"]


def packet_schema(survey: SurveyName) -> Mapping[str, Any]:
    """Return the Avro schema of a survey's packets."""
    return PACKET_SCHEMA if survey == "ztf" else LSST_PACKET_SCHEMA


@dataclass(frozen=True, eq=False)
class Night:
    """Simulated alerts of one night or several, in order of time.

    Attributes
    ----------
    bodies : list of bytes
        Avro bodies, without container, of `schema`.
    night : (n_alerts,) int32
        YYYYMMDD of each alert.
    truth : pandas.DataFrame
        One row per object: ``object_id, alert_ids`` (list of int), ``class, anomaly, t0_mjd,
        ra_deg, dec_deg, parameters`` (JSON text).
    sync : bytes
        Sync marker of container files: follows from the options, so that files are
        reproducible byte by byte.
    mjd : (n_alerts,) float64
        Middle of the exposure, UTC.
    survey : {"ztf", "lsst"}
        Whose packets they are.
    """

    bodies: list[bytes]
    night: NDArray[np.int32]
    truth: pd.DataFrame
    sync: bytes
    mjd: NDArray[np.float64]
    survey: SurveyName = "ztf"

    def __len__(self) -> int:
        return len(self.bodies)

    @property
    def schema(self) -> Mapping[str, Any]:
        """Avro schema of the packets."""
        return packet_schema(self.survey)

    def packets(self) -> Iterator[bytes]:
        """Yield each alert as an Avro container file of one record."""
        for body in self.bodies:
            yield b"".join(container(self.schema, [[body]], "null", self.sync))

    def records(self) -> list[dict[str, Any]]:
        """Return the alerts as nested Python records."""
        schema = fastavro.parse_schema(dict(self.schema))
        return [fastavro.schemaless_reader(io.BytesIO(body), schema) for body in self.bodies]  # type: ignore[misc]

    @classmethod
    def join(cls, pieces: Sequence[Night]) -> Night:
        """Join pieces of a sky with different objects, and order them by time."""
        if len(pieces) == 1:
            return pieces[0]
        mjd = np.concatenate([piece.mjd for piece in pieces])
        order = np.argsort(mjd, kind="stable")
        bodies = [body for piece in pieces for body in piece.bodies]
        return cls(
            bodies=[bodies[i] for i in order.tolist()],
            night=np.concatenate([piece.night for piece in pieces])[order],
            truth=pd.concat([piece.truth for piece in pieces], ignore_index=True),
            sync=pieces[0].sync,
            mjd=mjd[order],
            survey=pieces[0].survey,
        )


def truth_table(population: Population, rows: Rows, packets: Packets) -> pd.DataFrame:
    """Say what every object of a population is, and which alerts it gave."""
    owner = rows.obj[rows.alert]
    order = np.argsort(owner, kind="stable")
    ends = np.searchsorted(owner[order], np.arange(1, len(population)))
    alert_ids = np.split(packets.alert_ids[order], ends)
    return pd.DataFrame(
        {
            "object_id": packets.object_ids.astype(object),
            "alert_ids": [ids.tolist() for ids in alert_ids],
            "class": population.kind.astype(object),
            "anomaly": [CLASSES[kind].anomaly for kind in population.kind.tolist()],
            "t0_mjd": population.t0_mjd,
            "ra_deg": population.ra_deg,
            "dec_deg": population.dec_deg,
            "parameters": population.parameters,
        }
    )
