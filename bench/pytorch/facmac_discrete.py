"""
FACMAC's update of discrete actions in PyTorch, and what it says of the recorded case:

    python facmac_discrete.py CASE.safetensors FOLDER

For each rule of the case FOLDER/RULE.safetensors holds "gradient.NAME", unclipped, of the first update, and "online.NAME" and
"target.NAME", the parameters after the rule's last update. Its header tells "losses" and "norms" (of the critic and the mixer, before
clipping), one of each update, and the version of PyTorch.
"""
from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Mapping

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as F

from continuous import FeedForward
from learner import read_case
from losses import Batch, make_batch, masked_mean, returns_of, unroll
from networks import networks_from

# Stands in for the logit of an unavailable action, as in the authors' code.
UNAVAILABLE = -1e10


def facmac_networks(parameters: Mapping[str, Tensor]) -> nn.ModuleDict:
    """The actor, the critic and the mixer that parameters describe, with their values."""
    of = lambda critic: {name: values for name, values in parameters.items() if name.startswith("critic.") == critic}
    networks = networks_from(of(False))
    own = {name.removeprefix("critic."): values for name, values in of(True).items()}
    hidden, inputs = own["fc1.weight"].shape
    networks["critic"] = FeedForward(inputs, hidden, 1).to(own["fc1.weight"].dtype)
    networks["critic"].load_state_dict(own, strict=True)
    return networks


class Learner:
    """Trains by one rule; masks work as in continuous.py."""

    def __init__(self, case, noise: Tensor, rule: Mapping, dtype: torch.dtype):
        self.rule, self.noise, self.updates = rule, noise.to(dtype), 0
        masks = case.masks if rule["masked"] else {}

        def networks(parameters: Mapping[str, Tensor]) -> nn.ModuleDict:
            return facmac_networks({name: (values * masks[name] if name in masks else values).to(dtype) for name, values in parameters.items()})

        self.online, self.target = networks(case.online), networks(case.target)
        self.batch: Batch = make_batch(case.batch, dtype)
        self.parameters = dict(self.online.named_parameters())
        self.masks = {name: masks[name].to(dtype) for name in self.parameters if name in masks}
        for name, mask in self.masks.items():
            self.parameters[name].register_hook(lambda gradient, mask=mask: gradient * mask)
        options = rule["optimiser"]
        self.clip = options["gradientClip"]
        adam = lambda parameters, rate: torch.optim.Adam(parameters, lr=rate, betas=(options["beta1"], options["alpha"]), eps=options["epsilon"])
        self.values = [*self.online["critic"].parameters(), *self.online["mixer"].parameters()]
        self.value_optimiser = adam(self.values, options["learningRate"])
        self.actor_optimiser = adam(self.online["agent"].parameters(), options["actorLearningRate"])

    def total(self, networks: nn.ModuleDict, moment: slice, actions: Tensor) -> Tensor:
        """Q_tot of joint actions [episodes, steps, agents, actions], each a number for every action, at the steps of a slice."""
        values = networks["critic"](torch.cat([self.batch.observations[:, moment], actions], dim=-1)).squeeze(-1)
        return networks["mixer"](values, self.batch.states[:, moment])

    def logits(self, networks: nn.ModuleDict) -> Tensor:
        return unroll(networks["agent"], self.batch).masked_fill(~self.batch.available, UNAVAILABLE)

    def one_hot(self, scores: Tensor) -> Tensor:
        return F.one_hot(scores.argmax(dim=-1), scores.shape[-1]).to(scores.dtype)

    def value_step(self) -> Tensor:
        now, after = slice(None, -1), slice(1, None)
        with torch.no_grad():
            greedy = self.one_hot(self.logits(self.target)[:, after])
            y = returns_of(self.total(self.target, after, greedy), self.batch, self.rule)
        loss = masked_mean((self.total(self.online, now, self.batch.one_hot) - y) ** 2, self.batch)
        self.value_optimiser.zero_grad()
        loss.backward()
        return loss

    def actor_step(self) -> None:
        now = slice(None, -1)
        noisy = self.logits(self.online)[:, now] + self.noise[self.updates]
        soft = noisy.softmax(dim=-1)
        drawn = self.one_hot(noisy) - soft.detach() + soft
        self.actor_optimiser.zero_grad()
        (-masked_mean(self.total(self.online, now, drawn), self.batch)).backward()

    def gradients(self, *networks: str) -> dict[str, Tensor]:
        return {name: p.grad.clone() for name, p in self.parameters.items() if name.split(".", 1)[0] in networks}

    def update(self) -> tuple[float, float, dict[str, Tensor]]:
        """Loss, norm of its gradient before clipping, and all gradients before clipping."""
        loss = self.value_step()
        gradients = self.gradients("critic", "mixer")
        norm = torch.nn.utils.clip_grad_norm_(self.values, self.clip)
        self.value_optimiser.step()
        self.mask()
        self.actor_step()
        gradients.update(self.gradients("agent"))
        torch.nn.utils.clip_grad_norm_(self.online["agent"].parameters(), self.clip)
        self.actor_optimiser.step()
        self.mask()
        self.updates += 1
        return loss.item(), norm.item(), gradients

    @torch.no_grad()
    def mask(self) -> None:
        for name, mask in self.masks.items():
            self.parameters[name].mul_(mask)


def main(path: str, folder: str) -> None:
    torch.set_num_threads(1)
    with safe_open(path, framework="pt") as file:
        noise = file.get_tensor("batch.noise")
    case = read_case(path)
    Path(folder).mkdir(parents=True, exist_ok=True)
    for rule in case.rules:
        learner = Learner(case, noise, rule, torch.float64)
        updates = [learner.update() for _ in range(rule["updates"])]
        tensors = {f"gradient.{name}": values for name, values in updates[0][2].items()}
        tensors.update({f"online.{name}": values.detach() for name, values in learner.online.named_parameters()})
        tensors.update({f"target.{name}": values.detach() for name, values in learner.target.named_parameters()})
        tensors = {name: values.to(torch.float32).contiguous() for name, values in tensors.items()}
        losses, norms = [json.dumps([update[k] for update in updates]) for k in (0, 1)]
        header = {"losses": losses, "norms": norms, "torch": torch.__version__}
        save_file(tensors, str(Path(folder) / f"{rule['name']}.safetensors"), metadata=header)


if __name__ == "__main__":
    main(*sys.argv[1:])
