"""Options of ``trtcore profile`` that the API lacks: output, view and baseline.

Declared like those of the API, so that the same checks refuse options without effect.
"""

from __future__ import annotations

from trtcore.api.options.declaring import COMPARISON, MODEL, PLAN, PROFILES, Option, Use
from trtcore.api.options.value_types import FLAG, NAME, NAMES, PATH, WHOLE
from trtcore.report.formats import default_format, formats_help
from trtcore.result.backends import node_backends

_OF_EVERY_RESULT = Use(PROFILES, "output")
_OF_ONE_PROFILE = Use((MODEL, PLAN), "output")

COMPARE = Option(
    name="compare",
    default=None,
    type=NAMES,
    about="several precisions of a model",
    help="measure several precisions interleaved: fp32,fp16,half2; the first is the base",
    metavar="P,P,...",
    use=Use((MODEL, COMPARISON), "what a precision costs"),
)
SORT = Option(
    name="sort",
    default="order",
    type=NAME,
    about="the order of the rows",
    help="order (default) or time",
    metavar="KEY",
    use=_OF_EVERY_RESULT,
)
GROUP_BY = Option(
    name="group_by",
    default="layer",
    type=NAME,
    about="the rows of one profile",
    help="layer (default), node, block[:DEPTH], type[:2]",
    metavar="LEVEL",
    use=_OF_ONE_PROFILE,
)
TOP = Option(
    name="top",
    default=None,
    type=WHOLE,
    about="how many rows to print",
    help="print the longest K rows only",
    metavar="K",
    use=_OF_EVERY_RESULT,
)
FULL_NAMES = Option(
    name="full_names",
    default=False,
    type=FLAG,
    about="how the rows are named",
    help="all nodes of a row, however long its line",
    use=_OF_EVERY_RESULT,
)
COST = Option(
    name="cost",
    default=False,
    type=FLAG,
    about="the columns of one profile",
    help="how near each row is to the device's peaks, and what it is bound by",
    use=_OF_ONE_PROFILE,
)
FINDINGS = Option(
    name="findings",
    default=False,
    type=FLAG,
    about="what is said of one profile",
    help="all findings, not the first three",
    use=_OF_ONE_PROFILE,
)
VIEW = (SORT, GROUP_BY, FULL_NAMES, TOP, COST, FINDINGS)

PROFILE_OPTIONS = (
    COMPARE,
    Option(
        name="format",
        default=default_format(),
        type=NAME,
        about="how the result is printed",
        help=formats_help,
        metavar="FORM",
        use=_OF_EVERY_RESULT,
    ),
    *VIEW,
    Option(
        name="baseline",
        default=None,
        type=NAME,
        about="what to compare one profile with",
        help=lambda: (
            f"compare with the un-fused model: auto, {', '.join(node_backends())}, or a FILE as "
            "for compare"
        ),
        metavar="WHAT",
        use=_OF_ONE_PROFILE,
    ),
    Option(
        name="layer_info",
        default=None,
        type=PATH,
        about="of a baseline that is a profile of trtexec",
        help="trtexec's --exportLayerInfo for a --baseline that is a profile of trtexec",
        metavar="FILE",
        use=_OF_ONE_PROFILE,
    ),
    Option(
        name="allow_partial",
        default=False,
        type=FLAG,
        about="of a baseline that has another model",
        help="go on where --baseline has another model",
        use=_OF_ONE_PROFILE,
    ),
    Option(
        name="save",
        default=None,
        type=PATH,
        about="the whole result",
        help="save the whole result as JSON",
        metavar="FILE",
        use=_OF_EVERY_RESULT,
    ),
    Option(
        name="csv",
        default=None,
        type=PATH,
        about="the layers of one profile",
        help="write the layers as CSV",
        metavar="FILE",
        use=_OF_ONE_PROFILE,
    ),
    Option(
        name="html",
        default=None,
        type=PATH,
        about="a page of the result",
        help="write a page of pictures and tables (pip install 'trtcore[report]')",
        metavar="FILE",
        use=_OF_EVERY_RESULT,
    ),
    Option(
        name="annotate",
        default=None,
        type=PATH,
        about="the nodes of one model",
        help="write the model with the time of every node in it, for Netron",
        metavar="FILE",
        use=Use((MODEL,), "output"),
    ),
    Option(
        name="save_engine",
        default=None,
        type=PATH,
        about="the plan of one engine",
        help="write the plan",
        metavar="FILE",
        use=Use((MODEL,), "output", needs_engine=True),
    ),
    Option(
        name="verbose",
        default=False,
        type=FLAG,
        about="what is printed",
        help="print where the time of the call went, too",
        use=_OF_EVERY_RESULT,
    ),
    Option(
        name="quiet",
        default=False,
        type=FLAG,
        about="what is printed",
        help="no progress, no table",
        use=_OF_EVERY_RESULT,
    ),
)
