"""Decompresses container blocks without trusting them: size and ratio are bounded throughout."""

from __future__ import annotations

import zlib

import pyarrow as pa

from fink_ad.alerts.avro.limits import Limits
from fink_ad.alerts.avro.reasons import PacketError

__all__ = ["CODECS", "decompress"]

CODECS = ("null", "deflate", "snappy", "zstandard")
"""Codecs of the Avro specification that can be read."""

_RAW_DEFLATE = -15
_CRC_BYTES = 4


def decompress(codec: str, data: memoryview | bytes, limits: Limits) -> memoryview | bytes:
    """Return the content of a block.

    Raises
    ------
    PacketError
        With reason ``damaged_block``, or ``too_large`` if the content exceeds the limits; no
        more than the limit is ever held in memory.
    """
    most = min(limits.block, limits.ratio * len(data))
    if codec == "null":
        content = data
        most = limits.block
    else:
        try:
            match codec:
                case "deflate":
                    content = _inflate(data, most)
                case "snappy":
                    content = _unsnap(data, most)
                case _:
                    content = _unzstd(data, most)
        except (OSError, ValueError, zlib.error) as error:  # pyarrow's errors are of these
            raise PacketError("damaged_block", f"a {codec} block is damaged: {error}") from None
    if len(content) > most:
        raise PacketError(
            "too_large", f"a {codec} block of {len(data)} bytes holds more than the {most} allowed"
        )
    return content


def _inflate(data: memoryview | bytes, most: int) -> bytes:
    # What is behind the end of the stream is ignored: common writers leave part of a checksum.
    inflater = zlib.decompressobj(_RAW_DEFLATE)
    content = inflater.decompress(data, most + 1)
    if not inflater.eof and len(content) <= most:
        raise ValueError("it ends too early")
    return content


def _unsnap(data: memoryview | bytes, most: int) -> memoryview:
    body, checksum = data[:-_CRC_BYTES], data[-_CRC_BYTES:]
    size = _snappy_size(bytes(body[:5]))
    if size > most:
        raise PacketError(
            "too_large", f"a snappy block of {len(data)} bytes claims {size}, more than {most}"
        )
    content = memoryview(pa.Codec("snappy").decompress(pa.py_buffer(body), decompressed_size=size))
    if zlib.crc32(content) != int.from_bytes(checksum, "big"):
        raise ValueError("its checksum is wrong")
    return content


def _snappy_size(head: bytes) -> int:
    """Read the size a snappy block begins with, an unsigned little-endian varint."""
    size = 0
    for i, byte in enumerate(head):
        size |= (byte & 0x7F) << (7 * i)
        if byte < 0x80:
            return size
    raise ValueError("it does not begin with its size")


def _unzstd(data: memoryview | bytes, most: int) -> bytes:
    with pa.CompressedInputStream(pa.BufferReader(pa.py_buffer(data)), "zstd") as stream:
        content: bytes = stream.read(most + 1)
    return content
