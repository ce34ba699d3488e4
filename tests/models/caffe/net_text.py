"""Writes prototxt nets layer by layer, as the published generators do."""

from __future__ import annotations


class NetText:
    """A net under construction; every method adds layers and returns the blob that they end in."""

    def __init__(self, name, *dims):
        self._parts = [f'name: "{name}"']
        sizes = " ".join(f"dim: {dim}" for dim in dims)
        self.add("Input", "data", (), f"input_param {{ shape {{ {sizes} }} }}")

    def __str__(self):
        return "\n".join(self._parts) + "\n"

    def add(self, kind, name, bottoms, param="", tops=None):
        """One layer; its tops are named after it unless they are given."""
        tops = tops or (name,)
        bottoms = (bottoms,) if isinstance(bottoms, str) else bottoms
        blobs = "".join(f' bottom: "{blob}"' for blob in bottoms)
        blobs += "".join(f' top: "{blob}"' for blob in tops)
        self._parts.append(f'layer {{ name: "{name}" type: "{kind}"{blobs} {param} }}')
        return tops[0]

    def in_place(self, kind, name, blob, param=""):
        return self.add(kind, name, blob, param, (blob,))

    def conv(self, name, bottom, outs, kernel, param="", kind="Convolution"):
        text = f"convolution_param {{ num_output: {outs} kernel_size: {kernel} {param} }}"
        return self.add(kind, name, bottom, text)


def layer(kind, rest="", name="it", bottom='bottom: "data"', top="out"):
    """The text of a layer alone."""
    return f'layer {{ name: "{name}" type: "{kind}" {bottom} top: "{top}" {rest} }}\n'


def conv(param, **kwargs):
    """The same of a Convolution."""
    return layer("Convolution", f"convolution_param {{ {param} }}", **kwargs)
