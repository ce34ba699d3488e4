"""The JSON tree of a saved result of version 1 as one of version 2.

Version 1 kept English sentences. Each is parsed by the exact words that trtcore 0.1.0 wrote; one
that does not parse is kept as it is in a field called ``note``. What is no sentence where one
should be stays, so that decoding the tree says what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from trtcore.result.schema1.build import upgraded_build
from trtcore.result.schema1.ends import stop_of, warm_up_of
from trtcore.result.schema1.kernels import mapping_of
from trtcore.result.schema1.method import accuracy_of, method_of
from trtcore.result.schema1.trees import Tree, tree_of
from trtcore.result.schema1.warnings import is_derived, warning_of


def upgraded_profile(tree: Tree) -> Tree:
    """Returns the tree of a profile as version 2 has it."""
    changes: dict[str, Callable[[Any], Any]] = {
        "method": lambda value: tree_of(method_of(value)) if isinstance(value, str) else value,
        "counts": _upgraded_counts,
        "build": lambda value: upgraded_build(value) if isinstance(value, dict) else value,
        "accuracy": _upgraded_accuracy,
        "kernels": _upgraded_kernels,
        "warnings": _upgraded_warnings,
    }
    return {name: changes.get(name, _same)(value) for name, value in tree.items()}


def upgraded_precisions(tree: Tree) -> Tree:
    """Returns the tree of a comparison of precisions as version 2 has it."""
    changed = dict(tree)
    if "tax" in changed:
        changed["reformats"] = changed.pop("tax")
    profiles = tree.get("profiles")
    if not isinstance(profiles, list) or not all(isinstance(one, dict) for one in profiles):
        return changed
    changed["profiles"] = [upgraded_profile(profile) for profile in profiles]
    # Version 1 repeated the notes of the profiles here; reports now take them from the profiles.
    if isinstance(notes := tree.get("notes"), list):
        said = [line for profile in profiles for line in _lines_of(profile)]
        changed["notes"] = _upgraded_warnings(
            [note for note in notes if _without_precisions(note, tree) not in said]
        )
    return changed


def _same(value: Any) -> Any:
    return value


def _upgraded_counts(counts: Any) -> Any:
    if not isinstance(counts, dict):
        return counts
    changed = dict(counts)
    for name, read in (("warm_up", warm_up_of), ("stopped", stop_of)):
        if isinstance(text := counts.get(name), str):
            changed[name] = tree_of(read(text)) if text else None
    return changed


def _upgraded_accuracy(accuracy: Any) -> Any:
    if not isinstance(accuracy, dict):
        return accuracy
    method = accuracy.get("method")
    known = tree_of(accuracy_of(method)) if isinstance(method, str) else {"note": method}
    return known | {name: value for name, value in accuracy.items() if name != "method"}


def _upgraded_kernels(kernels: Any) -> Any:
    if not isinstance(kernels, dict) or not isinstance(kernels.get("mapping"), str):
        return kernels
    return {**kernels, "mapping": tree_of(mapping_of(kernels["mapping"]))}


def _upgraded_warnings(warnings: Any) -> Any:
    """Warnings that only the run could see; the others follow from the figures each time."""
    if not isinstance(warnings, list):
        return warnings
    return [
        tree_of(warning_of(line)) if isinstance(line, str) else line
        for line in warnings
        if not (isinstance(line, str) and is_derived(line))
    ]


def _lines_of(profile: Tree) -> list[str]:
    """The notes and warnings of a profile, which a comparison of version 1 repeats."""
    model = profile.get("model")
    notes = model.get("notes") if isinstance(model, dict) else None
    lists = [value for value in (notes, profile.get("warnings")) if isinstance(value, list)]
    return [line for lines in lists for line in lines if isinstance(line, str)]


def _without_precisions(note: Any, tree: Tree) -> Any:
    """A note without the precisions it is about, such as ``fp16, half2: ``."""
    if not isinstance(note, str):
        return note
    head, separator, line = note.partition(": ")
    known = tree.get("precisions")
    is_named = isinstance(known, list) and all(name in known for name in head.split(", "))
    return line if separator and is_named else note
