"""A table as a page of its own that opens from the file: nothing is fetched, columns sort."""

from collections.abc import Mapping
from html import escape
from pathlib import Path

import pandas as pd

from maknet.files import write_text

# Sorts by a column when its head is clicked, or Enter is pressed on it; again for the other way.
_SORT = """
for (const table of document.querySelectorAll("table")) {
  const body = table.tBodies[0];
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    head.tabIndex = 0;
    head.setAttribute("role", "button");
    const sort = () => {
      const up = head.getAttribute("aria-sort") !== "ascending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const text = (row) => row.cells[column].textContent.trim();
      const order = (a, b) => {
        const [x, y] = [text(a), text(b)];
        const number = /^[-+]?\\d[\\d,]*(\\.\\d+)?(e[-+]?\\d+)?%?$/i;
        const both = number.test(x) && number.test(y);
        const [n, m] = [x, y].map((value) => parseFloat(value.replaceAll(",", "")));
        return (both ? n - m : x.localeCompare(y)) * (up ? 1 : -1);
      };
      [...body.rows].sort(order).forEach((row) => body.append(row));
    };
    head.addEventListener("click", sort);
    head.addEventListener("keydown", (event) => event.key === "Enter" && sort());
  });
}
"""
_STYLE = """
body { font: 14px/1.45 system-ui, sans-serif; margin: 1.5rem; color: #1a1a1a; background: #fff; }
h1 { font-size: 1.2rem; }
h2 { font-size: 1rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .7rem; text-align: left; border-bottom: 1px solid #ddd; }
th { cursor: pointer; vertical-align: bottom; border-bottom: 2px solid #888; }
th[aria-sort="ascending"]::after { content: " \\25B2"; }
th[aria-sort="descending"]::after { content: " \\25BC"; }
p { max-width: 60rem; }
"""


def write_page(path: str | Path, tables: Mapping[str, pd.DataFrame], title: str, note: str) -> None:
    """Write tables below each other as HTML.

    Args:
        path: To write.
        tables: By heading, which may be empty; cells are shown as they are, undefined ones as a
            dash. A table without rows is left out.
        title: Heading of the page.
        note: A paragraph below.
    """
    body = "\n".join(_section(name, table) for name, table in tables.items() if len(table))
    write_text(
        path,
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"<h1>{escape(title)}</h1>\n{body}\n<p>{escape(note)}</p>\n"
        f"<script>{_SORT}</script>\n</body>\n</html>\n",
    )


def _section(name: str, table: pd.DataFrame) -> str:
    heading = f"<h2>{escape(name)}</h2>\n" if name else ""
    cells = table.to_html(index=False, border=0, na_rep="-")
    return f'{heading}<div class="wide">\n{cells}\n</div>'
