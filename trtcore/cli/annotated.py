"""``--annotate``: the model with its times in every node, as an ONNX file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trtcore.cli.terminal import notify
from trtcore.models.load import is_onnx_file, load_model
from trtcore.models.onnx.annotation import NodeNotes, annotate_file, annotate_model
from trtcore.report.content.node_notes import node_notes, notes_text, run_notes
from trtcore.result.analysis.analysis import Analysis

if TYPE_CHECKING:
    from trtcore.cli.named_model import NamedModel


def write_annotated(
    analysis: Analysis, source: str, path: str, model: NamedModel | None = None
) -> None:
    """Writes the model with the notes of a profile, and says how many nodes have some.

    Args:
        analysis: of the profile.
        source: the model as the command line names it.
        path: the ONNX file to write.
        model: loads it where it is no ONNX file; None where only its name is known.

    Raises:
        ModelError: the model is another one, or cannot be read.
        ResultError: the file cannot be written.
    """
    notes = {
        name: NodeNotes(entries, notes_text(entries))
        for name, entries in node_notes(analysis).items()
    }
    of_model = run_notes(analysis)
    # The file itself: a loaded model has the batch and shapes of the run, and no external data.
    if is_onnx_file(source):
        count = annotate_file(source, path, notes, of_model)
    else:
        loaded = load_model(source) if model is None else model()
        count = annotate_model(loaded, path, notes, of_model)
    notify(f"{path}: {count.noted} of {count.all} nodes annotated{_doubt(count.noted, len(notes))}")


def _doubt(noted: int, known: int) -> str:
    """A question where less than half of the result's nodes are in the model, as another's are."""
    if 2 * noted >= known:
        return ""
    return f"; {known - noted} of the result are not in it: is it the model that was profiled?"
