"""Every supported layer type, and the training-only types that TEST phase leaves out."""

from __future__ import annotations

from trtcore.models.caffe.layers import recurrent, sources
from trtcore.models.caffe.layers.converter import Converter
from trtcore.models.caffe.layers.detection import detection_output, prior_box
from trtcore.models.caffe.layers.shapes import joining, rearranging, reduction, resizing, shaping
from trtcore.models.caffe.layers.values import (
    activations,
    batch_norm,
    elementwise,
    normalization,
    scaling,
)
from trtcore.models.caffe.layers.windows import convolution, depthwise, pooling

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
