"""Reads Avro packets straight into columns: wanted fields only, no Python object per record.

The writer's schema and the wanted fields are compiled into a flat program, which a compiled
kernel runs over all messages of a batch.
"""

from fink_ad.alerts.avro.fields import field_paths
from fink_ad.alerts.avro.limits import Limits
from fink_ad.alerts.avro.read import Fields, PacketRead, Schema, read_packets

__all__ = ["Fields", "Limits", "PacketRead", "Schema", "field_paths", "read_packets"]
