"""A training that is stopped at any step and started again ends with the same bits."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maknet.training.checkpoint import Checkpoint
from maknet.training.history import history_to_csv
from maknet.training.interrupt import InterruptedTrainingError, stop_requests
from maknet.training.job import usable_seconds
from maknet.training.loop import Recipe, fit
from tests.unit.training.toy import fresh, runtime, student_recipe, teacher_recipe

IDENTITY = {"settings": "aa", "inputs": "bb", "code": "cc"}
Result = tuple[dict[str, torch.Tensor], bytes]


def stop_after(steps: int) -> Callable[[], str | None]:
    """Return a reason to stop that comes with the given step."""
    taken = 0

    def reason() -> str | None:
        nonlocal taken
        taken += 1
        return "told to stop by a test" if taken == steps else None

    return reason


def finish(recipe: Recipe, folder: Path, stops: list[int], interval_s: float = 1e9) -> Result:
    """Train with interruptions after so many steps of each attempt."""
    folder.mkdir(exist_ok=True)
    state = folder / "state.pt"
    for number, steps in enumerate([*stops, 10**9]):
        checkpoint = Checkpoint(state, IDENTITY, interval_s)
        how = runtime(
            folder / "events", loader_threads=1 + number % 3, checkpoint=checkpoint,
            stop=stop_after(steps),
        )  # fmt: skip
        try:
            weights = fit(fresh(), recipe, how)
        except InterruptedTrainingError as error:
            assert "start it again to go on" in str(error)  # noqa: PT017
            continue
        history_to_csv(folder / "events", folder / "history.csv")
        return weights, (folder / "history.csv").read_bytes()
    raise AssertionError("not finished")


def same(first: Result, second: Result) -> bool:
    return first[1] == second[1] and all(
        torch.equal(first[0][name], second[0][name]) for name in first[0]
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("resume")


@pytest.fixture(scope="module")
def undisturbed(folder: Path) -> Result:
    return finish(student_recipe(folder), folder / "undisturbed", [])


@given(st.lists(st.integers(1, 9), min_size=1, max_size=3))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_stopped_student_ends_with_the_same_bits(
    folder: Path, undisturbed: Result, stops: list[int]
) -> None:
    (folder / "stopped" / "state.pt").unlink(missing_ok=True)
    assert same(finish(student_recipe(folder), folder / "stopped", stops), undisturbed)


def test_a_teacher_that_keeps_its_last_epoch_resumes_as_well(folder: Path) -> None:
    recipe = teacher_recipe(folder, monitor="last", epochs=2)
    # 8 steps an epoch: within one, at its end, and at the end of all
    whole = finish(recipe, folder / "t0", [])
    assert same(finish(recipe, folder / "t1", [3, 5, 8]), whole)


def test_states_are_saved_by_the_clock_too(folder: Path, undisturbed: Result) -> None:
    """What a kill leaves is a state saved by the clock: here after every step."""
    assert same(finish(student_recipe(folder), folder / "clock", [6], interval_s=0), undisturbed)


def test_a_finished_training_whose_results_were_lost_is_not_repeated(
    folder: Path, undisturbed: Result
) -> None:
    first = finish(student_recipe(folder), folder / "lost", [])
    steps = stop_after(1)  # not one step may be taken
    checkpoint = Checkpoint(folder / "lost" / "state.pt", IDENTITY, 1e9)
    how = runtime(folder / "lost" / "events", checkpoint=checkpoint, stop=steps)
    weights = fit(fresh(), student_recipe(folder), how)
    history_to_csv(folder / "lost" / "events", folder / "lost" / "history.csv")
    assert same((weights, (folder / "lost" / "history.csv").read_bytes()), first)
    assert same(first, undisturbed)


def test_the_history_of_an_interrupted_training_is_whole(folder: Path, undisturbed: Result) -> None:
    finish(student_recipe(folder), folder / "again", [9])
    history = pd.read_csv(folder / "again" / "history.csv")
    assert history["epoch"].tolist() == [1, 2, 3, 4]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_are_held_back_until_the_step_is_over(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with stop_requests() as reason:
        assert reason() is None
        os.kill(os.getpid(), number)
        assert reason() == f"told to stop by {number.name}"
    assert signal.getsignal(number) is before


def test_the_deadline_comes_before_the_limit() -> None:
    with stop_requests(time.time()) as reason:
        assert reason() == "out of time"
    with stop_requests(time.time() + 60) as reason:
        assert reason() is None
    assert usable_seconds(60, 180) == 3420
    assert usable_seconds(4, 180) == 120  # at most half is kept back: an attempt must get somewhere
    assert usable_seconds(None, 180) is None
    assert usable_seconds(60, None) is None
