"""Runs a net three ways: our ONNX under ONNX Runtime, OpenCV's Caffe reader, and NumPy."""

from __future__ import annotations

import caffe_reference
import cv2
import numpy as np
import onnxruntime as ort

from trtcore.models.caffe.files.prototxt import read_prototxt


def run_onnx(proto, feeds):
    """Every output of the graph, un-optimised, in order."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 2
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = ort.InferenceSession(
        proto.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return session.run(None, feeds)


def run_cv2(prototxt, caffemodel, feeds, layers):
    """The first top of each of the layers; OpenCV goes by layer name."""
    net = cv2.dnn.readNetFromCaffe(str(prototxt), str(caffemodel))
    # Fused layers leave no blobs of their own to compare.
    net.enableFusion(False)
    for name, values in feeds.items():
        net.setInput(values, name)
    return [tops[0] for tops in net.forwardAndRetrieve(list(layers))]


def run_numpy(prototxt, blobs, feeds):
    """Every blob of the net by name, in its last state, from Caffe's definitions."""
    found = dict(feeds)
    for layer in read_prototxt(prototxt).net.layer:
        if layer.type != "Input":
            bottoms = [found[name] for name in layer.bottom]
            tops = caffe_reference.forward(layer, bottoms, blobs.get(layer.name, []))
            found.update(zip(layer.top, tops, strict=True))
    return found


def assert_close(found, wanted, relative=1e-4):
    """Same shape, and no difference above a share of the largest value wanted."""
    assert found.shape == wanted.shape
    assert np.isfinite(found).all()
    assert np.abs(found - wanted).max() <= relative * max(np.abs(wanted).max(), 1e-30)


def drawn(rng, shape, is_positive=False):
    """float32 normals, or their absolute values moved off zero."""
    values = rng.standard_normal(shape)
    return np.asarray(np.abs(values) + 0.1 if is_positive else values, np.float32)
