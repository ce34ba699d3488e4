"""`trtcore.sweep`: measures every cell of a plan that has no result yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from trtcore.errors import OptionError, argument
from trtcore.sweeps.cells import Cell, Plan, SweptModel
from trtcore.sweeps.declarations import SweepOptions, read_shard
from trtcore.sweeps.files import Files, files_of
from trtcore.sweeps.outcomes import Outcome, Request
from trtcore.sweeps.requests import make_requests, outstanding
from trtcore.sweeps.store import Record, Store
from trtcore.sweeps.table import SweepTable, read_table
from trtcore.system.progress import Notify, Progress

Planned = Sequence[tuple[Cell, Files]]
"""Cells with their files."""


def sweep(
    models: str | Path | Sequence[str | Path | SweptModel],
    output: str | Path,
    *,
    progress: Progress | None = None,
    notify: Notify | None = None,
    **options: Any,
) -> SweepTable:
    """Measures models with every combination of options, each in a fresh process.

    Results lie in ``output`` by a key of the model's content, the options, TensorRT and the GPU:
    what is there is not measured again. A cell that fails, crashes or hangs is recorded, and costs
    nothing but itself. Ctrl-C keeps what is done and raises KeyboardInterrupt.

    ::

        if __name__ == "__main__":  # as for everything that starts processes of this script
            table = trtcore.sweep(
                ["googlenet", "bert.onnx"], "results", batch=[1, 4], precision=["fp32", "fp16"]
            )

    Args:
        models: ``googlenet`` or paths of models, or `SweptModel` for options of one model.
        output: the folder of the results; created if need be.
        progress: called with the phase, cells done and cells in all.
        notify: called with a line for every cell that fails.
        **options: those of `profile_model`, each a value or a list of values, and of
            `SweepOptions`: ``scheduler``, ``slurm``, ``shard``, ``workers``, ``retry`` and
            ``cell_seconds``.

    Returns:
        The table of every cell that has ended, those of earlier calls too.

    Raises:
        OptionError: an option makes no sense.
        ModelError: a model cannot be read.
        BackendError: Dask is not installed, and ``shard`` is not given.
        ResultError: the folder cannot be used.
        WriteError: a result cannot be written, such as on a full disk; those before are kept.
        RunError: there is no cluster, or no worker that can run cells.
    """
    own = {option.name for option in SweepOptions.declared}
    how = SweepOptions(**{name: one for name, one in options.items() if name in own})
    plan = Plan(_models(models), {name: one for name, one in options.items() if name not in own})
    cells = plan.cells()
    backend = _backend(cells)
    planned = [(cell, files_of(cell)) for cell in _in_shard(cells, how)]
    store, report = Store(output), _Report(progress, notify)
    run = _run_here if how.shard is not None else _run_on_cluster
    keys = run(planned, how, backend, store, report)
    return replace(read_table(store), planned=keys)


def _run_here(
    planned: Planned, how: SweepOptions, backend: str, store: Store, report: _Report
) -> frozenset[str]:
    """Runs what is missing, one cell after the other; returns the keys of all cells."""
    from trtcore.sweeps.machine import this_machine
    from trtcore.sweeps.sequence import run_in_sequence

    requests = make_requests(planned, [this_machine(backend)], how.cell_seconds)
    missing = outstanding(requests, store, retry=how.retry)
    report.begin(len(missing))
    run_in_sequence(missing, store, report.ended)
    return frozenset(request.key for request in requests)


def _run_on_cluster(
    planned: Planned, how: SweepOptions, backend: str, store: Store, report: _Report
) -> frozenset[str]:
    """Runs what is missing on workers; returns the keys of all cells."""
    from trtcore.sweeps.cluster import open_cluster
    from trtcore.sweeps.distribution import run_on_cluster

    with open_cluster(how, backend) as cluster:
        machines = cluster.machines(store)
        requests = make_requests(planned, machines, how.cell_seconds, cluster.folder)
        missing = outstanding(requests, store, retry=how.retry)
        report.begin(len(missing))
        run_on_cluster(cluster, missing, store, report.ended)
        return frozenset(request.key for request in requests)


def _models(
    models: str | Path | Sequence[str | Path | SweptModel],
) -> tuple[SweptModel, ...]:
    given = [models] if isinstance(models, (str, Path)) else models
    return tuple(one if isinstance(one, SweptModel) else SweptModel(str(one)) for one in given)


def _in_shard(cells: Sequence[Cell], how: SweepOptions) -> Sequence[Cell]:
    """Every n-th cell, so that each part has some of every model."""
    if how.shard is None:
        return cells
    index, count = read_shard(how.shard)
    return cells[index - 1 :: count]


def _backend(cells: Sequence[Cell]) -> str:
    backends = {str(cell.options.get("backend", "auto")) for cell in cells}
    if len(backends) > 1:
        given = argument("backend", sorted(backends))
        raise OptionError(f"{given}: a sweep has one backend, run one sweep for each")
    return backends.pop()


class _Report:
    """Tells a caller how far a sweep is."""

    def __init__(self, progress: Progress | None, notify: Notify | None) -> None:
        self._progress: Callable[..., object] = progress or (lambda *_: None)
        self._notify: Callable[[str], object] = notify or (lambda _: None)
        self._done = self._all = 0

    def begin(self, count: int) -> None:
        """Called once the number of cells is known."""
        self._all = count
        self._progress("measuring cells", 0, count)

    def ended(self, request: Request, outcome: Outcome) -> None:
        """Called after every cell."""
        self._done += 1
        self._progress("measuring cells", self._done, self._all)
        if outcome.message:
            self._notify(failure_text(request.model, request.options, outcome))


def failure_text(model: str, options: Mapping[str, Any], outcome: Outcome | Record) -> str:
    """What a user reads of a cell without a result, in one line."""
    last = f"; TensorRT's last line: {outcome.last_line}" if outcome.last_line else ""
    words = option_words(options)
    return f"{model} ({words}): {outcome.state.value}: {outcome.message}{last}"


def option_words(options: Mapping[str, Any]) -> str:
    """The options of a cell: ``batch 4, precision fp16``; ``defaults`` if there are none."""
    return ", ".join(f"{name} {value}" for name, value in options.items()) or "defaults"
