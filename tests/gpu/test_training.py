"""Trainings on every device: the same bits twice and after a stop, in each precision, compiled."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from maknet.errors import InputError
from maknet.models.arithmetic import Arithmetic, StepNetwork, check_compiler
from maknet.training.checkpoint import Checkpoint
from maknet.training.history import history_to_csv
from maknet.training.interrupt import InterruptedTrainingError
from maknet.training.loop import Recipe, Runtime, fit
from tests.unit.training.lesanet import test_training as lesanet
from tests.unit.training.test_resume import IDENTITY, stop_after
from tests.unit.training.toy import fresh, student_recipe

pytestmark = pytest.mark.filterwarnings("ignore:Attempting to run cuBLAS")  # of torch, harmless
Toy = tuple[Callable[[], nn.Module], Callable[[Path, torch.device], Recipe]]


def student(folder: Path, device: torch.device) -> Recipe:
    """Return a student's recipe: two streams, noise, dropout, focal loss and Ranger."""
    recipe = student_recipe(folder, epochs=2)
    recipe.objective.loss.to(device)  # type: ignore[attr-defined] # of an Objective
    return recipe


def annotator(folder: Path, device: torch.device) -> Recipe:
    """Return LesaNet's recipe: regions, sampled losses, clipped gradients and SGD."""
    recipe = lesanet.recipe(folder, replace(lesanet.SETTINGS, epochs=2))
    objective: Any = recipe.objective
    weights = tuple(weight.to(device) for weight in objective.weights)
    objective = replace(objective, weights=weights, exclusive=objective.exclusive.to(device))
    return replace(recipe, objective=objective)


TOYS = [pytest.param((fresh, student), id="student"),
        pytest.param((lesanet.fresh, annotator), id="lesanet")]  # fmt: skip


def train(
    toy: Toy, folder: Path, device: torch.device, *stops: int, how: Arithmetic | None = None
) -> tuple[bytes, list[Tensor]]:
    """Train with stops after so many steps of each attempt; return history and weights."""
    folder.mkdir()
    network, recipe = toy
    for steps in (*stops, 10**9):
        checkpoint = Checkpoint(folder / "state.pt", IDENTITY, 1e9)
        runtime = Runtime(device, folder / "events", 2, checkpoint, stop_after(steps))
        try:
            made = replace(recipe(folder, device), arithmetic=how or Arithmetic())
            torch._dynamo.reset()  # each attempt is a process of its own
            with torch._dynamo.config.patch(error_on_recompile=True):
                weights = fit(network(), made, runtime)
        except InterruptedTrainingError:
            continue
        history_to_csv(folder / "events", folder / "history.csv")
        return (folder / "history.csv").read_bytes(), list(weights.values())
    raise AssertionError("not finished")


HOW = [pytest.param(Arithmetic(), id="float32"),
       pytest.param(Arithmetic("bfloat16"), id="bfloat16"),
       pytest.param(Arithmetic(compiled=True), id="compiled", marks=pytest.mark.slow)]  # fmt: skip


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("toy", TOYS)
def test_trainings_repeat_themselves_and_resume(
    tmp_path: Path, device: torch.device, toy: Toy, how: Arithmetic
) -> None:
    """The student's epochs end with a smaller batch, which is not compiled."""
    if how.compiled:
        skip_without_compiler(device)
    history, weights = train(toy, tmp_path / "first", device, how=how)
    for name, stops in (("second", ()), ("stopped", (2, 3))):
        again = train(toy, tmp_path / name, device, *stops, how=how)
        assert again[0] == history, name
        assert all(torch.equal(a, b) for a, b in zip(again[1], weights, strict=True)), name


def skip_without_compiler(device: torch.device) -> None:
    try:
        check_compiler(device)
    except InputError as error:
        pytest.skip(str(error))


def convolution_types(network: nn.Module) -> list[tuple[bool, torch.dtype]]:
    """Return a list that fills with the mode and the type of each convolution that runs."""
    seen: list[tuple[bool, torch.dtype]] = []
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            module.register_forward_hook(
                lambda layer, _, out: seen.append((layer.training, out.dtype))
            )
    return seen


@pytest.mark.parametrize("toy", TOYS)
@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
def test_steps_have_the_precision_asked_for_and_validation_float32(
    tmp_path: Path, device: torch.device, toy: Toy, kind: torch.dtype
) -> None:
    network, recipe = toy[0](), toy[1](tmp_path, device)
    recipe = replace(recipe, arithmetic=Arithmetic(str(kind).removeprefix("torch.")))
    seen = convolution_types(network)
    fit(network, recipe, Runtime(device, tmp_path / "events"))
    assert {found for training, found in seen if training} == {kind}
    assert {found for training, found in seen if not training} == {torch.float32}
    for parameter in network.parameters():
        assert parameter.dtype == torch.float32
        assert parameter.isfinite().all()


@pytest.mark.parametrize("toy", TOYS)
def test_a_step_in_bfloat16_is_near_the_step_in_float32(tmp_path: Path, gpu: torch.device,
                                                        toy: Toy) -> None:  # fmt: skip
    """The same batch, dropout and draws; what differs is the GPU's precision."""
    losses, gradients = [], []
    for place in (gpu, torch.device("cpu")):
        network, recipe = toy[0]().to(place), toy[1](tmp_path, place)
        for module in network.modules():
            if isinstance(module, nn.Dropout):
                module.p = 0.0  # masks are drawn on the device
        batch = next(recipe.loader.batches(0, 0, place, 1))
        torch.manual_seed(1)
        precision = "bfloat16" if place.type == "cuda" else "float32"
        step = StepNetwork(network.train(), Arithmetic(precision), recipe.loader.batch_size)
        loss = recipe.objective(step, batch, place)
        loss.backward()  # type: ignore[no-untyped-call]
        losses.append(loss.item())
        parts = [p.grad.flatten().cpu() for p in network.parameters() if p.grad is not None]
        gradients.append(torch.cat(parts))
    assert losses[0] == pytest.approx(losses[1], rel=0.1)
    assert torch.cosine_similarity(*gradients, dim=0) > 0.6  # 0.9 and 0.77 in bfloat16 on the CPU
