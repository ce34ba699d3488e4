"""What the history keeps of a saved result."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Place:
    """What has to be alike for two times to be comparable; ``""`` for what is unknown.

    Attributes:
        device: name of the GPU; ``""`` on a CPU.
        cpu: model of the processor.
        driver: version of the display driver.
        cuda: newest CUDA version of the driver.
        compute_capability: of the GPU.
        runtime: the library that executed, with its version.
        memory_mhz: clock of the GPU's memory; 0 if unknown.
        ecc: ``on`` or ``off``.
        mig: ``on`` or ``off``.
        confidential_computing: ``on`` or ``off``.
    """

    device: str
    cpu: str
    driver: str
    cuda: str
    compute_capability: str
    runtime: str
    memory_mhz: int
    ecc: str
    mig: str
    confidential_computing: str

    def words(self) -> str:
        """The place in a few words."""
        driver = f"driver {self.driver}" if self.driver else ""
        return ", ".join(part for part in (self.device or self.cpu, driver, self.runtime) if part)

    def differences(self, other: Place) -> str:
        """What differs from another place: ``driver 570.1, was 550.2``; ``""`` if nothing does."""
        pairs = ((f.name, getattr(self, f.name), getattr(other, f.name)) for f in fields(self))
        changed = [(name, new, old) for name, new, old in pairs if new != old]
        return ", ".join(
            f"{name.replace('_', ' ')} {new or 'unknown'} (was {old or 'unknown'})"
            for name, new, old in changed
        )


@dataclass(frozen=True)
class Setup:
    """What was run: the model, and the options that change what is timed.

    Attributes:
        model: its name.
        model_hash: of its nodes; of the layers, where the model is not known.
        backend: what timed it.
        precision: the requested one.
        batch: leading dimension of the first input.
        options: shapes and types of inputs and outputs, and how it was timed, as JSON.
    """

    model: str
    model_hash: str
    backend: str
    precision: str
    batch: int
    options: str

    def words(self) -> str:
        """The setup in a few words."""
        precision = f" {self.precision}" if self.precision else ""
        return f"{self.model}{precision}, batch {self.batch}, {self.backend}"


@dataclass(frozen=True)
class Time:
    """A time of one run.

    Attributes:
        ms: its median.
        error_ms: standard error of that: between its processes if there were several, else with the
            iterations' correlation; NaN with too few.
        spread: distance between the quartiles over the median; NaN with too few.
        processes: how many fresh processes the error is of.
    """

    ms: float
    error_ms: float
    spread: float
    processes: int = 1


@dataclass(frozen=True)
class Run:
    """One saved result.

    Attributes:
        content: SHA-256 of the saved file, its identity.
        file: where that was.
        date: when it was measured, in UTC, as ISO 8601; ``""`` if unknown.
        label: given by the user, such as ``main``.
        commit: of git, where it was added.
        setup: what was run.
        place: where.
        engine_hash: of the engine's layers, their tactics and types; another one is another plan.
        plan_hash: SHA-256 of the plan; ``""`` where none was built, or the result is older.
        weights_hash: of the model's weights, likewise.
        sm_mhz: lowest and highest SM clock seen; 0 if unknown.
        throttled: rounds throttled by heat or a power brake.
        clock_step_ms: resolution of the layers' clock.
        series: what ``total`` is of: ``gpu_ms``, ``wall_ms`` or ``layer_ms``.
        total: of the whole network.
        groups: by the model nodes of each group, in the order of execution.
    """

    content: str
    file: str
    date: str
    label: str
    commit: str
    setup: Setup
    place: Place
    engine_hash: str
    sm_mhz: tuple[int, int]
    throttled: int
    clock_step_ms: float
    series: str
    total: Time
    groups: dict[tuple[str, ...], Time]
    plan_hash: str = ""
    weights_hash: str = ""
