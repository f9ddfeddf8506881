"""Data Docs that open anywhere: Great Expectations' own pages, freed of the network, under a first page of ours.

Its pages load styles, scripts and a logo from public servers, and its first page is empty without them. A hospital's
machine reaches none, and a page about data should tell no server that it was opened: those references are cut, a style
sheet is written in that says in words what icons said and hides the buttons that would need the scripts, and the first
page, with each expectation's severity and meaning, the figures and the drift, is plain HTML.
"""

import os
import re
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from unirg_core.validate.drift import sentence
from unirg_core.wording import counted

_OUTSIDE = re.compile(
    r"<script\b[^>]*\bsrc\s*=\s*[\"']?https?:[^>]*>\s*</script>"
    r"|<(?:link|img)\b[^>]*\b(?:href|src)\s*=\s*[\"']?https?:[^>]*>"
    r"|<footer\b.*?</footer>",
    re.IGNORECASE | re.DOTALL,
)

_OUTSIDE_PICTURE = re.compile(r"url\(\s*[\"']?https?:[^)]*\)", re.IGNORECASE)

_UNNAMED = "Data asset: None"  # so Great Expectations heads the page of any table that is held in memory

_STYLE = """<style>
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; color: #222 }
table { border-collapse: collapse; margin: .5rem 0 1.5rem }
th, td { border: 1px solid #ccc; padding: .25rem .6rem; text-align: left; vertical-align: top }
th { background: #f2f2f2 }
h1, h2, h3, h4, h5, h6 { margin: 1.2rem 0 .3rem; font-size: 1.1rem }
.met { color: #176b2c }
.stop { color: #a00; font-weight: bold }
img { max-width: 100% }
.quarantine, .warn { color: #8a5a00; font-weight: bold }
.fas.text-success::before { content: "met"; color: #176b2c }
.fas.text-danger::before, .fas.text-warning::before, .fas.text-info::before { content: "not met"; color: #a00 }
.card.mb-3, a[data-toggle="collapse"] { display: none }
</style>"""


def settle(
    folder: Path,
    summary: Mapping[str, Any],
    data: str,
    *,
    figures: Sequence[Path] = (),
    drift: Mapping[str, Any] | None = None,
) -> Path:
    """Make the pages below `folder` stand alone, write the first page over `summary`, and return it.

    Parameters
    ----------
    folder
        Where the site builder has written.
    summary
        The content of validation.json.
    data
        What was checked, for the title.
    figures
        Pictures in the same run's folder.
    drift
        The content of drift.json, once it is known.
    """
    pages: dict[str, str] = {}
    for path in sorted(folder.rglob("*.html")):
        parts = path.relative_to(folder).parts
        text = path.read_text(encoding="utf-8")
        if parts != ("index.html",) and _STYLE not in text:
            text = _OUTSIDE_PICTURE.sub("none", _OUTSIDE.sub("", text)).replace(_UNNAMED, f"Data asset: {parts[1]}")
            path.write_text(text.replace("</head>", f"{_STYLE}</head>", 1), encoding="utf-8")
        if parts[0] == "validations":
            pages[parts[1]] = "/".join(parts)
    first = folder / "index.html"
    seen = "".join(_figure(path, folder) for path in figures)
    seen += _drift(drift, folder) if drift else ""
    first.write_text(_first_page(summary, pages, data, seen), encoding="utf-8")
    return first


def _figure(path: Path, folder: Path) -> str:
    return f'<p><img src="{escape(os.path.relpath(path, folder))}" alt="{escape(path.stem)}"></p>'


def _drift(value: Mapping[str, Any], folder: Path) -> str:
    drawn = folder.parent / "figures" / "validate_drift.png"
    figure = _figure(drawn, folder) if value["features"] else ""
    return f"<h2>drift</h2><p>{escape(sentence(value))}.</p>{figure}"


def _first_page(summary: Mapping[str, Any], pages: Mapping[str, str], data: str, seen: str) -> str:
    rows = summary["expectations"]
    tables = dict.fromkeys(row["table"] for row in rows)
    blocks = [_block(table, [row for row in rows if row["table"] == table], pages.get(table)) for table in tables]
    verdict = "sound" if summary["success"] else "stopped"
    counts = (
        f"{counted(summary['selected'] or 0, 'study')} selected, {summary['quarantined'] or 'none'} in quarantine "
        f"(quarantine.csv says why), {counted(summary['rejected_by_ingest'], 'input')} rejected by ingest."
    )
    head = f'<head><meta charset="utf-8"><title>Data Docs: {escape(data)}</title>{_STYLE}</head>'
    title = f"<h1>Data Docs: {escape(data)}: {verdict}</h1><p>{counts} Suite {summary['suite'][:12]}.</p>"
    return f'<!DOCTYPE html><html lang="en">{head}<body>{title}{"".join(blocks)}{seen}</body></html>\n'


def _block(table: str, rows: Sequence[Mapping[str, Any]], page: str | None) -> str:
    link = f' (<a href="{escape(page)}">details</a>)' if page else ""
    header = "<tr><th>result</th><th>expectation</th><th>it asks that</th><th>checked</th><th>not met by</th></tr>"
    return f"<h2>{escape(table)}{link}</h2><table>{header}{''.join(_line(row) for row in rows)}</table>"


def _line(row: Mapping[str, Any]) -> str:
    result = '<td class="met">met</td>' if row["success"] else f'<td class="{row["severity"]}">{row["severity"]}</td>'
    examples = f": {escape(', '.join(row['examples']))}" if row["examples"] else ""
    found = f"{row['unexpected']}{examples}" if row["unexpected"] or not row["success"] else ""
    cells = (escape(row["expectation"]), escape(row["says"]), str(row["checked"]), found)
    return f"<tr>{result}{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
