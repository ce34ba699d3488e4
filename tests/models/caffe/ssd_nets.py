"""The SSD detectors on MobileNet and VGG-16, whole, as prototxt text of a chosen width.

Source: chuanqi305/MobileNet-SSD, gen.py; weiliu89/caffe, branch ssd, examples/ssd/ssd_pascal.py and
python/caffe/model_libs.py.
"""

from __future__ import annotations

from dataclasses import dataclass

from net_text import NetText

CLASSES = 21


@dataclass(frozen=True)
class Head:
    """One feature map of the detector and its default boxes."""

    blob: str
    smallest: float
    largest: float = 0
    ratios: tuple[float, ...] = (2, 3)
    step: int = 0

    @property
    def priors(self):
        return 1 + bool(self.largest) + 2 * len(self.ratios)


def mobilenet_ssd(size=300, width=1.0):
    """MobileNet v1 with SSD's extra layers; BatchNorm and Scale not merged."""
    net = NetText("MobileNet-SSD", 1, 3, size, size)
    blob = _normed(net, "conv0", "data", _of(32, width), "3 pad: 1 stride: 2")
    channels = [64, 128, 128, 256, 256, *[512] * 6, 1024, 1024]
    inner = _of(32, width)
    for index, outs in enumerate(channels, 1):
        stride = 2 if index in (2, 4, 6, 12) else 1
        window = f"3 pad: 1 stride: {stride} group: {inner}"
        blob = _normed(net, f"conv{index}/dw", blob, inner, window)
        inner = _of(outs, width)
        blob = _normed(net, f"conv{index}", blob, inner, "1")
    for index, (narrow, wide) in enumerate(((256, 512), (128, 256), (128, 256), (64, 128)), 14):
        blob = _normed(net, f"conv{index}_1", blob, _of(narrow, width), "1")
        blob = _normed(net, f"conv{index}_2", blob, _of(wide, width), "3 pad: 1 stride: 2")
    heads = [
        Head("conv11", 60, 0, (2,)),
        Head("conv13", 105, 150),
        Head("conv14_2", 150, 195),
        Head("conv15_2", 195, 240),
        Head("conv16_2", 240, 285),
        Head("conv17_2", 285, 300),
    ]
    return _with_heads(net, heads, kernel="1")


def vgg_ssd(width=1.0):
    """VGG-16 with its last layers made convolutions, for images of 300 x 300."""
    net = NetText("VGG_VOC0712_SSD_300x300", 1, 3, 300, 300)
    blob = "data"
    for stage, (count, outs) in enumerate(((2, 64), (2, 128), (3, 256), (3, 512), (3, 512)), 1):
        for index in range(1, count + 1):
            blob = _relu(net, f"conv{stage}_{index}", blob, _of(outs, width), "3 pad: 1")
        window = "kernel_size: 3 stride: 1 pad: 1" if stage == 5 else "kernel_size: 2 stride: 2"
        blob = net.add("Pooling", f"pool{stage}", blob, f"pooling_param {{ pool: MAX {window} }}")
    blob = _relu(net, "fc6", blob, _of(1024, width), "3 pad: 6 dilation: 6")
    blob = _relu(net, "fc7", blob, _of(1024, width), "1")
    extra = ((256, 512, "stride: 2 pad: 1"), (128, 256, "stride: 2 pad: 1"), (128, 256, ""))
    for index, (narrow, wide, window) in enumerate((*extra, (128, 256, "")), 6):
        blob = _relu(net, f"conv{index}_1", blob, _of(narrow, width), "1")
        blob = _relu(net, f"conv{index}_2", blob, _of(wide, width), f"3 {window}")
    scale = 'scale_filler { type: "constant" value: 20 }'
    norm = f"norm_param {{ across_spatial: false {scale} channel_shared: false }}"
    net.add("Normalize", "conv4_3_norm", "conv4_3", norm)
    heads = [
        Head("conv4_3_norm", 30, 60, (2,), 8),
        Head("fc7", 60, 111, step=16),
        Head("conv6_2", 111, 162, step=32),
        Head("conv7_2", 162, 213, step=64),
        Head("conv8_2", 213, 264, (2,), 100),
        Head("conv9_2", 264, 315, (2,), 300),
    ]
    return _with_heads(net, heads, kernel="3 pad: 1")


