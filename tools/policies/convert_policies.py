"""Write the policy files of musl 1.1.0 … 1.2.6 and of the architectures from the measured data in tools/data."""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from musl_audit.model import MuslVersion
from musl_audit.policy.render import render

DATA = Path(__file__).parents[1] / "data"
POLICIES = Path(__file__).parents[2] / "policies"
REFERENCE = "x86_64"  # the architecture whose symbols a later one's first release is compared with

Spans = list[tuple[str, str | None]]
Change = dict[str, list[str]]
Json = dict[str, Any]


def load(name: str) -> Json:
    """Return a file of the measured data, without its comment."""
    data = cast("Json", json.loads((DATA / name).read_text(encoding="utf-8")))
    data.pop("_comment", None)
    return data


def symbol_sets(spans: Json, releases: list[str]) -> dict[str, dict[str, frozenset[str]]]:
    """Return, for each architecture and each release that it has, the symbols that libc exports."""
    position = {release: index for index, release in enumerate(releases)}
    sets: dict[str, dict[str, set[str]]] = {
        arch: {release: set() for release in releases[position[oldest] :]}
        for arch, oldest in spans["oldest_build"].items()
    }
    for name, (_, reference, *others) in spans["symbols"].items():
        for arch, by_release in sets.items():
            for first, end in others[0].get(arch, reference) if others else reference:
                for release in releases[position[first] : len(releases) if end is None else position[end]]:
                    if release in by_release:
                        by_release[release].add(name)
    return {arch: {key: frozenset(value) for key, value in table.items()} for arch, table in sets.items()}


def change(before: frozenset[str], after: frozenset[str]) -> Change:
    """Return what *after* has and *before* has not, and the other way round; only what is not empty."""
    rows = {"added": sorted(after - before), "removed": sorted(before - after)}
    return {key: names for key, names in rows.items() if names}


def with_common(changes: Mapping[str, Change]) -> Json:
    """Return the changes of each architecture, those that all of them share taken out under ``common``."""
    common = {
        key: set.intersection(*(set(row.get(key, ())) for row in changes.values())) if changes else set[str]()
        for key in ("added", "removed")
    }
    rows = {"common": {key: sorted(names) for key, names in common.items() if names}}
    for arch, row in changes.items():
        rest = {key: sorted(set(names) - common[key]) for key, names in row.items()}
        rows[arch] = {key: names for key, names in rest.items() if names}
    return {key: row for key, row in rows.items() if row}


def relocation_sets(relocations: Json, releases: list[str]) -> dict[str, dict[str, frozenset[str]]]:
    """Return, for each architecture and release, the names of the relocation types that the loader applies."""
    position = {release: index for index, release in enumerate(releases)}
    return {
        arch: {
            release: frozenset(
                name
                for name, row in table["supported"].items()
                if position[row["since"]] <= index <= position[row.get("last", releases[-1])]
            )
            for release, index in position.items()
            if index >= position[table["first_version"]]
        }
        for arch, table in relocations["archs"].items()
    }


def lfs64_changes(lfs64: Json) -> dict[str, Json]:
    """Return what each release's loader resolves beyond its table: the broken ones once they were mended."""
    broken: Json = lfs64["broken_in"]
    mapping: dict[str, str] = lfs64["mapping"]
    changes: dict[str, Json] = {
        lfs64["runtime_mapping_since"]: {"added": {k: v for k, v in mapping.items() if k not in broken}}
    }
    for name, row in broken.items():
        changes.setdefault(row["fixed_in"], {"added": {}})["added"][name] = mapping[name]
    return changes


def release_files(releases: list[str]) -> Iterator[tuple[str, Json]]:
    """Yield the path and content of the file of each release."""
    symbols = symbol_sets(load("symbol-spans.json"), releases)
    relocations = relocation_sets(load("relocs.json"), releases)
    abilities, lfs64, dates = load("abilities.json"), lfs64_changes(load("lfs64.json")), load("release-dates.json")
    for before, release in zip([None, *releases], releases, strict=False):
        changed = {
            field: with_common(
                {
                    arch: change(table.get(before or "", frozenset()), table[release])
                    for arch, table in sets.items()
                    if release == releases[0] or before in table
                    if release in table
                }
            )
            for field, sets in (("symbols", symbols), ("relocations", relocations))
        }
        content = {
            "$schema": "../schema/musl.schema.json",
            "release": release,
            "released": dates.get(release, {}).get("released"),
            "provenance": "dynamic symbol tables of libc.so and behaviour of the loader, both measured on builds of it",
            "symbols": changed["symbols"],
            "abilities": abilities.get(release, {}),
            "relocations": changed["relocations"],
            "lfs64": lfs64.get(release, {}),
        }
        optional = ("abilities", "relocations", "lfs64")
        yield f"musl/{release}.json", {k: v for k, v in content.items() if v or k not in optional}


