"""Whether PyTorch can be used here."""

from __future__ import annotations


def import_problem() -> str:
    """Why PyTorch cannot be imported; empty if it can."""
    try:
        import torch  # noqa: F401
    except (ImportError, OSError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        return f"PyTorch cannot be imported ({reason}); pip install 'trtcore[torch]'"
    return ""


def gpu_use_problem() -> str:
    """Why PyTorch cannot use the GPU; empty if it can."""
    from trtcore.measure.nodes.torch.eager import runtime_label, sees_gpu

    return "" if sees_gpu() else f"{runtime_label()} cannot use the GPU"
