"""Which addresses only this machine reaches."""

from __future__ import annotations

import ipaddress

__all__ = ["is_local"]


def is_local(address: str | None) -> bool:
    """Say whether a server that listens on an address is reached from its own machine only."""
    if address == "localhost":
        return True
    try:
        return address is not None and ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
