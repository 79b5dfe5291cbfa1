"""The losses of QMIX, VDN, IQL, OW-QMIX, CW-QMIX and RES over a batch of episodes, each written as its paper states it."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from networks import RecurrentAgent
from targets import choose, greedy_actions, learning_targets, monte_carlo, next_agent_values, operator_values


@dataclass
class Batch:
    """Episodes padded to the longest, as PyMARL samples them; index T of an episode of T steps is what followed its last step."""

    observations: Tensor  # [episodes, steps + 1, agents, observation]
    states: Tensor  # [episodes, steps + 1, state]
    available: Tensor  # bool [episodes, steps + 1, agents, actions], all True in padding
    actions: Tensor  # int64 [episodes, steps, agents]
    one_hot: Tensor  # of the actions, [episodes, steps, agents, actions]: PyMARL keeps it in its replay buffer
    rewards: Tensor  # [episodes, steps]
    terminated: Tensor  # [episodes, steps], 1 at a last step that must not be bootstrapped from
    filled: Tensor  # [episodes, steps], 0 in padding


def make_batch(tensors: Mapping[str, Tensor], dtype: torch.dtype) -> Batch:
    """From the arrays of a case, whose episodes have `lengths` and end `terminal` or not."""
    lengths, terminal = tensors["lengths"].long(), tensors["terminal"].bool()
    steps = torch.arange(tensors["rewards"].shape[1])
    actions = tensors["actions"].long()
    return Batch(
        observations=tensors["observations"].to(dtype),
        states=tensors["states"].to(dtype),
        available=tensors["available"].bool(),
        actions=actions,
        one_hot=F.one_hot(actions, tensors["available"].shape[-1]).to(dtype),
        rewards=tensors["rewards"].to(dtype),
        terminated=((steps == lengths[:, None] - 1) & terminal[:, None]).to(dtype),
        filled=(steps < lengths[:, None]).to(dtype),
    )


def unroll(agent: RecurrentAgent, batch: Batch) -> Tensor:
    """Q_i(tau_i, .) at every step, [episodes, steps + 1, agents, actions]: a step at a time, as PyMARL runs its agents."""
    episodes, steps, agents, _ = batch.observations.shape
    numbers = torch.eye(agents, dtype=batch.observations.dtype).expand(episodes, -1, -1)
    nothing = torch.zeros_like(batch.one_hot[:, 0])
    hidden = agent.fc1.weight.new_zeros(episodes * agents, agent.rnn.hidden_size)
    values = []
    for t in range(steps):
        last = batch.one_hot[:, t - 1] if t > 0 else nothing
        inputs = torch.cat([batch.observations[:, t], last, numbers], dim=-1).view(episodes * agents, -1)
        q, hidden = agent(inputs, hidden)
        values.append(q.view(episodes, agents, -1))
    return torch.stack(values, dim=1)


@dataclass
class Loss:
    value: Tensor
    # WQMIX: share of the steps whose error was weighted by alpha.
    weighted: float | None = None


def masked_mean(x: Tensor, batch: Batch) -> Tensor:
    return (x * batch.filled).sum() / batch.filled.sum()


def returns_of(next_totals: Tensor, batch: Batch, rule: Mapping) -> Tensor:
    return learning_targets(rule["returns"], rule["step"], next_totals, batch.rewards, batch.terminated, batch.filled, rule["discount"])


def qmix_loss(online: nn.ModuleDict, target: nn.ModuleDict, batch: Batch, rule: Mapping) -> Loss:
    q = unroll(online["agent"], batch)
    with torch.no_grad():  # PyMARL builds the graph of its target networks too, and throws it away.
        target_q = unroll(target["agent"], batch)
        values = next_agent_values(rule["operator"], target_q[:, 1:], q[:, 1:], batch.available[:, 1:])
        y = returns_of(target["mixer"](values, batch.states[:, 1:]), batch, rule)
    q_total = online["mixer"](choose(q[:, :-1], batch.actions), batch.states[:, :-1])
    return Loss(masked_mean((q_total - y) ** 2, batch))


def iql_loss(online: nn.ModuleDict, target: nn.ModuleDict, batch: Batch, rule: Mapping) -> Loss:
    """Independent Q-learning as PyMARL has it without a mixer: a target for every agent, and a mask that is expanded to the agents."""
    q = unroll(online["agent"], batch)
    chosen = choose(q[:, :-1], batch.actions)
    with torch.no_grad():
        target_q = unroll(target["agent"], batch)
        values = next_agent_values(rule["operator"], target_q[:, 1:], q[:, 1:], batch.available[:, 1:])
        y = torch.stack([returns_of(values[..., agent], batch, rule) for agent in range(values.shape[-1])], dim=-1)
    mask = batch.filled.unsqueeze(-1).expand_as(chosen)
    return Loss((((chosen - y) * mask) ** 2).sum() / mask.sum())


def wqmix_loss(online: nn.ModuleDict, target: nn.ModuleDict, batch: Batch, rule: Mapping) -> Loss:
    """OW-QMIX and CW-QMIX: an unrestricted Q* gives the targets of both losses; QMIX's errors are weighted."""
    states, now, after = batch.states, slice(None, -1), slice(1, None)
    q, central_q = unroll(online["agent"], batch), unroll(online["central_agent"], batch)
    q_total = online["mixer"](choose(q[:, now], batch.actions), states[:, now])
    central_total = online["central_mixer"](choose(central_q[:, now], batch.actions), states[:, now])
    alpha = rule["wqmix"]["alpha"]
    with torch.no_grad():
        target_q = unroll(target["central_agent"], batch)
        # With max, WQMIX's own rule: QMIX's agents choose, the unrestricted networks judge.
        values = next_agent_values({**rule["operator"], "doubleQ": True}, target_q[:, after], q[:, after], batch.available[:, after])
        y = returns_of(target["central_mixer"](values, states[:, after]), batch, rule)
        if rule["algorithm"] == "ow-qmix":
            full = q_total < y
        else:
            greedy = greedy_actions(q[:, now], batch.available[:, now])
            best = target["central_mixer"](choose(target_q[:, now], greedy), states[:, now])
            full = (batch.actions == greedy).all(dim=-1) | (y > best)
        weight = torch.where(full, 1.0, alpha).to(y.dtype)
    loss = masked_mean(weight * (q_total - y) ** 2, batch) + masked_mean((central_total - y) ** 2, batch)
    return Loss(loss, masked_mean((~full).to(y.dtype), batch).item())


