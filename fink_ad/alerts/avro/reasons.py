"""Why a packet was refused: stable words, for people and for the kernel's integer codes."""

from __future__ import annotations

from fink_ad.errors import SourceError

__all__ = ["KERNEL_REASONS", "PacketError"]


class PacketError(SourceError):
    """A packet, or the schema it was written with, is refused.

    Attributes
    ----------
    reason : str
        Short stable word, for counting.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


KERNEL_REASONS = {
    1: ("truncated", "a value reaches beyond the end of the message"),
    2: ("bad_varint", "an integer takes more than 64 bits"),
    3: ("bad_branch", "a union branch the schema does not have"),
    4: ("bad_length", "a negative length, or a block of another size than it says"),
    5: ("too_many_items", "an array or map with more items than allowed"),
    6: ("stamp_too_large", "a bytes field larger than allowed"),
    7: ("bad_enum", "an enum symbol the schema does not have"),
    8: ("trailing_bytes", "bytes are left over after the last record"),
    9: ("too_large", "the record is larger than a message may be"),
    10: ("too_many_rows", "the record takes far more room decoded than encoded"),
}
"""Reason and sentence by the code the kernel stops a record with; 0 means all is well."""
