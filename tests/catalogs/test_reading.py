"""Tables as they come: formats, sexagesimal angles, dirty rows."""

import gzip
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fink_ad.catalogs import read_positions
from fink_ad.catalogs.angles import to_degrees
from fink_ad.errors import ConfigError, SourceError


@pytest.mark.parametrize(
    ("text", "degrees"),
    [
        ("00 20 33.590", 5.139958333),
        ("12:30:45.6", 187.69),
        ("12h30m45.6s", 187.69),
        (" 23:59:59.99 ", 359.99995833),
        ("12 30", 187.5),
        ("10d30m00s", 10.5),
        ("10°30\u203200\u2033", 10.5),
        ("187.69", 187.69),
        ("1.8769e2", 187.69),
        (b"12:30:45.6", 187.69),
        ("12:61:00", np.nan),
        ("12:30:60", np.nan),
        ("about noon", np.nan),
        ("", np.nan),
        (None, np.nan),
    ],
)
def test_right_ascensions(text, degrees):
    found = to_degrees(np.array([text], object), is_ra=True)
    np.testing.assert_allclose(found, [degrees], atol=1e-8)


@pytest.mark.parametrize(
    ("text", "degrees"),
    [
        ("+59 18 45.900", 59.31275),
        ("-00:30:00", -0.5),
        ("\u221200:30:00", -0.5),
        ("-10d30m36s", -10.51),
        ("-1h0m0s", -15.0),
        ("-22.5", -22.5),
    ],
)
def test_declinations(text, degrees):
    found = to_degrees(np.array([text], object), is_ra=False)
    np.testing.assert_allclose(found, [degrees], atol=1e-8)


def test_one_column_may_hold_both_notations():
    text = np.array(["10.5", "00 42 44", "nothing"], object)
    expected = [10.5, 15 * (42 / 60 + 44 / 3600), np.nan]
    np.testing.assert_allclose(to_degrees(text, is_ra=True), expected)


def test_rows_outside_the_sky_are_refused_and_empty_ones_counted(tmp_path: Path):
    path = tmp_path / "c.csv"
    path.write_text(
        "ra,dec\n10,20\n361,0\n-1,0\n10,90.1\n,5\nnan,5\n360,-90\nnoon,1\n99:99:99,2\n10,--\n"
    )
    found = read_positions(path)
    assert found.ra_deg.tolist() == [10.0, 0.0]
    assert found.dec_deg.tolist() == [20.0, -90.0]
    assert found.n_missing == 3
    assert [(one.row, one.why) for one in found.refused] == [
        (2, "right ascension '361' is not within 0 and 360 degrees"),
        (3, "right ascension '-1' is not within 0 and 360 degrees"),
        (4, "declination '90.1' is not within -90 and 90 degrees"),
        (8, "'noon', '1' is no position"),
        (9, "'99:99:99', '2' is no position"),
    ]


CSV = {
    "padded, quoted": 'id , R.A. , Dec \n1 , "00 01 16.37" , "+29 35 34.0"\n',
    "semicolons": "id;R.A.;Dec\n1;00 01 16.37;+29 35 34.0\n",
    "tabs": "id\tR.A.\tDec\n1\t00 01 16.37\t+29 35 34.0\n",
    "comments": "# made by hand, with commas, here\n\n#\nR.A.|Dec\n00:01:16.37|29.5927777778\n",
    "byte order mark": "\ufeffR.A.,Dec\n0.318208333333,29.5927777778\n",
}


@pytest.mark.parametrize("text", CSV.values(), ids=CSV)
@pytest.mark.parametrize("zipped", [False, True])
def test_csv_of_all_kinds(tmp_path: Path, text, zipped):
    path = tmp_path / "c.txt"
    path.write_bytes(gzip.compress(text.encode()) if zipped else text.encode())
    found = read_positions(path, "r.a.", "DEC")
    np.testing.assert_allclose(found.ra_deg, [0.318208333333])
    np.testing.assert_allclose(found.dec_deg, [29.592777777777])


def test_parquet_with_missing_and_whole_numbers(tmp_path: Path):
    path = tmp_path / "no_suffix"
    pd.DataFrame({"ra": [10.5, None, 20.0], "dec": [-5, 6, 7]}).to_parquet(path)
    found = read_positions(path)
    assert found.ra_deg.tolist() == [10.5, 20.0]
    assert found.dec_deg.tolist() == [-5.0, 7.0]
    assert found.n_missing == 1


def test_parquet_with_text(tmp_path: Path):
    path = tmp_path / "c.parquet"
    frame = pd.DataFrame({"RA": ["01:00:00", None, "-"], "DEC": ["-1:30:00", "2", "3"]})
    frame.to_parquet(path)
    found = read_positions(path)
    assert (found.ra_deg.tolist(), found.dec_deg.tolist()) == ([15.0], [-1.5])
    assert found.n_missing == 2


