"""Compare simulated alerts with real ones: tables on the terminal, pictures in docs.

Run from the root of the project: ``python -m benchmarks.realism``. Needs the folder of real
alerts named by FINK_AD_REAL_DATA.
"""

from __future__ import annotations

from benchmarks.realism.classifier import distances, like, tell_apart
from benchmarks.realism.plots import draw
from benchmarks.realism.samples import REAL_DATA, Sample, by_file, packets, real, simulated

N_OBJECTS = {"ztf": 1500, "lsst": 400}
SHOWN = 12


def main() -> None:
    if not REAL_DATA.is_dir():
        raise SystemExit(
            f"no real alerts at {REAL_DATA}: set FINK_AD_REAL_DATA to the folder that has them"
        )
    ztf, sky = real("ztf"), simulated("ztf", N_OBJECTS["ztf"])
    alike = like(ztf, sky)
    rubin, rubin_sky = real("lsst"), simulated("lsst", N_OBJECTS["lsst"])
    draw(ztf, packets(), alike, rubin, rubin_sky)
    everything = groups_of(ztf)
    print(f"ZTF: {len(ztf)} real objects, {len(sky)} simulated, {len(alike)} of them alike\n")
    print("| columns | AUC, whole sky | AUC, same mix |\n|---|---|---|")
    for label, columns in choices(everything).items():
        print(
            f"| {label} ({len(columns)}) | {auc(ztf, sky, columns)} | {auc(ztf, alike, columns)} |"
        )
    columns = [name for names in everything.values() for name in names]
    files = [one for one in by_file("ztf").values() if len(one) > 20]
    for i, one in enumerate(files):
        for other in files[i + 1 :]:
            print(f"real against real, {len(one)} and {len(other)}: {auc(one, other, columns)}")
    other_sky = like(ztf, simulated("ztf", N_OBJECTS["ztf"], seed=1))
    print(f"simulated against simulated: {auc(alike, other_sky, columns)}")
    print(f"Rubin, {len(rubin)} real, {len(rubin_sky)} simulated objects: ", end="")
    print(auc(rubin, rubin_sky, [n for names in groups_of(rubin).values() for n in names]))
    worst(ztf, alike, columns)


def groups_of(sample: Sample) -> dict[str, list[str]]:
    """Columns by group."""
    groups: dict[str, list[str]] = {}
    for column in sample.table.schema.columns:
        groups.setdefault(column.group, []).append(column.id)
    return groups


def choices(groups: dict[str, list[str]]) -> dict[str, list[str]]:
    """All columns, all but a group, and each group alone."""
    chosen = {"all": [name for names in groups.values() for name in names]}
    for left_out in groups:
        chosen[f"without {left_out}"] = [
            name for group, names in groups.items() if group != left_out for name in names
        ]
    return chosen | {f"{group} alone": names for group, names in groups.items()}


def auc(first: Sample, second: Sample, columns: list[str]) -> str:
    verdict = tell_apart(first, second, columns)
    return f"{verdict.auc:.2f} ± {verdict.error:.2f}"


def worst(first: Sample, second: Sample, columns: list[str]) -> None:
    """Print which columns betray the simulation, by both measures."""
    lost = tell_apart(first, second, columns, importance=True).importance
    apart = distances(first, second, columns)
    print("\n| column | AUC lost when permuted | KS distance |\n|---|---|---|")
    ranked = sorted(columns, key=lambda name: -lost[name])[:SHOWN]
    ranked += sorted(set(columns) - set(ranked), key=lambda name: -apart[name])[:SHOWN]
    for name in ranked:
        print(f"| `{name}` | {lost[name]:.4f} | {apart[name]:.2f} |")


if __name__ == "__main__":
    main()