def _of(channels, width):
    return max(4, int(channels * width))


def _normed(net, name, bottom, outs, window):
    """Convolution, BatchNorm, Scale and ReLU; all but the first in place."""
    blob = net.conv(name, bottom, outs, window, "bias_term: false")
    net.in_place("BatchNorm", f"{name}/bn", blob)
    net.in_place("Scale", f"{name}/scale", blob, "scale_param { bias_term: true }")
    return net.in_place("ReLU", f"{name}/relu", blob)


def _relu(net, name, bottom, outs, window):
    blob = net.conv(name, bottom, outs, window)
    return net.in_place("ReLU", f"relu_{name}", blob)


def _with_heads(net, heads, kernel):
    joined = {"loc": [], "conf": [], "priorbox": []}
    for head in heads:
        for kind, values in (("loc", 4), ("conf", CLASSES)):
            name = f"{head.blob}_mbox_{kind}"
            blob = net.conv(name, head.blob, head.priors * values, kernel)
            order = "permute_param { order: 0 order: 2 order: 3 order: 1 }"
            blob = net.add("Permute", f"{name}_perm", blob, order)
            joined[kind].append(
                net.add("Flatten", f"{name}_flat", blob, "flatten_param { axis: 1 }")
            )
        name = f"{head.blob}_mbox_priorbox"
        joined["priorbox"].append(net.add("PriorBox", name, (head.blob, "data"), _priors(head)))
    blobs = [
        net.add("Concat", f"mbox_{kind}", blobs, f"concat_param {{ axis: {axis} }}")
        for (kind, blobs), axis in zip(joined.items(), (1, 1, 2), strict=True)
    ]
    shape = f"reshape_param {{ shape {{ dim: 0 dim: -1 dim: {CLASSES} }} }}"
    blob = net.add("Reshape", "mbox_conf_reshape", blobs[1], shape)
    blob = net.add("Softmax", "mbox_conf_softmax", blob, "softmax_param { axis: 2 }")
    blobs[1] = net.add("Flatten", "mbox_conf_flatten", blob, "flatten_param { axis: 1 }")
    net.add("DetectionOutput", "detection_out", blobs, _DETECTION, ("detection_out",))
    return str(net)


_DETECTION = (
    f"include {{ phase: TEST }} detection_output_param {{ num_classes: {CLASSES} "
    "share_location: true background_label_id: 0 nms_param { nms_threshold: 0.45 top_k: 400 } "
    'save_output_param { label_map_file: "labelmap_voc.prototxt" } code_type: CENTER_SIZE '
    "keep_top_k: 200 confidence_threshold: 0.05 }"
)


def _priors(head):
    ratios = "".join(f" aspect_ratio: {ratio}" for ratio in head.ratios)
    largest = f" max_size: {head.largest}" if head.largest else ""
    step = f" step: {head.step}" if head.step else ""
    variances = "".join(f" variance: {value}" for value in (0.1, 0.1, 0.2, 0.2))
    return (
        f"prior_box_param {{ min_size: {head.smallest}{largest}{ratios} flip: true clip: false"
        f"{variances}{step} offset: 0.5 }}"
    )


def _small():
    """One feature map on one convolution, and all of the head."""
    net = NetText("small_ssd", 1, 3, 16, 16)
    _relu(net, "conv", "data", 4, "3 stride: 4")
    return _with_heads(net, [Head("conv", 4, 8, (2,))], kernel="1")


SMALL_SSD = _small()
