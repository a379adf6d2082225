"""The page of a survey: one file, no network, its few lines of script allowed by their digest."""

from base64 import b64encode
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING

from musl_audit.errors import UsageError
from musl_audit.reporters.html_style import STYLE
from musl_audit.reporters.visible import visible

if TYPE_CHECKING:
    from collections.abc import Mapping

_STYLE = (
    STYLE
    + """
.tiles { display: flex; flex-wrap: wrap; gap: .6rem; list-style: none; padding: 0; }
.tiles li { flex: 1 1 9rem; padding: .6rem .8rem; border: 1px solid var(--line); border-radius: .4rem; }
.tiles b { display: block; font-size: 1.6rem; }
th button { all: unset; cursor: pointer; } th button:focus-visible { outline: 3px solid var(--link); }
th[aria-sort=ascending] button::after { content: " ▲"; } th[aria-sort=descending] button::after { content: " ▼"; }
input[type=search] { font: inherit; padding: .3rem .5rem; max-width: 100%; color: inherit; background: var(--card);
  border: 1px solid var(--line); border-radius: .3rem; }
meter { width: 8rem; } small { font-weight: 400; color: var(--dim); }
"""
)
_SCRIPT = """
(() => {
  const table = document.getElementById("projects");
  if (!table) return;
  const body = table.tBodies[0], rows = [...body.rows], search = document.getElementById("search");
  const shown = document.getElementById("shown");
  search.addEventListener("input", () => {
    const wanted = search.value.toLowerCase();
    let count = 0;
    for (const row of rows) {
      row.hidden = !row.cells[0].textContent.toLowerCase().includes(wanted);
      count += !row.hidden;
    }
    shown.textContent = wanted ? `${count} of ${rows.length} projects` : "";
  });
  const order = new Intl.Collator("en", {numeric: true, sensitivity: "base"});
  [...table.tHead.rows[0].cells].forEach((head, index) => {
    head.querySelector("button").addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") !== "ascending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      rows.sort((a, b) => (up ? 1 : -1) * order.compare(a.cells[index].textContent, b.cells[index].textContent));
      body.append(...rows);
    });
  });
})();
"""


def survey_html(page: object, *, version: str) -> str:
    """Return the HTML of *page*, a ``SurveyPage``; raise ``UsageError`` where Jinja is not installed."""
    try:
        from jinja2 import Environment, StrictUndefined
        from markupsafe import Markup
    except ImportError as error:
        raise UsageError(f"the page needs {error.name}: pip install 'musl-audit[survey]'") from error
    environment = Environment(autoescape=True, undefined=StrictUndefined, finalize=_shown)
    template = environment.from_string(files(__package__).joinpath("survey.html.jinja").read_text(encoding="utf-8"))
    digest = b64encode(sha256(_SCRIPT.encode()).digest()).decode()
    values: Mapping[str, object] = {
        "page": page,
        "version": version,
        "style": Markup(_STYLE),  # noqa: S704  # ours
        "script": Markup(_SCRIPT),  # noqa: S704
        "script_digest": digest,
    }
    return template.render(values) + "\n"


def _shown(value: object) -> object:
    """Return *value* with what a browser would not show, or turn around, made visible: names are hostile."""
    return visible(value) if type(value) is str else value
