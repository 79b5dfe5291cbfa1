"""The corridor of environment.ts in Python: two agents have to stand on its last cell at the same moment."""
import random


class Walk:
    n_agents, n_actions = 2, 3

    def __init__(self, length=5):
        self.last, self.episode_limit = length - 1, 4 * length

    def get_env_info(self):
        return {"n_agents": 2, "n_actions": 3, "obs_shape": 2, "state_shape": 2, "episode_limit": self.episode_limit}

    def reset(self, seed=None):
        self.random, self.places, self.steps = random.Random(seed), [0, 0], 0

    def step(self, actions):
        # Action 0 stays, 1 goes back, 2 goes on, and slips with a chance of 10 %.
        for agent, action in enumerate(actions):
            if action == 1 or (action == 2 and self.random.random() >= 0.1):
                self.places[agent] += 1 if action == 2 else -1
        self.steps += 1
        together = self.places == [self.last, self.last]
        timeout = not together and self.steps >= self.episode_limit
        return 10.0 * together, together or timeout, {"battle_won": together, "episode_limit": timeout}

    def get_obs(self):
        return [[own / self.last, other / self.last] for own, other in (self.places, self.places[::-1])]

    def get_state(self):
        return [place / self.last for place in self.places]

    def get_avail_actions(self):
        return [[1, int(place > 0), int(place < self.last)] for place in self.places]


def make(length=5):
    return Walk(length)
