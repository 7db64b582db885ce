"""What a value of the configuration may be, in words, from its JSON schema."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

Node = Mapping[str, Any]
_KINDS = {
    "boolean": "`true` or `false`", "integer": "whole number", "number": "number",
    "object": "section", "string": "text", "null": "null",
}  # fmt: skip
_LIMITS = (
    ("minimum", "from"), ("exclusiveMinimum", "above"), ("maximum", "to"),
    ("exclusiveMaximum", "below"),
)  # fmt: skip


def followed(node: Node, schema: Node) -> Node:
    """Return a node with what its reference names; what it says itself wins."""
    if "$ref" not in node:
        return node
    found = schema["$defs"][node["$ref"].removeprefix("#/$defs/")]
    return {**found, **{name: value for name, value in node.items() if name != "$ref"}}


def value_words(node: Node, schema: Node) -> str:
    """Return what a value may be.

    Args:
        node: What the schema says of the value, its reference followed.
        schema: The whole schema, for references of the items of lists.
    """
    if "enum" in node:
        return _either([f"`{'null' if value is None else value}`" for value in node["enum"]])
    kinds = node["type"] if isinstance(node["type"], list) else [node["type"]]
    return _either([_kind_words(kind, node, schema) for kind in kinds])


def _kind_words(kind: str, node: Node, schema: Node) -> str:
    if kind == "array":
        shape = "pair" if node.get("minItems") == node.get("maxItems") == 2 else "list"
        items = value_words(followed(node["items"], schema), schema) if "items" in node else ""
        return f"{shape} ({items})" if items else shape
    if kind in ("integer", "number"):
        return _number_words(kind, node)
    if kind == "string" and (word := re.fullmatch(r"\^(\w+)\$", node.get("pattern", ""))):
        return f"`{word[1]}`"
    return _KINDS[kind]


def _number_words(kind: str, node: Node) -> str:
    name = "odd number" if "not" in node else _KINDS[kind]
    if "multipleOf" in node:
        name = f"multiple of {node['multipleOf']},"
    limits = [f"{word} {node[limit]}" for limit, word in _LIMITS if limit in node]
    return " ".join([name, *limits])


def _either(words: Sequence[str]) -> str:
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
