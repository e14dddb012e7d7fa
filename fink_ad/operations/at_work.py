"""Whether the folders of the settings are followed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from fink_ad.config import Settings
from fink_ad.operations.finding import Finding
from fink_ad.operations.worker import LEASE
from fink_ad.store import Store

__all__ = ["look_at_worker"]


def look_at_worker(store: Store, settings: Settings, now: datetime) -> Iterator[Finding]:
    """Say whether a worker follows the folders of the settings, and which are not there."""
    folders = settings.run.follow
    if not folders:
        return
    missing = [folder for folder in folders if not Path(folder).expanduser().is_dir()]
    for folder in missing:
        mend = "mount it, or correct run.follow"
        yield Finding("worker", "warning", f"{folder} is to be followed, and no folder", mend)
    last = [one.renewed_at for one in store.leases() if one.name == LEASE and one.expires_at > now]
    if not last:
        told = f"nobody follows {', '.join(folders)}"
        yield Finding("worker", "warning", told, "fink-ad up, or fink-ad run --follow")
    elif not missing:
        told = f"follows {', '.join(folders)}; last sign {last[0]:%Y-%m-%d %H:%M:%S} UTC"
        yield Finding("worker", "ok", told)
