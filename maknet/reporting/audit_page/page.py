"""Writes the audit page: one file that opens offline."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from maknet.files import write_text

# What the page is made of, below workflow/report/audit; the scripts in their order.
PARTS = (
    "page.html", "page.css", "elements.js", "lineage.js", "numbers.js", "graph.js", "details.js",
    "search.js",
)  # fmt: skip


def write_audit_page(target: str | Path, content: Mapping[str, Any], parts: Sequence[Path]) -> None:
    """Write the page.

    Args:
        target: To write.
        content: What `maknet.reporting.audit_page.content.page_content` returned.
        parts: Files of `PARTS`: HTML with the places `{{style}}`, `{{content}}` and `{{script}}`,
            CSS, and JavaScript, which reads the content from the element `content`.
    """
    # A "<" within a text might end the element, or begin a comment that never ends.
    data = json.dumps(content, separators=(",", ":"), sort_keys=True).replace("<", "\\u003c")
    page, style, *scripts = (path.read_text(encoding="utf-8") for path in parts)
    filled = {"style": style, "content": data, "script": "\n".join(scripts)}
    write_text(target, re.sub(r"\{\{(\w+)\}\}", lambda match: filled[match[1]], page))
