"""Look at everything a run depends on and say what is wrong, each with its mend."""

from __future__ import annotations

import os
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from fink_ad.catalogs import CatalogFolder
from fink_ad.config import Settings
from fink_ad.errors import FinkAdError
from fink_ad.operations.at_work import look_at_worker
from fink_ad.operations.finding import Finding
from fink_ad.operations.ranking import (
    look_at_conditions,
    look_at_drift,
    look_at_jobs,
    look_at_models,
)
from fink_ad.plugins import load_feature_providers, load_filter_providers
from fink_ad.store import CountKey, DatabaseStatus, Store, database_exists, status

__all__ = ["examine"]

_LOW_BYTES, _TOO_LOW_BYTES = 5 << 30, 1 << 30
_CLOCK_SLACK = timedelta(minutes=5)
_EARLIEST = datetime(2025, 1, 1, tzinfo=UTC)
_MANY_DEAD = 0.01


def examine(settings: Settings, now: datetime | None = None) -> Iterator[Finding]:
    """Yield findings, the most basic first; nothing is changed.

    Parameters
    ----------
    settings : Settings
        Settings in force, valid by themselves.
    now : datetime, optional
        Time to compare with; the clock's by default.
    """
    now = now or datetime.now(UTC)
    yield from _home(settings.home)
    yield from _disk(settings.home)
    yield from _providers(settings)
    yield from _catalogs(settings)
    found, told = _database(settings)
    yield from told
    if found is None or found.needs_upgrade:
        yield from _clock(now, None)
        return
    with Store.open(settings.home, settings.database_url or None) as store:
        looks: tuple[Callable[[], Iterator[Finding]], ...] = (
            lambda: _clock(now, store.last_commit()),
            lambda: _history(store),
            lambda: look_at_models(store, settings),
            lambda: look_at_conditions(store, settings),
            lambda: look_at_drift(store),
            lambda: look_at_jobs(store),
            lambda: look_at_worker(store, settings, now),
            lambda: _counts(store),
            lambda: _last_night(store, now),
        )
        for look in looks:
            yield from look()


def _home(home: Path) -> Iterator[Finding]:
    if not home.exists():
        yield Finding("home", "ok", f"{home} is not there yet; the first run makes it")
    elif not home.is_dir():
        yield Finding("home", "problem", f"{home} is no folder", "choose another with --home")
    elif not os.access(home, os.R_OK | os.W_OK | os.X_OK):
        mend = f"give yourself the rights, as in chmod u+rwx {home}, or choose another with --home"
        yield Finding("home", "problem", f"{home} cannot be read and written", mend)
    elif home.stat().st_mode & 0o002:
        mend = f"chmod o-w {home}"
        yield Finding("home", "problem", f"anybody on this machine may write to {home}", mend)
    else:
        yield Finding("home", "ok", str(home))


def _disk(home: Path) -> Iterator[Finding]:
    there = home
    while not there.exists():
        there = there.parent
    free = shutil.disk_usage(there).free
    used = sum(size for _, size in _files(home))
    told = f"{_gb(used)} used, {_gb(free)} free"
    mend = "fink-ad purge --older-than DAYS, or make room on the disk"
    if free < _TOO_LOW_BYTES:
        yield Finding("disk", "problem", told, mend)
    elif free < _LOW_BYTES:
        yield Finding("disk", "warning", told, mend)
    else:
        yield Finding("disk", "ok", told)


def _files(folder: Path) -> Iterator[tuple[Path, int]]:
    for here, _, names in os.walk(folder):
        for name in names:
            path = Path(here, name)
            try:
                yield path, path.lstat().st_size
            except OSError:  # gone since
                continue


def _gb(n_bytes: int) -> str:
    return f"{n_bytes / 1e9:,.1f} GB" if n_bytes >= 1e9 else f"{n_bytes / 1e6:,.1f} MB"


def _providers(settings: Settings) -> Iterator[Finding]:
    try:
        infos = load_feature_providers(settings.provider).infos
        infos += load_filter_providers(settings.provider).infos
    except FinkAdError as error:
        mend = "correct the section [provider] of the settings; see fink-ad config show"
        yield Finding("plug-ins", "problem", str(error), mend)
        return
    for info in infos:
        if info.error:
            mend = f"upgrade or remove the package {info.distribution}"
            yield Finding("plug-ins", "problem", f"{info.name}: {info.error}", mend)
    if not any(info.error for info in infos):
        yield Finding("plug-ins", "ok", ", ".join(info.name for info in infos))


def _catalogs(settings: Settings) -> Iterator[Finding]:
    folder = CatalogFolder(settings.home)
    names = folder.names()
    sound = True
    for name in names:
        try:
            folder.load(name)
        except FinkAdError as error:
            sound = False
            mend = f"add it again, or fink-ad catalogs remove {name}"
            yield Finding("catalogues", "problem", str(error), mend)
    to_drop = settings.provider.get("known_objects", {}).get("drop", ())
    for name in [name for name in to_drop if name not in names]:
        sound = False
        mend = "add it with fink-ad catalogs add, or correct the setting"
        told = f"provider.known_objects.drop names {name!r}, which is no catalogue"
        yield Finding("catalogues", "problem", told, mend)
    if sound:
        yield Finding("catalogues", "ok", ", ".join(names) or "none")


