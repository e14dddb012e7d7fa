"""Model folders: files with their hashes, named by content, written at once or not at all.

::

    <models_dir>/<id>/manifest.json    everything but arrays; ``id`` is its SHA-256
                      <name>.npz       arrays without pickles, each named with its SHA-256
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tempfile
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fink_ad.errors import ModelError

__all__ = ["MANIFEST", "pack", "read_folder", "remove_folder", "write_folder"]

MANIFEST = "manifest.json"

Arrays = Mapping[str, NDArray[np.generic]]


def pack(manifest: Mapping[str, Any], groups: Mapping[str, Arrays]) -> dict[str, bytes]:
    """Return a model's files by name; equal content gives equal bytes.

    Parameters
    ----------
    manifest : mapping
        JSON-able; the hashes of the other files are added under ``files``.
    groups : mapping of str to arrays by name
        Each becomes ``<name>.npz``.
    """
    files = {}
    for name, arrays in groups.items():
        buffer = io.BytesIO()
        np.savez(buffer, allow_pickle=False, **arrays)
        files[f"{name}.npz"] = buffer.getvalue()
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    text = json.dumps({**manifest, "files": hashes}, sort_keys=True, indent=1, allow_nan=False)
    return {MANIFEST: text.encode(), **files}


def write_folder(
    models_dir: Path, model_id: str, files: Mapping[str, bytes], like: str = ""
) -> Path:
    """Write ``<models_dir>/<model_id>``; a folder already there is as good as new.

    Parameters
    ----------
    models_dir : Path
    model_id : str
    files : mapping of str to bytes
        What to write, by name.
    like : str, optional
        Id of a model that may have some of the files: they are linked to, not written twice.

    Raises
    ------
    ModelError
        If the files cannot be written.
    """
    folder = models_dir / model_id
    try:
        if folder.is_dir():
            os.utime(folder)
            return folder
    except OSError:  # another user's, or removed this moment
        if folder.is_dir():
            return folder
    try:
        models_dir.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(prefix=".unfinished-", dir=models_dir))
        try:
            for name, content in files.items():
                if like and _linked(models_dir / like / name, unfinished / name, content):
                    continue
                with open(unfinished / name, "wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
            unfinished.chmod(0o755)
            unfinished.rename(folder)
        except OSError:
            shutil.rmtree(unfinished, ignore_errors=True)
            if not folder.is_dir():  # else another process wrote the same model meanwhile
                raise
    except OSError as error:
        raise ModelError(f"cannot write a model to {models_dir}: {error}") from error
    return folder


def remove_folder(models_dir: Path, model_id: str, unused_for_s: float, *, dry_run: bool) -> int:
    """Remove a model's folder, unless it is not there or was written lately.

    Parameters
    ----------
    unused_for_s : float
        Seconds since it was written, or written again, without which it stays: somebody may be
        about to put it in force.
    dry_run : bool
        Only say what would go.

    Returns
    -------
    int
        Bytes that are free by it, other models' share not counted; 0 if nothing was removed.

    Raises
    ------
    ModelError
        If it cannot be removed.
    """
    folder, leaving = models_dir / model_id, models_dir / f".leaving-{model_id}"
    before = time.time() - unused_for_s
    try:
        if not leaving.is_dir():
            if not folder.is_dir() or folder.stat().st_mtime >= before:
                return 0
            if dry_run:
                return _own_bytes(folder)
            # Out of sight as a whole: nobody finds half a model, wherever this ends.
            folder.rename(leaving)
            if leaving.stat().st_mtime >= before:  # written again at the last moment
                leaving.rename(folder)
                return 0
        n_bytes = _own_bytes(leaving)
        if not dry_run:
            shutil.rmtree(leaving)
    except OSError as error:
        raise ModelError(f"cannot remove model {folder}: {error}") from error
    return n_bytes


def _own_bytes(folder: Path) -> int:
    found = [path.stat() for path in folder.iterdir()]
    return sum(one.st_size for one in found if one.st_nlink == 1)


def _linked(there: Path, here: Path, content: bytes) -> bool:
    """Link to a file if it has this content; where links cannot be made, it is written."""
    try:
        if there.read_bytes() != content:
            return False
        here.hardlink_to(there)
    except OSError:
        return False
    return True


def read_folder(folder: Path) -> tuple[dict[str, Any], dict[str, dict[str, NDArray[Any]]]]:
    """Return the manifest and the arrays by file, every byte checked.

    Raises
    ------
    ModelError
        If a file is missing, damaged or edited, or the folder is not a model.
    """
    if not folder.is_dir():
        raise ModelError(
            f"there is no model folder {folder}; superseded revisions are removed when they are "
            "old: fink-ad models list says which there are"
        )
    text = _read(folder / MANIFEST)
    found = hashlib.sha256(text).hexdigest()
    if found != folder.resolve().name:
        raise ModelError(
            f"model {folder} is damaged or was edited: its manifest hashes to {found[:12]}, "
            "which is not its name; restore it from a backup or train anew"
        )
    try:
        manifest = json.loads(text)
        hashes = dict(manifest["files"])
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(f"model {folder} has no readable {MANIFEST}: {error}") from error
    groups = {}
    for name, wanted in hashes.items():
        if Path(name).name != name or not name.endswith(".npz"):
            raise ModelError(f"model {folder} names a file {name!r} that cannot be its own")
        content = _read(folder / name)
        if hashlib.sha256(content).hexdigest() != wanted:
            raise ModelError(
                f"{folder / name} is damaged or was edited: its hash is not the one in "
                f"{MANIFEST}; restore it from a backup or train anew"
            )
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
                groups[name.removesuffix(".npz")] = {key: arrays[key] for key in arrays.files}
        except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
            raise ModelError(f"{folder / name} holds no readable arrays: {error}") from error
    return manifest, groups


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"cannot read model file {path}: {error.strerror}") from error
