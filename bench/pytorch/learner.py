"""A learner: online and target networks, masks, and one update of them."""
from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Mapping

import torch
from safetensors import safe_open
from torch import Tensor

from losses import LOSSES, Batch, Loss, make_batch
from networks import networks_from

# The networks that an algorithm trains beside the agent, where they have parameters.
MIXING = {"qmix": ("mixer",), "res": ("mixer",), "ow-qmix": ("mixer", "central_agent", "central_mixer"), "cw-qmix": ("mixer", "central_agent", "central_mixer"), "vdn": (), "iql": ()}


@dataclass
class Case:
    """What `case.ts` writes: networks, masks and a batch, and the rules by which they are to be updated."""

    online: dict[str, Tensor]
    target: dict[str, Tensor]
    masks: dict[str, Tensor]
    batch: dict[str, Tensor]
    rules: list[dict]


def read_case(path: str) -> Case:
    parts: dict[str, dict[str, Tensor]] = {part: {} for part in ("online", "target", "mask", "batch")}
    with safe_open(path, framework="pt") as file:
        for key in file.keys():
            part, name = key.split(".", 1)
            parts[part][name] = file.get_tensor(key)
        rules = json.loads(file.metadata()["rules"])
    return Case(parts["online"], parts["target"], parts["mask"], parts["batch"], rules)


class Learner:
    """
    Trains by one rule. Masks work as RLx2's and RigL's PyTorch code has them: weights stay dense arrays in which pruned entries are 0,
    gradients are multiplied by the mask as they arrive, and weights are once more after each step.
    """

    def __init__(self, case: Case, rule: Mapping, dtype: torch.dtype):
        self.rule = rule
        masks = case.masks if rule["masked"] else {}
        trained = ("agent", *MIXING[rule["algorithm"]])

        def networks(parameters: Mapping[str, Tensor]):
            used = {name: values.to(dtype) for name, values in parameters.items() if name.split(".", 1)[0] in trained}
            return networks_from({name: values * masks[name] if name in masks else values for name, values in used.items()})

        self.online, self.target = networks(case.online), networks(case.target)
        self.batch: Batch = make_batch(case.batch, dtype)
        self.parameters = dict(self.online.named_parameters())
        self.masks = {name: masks[name].to(dtype) for name in self.parameters if name in masks}
        for name, mask in self.masks.items():
            self.parameters[name].register_hook(lambda gradient, mask=mask: gradient * mask)
        settings = rule["optimiser"]
        self.clip = settings["gradientClip"]
        self.optimiser = torch.optim.RMSprop(self.parameters.values(), lr=settings["learningRate"], alpha=settings["alpha"], eps=settings["epsilon"])

    def backward(self) -> Loss:
        """Loss of the batch, with its gradients left in the parameters."""
        loss = LOSSES[self.rule["algorithm"]](self.online, self.target, self.batch, self.rule)
        self.optimiser.zero_grad()
        loss.value.backward()
        return loss

    def step(self) -> float:
        """Clips, steps, masks again. Returns the gradients' norm before clipping."""
        norm = torch.nn.utils.clip_grad_norm_(self.parameters.values(), self.clip)
        self.optimiser.step()
        with torch.no_grad():
            for name, mask in self.masks.items():
                self.parameters[name].mul_(mask)
        return norm.item()

    def update(self) -> float:
        loss = self.backward()
        self.step()
        return loss.value.item()
