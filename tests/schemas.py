"""The JSON Schemas and the tables of docs/schema.md, from the records; run to write them again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from trtcore.compare.precisions.comparison import PrecisionComparison
from trtcore.result.records.profile import Profile
from trtcore.result.saved import PRECISIONS_SCHEMA, SCHEMA, SCHEMA_VERSION
from trtcore.result.schema.generate import json_schema

ROOT = Path(__file__).parent.parent
DOCUMENT = ROOT / "docs" / "schema.md"
BEGIN = "<!-- Below: made from the records by `make schema`. -->\n"


def generated() -> dict[str, dict[str, Any]]:
    """Each schema by the name of its file."""
    return {
        "profile": json_schema(Profile, SCHEMA, SCHEMA_VERSION),
        "precision-comparison": json_schema(PrecisionComparison, PRECISIONS_SCHEMA, SCHEMA_VERSION),
    }


def schema_file(name: str) -> Path:
    return ROOT / "trtcore" / "result" / "schema" / f"{name}.json"


def schema_text(tree: dict[str, Any]) -> str:
    return json.dumps(tree, indent=1) + "\n"


def tables() -> str:
    """Every object of all schemas with its fields, each once."""
    blocks: dict[str, str] = {}
    for tree in generated().values():
        for name, part in {f"`{tree['title']}`": tree, **tree["$defs"]}.items():
            blocks.setdefault(name, _table(name, part))
    return "\n".join(blocks.values())


def _table(name: str, part: dict[str, Any]) -> str:
    about = _sentence(part["description"])
    lines = [f"## {name}", about, "", "| field | type | what it holds |", "|---|---|---|"]
    for field, kind in part["properties"].items():
        texts = (_mark(field, part), _sentence(kind.get("description", "")))
        text = " ".join(filter(None, texts)).replace("|", "\\|")
        lines.append(f"| `{field}` | {_kind(kind)} | {text} |")
    return "\n".join(lines) + "\n"


def _mark(field: str, part: dict[str, Any]) -> str:
    """Whether a field may be missing."""
    if field in part["required"]:
        return ""
    return "One of these." if "anyOf" in part else "Optional."


def _sentence(text: str) -> str:
    """A line of a docstring as a sentence of the page: its marks, a capital letter, a full stop."""
    text = text.replace("``", "`").strip()
    if not text:
        return ""
    return f"{text[0].upper()}{text[1:].removesuffix('.')}."


def _kind(kind: dict[str, Any]) -> str:
    if "$ref" in kind:
        name = kind["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in kind:
        return " or ".join(map(_kind, kind["anyOf"]))
    if "enum" in kind:
        return ", ".join(f"`{value}`" for value in kind["enum"])
    if "const" in kind:
        return f"`{kind['const']}`"
    return f"list of {_kind(kind['items'])}" if kind["type"] == "array" else str(kind["type"])


def main() -> None:
    for name, tree in generated().items():
        schema_file(name).write_text(schema_text(tree))
    head = DOCUMENT.read_text().partition(BEGIN)[0]
    DOCUMENT.write_text(f"{head}{BEGIN}{tables()}")


if __name__ == "__main__":
    main()
