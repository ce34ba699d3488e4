"""The samples as NumPy arrays, for programs of one's own."""

from __future__ import annotations

import io
from dataclasses import fields
from typing import Any

import numpy as np

from trtcore.report.export.timeline import iterations_left_out
from trtcore.result.analysis.analysis import Analysis
from trtcore.result.records.profile import Profile


def render_npz(result: Profile | Analysis) -> bytes:
    """Returns an ``.npz`` of every series of `Samples` that was measured, by its name there.

    ``layer_ms`` is (N, L) float32 in ms, and ``layers``, ``kinds`` and ``nodes`` are the (L,) names
    of its columns, several nodes joined by `` + ``. It loads without ``allow_pickle``.
    """
    profile = Analysis.of(result).profile
    samples = {
        field.name: getattr(profile.samples, field.name) for field in fields(profile.samples)
    }
    arrays: dict[str, Any] = {
        name: value
        for name, value in samples.items()
        if isinstance(value, np.ndarray) and value.size
    }
    arrays["layers"] = _texts(layer.name for layer in profile.layers)
    arrays["kinds"] = _texts(layer.kind for layer in profile.layers)
    arrays["nodes"] = _texts(" + ".join(layer.nodes) for layer in profile.layers)
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)
    return content.getvalue()


def npz_left_out(result: Profile | Analysis) -> str:
    """Returns which iterations of a streamed run `render_npz` holds; ``""`` for other runs."""
    return iterations_left_out(Analysis.of(result).profile.samples)


def _texts(names: Any) -> np.ndarray[Any, np.dtype[np.str_]]:
    return np.array(list(names), dtype=np.str_)
