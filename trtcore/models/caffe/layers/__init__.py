"""Every supported layer type, and the training-only types that TEST phase leaves out."""

from __future__ import annotations

from trtcore.models.caffe.layers import (
    activations,
    batch_norm,
    convolution,
    depthwise,
    detection_output,
    elementwise,
    joining,
    normalization,
    pooling,
    prior_box,
    rearranging,
    recurrent,
    reduction,
    resizing,
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
    **activations.CONVERTERS,
    **batch_norm.CONVERTERS,
    **depthwise.CONVERTERS,
    **resizing.CONVERTERS,
    **rearranging.CONVERTERS,
    **prior_box.CONVERTERS,
    **detection_output.CONVERTERS,
    **recurrent.CONVERTERS,
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
