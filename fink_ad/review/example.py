"""A simulated candidate, with which a newcomer can try the page before it counts."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import numpy as np

from fink_ad.alerts.detections import n_detections
from fink_ad.alerts.photometry import flux_to_mag
from fink_ad.alerts.positions import galactic
from fink_ad.alerts.schema import CUTOUTS
from fink_ad.alerts.times import MJD_EPOCH
from fink_ad.review.candidate import Candidate, Strangeness
from fink_ad.simulate import simulate_night, write_night
from fink_ad.sources.files import FilesSource

__all__ = ["example_candidate"]

_NIGHT, _KIND = 20260110, "superluminous_supernova"
_ONE_IN = 2400.0


@cache
def example_candidate() -> Candidate:
    """Return the latest alert of a simulated superluminous supernova; nothing is stored of it.

    Light curve and stamps are those of the simulated packet, read as any other; the rarity is
    an example, for there is no crowd it could be counted in. Takes about two seconds once.
    """
    night = simulate_night(_NIGHT, rates={}, inject={_KIND: 1}, stamps="individual")
    with tempfile.TemporaryDirectory() as folder:
        packets = list(write_night(Path(folder), night).alerts)
        (batch,) = FilesSource(packets).batches({})
        (part,) = batch.surveys
        last = np.array([len(part.alerts) - 1])
        stamps = part.stamps(last).to_pylist()[0]
    alert = part.alerts.take(last)
    flux, mjd, ra_deg, dec_deg = (
        float(alert.numbers(name)[0]) for name in ("diff_flux_njy", "mjd_utc", "ra_deg", "dec_deg")
    )
    l_deg, b_deg = galactic(ra_deg, dec_deg)
    seen_at = MJD_EPOCH + timedelta(days=mjd)
    return Candidate(
        survey=alert.survey,
        alert_id=int(alert.numbers("alert_id")[0]),
        object_id=str(alert.strings("object_id")[0]),
        population="transient",
        night=_NIGHT,
        alert=alert,
        seen_at=seen_at,
        age=datetime.now(UTC) - seen_at,
        ra_deg=ra_deg,
        dec_deg=dec_deg,
        l_deg=float(l_deg),
        b_deg=float(b_deg),
        band=str(alert.strings("band")[0]),
        mag=float(flux_to_mag(abs(flux))[0]),
        below=flux <= 0,
        n_det=int(n_detections(alert)[0]),
        strangeness=Strangeness(np.nan, _ONE_IN, False, True, ""),
        p_interesting=None,
        n_calibration=0,
        showing=None,
        tags=(),
        broker_classes=(),
        stamps={name: stamps[f"cutout_{name}"] for name in CUTOUTS},
        features=(),
        neighbours=(),
        mine=None,
        others=None,
        times_listed=1,
        times_shown=1,
        object_alerts=(),
        links=(),
    )
