"""DetectionOutput: the boxes of an SSD head that are left after suppression, as rows of seven.

Caffe's blob has as many rows as there are boxes. A graph of static shapes has keep_top_k rows for
each image, as TensorRT's own plugin did: rows that no box fills have -1 as image and zeros.

Source: weiliu89/caffe, branch ssd, src/caffe/layers/detection_output_layer.cpp and
src/caffe/util/bbox_util.cpp, ApplyNMSFast.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from onnx import TensorProto

from trtcore.errors import argument
from trtcore.models.caffe.builder import LayerBuilder
from trtcore.models.caffe.graph import Shape, Tensor, text
from trtcore.models.caffe.layers.converter import Converter
from trtcore.models.caffe.layers.detection.box_decoding import CENTER_SIZE, decoded, without_turned

_INTS, _FLOATS, _BOOLS = TensorProto.INT64, TensorProto.FLOAT, TensorProto.BOOL
# Below every score, which are probabilities, and not so low that FP16 would lose it.
_NO_SCORE = -1.0


@dataclass(frozen=True)
class _Head:
    """Sizes of a detection head.

    Attributes:
        batch: images.
        priors: default boxes.
        classes: all of them.
        labels: those that are detected: all but the background.
        candidates: boxes of a class that take part in the suppression.
        kept: rows of an image.
    """

    batch: int
    priors: int
    classes: int
    labels: tuple[int, ...]
    candidates: int
    kept: int

    @property
    def pairs(self) -> int:
        """Images times labels: the suppression treats each as a batch of its own."""
        return self.batch * len(self.labels)

    @property
    def found(self) -> int:
        """Candidates of an image, over all labels."""
        return len(self.labels) * self.candidates


def detection_output(builder: LayerBuilder) -> list[Tensor]:
    """TopK, NonMaxSuppression for each label, TopK over all of them."""
    param = builder.param("detection_output_param")
    head = _head(builder, param)
    scores, candidates = _best_of_labels(builder, head)
    boxes = _candidate_boxes(builder, param, head, candidates)
    builder.ends = builder.layer.bottoms[:2]
    builder.notes.append(
        f"{builder.layer}: TensorRT-RTX (1.7) builds no NonMaxSuppression; "
        f"end above it with {argument('outputs', list(builder.ends))}"
    )
    # Sizes of CENTER_SIZE are powers of e: only the others can turn a box around.
    areas = boxes if param.code_type == CENTER_SIZE else without_turned(builder, boxes)
    survivors = _suppressed(builder, param, head, scores, areas)
    return [_rows(builder, head, survivors, boxes)]


def _head(builder: LayerBuilder, param: Any) -> _Head:
    locations, confidences, priors = (bottom.shape for bottom in builder.bottoms[:3])
    count, classes = priors[-1] // 4, param.num_classes
    sets = 1 if param.share_location else classes
    wanted = ((locations[0], count * sets * 4), (locations[0], count * classes), (1, 2, count * 4))
    flat = [(shape[0], int(np.prod(shape[1:]))) for shape in (locations, confidences)]
    if (*flat, priors) != wanted or classes < 1:
        builder.refuse(
            f"takes {text(wanted[0])}, {text(wanted[1])} and {text(wanted[2])} for "
            f"{classes} classes, got {text(locations)}, "
            f"{text(confidences)} and {text(priors)}"
        )
    nms = param.nms_param
    if nms.eta != 1:
        builder.unsupported(f"eta {nms.eta:g} of nms_param is not supported, only 1")
    labels = tuple(one for one in range(classes) if one != param.background_label_id)
    candidates = min(nms.top_k, count) if nms.top_k > -1 else count
    found = len(labels) * candidates
    kept = min(param.keep_top_k, found) if param.keep_top_k > -1 else found
    if kept < 1:
        builder.refuse("keeps no box: num_classes, top_k and keep_top_k must leave one")
    return _Head(locations[0], count, classes, labels, candidates, kept)


def _best_of_labels(builder: LayerBuilder, head: _Head) -> tuple[Tensor, Tensor]:
    """(batch, labels, candidates) scores and positions of the best boxes of every label."""
    shape = (head.batch, head.priors, head.classes)
    rows = builder.node(
        "Reshape", [builder.bottoms[1], builder.integers("scores_shape", shape)], shape, "rows"
    )
    turned = (head.batch, head.classes, head.priors)
    columns = builder.node("Transpose", [rows], turned, "scores", perm=[0, 2, 1])
    if len(head.labels) < head.classes:
        picked = (head.batch, len(head.labels), head.priors)
        labels = builder.integers("labels", head.labels)
        columns = builder.node("Gather", [columns, labels], picked, "foreground", axis=1)
    best = (head.batch, len(head.labels), head.candidates)
    outputs = [Tensor("candidate_scores", best), Tensor("candidates", best, _INTS)]
    inputs = [columns, builder.integers("top_k", [head.candidates])]
    scores, where = builder.nodes("TopK", inputs, outputs, "top_k", axis=2, largest=1, sorted=1)
    return scores, where


def _candidate_boxes(builder: LayerBuilder, param: Any, head: _Head, candidates: Tensor) -> Tensor:
    """(batch * labels, candidates, 4) corners of the candidates."""
    sets = 1 if param.share_location else head.classes
    boxes = decoded(builder, param, head.priors, sets)
    if sets > 1 and len(head.labels) < head.classes:
        picked = (head.batch, len(head.labels), head.priors, 4)
        labels = builder.integers("box_labels", head.labels)
        boxes = builder.node("Gather", [boxes, labels], picked, "label_boxes", axis=1)
    # One set of boxes for each image, or for each image and label: GatherND's batch.
    groups = head.batch if sets == 1 else head.pairs
    boxes = _reshape(builder, boxes, (groups, head.priors, 4), "sets")
    per_group = head.pairs * head.candidates // groups
    where = _reshape(builder, candidates, (groups, per_group, 1), "positions", _INTS)
    shape = (groups, per_group, 4)
    found = builder.node("GatherND", [boxes, where], shape, "candidate_boxes", batch_dims=1)
    return _reshape(builder, found, (head.pairs, head.candidates, 4), "suppression_boxes")


def _suppressed(
    builder: LayerBuilder, param: Any, head: _Head, scores: Tensor, boxes: Tensor
) -> Tensor:
    """(batch, labels * candidates) scores; -1 of what is suppressed or below the threshold."""
    shape = (head.pairs, 1, head.candidates)
    scores = _reshape(builder, scores, shape, "suppression_scores")
    limits = [
        builder.integers("most", [head.candidates]),
        builder.constant("iou", np.array([param.nms_param.nms_threshold], np.float32)),
    ]
    if param.HasField("confidence_threshold"):
        threshold = np.array([param.confidence_threshold], np.float32)
        limits.append(builder.constant("threshold", threshold))
    count = head.pairs * head.candidates
    selected = Tensor("", (count, 3), _INTS, is_open=True)
    (selected,) = builder.nodes("NonMaxSuppression", [boxes, scores, *limits], [selected], "nms")
    marks = _marks(builder, selected, shape)
    none = builder.number("no_score", _NO_SCORE)
    left = builder.node("Where", [marks, scores, none], shape, "survivors")
    return _reshape(builder, left, (head.batch, head.found), "image_scores")


def _marks(builder: LayerBuilder, selected: Tensor, shape: Shape) -> Tensor:
    """Booleans of a shape, true at the rows of positions."""
    count = selected.shape[0]
    # As many ones as there are rows: the first column, whose values are 0 or more, against -1.
    column = Tensor("", (count,), _INTS, is_open=True)
    first = builder.constant("first", np.array(0, np.int64))
    (column,) = builder.nodes("Gather", [selected, first], [column], "nms/rows", axis=1)
    below = builder.constant("below", np.array(-1, np.int64))
    ones = Tensor("", (count,), _BOOLS, is_open=True)
    (ones,) = builder.nodes("Greater", [column, below], [ones], "nms/is_kept")
    as_floats = Tensor("", (count,), _FLOATS, is_open=True)
    (ones,) = builder.nodes("Cast", [ones], [as_floats], "nms/ones", to=_FLOATS)
    filled = [builder.number("zero", 0.0), builder.integers("marks_shape", shape)]
    zeros = builder.node("Expand", filled, shape, "unmarked")
    marks = builder.node("ScatterND", [zeros, selected, ones], shape, "marks")
    half = builder.number("mark", 0.5)
    return builder.node("Greater", [marks, half], shape, "is_kept", dtype=_BOOLS)


def _rows(builder: LayerBuilder, head: _Head, scores: Tensor, boxes: Tensor) -> Tensor:
    """1 x 1 x (batch * kept) x 7: image, label, score and corners, by label, then by score."""
    kept = (head.batch, head.kept)
    outputs = [Tensor("best_scores", kept), Tensor("best", kept, _INTS)]
    count = builder.integers("keep_top_k", [head.kept])
    _, best = builder.nodes(
        "TopK", [scores, count], outputs, "keep_top_k", axis=1, largest=1, sorted=1
    )
    order = _by_label(builder, head, best)
    score = builder.node("GatherElements", [scores, order], kept, "row_scores", axis=1)
    columns = [
        _images(builder, head),
        _labels(builder, head, order),
        _reshape(builder, score, (*kept, 1), "score_column"),
        _row_boxes(builder, head, boxes, order),
    ]
    rows = builder.node("Concat", columns, (*kept, 7), "rows7", axis=2)
    none = builder.number("no_row_score", _NO_SCORE / 2)
    is_box = builder.node("Greater", [columns[2], none], (*kept, 1), "is_box", dtype=_BOOLS)
    empty = builder.constant("empty", np.array([-1, 0, 0, 0, 0, 0, 0], np.float32))
    rows = builder.node("Where", [is_box, rows, empty], (*kept, 7), "filled")
    return _reshape(builder, rows, (1, 1, head.batch * head.kept, 7), "")


def _by_label(builder: LayerBuilder, head: _Head, best: Tensor) -> Tensor:
    """The positions of the best in ascending order.

    Positions run by label and then, as the first TopK sorted them, by score: Caffe's order. As
    positions are integers, no precision can change the order.
    """
    kept = (head.batch, head.kept)
    outputs = [Tensor("order", kept, _INTS), Tensor("order_of", kept, _INTS)]
    inputs = [best, builder.integers("rows_kept", [head.kept])]
    return builder.nodes("TopK", inputs, outputs, "by_label", axis=1, largest=0, sorted=1)[0]


def _images(builder: LayerBuilder, head: _Head) -> Tensor:
    numbers = np.arange(head.batch, dtype=np.float32)[:, None, None]
    return builder.constant("images", np.tile(numbers, (1, head.kept, 1)))


def _labels(builder: LayerBuilder, head: _Head, order: Tensor) -> Tensor:
    table = np.repeat(np.array(head.labels, np.float32), head.candidates)
    kept = (head.batch, head.kept)
    labels = builder.node(
        "Gather", [builder.constant("label_of", table), order], kept, "row_labels"
    )
    return _reshape(builder, labels, (*kept, 1), "label_column")


def _row_boxes(builder: LayerBuilder, head: _Head, boxes: Tensor, order: Tensor) -> Tensor:
    per_image = _reshape(builder, boxes, (head.batch, head.found, 4), "image_boxes")
    where = _reshape(builder, order, (head.batch, head.kept, 1), "row_positions", _INTS)
    shape = (head.batch, head.kept, 4)
    return builder.node("GatherND", [per_image, where], shape, "row_boxes", batch_dims=1)


def _reshape(
    builder: LayerBuilder, value: Tensor, shape: Shape, suffix: str, dtype: int = _FLOATS
) -> Tensor:
    target = builder.integers(f"{suffix or 'output'}_shape", shape)
    return builder.node("Reshape", [value, target], shape, suffix, dtype=dtype)


# The fourth bottom of files that resize the boxes is not read in TEST phase.
CONVERTERS = {"DetectionOutput": Converter(detection_output, bottoms=(3, 4))}
