"""Stamps of strangers become pictures, or nothing; never an error."""

import gzip
import io
from pathlib import Path

import fastavro
import numpy as np
import pytest
from astropy.io import fits
from hypothesis import given
from hypothesis import strategies as st

from fink_ad.review import read_stamp, stamp_picture, stamp_pictures

IMAGE = np.arange(12, dtype=np.float32).reshape(3, 4)


def fits_bytes(image: np.ndarray, **cards: object) -> bytes:
    buffer = io.BytesIO()
    fits.PrimaryHDU(image, fits.Header(cards)).writeto(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize("dtype", ["u1", "i2", "i4", "i8", "f4", "f8"])
def test_images_of_every_type_are_read(dtype: str) -> None:
    stamp = read_stamp(fits_bytes(IMAGE.astype(dtype)))
    assert stamp is not None
    np.testing.assert_array_equal(stamp.pixels, IMAGE)
    assert np.isnan(stamp.north_deg)


def test_unsigned_integers_are_read_with_their_zero() -> None:
    stamp = read_stamp(fits_bytes(np.full((2, 2), 60_000, np.uint16)))
    assert stamp is not None
    assert (stamp.pixels == 60_000).all()


def test_gzipped_is_the_same() -> None:
    stamp = read_stamp(gzip.compress(fits_bytes(IMAGE)))
    assert stamp is not None
    np.testing.assert_array_equal(stamp.pixels, IMAGE)


@pytest.mark.parametrize("angle", [0.0, 41.6, -90.0])
def test_north_is_where_the_world_coordinates_have_it(angle: float) -> None:
    c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    # East is to the left of north: x runs against right ascension.
    matrix = np.array([[-1, 0], [0, 1]]) @ np.array([[c, s], [-s, c]])
    cards = {f"PC{i + 1}_{j + 1}": float(matrix[i, j]) for i in (0, 1) for j in (0, 1)}
    stamp = read_stamp(fits_bytes(IMAGE, **cards))
    assert stamp is not None
    assert stamp.north_deg == pytest.approx(angle)


def test_rows_of_ztf_go_southward() -> None:
    stamp = read_stamp(fits_bytes(IMAGE), "ztf")
    assert stamp is not None
    assert stamp.north_deg == 0
    np.testing.assert_array_equal(stamp.pixels, IMAGE[::-1])
    picture, north_deg = stamp_pictures({"science": fits_bytes(IMAGE)}, "ztf")["science"]
    assert north_deg == 0
    assert picture[0, 0] == picture.min()


def test_a_file_that_says_where_north_is_is_believed() -> None:
    cards = {"CD1_1": -1.0, "CD1_2": 0.0, "CD2_1": 0.0, "CD2_2": -1.0}
    stamp = read_stamp(fits_bytes(IMAGE, **cards), "ztf")
    assert stamp is not None
    assert abs(stamp.north_deg) == 180
    np.testing.assert_array_equal(stamp.pixels, IMAGE)


@pytest.mark.real_data
def test_in_real_ztf_stamps_the_nearest_reference_source_lies_where_the_packet_says(
    real_data: Path,
) -> None:
    n_right = n_all = 0
    for path in sorted((real_data / "ztf" / "raw_packets").glob("*.avro")):
        with path.open("rb") as file:
            (packet,) = fastavro.reader(file)
        source = packet["candidate"]
        east = (source["ranr"] - source["ra"]) * np.cos(np.radians(source["dec"])) * 3600 / 1.012
        north = (source["decnr"] - source["dec"]) * 3600 / 1.012
        stamp = read_stamp(packet["cutoutTemplate"]["stampData"], "ztf")
        if stamp is None or not 2.5 < np.hypot(east, north) < 25:
            continue
        y, x = np.mgrid[:63, :63] - 31
        pixels = np.nan_to_num(stamp.pixels, nan=float(np.nanmedian(stamp.pixels)))
        light = [
            np.mean(pixels[np.hypot(x - side * east, y - up * north) < 1.6])
            for side, up in ((-1, 1), (1, 1), (-1, -1), (1, -1))
        ]
        n_all += 1
        n_right += int(np.argmax(light)) == 0
    # Faint sources are lost in the noise: 16 of 19 are right, where chance would give 5.
    assert n_all >= 15
    assert n_right > 0.75 * n_all


@pytest.mark.real_data
def test_real_rubin_stamps_say_where_north_is(real_data: Path) -> None:
    path = real_data / "lsst" / "lsst_20260304_7_long_prod.avro"
    with path.open("rb") as file:
        blobs = [packet["cutoutScience"] for packet in fastavro.reader(file)]
    stamps = [read_stamp(blob, "lsst") for blob in blobs if blob]
    assert stamps
    assert all(one is not None and np.isfinite(one.north_deg) for one in stamps)


def test_the_first_row_is_drawn_at_the_bottom() -> None:
    stamp = read_stamp(fits_bytes(IMAGE))
    assert stamp is not None
    picture = stamp_picture(stamp, "science")
    assert picture[-1, 0] == picture.min()
    assert picture[0, -1] == picture.max()


def test_noise_alone_is_dark_and_a_star_is_white() -> None:
    image = np.random.default_rng(0).normal(150, 10, (63, 63)).astype(np.float32)
    stamp = read_stamp(fits_bytes(image))
    assert stamp is not None
    assert np.median(stamp_picture(stamp, "science")) < 100
    image[30:33, 30:33] += 5000
    stamp = read_stamp(fits_bytes(image))
    assert stamp is not None
    assert stamp_picture(stamp, "science")[31, 31] == 255
    assert np.median(stamp_picture(stamp, "science")) < 60


def test_no_change_is_grey_in_the_difference() -> None:
    image = np.zeros((5, 5), np.float32)
    image[2, 2], image[1, 1] = 100, -50
    stamp = read_stamp(fits_bytes(image))
    assert stamp is not None
    picture = stamp_picture(stamp, "difference")
    assert picture[0, 0] == 128
    assert picture[2, 2] > 200
    assert picture[3, 1] < 80


def test_pixels_without_data_are_black() -> None:
    image = IMAGE.copy()
    image[0, 0] = np.nan
    stamp = read_stamp(fits_bytes(image))
    assert stamp is not None
    assert stamp_picture(stamp, "template")[-1, 0] == 0
    empty = read_stamp(fits_bytes(np.full((2, 2), np.nan, np.float32)))
    assert empty is not None
    assert not stamp_picture(empty, "difference").any()


def test_a_flat_image_is_no_error() -> None:
    for name in ("science", "difference"):
        stamp = read_stamp(fits_bytes(np.full((4, 4), 7, np.float32)))
        assert stamp is not None
        assert stamp_picture(stamp, name).shape == (4, 4)


@pytest.mark.parametrize(
    "blob",
    [
        None,
        b"",
        b"no fits at all",
        fits_bytes(IMAGE)[:2880],
        fits_bytes(np.zeros((2, 2, 2), np.float32)),
        fits_bytes(np.zeros((1, 2000), np.float32)),
        gzip.compress(fits_bytes(IMAGE))[:60],
        gzip.compress(bytes(64 << 20)),
        b"SIMPLE  =                    T".ljust(80) * 400,
    ],
    ids=["none", "empty", "text", "cut", "cube", "huge", "cut gzip", "bomb", "endless"],
)
def test_what_is_no_stamp_is_none(blob: bytes | None) -> None:
    assert read_stamp(blob) is None
    assert stamp_pictures({"science": blob})["science"] is None


@given(st.binary(max_size=300), st.integers(0, 2880 * 2))
def test_damage_never_raises(noise: bytes, at: int) -> None:
    blob = fits_bytes(IMAGE)
    damaged = blob[:at] + noise + blob[at + len(noise) :]
    for one in (noise, damaged, gzip.compress(damaged)):
        stamp = read_stamp(one)
        if stamp is not None:
            stamp_picture(stamp, "science")
