"""Lets an agent network play greedily in SMAClite: `python play.py NETWORK.safetensors MAP EPISODES`.

The network is PyMARL's recurrent agent, here in numpy: fc1, a GRU cell, fc2, of observation, last action and agent. Prints a JSON line an episode.
"""
import json
import re
import struct
import sys

try:
    import gymnasium
    import numpy as np
    import smaclite  # noqa: F401
except ImportError as error:
    print(f"absent: {error}")
    sys.exit(3)


def read_safetensors(path):
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        data = file.read()
    header.pop("__metadata__", None)
    return {
        name: np.frombuffer(data[slice(*entry["data_offsets"])], dtype="<f4").reshape(entry["shape"])
        for name, entry in header.items()
        if entry["dtype"] == "F32"
    }


class Agent:
    def __init__(self, path, agents, actions):
        tensors = read_safetensors(path)
        self.weight = lambda name: tensors[f"agent.{name}.weight" if "rnn" not in name else f"agent.{name}"]
        self.bias = lambda name: tensors[f"agent.{name}.bias"]
        self.agents, self.actions = agents, actions
        self.reset()

    def reset(self):
        self.hidden = np.zeros((self.agents, self.bias("fc1").shape[0]), np.float32)
        self.last = np.zeros((self.agents, self.actions), np.float32)

    def act(self, observations, available):
        inputs = np.concatenate([observations, self.last, np.eye(self.agents, dtype=np.float32)], 1)
        x = np.maximum(inputs @ self.weight("fc1").T + self.bias("fc1"), 0)
        sigmoid = lambda z: 1 / (1 + np.exp(-z))
        from_input = x @ self.weight("rnn.weight_ih").T + self.weight("rnn.bias_ih")
        from_hidden = self.hidden @ self.weight("rnn.weight_hh").T + self.weight("rnn.bias_hh")
        ri, zi, ni = np.split(from_input, 3, 1)
        rh, zh, nh = np.split(from_hidden, 3, 1)
        z = sigmoid(zi + zh)
        self.hidden = (1 - z) * np.tanh(ni + sigmoid(ri + rh) * nh) + z * self.hidden
        values = self.hidden @ self.weight("fc2").T + self.bias("fc2")
        chosen = np.where(available > 0, values, -np.inf).argmax(1)
        self.last = np.eye(self.actions, dtype=np.float32)[chosen]
        return [int(action) for action in chosen]


def make(name):
    """One of SMAClite's own maps, or marines against marines on its simple terrain, which it has no file for: 3m, 8m, 5m_vs_6m."""
    marines = re.fullmatch(r"(\d+)m(?:_vs_(\d+)m)?", name)
    if f"smaclite/{name}-v0" in gymnasium.registry or marines is None:
        return gymnasium.make(f"smaclite/{name}-v0").unwrapped
    from smaclite.env.maps.map import Group, MapInfo
    from smaclite.env.terrain.terrain import TERRAIN_PRESETS
    from smaclite.env.units.unit_type import UnitType
    from smaclite.env.util.faction import Faction

    allies = int(marines[1])
    enemies = int(marines[2] or allies)
    marine = UnitType.from_str("MARINE", ".")
    groups = [Group(9, 16, Faction.ALLY, [(marine, allies)]), Group(23, 16, Faction.ENEMY, [(marine, enemies)])]
    terrain = TERRAIN_PRESETS["SIMPLE"].value
    info = MapInfo(name, allies, enemies, groups, (9, 16), terrain, ally_has_shields=False, enemy_has_shields=False)
    return gymnasium.make("smaclite/custom-v0", map_info=info).unwrapped


def main(path, name, episodes, limit):
    env = make(name)
    agent = Agent(path, env.n_agents, env.n_actions)
    for seed in range(1, episodes + 1):
        observations, _ = env.reset(seed=seed)
        agent.reset()
        total, steps, done = 0.0, 0, False
        # SMAClite has no limit of steps.
        while not done and steps < limit:
            actions = agent.act(np.array(observations), np.array(env.get_avail_actions()))
            observations, reward, done, _, _ = env.step(actions)
            total += float(reward)
            steps += 1
        print(json.dumps({"won": done and len(env.enemies) == 0, "return": total, "steps": steps}), flush=True)


main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
