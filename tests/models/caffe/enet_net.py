"""An ENet: bottlenecks, pooling with masks, unpooling and deconvolutions, as prototxt text.

Source: Paszke et al., "ENet" (arXiv 1606.02147), table 1, and the layers of TimoSaemann/ENet, its
Caffe version: PReLU, BN of two blobs, Upsample with masks.
"""

from __future__ import annotations

from net_text import NetText

# What stage 2 repeats: regular, dilated and asymmetric bottlenecks.
_STAGE = ("", "dilation: 2", "asymmetric", "dilation: 4", "", "dilation: 8", "asymmetric")


def enet(height, width, *, base=4, classes=5, norm="BN", has_decoder=True):
    """The text of the net.

    Args:
        height: of the images.
        width: of the images.
        base: a sixteenth of the paper's 64 channels by default.
        classes: channels of the result.
        norm: ``BN`` as in the Caffe version, or ``BatchNorm`` with Scale.
        has_decoder: whether the decoder, with its Upsample layers, is there.
    """
    net = NetText("ENet", 1, 3, height, width)
    builder = _ENet(net, norm)
    blob = builder.initial(base)
    blob, first = builder.down("1_0", blob, 4 * base)
    for index in range(1, 3):
        blob = builder.block(f"1_{index}", blob, 4 * base)
    blob, second = builder.down("2_0", blob, 8 * base)
    for index, kind in enumerate(_STAGE, 1):
        blob = builder.block(f"2_{index}", blob, 8 * base, kind)
    if has_decoder:
        blob = builder.up("4_0", blob, 4 * base, second)
        blob = builder.block("4_1", blob, 4 * base)
        blob = builder.up("5_0", blob, base, first, base)
        net.conv("fullconv", blob, classes, "2 stride: 2", kind="Deconvolution")
    return str(net)


class _ENet:
    def __init__(self, net, norm):
        self._net = net
        self._norm = norm

    def initial(self, base):
        convolved = self._net.conv("initial_conv", "data", 4 * base - 3, "3 pad: 1 stride: 2")
        pooled = self._net.add("Pooling", "initial_pool", "data", _pooling())
        blob = self._net.add("Concat", "initial", (convolved, pooled))
        return self._prelu(self._normed(blob))

    def block(self, name, bottom, outs, kind=""):
        blob = self._conv(f"b{name}_in", bottom, outs // 4, "1")
        if kind == "asymmetric":
            rows = "kernel_h: 5 kernel_w: 1 pad_h: 2 pad_w: 0"
            columns = "kernel_h: 1 kernel_w: 5 pad_h: 0 pad_w: 2"
            blob = self._window(f"b{name}_rows", blob, outs // 4, rows)
            blob = self._conv_by(f"b{name}_columns", blob, outs // 4, columns)
        else:
            pad = kind.removeprefix("dilation: ") or 1
            blob = self._conv(f"b{name}_mid", blob, outs // 4, f"3 pad: {pad} {kind}")
        blob = self._normed(self._net.conv(f"b{name}_out", blob, outs, "1"))
        return self._joined(name, bottom, blob)

    def down(self, name, bottom, outs):
        """Returns the blob, and the mask of its pooling."""
        blob = self._conv(f"b{name}_in", bottom, outs // 4, "2 stride: 2")
        blob = self._conv(f"b{name}_mid", blob, outs // 4, "3 pad: 1")
        blob = self._normed(self._net.conv(f"b{name}_out", blob, outs, "1"))
        tops = (f"b{name}_pool", f"b{name}_mask")
        pooled = self._net.add("Pooling", f"b{name}_pool", bottom, _pooling(), tops)
        wide = self._net.conv(f"b{name}_wide", pooled, outs, "1")
        return self._joined(name, wide, blob), tops[1]

    def up(self, name, bottom, outs, mask, masked=None):
        """``masked`` is the number of channels that the mask has, if not ``outs``."""
        blob = self._conv(f"b{name}_in", bottom, outs // 2, "1")
        blob = self._net.conv(f"b{name}_mid", blob, outs // 2, "2 stride: 2", kind="Deconvolution")
        blob = self._prelu(self._normed(blob))
        blob = self._normed(self._net.conv(f"b{name}_out", blob, outs, "1"))
        narrow = self._net.conv(f"b{name}_narrow", bottom, 4 * (masked or outs // 4), "1")
        upsampled = self._net.add(
            "Upsample", f"b{name}_up", (narrow, mask), "upsample_param { scale: 2 }"
        )
        last = self._net.conv(f"b{name}_fit", upsampled, outs, "1")
        return self._joined(name, last, blob)

    def _conv(self, name, bottom, outs, window):
        return self._prelu(self._normed(self._net.conv(name, bottom, outs, window)))

    def _window(self, name, bottom, outs, window):
        text = f"convolution_param {{ num_output: {outs} {window} }}"
        return self._net.add("Convolution", name, bottom, text)

    def _conv_by(self, name, bottom, outs, window):
        return self._prelu(self._normed(self._window(name, bottom, outs, window)))

    def _joined(self, name, main, branch):
        return self._prelu(self._net.add("Eltwise", f"b{name}", (main, branch)))

    def _normed(self, blob):
        if self._norm == "BN":
            return self._net.in_place("BN", f"{blob}_bn", blob, "bn_param { bn_mode: INFERENCE }")
        self._net.in_place("BatchNorm", f"{blob}_bn", blob)
        return self._net.in_place("Scale", f"{blob}_scale", blob, "scale_param { bias_term: true }")

    def _prelu(self, blob):
        return self._net.in_place("PReLU", f"{blob}_prelu", blob)


def _pooling():
    return "pooling_param { pool: MAX kernel_size: 2 stride: 2 }"
