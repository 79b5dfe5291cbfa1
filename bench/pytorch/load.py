"""
Opens the parameters of a run in PyTorch, as `mast export RUN` writes them:

    python load.py RUN.safetensors [OBSERVATION ...]

Prints as JSON how many parameters each network has, and Q_i of every agent at the first step of an episode in which each of them
observes the given numbers (nothing but 0 when there are none).
"""
from __future__ import annotations

import json
import sys

import torch
from safetensors.torch import load_file

from networks import networks_from


@torch.no_grad()
def main(path: str, *observation: str) -> None:
    networks = networks_from(load_file(path))
    agent, agents = networks["agent"], getattr(networks["mixer"], "agents", None)
    if agents is None:
        sys.exit("load.py: without a mixing network (VDN, IQL) the parameters do not tell how many agents there are.")
    width = agent.fc1.in_features - agent.fc2.out_features - agents
    seen = torch.tensor([float(value) for value in observation] or [0.0] * width).expand(agents, -1)
    nothing_done = torch.zeros(agents, agent.fc2.out_features)
    q, _ = agent(torch.cat([seen, nothing_done, torch.eye(agents)], dim=1), torch.zeros(agents, agent.rnn.hidden_size))
    counts = {name: sum(parameter.numel() for parameter in network.parameters()) for name, network in networks.items()}
    print(json.dumps({"parameters": counts, "q": q.tolist()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