@pytest.mark.parametrize(
    ("unit", "values", "expected"),
    [(None, [15.0, np.nan], 15.0), ("deg", [15.0, 400.0], 15.0), ("hourangle", [1.0, 25.0], 15.0)],
)
def test_big_endian_fits_with_units(tmp_path: Path, unit, values, expected):
    fits = pytest.importorskip("astropy.io.fits")
    columns = [
        fits.Column("ra", "D", array=np.array(values, ">f8"), unit=unit),
        fits.Column("dec", "E", array=np.array([-30.5, 1.0], ">f4"), unit="deg"),
    ]
    other = fits.BinTableHDU.from_columns([fits.Column("x", "J", array=[1])])
    table = fits.BinTableHDU.from_columns(columns)
    path = tmp_path / "c.fits"
    fits.HDUList([fits.PrimaryHDU(), other, table]).writeto(path)
    found = read_positions(path)
    assert (found.ra_deg.tolist(), found.dec_deg.tolist()) == ([expected], [-30.5])
    assert found.ra_deg.dtype.isnative
    assert found.n_missing + len(found.refused) == 1


def test_fits_with_text_and_with_other_units(tmp_path: Path):
    fits = pytest.importorskip("astropy.io.fits")
    path = tmp_path / "c.fits"
    text = [fits.Column("ra", "12A", array=["02 00 00.0"]), fits.Column("dec", "12A", array=["-5"])]
    fits.BinTableHDU.from_columns(text).writeto(path)
    found = read_positions(path)
    assert (found.ra_deg.tolist(), found.dec_deg.tolist()) == ([30.0], [-5.0])
    wrong = [fits.Column("ra", "D", array=[1.0], unit="km"), fits.Column("dec", "D", array=[1.0])]
    fits.BinTableHDU.from_columns(wrong).writeto(path, overwrite=True)
    with pytest.raises(ConfigError, match=r"'ra' of .* is in 'km', which is no unit of an angle"):
        read_positions(path)


def test_fits_without_astropy_says_what_to_install(tmp_path: Path, monkeypatch):
    path = tmp_path / "c.fits"
    path.write_bytes(b"SIMPLE  =                    T".ljust(2880))
    monkeypatch.setitem(sys.modules, "astropy.io", None)
    with pytest.raises(ConfigError, match=r"pip install 'fink-ad\[science\]'"):
        read_positions(path)


def test_what_cannot_be_read_is_named(tmp_path: Path):
    with pytest.raises(SourceError, match=r"cannot read the catalogue .*gone\.csv: No such file"):
        read_positions(tmp_path / "gone.csv")
    path = tmp_path / "c.csv"
    path.write_text("ra,Dec,dec,DEC\n1,2,3,4\n")
    with pytest.raises(ConfigError, match=r"no column 'raj2000' in .*; it has 'ra', 'Dec'"):
        read_positions(path, ra="raj2000")
    with pytest.raises(ConfigError, match="more than one column 'dEc'"):
        read_positions(path, dec="dEc")
    assert read_positions(path, dec="DEC").dec_deg.tolist() == [4.0]
    path.write_text("ra,dec\n400,0\n")
    with pytest.raises(SourceError, match=r"no row of .* has a position .*row 1: right ascension"):
        read_positions(path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PAR1 and nothing else",
        b"SIMPLE  =                    T" + b"x" * 10,
        b"\x1f\x8b damaged",
        bytes(range(256)) * 4,
        b'ra,dec\n"1,2\n3,4\n',
    ],
)
def test_damaged_files_are_errors(tmp_path: Path, content):
    path = tmp_path / "c"
    path.write_bytes(content)
    with pytest.raises((SourceError, ConfigError), match=str(path)):
        read_positions(path)


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "ra", "dec", "n"),
    [
        ("gcvs.parquet", "ra", "dec", 59_099),
        ("symbiotic_and_cataclysmic.parquet", "RA(J2000)", "DEC(J2000)", 2_857),
        ("tde.parquet", "ra", "dec", 44),
        ("tns_raw.parquet", "ra", "declination", 3),
        ("3hsp.csv", "R.A.", "Dec", 2_013),
        ("table-4LAC-DR3-h.fits", "RA_Counterpart", "DEC_Counterpart", 3_407),
    ],
)
def test_real_catalogues(real_data: Path, name, ra, dec, n):
    if name.endswith(".fits"):
        pytest.importorskip("astropy")
    found = read_positions(real_data / "catalogs" / name, ra, dec)
    assert (len(found), found.n_missing, len(found.refused)) == (n, 0, 0)
