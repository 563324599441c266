"""Takes the steps of a training, within its budget of steps and minutes, and from its checkpoint if there is one."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from tools.cpu_flags import has_bfloat16

_log = logging.getLogger(__name__)

_FLOOR = 0.03  # the share of the learning rate that is left in the end
_LOGGED = 20  # steps


@dataclass(frozen=True, slots=True)
class Plan:
    """How to train: the learning rate, and when to end, after so many steps or minutes, if that is before the batches do.

    The rate rises over the steps of `warm_up`, and falls with the part of the steps that are done or of the time that has passed,
    whichever is greater. With a checkpoint, training goes on from it, if it is there, and saves it each `save_every` steps and in
    the end.
    """

    rate: float
    most_steps: int | None = None
    minutes: float | None = None
    checkpoint: Path | None = None
    save_every: int = 100
    warm_up: int = 60


def training_type() -> torch.dtype:
    """Return the number type of the forward pass: bfloat16 where the processor has it in hardware, and float32 elsewhere.

    Elsewhere torch emulates bfloat16, six times slower than float32.
    """
    return torch.bfloat16 if has_bfloat16() else torch.float32


def autocast() -> torch.autocast:
    """Return what runs the forward pass in the `training_type`."""
    return torch.autocast("cpu", dtype=torch.bfloat16, enabled=training_type() is torch.bfloat16)


def take_steps(
    model: nn.Module, optimizer: Optimizer, loss_at: Callable[[int], Tensor], batches: int, training: str, plan: Plan
) -> None:
    """Train the model with the optimizer on so many batches, one after the other; `loss_at` gives the loss on the one of a number.

    `training` tells this training from any other. Raises ValueError if the checkpoint is of another one.
    """
    rates = [group["lr"] for group in optimizer.param_groups]
    steps = batches if plan.most_steps is None else min(plan.most_steps, batches)
    step, before = _resumed(model, optimizer, training, plan)
    losses: list[float] = []
    began = time.monotonic()
    model.train()
    while step < steps:
        passed = before + time.monotonic() - began
        spent = 0.0 if plan.minutes is None else passed / 60 / plan.minutes
        if spent >= 1:
            break
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group["lr"] = rate * min(1, (step + 1) / plan.warm_up) * max(_FLOOR, 1 - max(step / steps, spent))
        loss = loss_at(step)
        optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        step += 1
        losses.append(loss.item())
        if step % _LOGGED == 0:
            _log.info("step %d of %d, loss %.4f", step, steps, sum(losses[-_LOGGED:]) / len(losses[-_LOGGED:]))
        if step % plan.save_every == 0:
            _save(model, optimizer, training, step, before + time.monotonic() - began, plan.checkpoint)
    if losses:
        _save(model, optimizer, training, step, before + time.monotonic() - began, plan.checkpoint)
    model.eval()


def _save(model: nn.Module, optimizer: Optimizer, training: str, step: int, seconds: float, path: Path | None) -> None:
    """Write the checkpoint, if one is wanted, by one rename: killed at any moment, there is a whole one."""
    if path is None:
        return
    unfinished = path.with_suffix(".unfinished")
    content = {"training": training, "step": step, "seconds": seconds}
    torch.save({**content, "model": model.state_dict(), "optimizer": optimizer.state_dict()}, unfinished)
    unfinished.replace(path)


def _resumed(model: nn.Module, optimizer: Optimizer, training: str, plan: Plan) -> tuple[int, float]:
    """Load the checkpoint, if it is there; return how many steps it had taken in how many seconds."""
    if plan.checkpoint is None or not plan.checkpoint.is_file():
        return 0, 0.0
    kept: dict[str, Any] = torch.load(plan.checkpoint, weights_only=True)
    if kept["training"] != training:
        raise ValueError(f"{plan.checkpoint} is of a training on other data or at another rate: remove it, or name another file.")
    model.load_state_dict(kept["model"])
    optimizer.load_state_dict(kept["optimizer"])
    _log.info("going on after step %d", kept["step"])
    return kept["step"], kept["seconds"]
