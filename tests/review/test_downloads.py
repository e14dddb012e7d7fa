"""Tables to take away open in a spreadsheet and in astropy, and do no harm."""

import io

import numpy as np
import pandas as pd
from astropy.io.votable import parse_single_table

from fink_ad.review.downloads import to_csv, to_votable

TABLE = pd.DataFrame(
    {
        "object_id": ["ZTF18a", "=cmd()", '<b>&"\x01'],
        "ra_deg": [1.5, np.nan, -3.0],
        "n_det": [1, 2, 3],
    }
)


def test_a_formula_in_a_csv_is_text() -> None:
    read = pd.read_csv(io.BytesIO(to_csv(TABLE)))
    assert read["object_id"].tolist()[:2] == ["ZTF18a", "'=cmd()"]
    assert read["ra_deg"].tolist()[2] == -3.0  # a number is no formula


def test_a_votable_is_read_back() -> None:
    table = parse_single_table(io.BytesIO(to_votable(TABLE, {"ra_deg": "deg"}))).to_table()
    assert str(table["ra_deg"].unit) == "deg"
    assert np.isnan(np.asarray(table["ra_deg"].filled(np.nan))[1])
    assert table["n_det"].tolist() == [1, 2, 3]
    assert [str(one) for one in table["object_id"]] == ["ZTF18a", "=cmd()", '<b>&"?']


def test_an_empty_table_is_one_too() -> None:
    empty = TABLE.iloc[:0]
    assert len(pd.read_csv(io.BytesIO(to_csv(empty)))) == 0
    assert len(parse_single_table(io.BytesIO(to_votable(empty, {}))).array) == 0
