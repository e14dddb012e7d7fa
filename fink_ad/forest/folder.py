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
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fink_ad.errors import ModelError

__all__ = ["MANIFEST", "pack", "read_folder", "write_folder"]

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
    """Write ``<models_dir>/<model_id>``; a folder already there is left as it is.

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
