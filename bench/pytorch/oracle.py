"""
Updates the networks of a case by each of its rules, in float64, and writes what came out of each:

    python oracle.py CASE.safetensors FOLDER

FOLDER/RULE.safetensors holds "gradient.NAME", unclipped, of the first update, and with "parameters" in the rule also
"after.NAME", the parameters after the rule's last update. Its header tells "losses", one an update; "norm", of the first gradient;
with WQMIX "weighted", the share of steps whose error was weighted by alpha; and the version of PyTorch.
"""
from __future__ import annotations

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file

from learner import Case, Learner, read_case


def answer(case: Case, rule: dict, folder: Path) -> None:
    learner = Learner(case, rule, getattr(torch, rule.get("dtype", "float64")))
    losses = []
    for update in range(rule["updates"]):
        loss = learner.backward()
        losses.append(loss.value.item())
        if update == 0:
            weighted = loss.weighted
            tensors = {f"gradient.{name}": parameter.grad.to(torch.float32) for name, parameter in learner.parameters.items()}
        norm = learner.step()
        if update == 0:
            first_norm = norm
    if rule.get("parameters"):
        tensors.update({f"after.{name}": parameter.detach().to(torch.float32) for name, parameter in learner.parameters.items()})
    metadata = {"losses": json.dumps(losses), "norm": json.dumps(first_norm), "torch": torch.__version__}
    if weighted is not None:
        metadata["weighted"] = json.dumps(weighted)
    save_file(tensors, str(folder / f"{rule['name']}.safetensors"), metadata=metadata)


def main(path: str, folder: str) -> None:
    torch.set_num_threads(1)
    case = read_case(path)
    Path(folder).mkdir(parents=True, exist_ok=True)
    for rule in case.rules:
        answer(case, rule, Path(folder))


if __name__ == "__main__":
    main(*sys.argv[1:])
