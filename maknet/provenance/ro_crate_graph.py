"""The flat graph of an RO-Crate: entities by id, and references among them."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from maknet.files import write_text

_CONTEXT = [
    "https://w3id.org/ro/crate/1.1/context",
    "https://w3id.org/ro/terms/workflow-run/context",
]


class CrateGraph:
    """Entities of RO-Crate 1.1; every key must be one that the context defines."""

    def __init__(self) -> None:
        self.entities: dict[str, dict[str, Any]] = {}

    def add(self, name: str, kind: str | list[str], /, **properties: Any) -> str:  # noqa: ANN401
        """Add an entity, without its empty properties, and return its id.

        Args:
            name: Id of the entity.
            kind: One type, or several.
            properties: Properties by name.

        Raises:
            ValueError: There is an entity with that id already.
        """
        if name in self.entities:
            raise ValueError(f"two entities of an RO-Crate are called {name}")
        kept = {k: v for k, v in properties.items() if v not in (None, [], "")}
        self.entities[name] = {"@id": name, "@type": kind, **kept}
        return name

    def link(self, name: str, key: str, *targets: str) -> None:
        """Add references to other entities to a property of an entity."""
        old = self.entities[name].get(key, [])
        old = old if isinstance(old, list) else [old]
        linked = refer([*(entry["@id"] for entry in old), *targets])
        if linked:
            self.entities[name][key] = linked

    def write(self, path: str | Path) -> None:
        """Write the metadata file."""
        graph = {"@context": _CONTEXT, "@graph": list(self.entities.values())}
        write_text(path, json.dumps(graph, indent=1, ensure_ascii=False) + "\n")


def refer(names: Iterable[str]) -> dict[str, str] | list[dict[str, str]]:
    """Return a reference, or a list of several; the profiles want no list of one."""
    references = [{"@id": name} for name in dict.fromkeys(names)]
    return references[0] if len(references) == 1 else references
