"""Draw the picture of the house: the layers that import-linter holds, and what each room says of itself."""

import ast
import tomllib
from pathlib import Path
from xml.sax.saxutils import escape

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "musl_audit"
WORLD = ("cli", "workflows", "adapters", "reporters")  # the rooms that may touch it
WIDTH, HEIGHT, GAP, MARGIN = 860, 54, 12, 20  # pixels
TOP = 34
LEGEND = (
    "imports go down; bytes come in at the adapters, become facts in wheel and elf, a verdict in judging, "
    "and text in the reporters"
)


def picture() -> str:
    """Return the picture as SVG."""
    layers = [[room.strip() for room in layer.replace(":", "|").split("|")] for layer in contract()]
    bottom = TOP + len(layers) * (HEIGHT + GAP) + MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {bottom}" font-family="sans-serif" role="img">',
        "<title>The rooms of musl-audit: imports go from the top to the bottom</title>",
        f'<text x="{MARGIN}" y="22" font-size="13" fill="#555">{LEGEND}</text>',
    ]
    for number, rooms in enumerate(layers):
        parts += _layer(rooms, TOP + number * (HEIGHT + GAP))
    return "\n".join([*parts, "</svg>"]) + "\n"


def contract() -> list[str]:
    """Return the layers, the highest first."""
    configuration = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers: list[str] = configuration["tool"]["importlinter"]["contracts"][0]["layers"]
    return layers


def _layer(rooms: list[str], y: int) -> list[str]:
    width = (WIDTH - 2 * MARGIN - GAP * (len(rooms) - 1)) // len(rooms)
    parts = []
    for number, room in enumerate(rooms):
        x = MARGIN + number * (width + GAP)
        fill = "#fdf0dc" if room in WORLD else "#e3eefb"
        parts += [
            f'<rect x="{x}" y="{y}" width="{width}" height="{HEIGHT}" rx="6" fill="{fill}" stroke="#888"/>',
            f'<text x="{x + 12}" y="{y + 22}" font-size="15" font-weight="bold">{room}</text>',
            f'<text x="{x + 12}" y="{y + 41}" font-size="11" fill="#333">{escape(_subject(room, width))}</text>',
        ]
    return parts


def _subject(room: str, width: int) -> str:
    """Return the first sentence that *room* says of itself, as much of it as *width* has room for."""
    path = PACKAGE / room / "__init__.py"
    page = ast.get_docstring(ast.parse((path if path.exists() else PACKAGE / f"{room}.py").read_text(encoding="utf-8")))
    sentence = " ".join((page or "").partition("\n\n")[0].split()).replace("``", "").rstrip(".")
    most = width // 6
    return sentence if len(sentence) <= most else f"{sentence[: most - 1].rstrip()}…"
