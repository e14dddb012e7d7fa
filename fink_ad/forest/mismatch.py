"""Naming the first difference between two feature schemas."""

from __future__ import annotations

from fink_ad.features import FeatureSchema

__all__ = ["first_difference"]


def first_difference(expected: FeatureSchema, found: FeatureSchema) -> str:
    """Return one clause that names what first differs: a column, its place, or a version."""
    missing = [name for name in expected.names if name not in set(found.names)]
    extra = [name for name in found.names if name not in set(expected.names)]
    if missing and extra and len(found.names) == len(expected.names):
        place = expected.names.index(missing[0])
        return f"column {place} should be {missing[0]!r} and is {found.names[place]!r}"
    if missing:
        return f"column {missing[0]!r} is missing"
    if extra:
        return f"column {extra[0]!r} is not one it knows"
    for place, (ours, theirs) in enumerate(zip(expected.columns, found.columns, strict=True)):
        if ours.id != theirs.id:
            return f"columns are permuted: column {place} should be {ours.id!r}, is {theirs.id!r}"
        if ours != theirs:
            return f"column {ours.id!r} changed its unit, group or meaning: {ours} became {theirs}"
    versions = dict(found.versions)
    for provider, version in expected.versions:
        if versions.get(provider) != version:
            return f"provider {provider!r} should be version {version}, is {versions.get(provider)}"
    return "the providers differ"
