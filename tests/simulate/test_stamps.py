"""Stamps are gzipped FITS images that show what the alert says."""

import gzip

import numpy as np
import pytest

from fink_ad.simulate import simulate_night
from fink_ad.simulate.stamps import Scene, render, to_fits, to_fits_gz


def read_fits(blob):
    """Read the one image of a minimal FITS file."""
    raw = gzip.decompress(blob)
    assert len(raw) % 2880 == 0
    cards = [raw[i : i + 80].decode("ascii") for i in range(0, 2880, 80)]
    header = {card[:8].strip(): card[10:30].strip() for card in cards if card[8:10] == "= "}
    assert header["SIMPLE"] == "T"
    assert header["BITPIX"] == "-32"
    assert any(card.strip() == "END" for card in cards)
    shape = int(header["NAXIS2"]), int(header["NAXIS1"])
    data = np.frombuffer(raw, ">f4", count=shape[0] * shape[1], offset=2880)
    return data.reshape(shape)


def test_images_survive_the_round_trip():
    image = np.random.default_rng(0).normal(0, 1, (63, 63)).astype(np.float32)
    blob = to_fits_gz(image)
    assert np.array_equal(read_fits(blob), image)
    assert to_fits_gz(image) == blob
    assert gzip.decompress(blob) == to_fits(image)


@pytest.mark.parametrize("sign", [1, -1])
def test_the_difference_holds_the_flux(sign):
    counts = 5000.0
    scene = Scene(sign * counts, 100.0, 1e5, 0.1, 1.0, False, b"", 2.0)
    science, template, difference = render(np.random.default_rng(1), scene)
    centre = difference[24:39, 24:39]
    assert centre.sum() == pytest.approx(sign * counts, rel=0.1)
    assert np.allclose(science - 150 - template, difference, atol=0.05)
    assert np.unravel_index(template.argmax(), template.shape) == (31, 31)


def test_modes():
    options = {"night": 20260301, "n_objects": 40, "inject": {}, "seed": 2}
    plain = simulate_night(**options).records()
    assert all(record["cutoutScience"] is None for record in plain)
    ten = simulate_night(**options, stamps="individual", n_stamped=10).records()
    stamped = [record for record in ten if record["cutoutScience"] is not None]
    assert len(stamped) == 10
    for record in stamped:
        for name in ("cutoutScience", "cutoutTemplate", "cutoutDifference"):
            assert read_fits(record[name]["stampData"]).shape == (63, 63)
            assert str(record["candid"]) in record[name]["fileName"]
    pool = simulate_night(**options, stamps="pool").records()
    blobs = {record["cutoutScience"]["stampData"] for record in pool}
    assert 1 < len(blobs) < len(pool)
    # Stamps change nothing else.
    bare = [{k: v for k, v in r.items() if not k.startswith("cutout")} for r in pool]
    assert bare == [{k: v for k, v in r.items() if not k.startswith("cutout")} for r in plain]
