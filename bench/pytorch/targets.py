"""Values of next states and the returns made of them."""
from __future__ import annotations

from typing import Mapping, Optional

import torch
from torch import Tensor

NEVER = -9999999.0  # What PyMARL puts in place of an unavailable action's value before it takes a maximum.


def greedy_actions(q: Tensor, available: Tensor) -> Tensor:
    """The best available action of each agent: q and available [..., agents, actions] to [..., agents]."""
    return q.masked_fill(~available, NEVER).argmax(dim=-1)


def choose(q: Tensor, actions: Tensor) -> Tensor:
    """Values of given actions: [..., agents, actions] and [..., agents] to [..., agents]."""
    return q.gather(-1, actions.unsqueeze(-1)).squeeze(-1)


def operator_values(operator: Mapping, q: Tensor, available: Tensor) -> Tensor:
    """Each agent's value by an operator over its available actions: [..., agents, actions] to [..., agents]."""
    unavailable = ~available

    def log_sum(factor: float) -> Tensor:
        return (factor * q).masked_fill(unavailable, -torch.inf).logsumexp(dim=-1)

    kind = operator["kind"]
    if kind == "max":
        return q.masked_fill(unavailable, -torch.inf).amax(dim=-1)
    if kind == "softmax":
        return ((operator["beta"] * q).masked_fill(unavailable, -torch.inf).softmax(dim=-1) * q).sum(dim=-1)
    if kind == "mellowmax":
        return (log_sum(operator["omega"]) - available.sum(dim=-1).to(q.dtype).log()) / operator["omega"]
    if kind == "soft-mellowmax":
        # Mellowmax whose mean is weighted by softmax(alpha q): the weights' norm is the second sum.
        alpha, omega = operator["alpha"], operator["omega"]
        return (log_sum(alpha + omega) - log_sum(alpha)) / omega
    raise ValueError(f"no operator {kind}")


def next_agent_values(operator: Mapping, target_q: Tensor, online_q: Tensor, available: Tensor) -> Tensor:
    """The values that a mixer gets for next states; with max and double Q, the target network's of the online network's choice."""
    if operator["kind"] == "max" and operator["doubleQ"]:
        return choose(target_q, greedy_actions(online_q, available))
    return operator_values(operator, target_q, available)


def learning_targets(returns: Mapping, step: int, next_values: Tensor, rewards: Tensor, terminated: Tensor, filled: Tensor, gamma: float) -> Tensor:
    """
    y [episodes, steps] from next_values, entry t being the value of what followed step t. `terminated` is 1 at a last step whose
    next state has no value. `step` of the run decides whether the burn-in is over.
    """
    kind = returns["kind"]
    one_step = rewards + gamma * (1 - terminated) * next_values
    if kind == "one-step" or step < returns["burnIn"]:
        return one_step
    goes_on = following(filled)  # 0 at an episode's last step
    if kind == "n-step":
        y = one_step
        for _ in range(returns["n"] - 1):
            y = torch.where(goes_on > 0, rewards + gamma * following(y), one_step)
        return y
    if kind == "td-lambda":
        decay = returns["lambda"]
        return backwards(one_step, goes_on, lambda t, after: rewards[:, t] + gamma * ((1 - decay) * next_values[:, t] + decay * after))
    raise ValueError(f"no return {kind}")


def monte_carlo(rewards: Tensor, filled: Tensor, gamma: float) -> Tensor:
    """Discounted sum of the rewards from each step on; an episode that was cut short counts as over, as in RES."""
    return backwards(rewards, following(filled), lambda t, after: rewards[:, t] + gamma * after)


def following(x: Tensor) -> Tensor:
    """x one step later, 0 after the last one."""
    return torch.cat([x[:, 1:], torch.zeros_like(x[:, :1])], dim=1)


def backwards(last: Tensor, goes_on: Tensor, earlier) -> Tensor:
    """A recursion from the end of every episode: `last` where it ends, `earlier(t, value at t + 1)` before."""
    value: Optional[Tensor] = None
    columns = []
    for t in reversed(range(last.shape[1])):
        value = last[:, t] if value is None else torch.where(goes_on[:, t] > 0, earlier(t, value), last[:, t])
        columns.append(value)
    return torch.stack(columns[::-1], dim=1)
