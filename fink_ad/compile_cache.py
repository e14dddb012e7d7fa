"""Where numba keeps compiled kernels: a private folder of the user. Import before any ``njit``.

Numba's cache is made of pickles, so a folder that anybody else can write to would let them run
code as us. It lives in the user's cache folder, mode 0700; where that cannot be had (a home that
is read-only, a folder of somebody else), kernels are compiled anew in every process.
``NUMBA_CACHE_DIR`` wins where it is set.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

import numba
import platformdirs

__all__ = ["CACHED", "kernel_folder", "private_folder"]


def kernel_folder() -> Path:
    """Return the folder of compiled kernels, whether or not it exists."""
    return Path(platformdirs.user_cache_dir("fink_ad")) / "numba"


def private_folder(folder: Path) -> bool:
    """Make a folder that only this user can enter; say whether that worked."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.is_symlink() or folder.stat().st_uid != os.getuid():
            return False
        if stat.S_IMODE(folder.stat().st_mode) != 0o700:
            folder.chmod(0o700)
    except OSError:
        return False
    return os.access(folder, os.W_OK | os.X_OK)


def _choose() -> bool:
    if os.environ.get("NUMBA_CACHE_DIR"):
        return True
    folder = kernel_folder()
    if not private_folder(folder):
        return False
    numba.config.CACHE_DIR = str(folder)  # type: ignore[attr-defined]
    return True


CACHED: bool = _choose()
"""Pass as ``numba.njit(cache=CACHED)``."""