def res_loss(online: nn.ModuleDict, target: nn.ModuleDict, batch: Batch, rule: Mapping) -> Loss:
    """RES: next states are valued by a softmax over counterfactual joint actions; Q_tot is kept near Monte-Carlo returns."""
    q = unroll(online["agent"], batch)
    with torch.no_grad():
        target_q = unroll(target["agent"], batch)
        y = returns_of(counterfactual_softmax(online["mixer"], target["mixer"], q[:, 1:], target_q[:, 1:], batch, rule), batch, rule)
        observed = monte_carlo(batch.rewards, batch.filled, rule["discount"])
    q_total = online["mixer"](choose(q[:, :-1], batch.actions), batch.states[:, :-1])
    loss = masked_mean((q_total - y) ** 2, batch) + rule["res"]["lambda"] * masked_mean((q_total - observed) ** 2, batch)
    return Loss(loss)


def counterfactual_softmax(online_mixer: nn.Module, target_mixer: nn.Module, online_q: Tensor, target_q: Tensor, batch: Batch, rule: Mapping) -> Tensor:
    """
    Mean of the target mixer's Q_tot over the joint actions in which one agent does any of its actions and the others rest at what
    the operator makes of theirs (with max: at the greedy action of the online network), weighted by the softmax of the online
    mixer's Q_tot. One pass through each mixer a joint action, as RES's authors do it.

    Actions that are unavailable are left out. In the authors' code they enter the mixer with the value -9999999, which its ELU
    turns into a finite Q_tot and so into a weight above 0: joint actions that nobody can take would then bear on the target.
    """
    states, available, operator = batch.states[:, 1:], batch.available[:, 1:], rule["operator"]
    if operator["kind"] == "max":
        greedy = greedy_actions(online_q, available)
        rest_online, rest_target = choose(online_q, greedy), choose(target_q, greedy)
    else:
        rest_online, rest_target = (operator_values(operator, q, available) for q in (online_q, target_q))
    online_totals, target_totals = [], []
    for agent in range(available.shape[-2]):
        for action in range(available.shape[-1]):
            for totals, mixer, rest, q in ((online_totals, online_mixer, rest_online, online_q), (target_totals, target_mixer, rest_target, target_q)):
                values = rest.clone()
                values[..., agent] = q[..., agent, action]
                totals.append(mixer(values, states))
    scores = rule["res"]["beta"] * torch.stack(online_totals, dim=-1)
    weights = scores.masked_fill(~available.flatten(-2), -torch.inf).softmax(dim=-1)
    return (weights * torch.stack(target_totals, dim=-1)).sum(dim=-1)


# VDN's update is QMIX's with another mixer.
LOSSES = {"qmix": qmix_loss, "vdn": qmix_loss, "iql": iql_loss, "ow-qmix": wqmix_loss, "cw-qmix": wqmix_loss, "res": res_loss}
