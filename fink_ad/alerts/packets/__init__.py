"""What the packets of each survey mean: decoded tables in, AlertBatch out."""

from fink_ad.alerts.packets.flags import PointFlag
from fink_ad.alerts.packets.mapping import (
    MappedPackets,
    choose_fields,
    fields_among,
    stamps,
    to_batches,
)

__all__ = [
    "MappedPackets",
    "PointFlag",
    "choose_fields",
    "fields_among",
    "stamps",
    "to_batches",
]