def begins(arch: str, releases: list[str], symbols: Json, relocations: Json) -> Json:
    """Return with what an architecture begins: nothing before the oldest known release, or another's symbols."""
    first = next(iter(symbols[arch]))
    if first == releases[0]:
        return {"like": None}
    difference = change(symbols[REFERENCE][first], symbols[arch][first])
    return {"like": REFERENCE, **difference, "relocations": sorted(relocations[arch][first])}


def arch_files(releases: list[str]) -> Iterator[tuple[str, Json]]:
    """Yield the path and content of the file of each architecture."""
    symbols = symbol_sets(load("symbol-spans.json"), releases)
    relocations, measured = relocation_sets(load("relocs.json"), releases), load("relocs.json")["archs"]
    for arch, row in load("arches.json").items():
        own = row.get("symbols_of", arch)
        types = sorted(measured[own]["supported"].items(), key=lambda item: item[1]["type"])
        content = {
            "$schema": "../schema/arch.schema.json",
            "name": arch,
            "elf": {
                "machine": row["machine"],
                "bits": row["bits"],
                "byte_order": row["byte_order"],
                "flags_mask": row["flags"][0],
                "flags_value": row["flags"][1],
                "is_told_by_elf": own == arch,
            },
            "loader": f"ld-musl-{row['loader']}.so.1",
            "libc_sonames": ["libc.so", f"libc.musl-{row['libc']}.so.1"],
            "triplet": row["triplet"],
            "first_release": next(iter(symbols[own])),
            **({"note": row["note"]} if "note" in row else {}),
        }
        if own != arch:
            yield f"arch/{arch}.json", {**content, "symbols_of": own}
            continue
        content["begins"] = begins(arch, releases, symbols, relocations)
        content["relocations"] = {
            name: {
                "number": kind["type"],
                **({"note": kind["note"]} if "note" in kind else {}),
            }
            for name, kind in types
        }
        yield f"arch/{arch}.json", content


PAST = {"void-64-before-2025-05"}  # what a rolling distribution once had


def distribution_cycle(row: Json) -> str:
    """Return how the row ages: a release has dates, a rolling distribution was seen once."""
    if row["id"] in PAST:
        return "past"
    return "rolling" if row["release"] in ("edge", "rolling", "main") else "release"


def distribution_files() -> Iterator[tuple[str, Json]]:
    """Yield the path and content of ``distributions.json``."""
    data = load("distributions.json")
    rows = [
        {
            "id": row["id"],
            "name": row["distribution"],
            "release": row["release"],
            "musl": row["musl"],
            "kind": row.get("kind", "distribution"),
            "cycle": distribution_cycle(row),
            "released": row.get("released"),
            "supported_until": row.get("supported_until"),
            "musl_verified": row["musl_verified"],
            **{key: row[key] for key in ("snapshot", "symbols_added", "symbols_removed", "note") if key in row},
            **({"bits": int(row["id"].split("-")[1])} if row["id"].startswith("void-") else {}),
        }
        for row in data["distributions"]
    ]
    yield (
        "distributions.json",
        {
            "$schema": "schema/distributions.schema.json",
            "distributions": rows,
            "build_images": data["build_images"],
        },
    )


def time64_files() -> Iterator[tuple[str, Json]]:
    """Yield the path and content of ``time64.json``."""
    data = load("time64.json")
    yield (
        "time64.json",
        {
            "$schema": "schema/time64.schema.json",
            "introduced": data["introduced"],
            "arches": data["archs_wheels"],
            "pairs": data["pairs"],
            "aliases": data["time32_only_names_without_own_successor"],
        },
    )


def convert() -> dict[str, str]:
    """Return the text of every file that the measured data determines, by its path below ``policies/``."""
    counted = load("symbol-counts.json")[REFERENCE]
    releases = sorted(counted, key=MuslVersion.parse)
    files = [*release_files(releases), *arch_files(releases), *distribution_files(), *time64_files()]
    return {path: render(content) for path, content in files}


def main() -> int:
    """Write the files; print those that changed."""
    for path, text in convert().items():
        target = POLICIES / path
        if target.exists() and target.read_text(encoding="utf-8") == text:
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
