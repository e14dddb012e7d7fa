"""The other ways out of the outbox: topics, files of JSON lines, and what apprise reaches."""

from fink_ad.review.doors.contract import Door, DoorRefused, DoorShut
from fink_ad.review.doors.message import SCHEMA_VERSION, TOPIC, parcel_json
from fink_ad.review.doors.opening import kind_of, open_door
from fink_ad.review.doors.sending import Doors, send_doors, try_door
from fink_ad.review.doors.serving import serving_doors

__all__ = [
    "SCHEMA_VERSION",
    "TOPIC",
    "Door",
    "DoorRefused",
    "DoorShut",
    "Doors",
    "kind_of",
    "open_door",
    "parcel_json",
    "send_doors",
    "serving_doors",
    "try_door",
]
