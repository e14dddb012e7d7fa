"""What of a model is written to its folder, and how it is made of that again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from fink_ad.errors import FinkAdError, ModelError
from fink_ad.features import FeatureSchema
from fink_ad.forest.folder import read_folder
from fink_ad.forest.imputation import Imputation
from fink_ad.forest.learners import learner_named
from fink_ad.forest.sketch import ScoreSketch
from fink_ad.forest.training import LabelledAlerts, ReferenceSample

if TYPE_CHECKING:
    from fink_ad.forest.model import Model

__all__ = ["FORMAT_VERSION", "arrays_of", "manifest_of", "read_parts"]

FORMAT_VERSION = 1
"""Version of the model folder."""

_KEYS = {
    "dropped_columns",
    "files",
    "format_version",
    "learner",
    "library_versions",
    "metrics",
    "parameters",
    "population",
    "reviewer",
    "schema",
    "seed",
    "survey",
}


def manifest_of(model: Model) -> dict[str, Any]:
    """Return all of a model that is not an array, JSON-able; without the hashes of the files."""
    return {
        "format_version": FORMAT_VERSION,
        "survey": model.survey,
        "population": model.population,
        "reviewer": model.reviewer,
        "schema": model.schema.to_json(),
        "dropped_columns": list(model.dropped_columns),
        "learner": model.learner.name,
        "parameters": dict(model.learner.parameters),
        "seed": model.seed,
        "library_versions": dict(model.library_versions),
        "metrics": dict(model.metrics),
    }


def arrays_of(model: Model) -> dict[str, Mapping[str, NDArray[Any]]]:
    """Return the arrays of a model, by file and name."""
    groups: dict[str, Mapping[str, NDArray[Any]]] = {
        "imputation": vars(model.imputation),
        "learner": model.learner.to_arrays(),
        "reference": vars(model.reference),
        "sketch": model.sketch.to_arrays(),
    }
    if model.labelled is not None:
        groups["labelled"] = model.labelled.to_arrays()
    return groups


def read_parts(folder: Path) -> dict[str, Any]:
    """Read the attributes of a model from its folder, checking every byte.

    Raises
    ------
    ModelError
        If it is missing, damaged, edited, or of a format this version does not read.
    """
    manifest, groups = read_folder(folder)
    version = manifest.get("format_version")
    if version != FORMAT_VERSION:
        raise ModelError(
            f"model {folder} has format version {version!r}; this version of fink_ad reads "
            f"{FORMAT_VERSION}"
        )
    unknown = set(manifest) ^ _KEYS
    if unknown:
        raise ModelError(f"model {folder}: manifest key {min(unknown)!r} unknown or missing")
    try:
        return _parts(manifest, groups)
    except FinkAdError as error:
        raise ModelError(f"model {folder}: {error}") from error
    except (TypeError, KeyError, ValueError, IndexError) as error:
        raise ModelError(f"model {folder} is not what its manifest says: {error}") from error


def _parts(
    manifest: Mapping[str, Any], groups: Mapping[str, Mapping[str, NDArray[Any]]]
) -> dict[str, Any]:
    schema = FeatureSchema.from_json(manifest["schema"])
    imputation = Imputation.from_arrays(groups["imputation"], len(schema.names))
    labelled = groups.get("labelled")
    as_written = ("survey", "population", "reviewer", "seed", "library_versions", "metrics")
    return {
        **{name: manifest[name] for name in as_written},
        "schema": schema,
        "imputation": imputation,
        "learner": learner_named(manifest["learner"]).from_arrays(
            groups["learner"], manifest["parameters"], len(imputation.columns)
        ),
        "reference": ReferenceSample(**groups["reference"]),
        "labelled": LabelledAlerts.from_arrays(schema, labelled) if labelled else None,
        "sketch": ScoreSketch.from_arrays(groups["sketch"]),
    }
