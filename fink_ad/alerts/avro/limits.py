"""What a stranger's packet may cost at most."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from fink_ad.errors import ConfigError

__all__ = ["DEEPEST", "Limits"]

DEEPEST = 64
"""How deep a schema may nest at all: the stack of the compiled reader has this many places."""


@dataclass(frozen=True)
class Limits:
    """Bounds on everything a packet's sender can choose; sizes in bytes.

    Attributes
    ----------
    message : int
        One record (a container file of many may be larger).
    block : int
        One block of a container, decompressed.
    ratio : int
        Decompressed over compressed size of a block.
    schema_text, schema_depth : int
        JSON of the writer's schema, and how deep its types nest.
    items : int
        Items of one array or map, also when an item takes no bytes.
    stamp : int
        One value of type ``bytes``, whether wanted or not.
    expansion : int
        Decoded over encoded size of a message: the columns of a table take room even where a
        row says nothing but "null".
    programs : int
        Compiled programs kept, and schemas and container headers remembered.
    """

    message: int = 16 << 20
    block: int = 256 << 20
    ratio: int = 1000
    schema_text: int = 1 << 20
    schema_depth: int = 32
    items: int = 1_000_000
    stamp: int = 1 << 20
    expansion: int = 64
    programs: int = 64

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if value < 1:
                raise ConfigError(f"packet limit {name} = {value}: give a positive number")
        if self.schema_depth > DEEPEST:
            raise ConfigError(f"packet limit schema_depth = {self.schema_depth}: at most {DEEPEST}")
