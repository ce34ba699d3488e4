"""Calls in fresh interpreters, one after the other.

Not `multiprocessing`: its fresh interpreters run the caller's main program again, which a script
without an ``if __name__`` guard does not survive.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from trtcore.errors import RunError, TrtcoreError
from trtcore.measure.processes.answers import Answer
from trtcore.system.progress import Progress

# After Ctrl-C the process has to end its iteration and to write what it has.
_GRACE_S = 10.0
_CHILD = "trtcore.measure.processes.child"


def call_in_fresh_processes(
    function: Callable[..., Any],
    calls: Sequence[Mapping[str, Any]],
    progress: Progress | None = None,
    on_failure: Callable[[RunError], object] | None = None,
) -> tuple[Any, ...]:
    """Calls a function once in each of so many fresh interpreters, one after the other.

    Args:
        function: of a module, so that it can be pickled by its name.
        calls: the keyword arguments of each call.
        progress: called before each with the phase, calls done and calls in all.
        on_failure: called with the RunError that ended a call, in its place, where there is
            something to keep: of earlier calls, or else the error's ``result``.

    Returns:
        What each call returned; fewer after Ctrl-C or, in the command line, SIGTERM, and after a
        call that failed.

    Raises:
        TrtcoreError: what a call raised, the first one.
        RunError: a process ended without an answer, or its task cannot be handed over.
        KeyboardInterrupt: Ctrl-C before any call returned.
    """
    values: list[Any] = []
    # Ctrl-C also comes between two calls, and while one is being started: such a process ends with
    # this one, and may write until then.
    with (
        tempfile.TemporaryDirectory(prefix="trtcore-", ignore_cleanup_errors=True) as folder,
        contextlib.suppress(KeyboardInterrupt),
    ):
        for i, arguments in enumerate(calls):
            if progress is not None:
                progress(f"measuring, process {i + 1} of {len(calls)}", i, len(calls))
            answered = _call(function, arguments, Path(folder, str(i)))
            if answered.error is not None:
                values = values or _left_by(answered.error)
                if on_failure is None or not isinstance(answered.error, RunError) or not values:
                    raise answered.error
                on_failure(answered.error)
                break
            # What was cut short is kept only where there is nothing else.
            if answered.value is not None and not (answered.is_interrupted and values):
                values.append(answered.value)
            if answered.is_interrupted:
                break
    if not values:
        raise KeyboardInterrupt
    return tuple(values)


def _left_by(error: TrtcoreError) -> list[Any]:
    """What a call measured before it failed."""
    left = error.result if isinstance(error, RunError) else None
    return [] if left is None else [left]


def _call(function: Callable[..., Any], arguments: Mapping[str, Any], at: Path) -> Answer:
    task, answered = at.with_suffix(".task"), at.with_suffix(".answer")
    task.write_bytes(_pickled(function, arguments))
    command = [sys.executable, "-m", _CHILD, str(task), str(answered), str(os.getpid())]
    # Where this interpreter finds its modules, whatever put them there.
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    errors = at.with_suffix(".errors")
    with errors.open("wb") as stream:
        started = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=stream,
            # Ctrl-C in a terminal goes to all processes of a session, SIGTERM to one: here both
            # come to this process, which hands on one signal.
            start_new_session=True,
        )
        is_interrupted = _is_interrupted(started)
    task.unlink()
    if not answered.exists():
        if is_interrupted:
            return Answer(is_interrupted=True)
        text = _no_answer(started.returncode, errors.read_text(errors="replace"))
        return Answer(error=RunError(text))
    found: Answer = pickle.loads(answered.read_bytes())
    return found._replace(is_interrupted=is_interrupted or found.is_interrupted)


def _is_interrupted(started: subprocess.Popen[bytes]) -> bool:
    """Waits for a process; whether this one was interrupted, which then interrupts the other."""
    try:
        started.wait()
    except KeyboardInterrupt:
        with contextlib.suppress(ProcessLookupError):
            started.send_signal(signal.SIGINT)
        try:
            started.wait(_GRACE_S)
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            started.kill()
            started.wait()
        return True
    return False


def _pickled(function: Callable[..., Any], arguments: Mapping[str, Any]) -> bytes:
    try:
        return pickle.dumps((function, dict(arguments)), protocol=pickle.HIGHEST_PROTOCOL)
    # Of functions without a name, and protobuf's own kind for models above 2 GB.
    except Exception as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise RunError(
            f"what is measured cannot be handed to a fresh process ({reason}): a generator of "
            "inputs has to be a function of a module, and a model smaller than 2 GB"
        ) from error


def _no_answer(code: int, text: str) -> str:
    last = (text.strip().splitlines() or ["it wrote nothing"])[-1]
    return f"a fresh process ended with exit code {code} and no result: {last}"
