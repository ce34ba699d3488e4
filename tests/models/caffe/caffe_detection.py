"""DetectionOutput as Caffe computes it: loops over images, classes and boxes, in float64.

Source: weiliu89/caffe, branch ssd, src/caffe/util/bbox_util.cpp and
src/caffe/layers/detection_output_layer.cpp.
"""

from __future__ import annotations

import numpy as np

from trtcore.models.caffe.files.prototxt import read_prototxt


def head_text(classes, param):
    """A head of three inputs, in text."""
    return (
        'layer { name: "it" type: "DetectionOutput" bottom: "loc" bottom: "conf" bottom: "prior" '
        f'top: "it" detection_output_param {{ num_classes: {classes} {param} }} }}'
    )


def head_feeds(batch, priors, classes, *, per_class=False):
    """Offsets, probabilities and default boxes that overlap."""
    rng = np.random.default_rng(9)
    sets = classes if per_class else 1
    logits = rng.standard_normal((batch, priors, classes))
    scores = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    centres, sizes = rng.uniform(0.2, 0.8, (priors, 2)), rng.uniform(0.1, 0.5, (priors, 2))
    boxes = np.concatenate([centres - sizes / 2, centres + sizes / 2], axis=1).ravel()
    variances = np.tile([0.1, 0.1, 0.2, 0.2], priors)
    feeds = {
        "loc": rng.standard_normal((batch, priors * sets * 4)),
        "conf": scores.reshape(batch, -1),
        "prior": np.array([[boxes, variances]]),
    }
    return {name: values.astype(np.float32) for name, values in feeds.items()}


def detections(net, feeds):
    """(found, 7) rows of image, label, score and corners, in Caffe's order."""
    layers = read_prototxt(net).net.layer
    param = next(one for one in layers if one.type == "DetectionOutput").detection_output_param
    count = feeds["prior"].shape[2] // 4
    sets = 1 if param.share_location else param.num_classes
    locations = feeds["loc"].astype(float).reshape(len(feeds["loc"]), count, sets, 4)
    scores = feeds["conf"].astype(float).reshape(len(feeds["conf"]), count, param.num_classes)
    boxes, variances = feeds["prior"][0].astype(float).reshape(2, count, 4)
    rows = []
    for image in range(len(scores)):
        kept = []
        for label in range(param.num_classes):
            if label == param.background_label_id:
                continue
            offsets = locations[image, :, 0 if sets == 1 else label]
            corners = np.array(
                [decode(param, *each) for each in zip(offsets, boxes, variances, strict=True)]
            )
            kept += [
                (scores[image, i, label], label, corners[i])
                for i in suppress(param, scores[image, :, label], corners)
            ]
        rows += [[image, label, score, *box] for score, label, box in strongest(param, kept)]
    return np.array(rows)


def by_label(rows):
    """Rows in Caffe's order: by image, label and falling score; OpenCV leaves labels mixed."""
    return rows[np.lexsort((-rows[:, 2], rows[:, 1], rows[:, 0]))]


def decode(param, offset, box, variance):
    if not param.variance_encoded_in_target:
        offset = offset * variance
    size, centre = box[2:] - box[:2], (box[2:] + box[:2]) / 2
    if param.code_type == 1:
        return box + offset
    if param.code_type == 3:
        return box + offset * np.tile(size, 2)
    centre = centre + offset[:2] * size
    size = size * np.exp(offset[2:])
    return np.concatenate([centre - size / 2, centre + size / 2])


def suppress(param, scores, corners):
    """ApplyNMSFast: positions of the boxes kept, best first."""
    limit = param.confidence_threshold if param.HasField("confidence_threshold") else -np.inf
    order = [i for i in np.argsort(-scores, kind="stable") if scores[i] > limit]
    if param.nms_param.top_k > -1:
        order = order[: param.nms_param.top_k]
    kept = []
    for i in order:
        if all(overlap(corners[i], corners[j]) <= param.nms_param.nms_threshold for j in kept):
            kept.append(i)
    return kept


def overlap(a, b):
    low, high = np.maximum(a[:2], b[:2]), np.minimum(a[2:], b[2:])
    shared = np.prod(high - low) if (high > low).all() else 0.0
    return shared / (_area(a) + _area(b) - shared) if shared else 0.0


def _area(box):
    size = box[2:] - box[:2]
    return float(np.prod(size)) if (size >= 0).all() else 0.0


def strongest(param, kept):
    """The keep_top_k best of all labels, by label and then by score."""
    if -1 < param.keep_top_k < len(kept):
        kept = sorted(kept, key=lambda one: -one[0])[: param.keep_top_k]
    return sorted(kept, key=lambda one: (one[1], -one[0]))
