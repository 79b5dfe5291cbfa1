"""An environment of 3s5z's sizes that does nothing: what a step of it takes is what the bridge takes."""
try:
    import numpy

    fill = lambda shape: numpy.ones(shape, dtype="float32")
except ImportError:
    fill = lambda shape: [1.0] * shape


class Standin:
    n_agents, n_actions, episode_limit = 8, 14, 150

    def __init__(self):
        self.observations, self.state = [fill(128) for _ in range(8)], fill(216)
        self.available = [[1] * 14 for _ in range(8)]

    def get_env_info(self):
        return {"n_agents": 8, "n_actions": 14, "obs_shape": 128, "state_shape": 216, "episode_limit": 150}

    def reset(self):
        self.t = 0

    def step(self, actions):
        self.t += 1
        return 1.0, self.t >= 150, {}

    def get_obs(self):
        return self.observations

    def get_state(self):
        return self.state

    def get_avail_actions(self):
        return self.available