def _database(settings: Settings) -> tuple[DatabaseStatus | None, list[Finding]]:
    where = settings.database_url or settings.home
    try:
        if not database_exists(where):
            return None, [Finding("database", "ok", "none yet; the first run makes it")]
        found = status(where)
    except FinkAdError as error:
        mend = "restore a backup, or correct database_url"
        return None, [Finding("database", "problem", str(error), mend)]
    told = f"{found.url}, {_gb(found.size_bytes)}, revision {found.revision or 'none'}"
    if found.needs_upgrade:
        told += f"; this release needs {found.head}"
        return found, [Finding("database", "problem", told, "fink-ad db upgrade")]
    return found, [Finding("database", "ok", told)]


def _clock(now: datetime, last_commit: datetime | None) -> Iterator[Finding]:
    mend = "set the clock, as with timedatectl set-ntp true"
    told = f"{now:%Y-%m-%d %H:%M:%S} UTC"
    if now < _EARLIEST:
        yield Finding("clock", "problem", f"{told}, before this program was written", mend)
    elif last_commit is not None and last_commit > now + _CLOCK_SLACK:
        told += f", but a batch was stored at {last_commit:%Y-%m-%d %H:%M:%S}"
        yield Finding("clock", "problem", told, mend)
    else:
        yield Finding("clock", "ok", told)


def _history(store: Store) -> Iterator[Finding]:
    home = store.history.home
    parts = store.history_parts()
    known = {part.name for part in parts}
    found = {
        path.relative_to(home).as_posix(): size
        for folder in ("history", "filtered")
        for path, size in _files(home / folder)
        if ".parquet" in path.name
    }
    missing = sorted(known - found.keys())
    orphans = found.keys() - known
    for name in missing[:3]:
        mend = "restore it from a backup"
        yield Finding("history", "problem", f"part {home / name} is missing", mend)
    if len(missing) > 3:
        told = f"{len(missing):,} parts are missing in all"
        yield Finding("history", "problem", told, "restore them from a backup")
    n_rows = sum(part.n_rows for part in parts)
    told = f"{n_rows:,} alerts in {len(parts):,} parts, {_gb(sum(found.values()))}"
    if orphans:
        told += f"; {len(orphans):,} parts of a run that died, or is at work"
    per_night: dict[tuple[str, int], int] = defaultdict(int)
    for part in parts:
        per_night[part.survey, part.night] += 1
    most = max(per_night.values(), default=0)
    if most > 1000:
        told += f"; up to {most:,} parts a night"
        yield Finding("history", "warning", told, "fink-ad history compact")
    elif not missing:
        yield Finding("history", "ok", told)


def _counts(store: Store) -> Iterator[Finding]:
    nights: dict[tuple[int, str], int] = defaultdict(int)
    n_in = 0
    for key, n in store.counts().items():
        nights[key.night, key.survey] += _sign(key) * n
        n_in += n if key.kind == "in" else 0
    wrong = {place: n for place, n in nights.items() if n}
    for (night, survey), n in sorted(wrong.items()):
        told = f"{survey or 'packets of no known survey'}, night {night}: {n:+,} alerts in too many"
        yield Finding("counts", "problem", told, "report it with fink-ad counts --json")
    if not wrong:
        yield Finding("counts", "ok", f"{n_in:,} alerts, every one accounted for")


def _sign(key: CountKey) -> int:
    return {"in": 1, "withheld": 0}.get(key.kind, -1)


def _last_night(store: Store, now: datetime) -> Iterator[Finding]:
    counts = store.counts()
    last = max((key.night for key in counts), default=0)
    if not last:
        yield Finding("last night", "ok", "nothing has been read yet")
        return
    n_in = sum(n for key, n in counts.items() if key.night == last and key.kind == "in")
    told = f"{last}: {n_in:,} alerts"
    tomorrow = int((now + timedelta(days=1)).strftime("%Y%m%d"))
    n_all, n_dead = _share_dead(counts)
    if last > tomorrow:
        mend = "check the clock, and what writes the times of the alerts"
        yield Finding("last night", "problem", f"{told}, in the future", mend)
    elif n_dead > _MANY_DEAD * n_all:
        told += f"; {n_dead:,} of {n_all:,} packets ever read are dead letters"
        mend = "fink-ad dead-letters list; fink-ad dead-letters retry after an upgrade"
        yield Finding("last night", "warning", told, mend)
    else:
        yield Finding("last night", "ok", told)


def _share_dead(counts: Mapping[CountKey, int]) -> tuple[int, int]:
    n_all = sum(n for key, n in counts.items() if key.kind == "in")
    return n_all, sum(n for key, n in counts.items() if key.kind == "dead_letter")
