"""Our plug-ins, as if they were installed: a folder for PYTHONPATH with a package and its entry points."""

import tomllib
from pathlib import Path

from tests.support.cli import ROOT


def laid_out(plugin: str, folder: Path) -> list[str]:
    """Return the entries of PYTHONPATH that bring the plug-in *plugin* and musl-audit; *folder* is for what is made."""
    home = ROOT / "plugins" / plugin
    project = tomllib.loads((home / "pyproject.toml").read_text())["project"]
    info = folder / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir(parents=True, exist_ok=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    groups = project["entry-points"].items()
    lines = [f"[{group}]\n" + "".join(f"{name} = {at}\n" for name, at in points.items()) for group, points in groups]
    (info / "entry_points.txt").write_text("\n".join(lines))
    return [str(folder), str(home / "src"), str(ROOT / "src")]
