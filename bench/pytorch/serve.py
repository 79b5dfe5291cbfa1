"""
Times updates for `npm run bench -- --pytorch`, which asks in lines of JSON on standard input and gets a line of JSON for each:

    {"open": "CASE.safetensors"}              to  {"torch": ..., "blas": ..., "instructions": ..., "threads": 1}
    {"update": "RULE NAME", "times": 3}       to  {"milliseconds": fastest of the three}

Learners are made of the case's rules when they are first asked for. An update is all that PyMARL does once it has sampled: unroll both
networks, target, loss, gradients, clip, RMSprop. The batch is there already, as tensors. A case of continuous actions is opened like
any other.
"""
from __future__ import annotations

import json
import sys
from time import process_time

import torch
from safetensors import safe_open

import continuous
from learner import Learner, read_case

state: dict = {}


def handle(request: dict) -> dict:
    if "open" in request:
        with safe_open(request["open"], framework="pt") as file:
            of_transitions = "noise.normal" in file.keys()
        state["case"] = (continuous.Case if of_transitions else read_case)(request["open"])
        state["learner"] = continuous.Learner if of_transitions else Learner
        state["learners"] = {}
        mkl = torch.backends.mkl.is_available()
        return {
            "torch": torch.__version__,
            "blas": "MKL" if mkl else "other",
            "instructions": torch.backends.cpu.get_cpu_capability(),
            "threads": torch.get_num_threads(),
        }
    name = request["update"]
    if name not in state["learners"]:
        rule = next(rule for rule in state["case"].rules if rule["name"] == name)
        learner = state["learners"][name] = state["learner"](state["case"], rule, torch.float32)
        learner.update()  # The first one also chooses kernels and allocates.
    learner = state["learners"][name]
    return {"milliseconds": min(milliseconds(learner) for _ in range(request.get("times", 1)))}


def milliseconds(learner: Learner) -> float:
    # Processor time of the process, as bench/measure.ts takes it on the other side.
    start = process_time()
    learner.update()
    return 1000 * (process_time() - start)


def main() -> None:
    torch.set_num_threads(1)
    for line in sys.stdin:
        print(json.dumps(handle(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
