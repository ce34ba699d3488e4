"""Every supported layer type, and the training-only types that TEST phase leaves out."""

from __future__ import annotations

from trtcore.models.caffe.layers import (
    convolution,
    elementwise,
    joining,
    normalization,
    pooling,
    reduction,
    scaling,
    shaping,
    sources,
)
from trtcore.models.caffe.layers.converter import Converter

CONVERTERS: dict[str, Converter] = {
    **sources.CONVERTERS,
    **convolution.CONVERTERS,
    **pooling.CONVERTERS,
    **elementwise.CONVERTERS,
    **normalization.CONVERTERS,
    **scaling.CONVERTERS,
    **joining.CONVERTERS,
    **shaping.CONVERTERS,
    **reduction.CONVERTERS,
}
"""Layer type to converter."""

TRAINING_ONLY = frozenset(
    {
        "Accuracy",
        "ContrastiveLoss",
        "EuclideanLoss",
        "HDF5Output",
        "HingeLoss",
        "InfogainLoss",
        "MultinomialLogisticLoss",
        "SigmoidCrossEntropyLoss",
        "SoftmaxWithLoss",
    }
)
"""Types that only judge or store a result; left out, and their bottoms stay outputs."""
