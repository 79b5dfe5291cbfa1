"""Plays random actions in Gymnasium-Robotics's Multi-Agent MuJoCo and writes recordings.json, which environment.test.ts compares with.

    python3 -m venv oracle
    oracle/bin/pip install gymnasium-robotics==1.4.2 mujoco==3.14.0
    oracle/bin/python src/envs/mujoco/record.py

Actions and the noise at the start are draws of numpy.random.default_rng, so that no number that went in has to be kept.
"""
import base64
import json
import math
import os

import gymnasium_robotics
import mujoco
import numpy as np
from gymnasium_robotics import mamujoco_v1

STEPS = 500
SHOWN = 50  # Observations and state are kept for each so many steps; the reward for each step.

CASES = [
    {"environment": "humanoid", "scenario": "Humanoid", "partition": "9|8", "k": 0, "seed": 1},
    {"environment": "humanoid", "scenario": "Humanoid", "partition": "9|8", "k": 1, "seed": 101},
    {"environment": "humanoid-standup", "scenario": "HumanoidStandup", "partition": "9|8", "k": 0, "seed": 2},
    {"environment": "manyagent-swimmer", "scenario": "ManySegmentSwimmer", "partition": "10x2", "k": 0, "seed": 3},
    {"environment": "manyagent-swimmer", "scenario": "ManySegmentSwimmer", "partition": "3x4", "k": 2, "seed": 4},
    {"environment": "manyagent-swimmer", "scenario": "ManySegmentSwimmer", "partition": "2x1", "k": 1, "seed": 5},
]


def make(case):
    categories = [["qpos", "qvel"]] + [["qpos"]] * case["k"]
    env = mamujoco_v1.parallel_env(
        scenario=case["scenario"],
        agent_conf=case["partition"],
        agent_obsk=case["k"],
        local_categories=categories,
        global_categories=(),
    )
    model = env.single_agent_env.unwrapped.model
    if case["environment"] == "manyagent-swimmer":
        # The authors' step, which is half of Gymnasium-Robotics's.
        model.opt.timestep = 0.005
    if case["environment"] == "humanoid":
        # Gymnasium's later file bends the left hip as far as the right one. The authors ran gym's, which does not.
        model.joint("left_hip_y").range[0] = math.radians(-120)
    # Gymnasium-Robotics reads the y joint of the abdomen where the z joint is, and the other way round.
    nodes = {node.label: node for part in env.agent_action_partitions for node in part}
    if "abdomen_y" in nodes:
        y, z = nodes["abdomen_y"], nodes["abdomen_z"]
        y.qpos_ids, z.qpos_ids = z.qpos_ids, y.qpos_ids
        y.qvel_ids, z.qvel_ids = z.qvel_ids, y.qvel_ids
    return env


def record(case):
    env = make(case)
    agents = env.possible_agents
    widths = [env.action_space(agent).shape[0] for agent in agents]
    high = float(env.action_space(agents[0]).high[0])
    high = 0.4 if abs(high - 0.4) < 1e-6 else high
    actions = np.random.default_rng(case["seed"] + 1000)
    rewards, ends, shown = [], [], []
    episode = 0

    def show(observations):
        length = max(len(values) for values in observations.values())
        padded = [np.pad(observations[agent], (0, length - len(observations[agent]))) for agent in agents]
        shown.append(np.concatenate([*padded, env.state()]))

    observations, _ = env.reset(seed=case["seed"])
    show(observations)
    for step in range(1, STEPS + 1):
        joint = actions.uniform(-high, high, (len(agents), max(widths))).astype(np.float32)
        observations, reward, terminal, _, _ = env.step({a: joint[i, : widths[i]] for i, a in enumerate(agents)})
        rewards.append(float(reward[agents[0]]))
        if step % SHOWN == 0:
            show(observations)
        if terminal[agents[0]]:
            ends.append(step)
            episode += 1
            env.reset(seed=case["seed"] + episode)
    return {
        "environment": case["environment"],
        "partition": case["partition"],
        "observe": "own" if case["k"] == 0 else f"k={case['k']}",
        "seed": case["seed"],
        "steps": STEPS,
        "every": SHOWN,
        # Steps after which the episode was over and the next seed began.
        "ends": ends,
        # Rewards of all steps, and observations and state of the first moment and of every so many steps: float32, little-endian.
        "rewards": encode(rewards),
        "shown": encode(np.concatenate(shown)),
    }


def encode(values):
    return base64.b64encode(np.asarray(values, dtype="<f4").tobytes()).decode()


if __name__ == "__main__":
    recordings = {
        "from": f"gymnasium-robotics {gymnasium_robotics.__version__}, mujoco {mujoco.__version__}",
        "cases": [record(case) for case in CASES],
    }
    with open(os.path.join(os.path.dirname(__file__), "recordings.json"), "w") as file:
        json.dump(recordings, file, indent=2)
        file.write("\n")
