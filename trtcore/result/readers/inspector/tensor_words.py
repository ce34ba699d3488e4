"""Short names for TensorRT's sentences about a tensor's layout and data type."""

from __future__ import annotations

import re

from trtcore.result.types.dtypes import WORDS

_WIDTHS = {"thirty-two": 32, "sixteen": 16, "eight": 8, "four": 4, "two": 2}
_TYPE = re.compile(rf"\b({'|'.join(WORDS)})\b", re.IGNORECASE)
_ENUM = re.compile(r"\(k([A-Z][A-Z0-9_]*)\)")
_MULTIPLE = re.compile(r"\b(?:C|channel)\s*(?:%|==)\s*(\d+)", re.IGNORECASE)
_STRIDES = re.compile(r"stride order = (\[[\d, ]*\])")


def short_format(sentence: str) -> str:
    """Returns the layout as one word, after TensorRT's ``TensorFormat`` names in lower case.

    Such as ``linear``, ``chw2``, ``chw32``, ``cdhw32``, ``nhwc``, ``hwc8``, ``ndhwc``, ``dhwc8``,
    ``dla_linear``; ``strides[0,3,2,1]`` for an arbitrary order. ``""`` where the sentence says
    nothing about a layout, and the sentence itself where it is not known.
    """
    text = _TYPE.sub("", sentence).strip().lower()
    # Where TensorRT adds the enum's name, such as (kCHW2), nothing else need be parsed.
    enum = _ENUM.search(sentence)
    if enum:
        return {"HWC": "nhwc", "DHWC": "ndhwc"}.get(enum[1], enum[1].lower())
    strides = _STRIDES.search(text)
    if strides:
        return "strides" + strides[1].replace(" ", "")
    if "wide channel vectorized" in text:
        return _vectorized(text)
    if "channel major" in text:
        return _channel_major(text)
    if "row major" in text or text == "linear":
        return "dla_linear" if "column stride" in text else "linear"
    return "" if not text or text == "n/a" else sentence.strip()


def short_dtype(sentence: str) -> str:
    """Returns the data type a sentence names, such as ``Half`` or ``Int8``; ``""`` if none."""
    match = _TYPE.search(sentence)
    return WORDS[match[1].lower()].inspector if match else ""


def _vectorized(text: str) -> str:
    width = next((n for word, n in _WIDTHS.items() if f"{word} wide" in text), "")
    return f"{'cdhw' if '3 spatial' in text else 'chw'}{width}"


def _channel_major(text: str) -> str:
    layout = "dhwc" if "3 spatial" in text else "hwc"
    # "C % 1 == 0", which any number of channels fulfils, is the unpadded nhwc.
    multiple = _MULTIPLE.search(text)
    if multiple and multiple[1] != "1":
        return f"{'dla_' if 'column stride' in text else ''}{layout}{multiple[1]}"
    return f"n{layout}"
