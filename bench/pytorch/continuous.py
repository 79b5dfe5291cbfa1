"""
COMIX's and FACMAC's updates of continuous actions in PyTorch, and what it says of the recorded case:

    python continuous.py CASE.safetensors FOLDER

For each rule of the case FOLDER/RULE.safetensors holds "gradient.NAME", unclipped, of the first update, and "online.NAME" and
"target.NAME", the parameters after the rule's last update. Its header tells "losses" and "norms" (of the utilities and the mixer, before
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

from networks import MonotonicMixer

# The networks of utilities, and of policies where there are any.
UTILITIES = {"comix": "agent", "facmac": "critic"}

# Weight of the actions' mean square in FACMAC's policy loss.
ACTION_PENALTY = 1e-3


class FeedForward(nn.Module):
    """Two hidden layers with ReLU: COMIX's Q-network, FACMAC's critic and, with a tanh after it, its actor."""

    def __init__(self, inputs: int, hidden: int, outputs: int):
        super().__init__()
        self.fc1 = nn.Linear(inputs, hidden)
        self.fc2 = nn.Linear(hidden, hidden)
        self.fc3 = nn.Linear(hidden, outputs)

    def forward(self, inputs: Tensor) -> Tensor:
        return self.fc3(F.relu(self.fc2(F.relu(self.fc1(inputs)))))


def networks_from(parameters: Mapping[str, Tensor]) -> nn.ModuleDict:
    """The networks that parameters describe, with their values; sizes follow from the shapes."""
    networks = nn.ModuleDict()
    for name in ("agent", "critic", "actor"):
        if f"{name}.fc1.weight" in parameters:
            hidden, inputs = parameters[f"{name}.fc1.weight"].shape
            networks[name] = FeedForward(inputs, hidden, parameters[f"{name}.fc3.weight"].shape[0])
    embed, state = parameters["mixer.hyper_b_1.weight"].shape
    agents = parameters["mixer.hyper_w_1.2.weight"].shape[0] // embed
    networks["mixer"] = MonotonicMixer(agents, state, embed, parameters["mixer.hyper_w_1.0.weight"].shape[0])
    networks.to(parameters["mixer.hyper_b_1.weight"].dtype)
    networks.load_state_dict(dict(parameters), strict=True)
    return networks


@torch.no_grad()
def cross_entropy_actions(network: FeedForward, observations: Tensor, noise: Tensor, elites: int) -> Tensor:
    """
    The best action that the cross-entropy method finds for each row of observations [rows, observation]. `noise` holds its draws from
    N(0, 1), [iterations, rows, actions, samples]; samples are squashed by a tanh, and refitted before it.
    """
    rows, actions, samples = noise.shape[1:]
    seen = observations[:, None].expand(rows, samples, -1)
    centre = noise.new_zeros(rows, 1, actions)
    spread = noise.new_ones(rows, 1, actions)
    for draws in noise:
        drawn = centre + spread * draws.transpose(1, 2)
        tried = torch.tanh(drawn)
        values = network(torch.cat([seen, tried], dim=2)).squeeze(2)
        best = values.topk(elites, dim=1).indices
        elite = drawn.gather(1, best[:, :, None].expand(-1, -1, actions))
        centre, spread = elite.mean(dim=1, keepdim=True), elite.std(dim=1, keepdim=True)
    return tried.gather(1, values.argmax(dim=1)[:, None, None].expand(-1, 1, actions)).squeeze(1)


class Learner:
    """
    Trains by one rule. Masks work as RLx2's and RigL's PyTorch code has them: gradients are multiplied by the mask as they arrive, and
    weights are once more after each step.
    """

    def __init__(self, case: "Case", rule: Mapping, dtype: torch.dtype):
        self.rule, self.name = rule, UTILITIES[rule["algorithm"]]
        masks = case.masks if rule["masked"] else {}
        own = {"comix": ("agent", "mixer"), "facmac": ("critic", "actor", "mixer")}[rule["algorithm"]]

        def networks(parameters: Mapping[str, Tensor]):
            used = {name: values.to(dtype) for name, values in parameters.items() if name.split(".", 1)[0] in own}
            return networks_from({name: values * masks[name] if name in masks else values for name, values in used.items()})

        self.online, self.target = networks(case.online), networks(case.target)
        self.batch = {name: values.to(dtype) for name, values in case.batch.items()}
        self.noise = case.noise.to(dtype)
        self.parameters = dict(self.online.named_parameters())
        self.masks = {name: masks[name].to(dtype) for name in self.parameters if name in masks}
        for name, mask in self.masks.items():
            self.parameters[name].register_hook(lambda gradient, mask=mask: gradient * mask)
        options = rule["options"]
        settings = {"lr": options["learningRate"], "betas": (options["beta1"], options["beta2"]), "eps": options["epsilon"]}
        self.values = [*self.online[self.name].parameters(), *self.online["mixer"].parameters()]
        self.value_optimiser = torch.optim.Adam(self.values, **settings)
        if "actor" in self.online:
            self.actor_optimiser = torch.optim.Adam(self.online["actor"].parameters(), **settings)
        self.updates = 0

    def total(self, networks: nn.ModuleDict, moment: int, actions: Tensor) -> Tensor:
        """Q_tot of joint actions [B, agents, actions] before (0) or after (1) the transitions."""
        inputs = torch.cat([self.batch["observations"][:, moment], actions], dim=2)
        return networks["mixer"](networks[self.name](inputs).squeeze(2), self.batch["states"][:, moment])

    def next_actions(self) -> Tensor:
        after = self.batch["observations"][:, 1]
        if "actor" in self.target:
            return torch.tanh(self.target["actor"](after))
        rows = after.reshape(-1, after.shape[-1])
        noise = self.noise[self.updates % len(self.noise)]
        return cross_entropy_actions(self.target["agent"], rows, noise, self.rule["options"]["crossEntropy"]["elites"]).view(*after.shape[:2], -1)

    def value_step(self) -> Tensor:
        with torch.no_grad():
            follows = 1 - self.batch["terminal"]
            y = self.batch["rewards"] + self.rule["options"]["discount"] * follows * self.total(self.target, 1, self.next_actions())
        loss = F.mse_loss(self.total(self.online, 0, self.batch["actions"]), y)
        self.value_optimiser.zero_grad()
        loss.backward()
        return loss

    def actor_step(self) -> None:
        mu = torch.tanh(self.online["actor"](self.batch["observations"][:, 0]))
        loss = ACTION_PENALTY * (mu**2).mean() - self.total(self.online, 0, mu).mean()
        self.actor_optimiser.zero_grad()
        loss.backward()

    def gradients(self, *networks: str) -> dict[str, Tensor]:
        return {name: p.grad.clone() for name, p in self.parameters.items() if name.split(".", 1)[0] in networks}

    def update(self) -> tuple[float, float, dict[str, Tensor]]:
        """Loss, norm of its gradient before clipping, and all gradients before clipping."""
        clip = self.rule["options"]["gradientClip"]
        loss = self.value_step()
        gradients = self.gradients(self.name, "mixer")
        norm = torch.nn.utils.clip_grad_norm_(self.values, clip)
        self.value_optimiser.step()
        self.mask()
        if "actor" in self.online:
            self.actor_step()
            gradients.update(self.gradients("actor"))
            torch.nn.utils.clip_grad_norm_(self.online["actor"].parameters(), clip)
            self.actor_optimiser.step()
            self.mask()
        with torch.no_grad():
            for target, online in zip(self.target.parameters(), self.online.parameters()):
                target.lerp_(online, self.rule["options"]["follow"])
        self.updates += 1
        return loss.item(), norm.item(), gradients

    @torch.no_grad()
    def mask(self) -> None:
        for name, mask in self.masks.items():
            self.parameters[name].mul_(mask)


class Case:
    """What `continuous.ts` writes: networks, masks and a batch, the draws of the cross-entropy method, and the rules."""

    def __init__(self, path: str):
        parts: dict[str, dict[str, Tensor]] = {part: {} for part in ("online", "target", "mask", "batch", "noise")}
        with safe_open(path, framework="pt") as file:
            for key in file.keys():
                part, name = key.split(".", 1)
                parts[part][name] = file.get_tensor(key)
            self.rules: list[dict] = json.loads(file.metadata()["rules"])
        self.online, self.target, self.masks, self.batch = parts["online"], parts["target"], parts["mask"], parts["batch"]
        self.noise = parts["noise"]["normal"]


def answer(case: Case, rule: dict, folder: Path) -> None:
    learner = Learner(case, rule, torch.float64)
    updates = [learner.update() for _ in range(rule["updates"])]
    tensors = {f"gradient.{name}": values for name, values in updates[0][2].items()}
    tensors.update({f"online.{name}": values.detach() for name, values in learner.online.named_parameters()})
    tensors.update({f"target.{name}": values.detach() for name, values in learner.target.named_parameters()})
    tensors = {name: values.to(torch.float32).contiguous() for name, values in tensors.items()}
    losses, norms = [json.dumps([update[k] for update in updates]) for k in (0, 1)]
    save_file(tensors, str(folder / f"{rule['name']}.safetensors"), metadata={"losses": losses, "norms": norms, "torch": torch.__version__})


def main(path: str, folder: str) -> None:
    torch.set_num_threads(1)
    case = Case(path)
    Path(folder).mkdir(parents=True, exist_ok=True)
    for rule in case.rules:
        answer(case, rule, Path(folder))


if __name__ == "__main__":
    main(*sys.argv[1:])
