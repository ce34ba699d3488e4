"""The model named on the command line, loaded once, when it is first needed."""

from __future__ import annotations

import argparse
from functools import cached_property
from typing import TYPE_CHECKING

from trtcore.api.options.declaring import MODEL
from trtcore.cli.api_options import values_for

if TYPE_CHECKING:
    from trtcore.models.model import Model


class NamedModel:
    """A function without arguments that returns the model, as `trtcore.profile_model` takes one.

    Args:
        options: of the command line.
    """

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options

    def __call__(self) -> Model:
        """Returns the model with batch and shapes applied.

        Raises:
            OptionError: an option makes no sense.
            ModelError: the model cannot be read.
        """
        return self._loaded

    @cached_property
    def _loaded(self) -> Model:
        from trtcore.api.options.values import Options
        from trtcore.models.load import load_model

        values = values_for(self._options, MODEL)
        weights, outputs = values.pop("weights"), values.pop("outputs")
        # A wrong value is refused before a model of gigabytes is read.
        checked = Options(**values)
        return load_model(
            self._options.model,
            weights=weights,
            outputs=outputs,
            batch=checked.batch,
            shapes=checked.shapes,
            cut_unsupported=checked.cut_unsupported,
            allow_external=checked.allow_external,
        )
