"""What all tables have in common: constraint names and column types."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase

from fink_ad.store.columns import FloatOrNan, Int64, JsonText, PlainText, UtcDateTime

__all__ = ["Base"]


class Base(DeclarativeBase):
    """Common to all tables: constraint names and column types."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012  SQLAlchemy's own idiom
        int: Int64,
        str: PlainText,
        float: FloatOrNan,
        datetime: UtcDateTime,
        Any: JsonText,
    }
