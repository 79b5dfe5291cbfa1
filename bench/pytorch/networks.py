"""The networks of QMIX, VDN, IQL, WQMIX and RES as PyTorch modules, under the parameter names that PyMARL gives them."""
from __future__ import annotations

from typing import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class RecurrentAgent(nn.Module):
    """Q_i(tau_i, .) of all agents, which share this network; one call is one step."""

    def __init__(self, inputs: int, hidden: int, actions: int):
        super().__init__()
        self.fc1 = nn.Linear(inputs, hidden)
        self.rnn = nn.GRUCell(hidden, hidden)
        self.fc2 = nn.Linear(hidden, actions)

    def forward(self, inputs: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
        hidden = self.rnn(F.relu(self.fc1(inputs)), hidden)
        return self.fc2(hidden), hidden


class MonotonicMixer(nn.Module):
    """QMIX's mixer: Q_tot grows with every agent's value, since hypernetworks make weights whose absolute value is taken."""

    def __init__(self, agents: int, state: int, embed: int, hypernet_embed: int):
        super().__init__()
        self.agents, self.embed = agents, embed
        self.hyper_w_1 = two_layers(state, hypernet_embed, agents * embed)
        self.hyper_w_final = two_layers(state, hypernet_embed, embed)
        self.hyper_b_1 = nn.Linear(state, embed)
        self.V = two_layers(state, embed, 1)

    def forward(self, values: Tensor, states: Tensor) -> Tensor:
        """values [..., agents] and states [..., state] to Q_tot [...]."""
        shape = values.shape[:-1]
        states = states.reshape(-1, states.shape[-1])
        first = self.hyper_w_1(states).abs().view(-1, self.agents, self.embed)
        final = self.hyper_w_final(states).abs().view(-1, self.embed, 1)
        bias = self.hyper_b_1(states).unsqueeze(1)
        hidden = F.elu(torch.bmm(values.reshape(-1, 1, self.agents), first) + bias)
        total = torch.bmm(hidden, final).squeeze(2) + self.V(states)
        return total.view(shape)


class SumMixer(nn.Module):
    """VDN's mixer, which has no parameters: Q_tot is the sum of the agents' values."""

    def forward(self, values: Tensor, states: Tensor) -> Tensor:
        return values.sum(dim=-1)


class CentralMixer(nn.Module):
    """WQMIX's unrestricted mixer: any function of the state and the agents' values."""

    def __init__(self, agents: int, state: int, embed: int):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(state + agents, embed), nn.ReLU(),
            nn.Linear(embed, embed), nn.ReLU(),
            nn.Linear(embed, embed), nn.ReLU(),
            nn.Linear(embed, 1),
        )
        self.V = two_layers(state, embed, 1)

    def forward(self, values: Tensor, states: Tensor) -> Tensor:
        return (self.net(torch.cat([states, values], dim=-1)) + self.V(states)).squeeze(-1)


def two_layers(inputs: int, hidden: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, hidden), nn.ReLU(), nn.Linear(hidden, outputs))


def networks_from(parameters: Mapping[str, Tensor]) -> nn.ModuleDict:
    """
    The networks that a file of parameters describes ("agent.fc1.weight", "mixer.V.0.bias", ...; `mast export RUN` writes one), with
    its values. Sizes follow from the shapes. A name too many or too few is an error: what is loaded is all that was meant.
    """
    networks = nn.ModuleDict()
    networks["agent"] = agent_from(parameters, "agent")
    if "mixer.hyper_b_1.weight" in parameters:
        embed, state = parameters["mixer.hyper_b_1.weight"].shape
        hypernet_embed = parameters["mixer.hyper_w_1.0.weight"].shape[0]
        agents = parameters["mixer.hyper_w_1.2.weight"].shape[0] // embed
        networks["mixer"] = MonotonicMixer(agents, state, embed, hypernet_embed)
    else:
        networks["mixer"] = SumMixer()
    if "central_mixer.net.0.weight" in parameters:
        networks["central_agent"] = agent_from(parameters, "central_agent")
        networks["central_mixer"] = CentralMixer(agents, state, parameters["central_mixer.net.0.weight"].shape[0])
    networks.to(parameters["agent.fc1.weight"].dtype)
    networks.load_state_dict(dict(parameters), strict=True)
    return networks


def agent_from(parameters: Mapping[str, Tensor], network: str) -> RecurrentAgent:
    hidden, inputs = parameters[f"{network}.fc1.weight"].shape
    return RecurrentAgent(inputs, hidden, parameters[f"{network}.fc2.weight"].shape[0])
