"""Writes the audit page: one file that opens offline."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from maknet.files import write_text


def write_audit_page(
    target: str | Path, content: Mapping[str, Any], template: Path, style: Path, script: Path
) -> None:
    """Write the page.

    Args:
        target: To write.
        content: What `maknet.reporting.audit_page.content.page_content` returned.
        template: HTML with the places `{{style}}`, `{{content}}` and `{{script}}`.
        style: CSS.
        script: JavaScript, which reads the content from the element `content`.
    """
    # A "<" within a text might end the element, or begin a comment that never ends.
    data = json.dumps(content, separators=(",", ":"), sort_keys=True).replace("<", "\\u003c")
    text = template.read_text(encoding="utf-8")
    parts = {"style": style.read_text(encoding="utf-8"), "content": data,
             "script": script.read_text(encoding="utf-8")}  # fmt: skip
    write_text(target, re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match[1]], text))
