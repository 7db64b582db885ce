"""A table as a page that opens from its file: nothing is fetched, columns sort, rows are found."""

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
# Shows the rows that hold every word that is typed, and says how many there are.
_SEARCH = """
for (const box of document.querySelectorAll("input[type=search]")) {
  const section = box.closest("section"), rows = [...section.querySelectorAll("tbody tr")];
  const said = section.querySelector("output");
  const search = () => {
    const words = box.value.toLowerCase().split(/\\s+/);
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
    }
    said.value = `${rows.filter((row) => !row.hidden).length} of ${rows.length} rows`;
  };
  box.addEventListener("input", search);
  search();
}
"""
_SEARCHED_ROWS = 20  # a table of fewer rows is read at a glance
_SEARCH_BOX = (
    '<p><label>Search: <input type="search" placeholder="words, in any column"></label>'
    "<output></output></p>\n"
)
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
input { font: inherit; padding: .3rem .5rem; width: 18rem; max-width: 60vw; }
output { margin-left: .7rem; color: #555; }
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
        f"<script>{_SORT}{_SEARCH}</script>\n</body>\n</html>\n",
    )


def _section(name: str, table: pd.DataFrame) -> str:
    heading = f"<h2>{escape(name)}</h2>\n" if name else ""
    cells = table.to_html(index=False, border=0, na_rep="-")
    search = _SEARCH_BOX if len(table) > _SEARCHED_ROWS else ""
    return f'<section>\n{heading}{search}<div class="wide">\n{cells}\n</div>\n</section>'
