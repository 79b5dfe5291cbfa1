"""Finds environments written in Python and gives them one face: PyMARL's MultiAgentEnv (SMAC, SMACv2, SMAClite), PettingZoo's
parallel API, and Gymnasium with tuples of spaces (Level-Based Foraging, RWARE).

Each adapter has `sizes`, `api`, `seeded` (whether `reset` takes the seed), `reset(seed)`, `step(actions)` -> reward, ended,
terminal, won, tells, `show(observations, state, available)`, `snapshot()` and `close()`. `terminal` is false where an episode was only
cut off by a limit, so that its last step is bootstrapped from. `tells` is whether the step's info has a word about winning, and
`wins` whether teams can win: True, False, or None where the first step's info decides. Where actions are continuous, `sizes` has a
"box" with lists "low" and "high" [agents, actions], and `step` takes an array of numbers [agents, actions].
"""
import importlib
import importlib.util
import inspect
import os
import sys

try:
    import numpy
except ImportError:  # An environment of plain Python needs none.
    numpy = None

# Options that are the adapters' own; every other one goes to the environment.
OWN = {"episodeLimit": 0, "rewards": None, "timeouts": "continue", "wins": None, "observations": "plain"}

# What an info says of a team that has won, by its key.
WINNING = ("battle_won", "won", "is_success")

# SMAClite has no limit of its own; these are SMAC's for the same maps.
SMAC_LIMITS = {"3m": 60, "8m": 120, "2s3z": 120, "3s5z": 150, "3s5z_vs_3s6z": 170, "10m_vs_11m": 150, "27m_vs_30m": 180, "MMM": 150, "MMM2": 180, "2c_vs_64zg": 400, "bane_vs_bane": 200, "corridor": 400, "2s_vs_1sc": 300, "3s_vs_5z": 250}

# SMACv2's teams, as its authors set them: which units, how often, and which of them make no team alone.
SMACV2_TEAMS = {
    "terran": (["marine", "marauder", "medivac"], [0.45, 0.45, 0.1], ["medivac"]),
    "protoss": (["stalker", "zealot", "colossus"], [0.45, 0.45, 0.1], ["colossus"]),
    "zerg": (["zergling", "baneling", "hydralisk"], [0.45, 0.1, 0.45], ["baneling"]),
}


class Wrong(Exception):
    """What a person has to change; the message stands alone."""


def load(spec, options):
    """A function that makes one more copy of the environment, as an adapter.

    spec -- {"module": ..., "name": ...} or {"file": ..., "name": ...}
    """
    own = {name: options.get(name, default) for name, default in OWN.items()}
    if own["rewards"] is None:
        # Every agent of Multi-Agent MuJoCo is given the team's reward.
        own["rewards"] = "mean" if spec.get("module", "").startswith("gymnasium_robotics") else "sum"
    if own["rewards"] not in ("sum", "mean"):
        raise Wrong(f"has rewards {own['rewards']!r}; allowed are \"sum\" and \"mean\" (of the agents' rewards)")
    if own["timeouts"] not in ("continue", "end"):
        raise Wrong(f"has timeouts {own['timeouts']!r}; allowed are \"continue\" (what a limit cuts off is bootstrapped from) and \"end\"")
    if own["observations"] not in ("plain", "scaled"):
        raise Wrong(f"has observations {own['observations']!r}; allowed are \"plain\" and \"scaled\" (numbers to -1..1 by the bounds of their space)")
    limit = own["episodeLimit"]
    if isinstance(limit, bool) or not isinstance(limit, (int, float)) or limit < 0 or limit != int(limit):
        raise Wrong(f"has episodeLimit {limit!r}; expected a whole number of steps, or 0 for the environment's own")
    if own["wins"] not in (None, True, False):
        raise Wrong(f"has wins {own['wins']!r}; allowed are true and false (whether teams can win)")
    if own["wins"] is None and spec.get("module") in ("smac", "smacv2", "smaclite"):
        own["wins"] = True
    own["game"] = spec["module"] if spec.get("module") in ("smac", "smacv2") else None
    given = {name: value for name, value in options.items() if name not in OWN}
    make = factory(spec, given, own)
    return lambda: adapt(make(), own, given)


def factory(spec, given, own):
    """A function that makes the environment itself."""
    name = spec["name"]
    if "file" in spec:
        return called(attribute(from_file(spec["file"]), name, spec["file"]), given, name)
    module = spec["module"]
    if module == "smac":
        maker = imported("smac.env", module).StarCraft2Env
        return lambda: maker(map_name=name, **given)
    if module == "smacv2":
        return smacv2(name, given)
    if module == "smaclite":
        return smaclite(name, given, own)
    package = imported(module, module)
    found = getattr(package, name, None)
    if found is None and hasattr(package, "__path__") and importlib.util.find_spec(f"{module}.{name}") is not None:
        found = imported(f"{module}.{name}", module)
    if inspect.ismodule(found):
        if not hasattr(found, "parallel_env"):
            raise Wrong(f"{module}.{name} has no parallel_env, PettingZoo's parallel API")
        return called(found.parallel_env, given, f"{name}.parallel_env")
    if type(found).__name__ == "DeprecatedModule":
        # PettingZoo's stand-in for an older version, whose attributes say which is there now.
        try:
            found.env()
        except Exception as error:
            raise Wrong(f"is no more: {error}") from None
    if found is not None:
        return called(found, given, f"{module}.{name}")
    return gymnasium_make(module, name, given)


def gymnasium_make(module, name, given):
    gymnasium = imported("gymnasium", module)
    if name not in gymnasium.registry:
        import difflib

        near = difflib.get_close_matches(name, list(gymnasium.registry), 3, 0.5)
        raise Wrong(f"{module} has nothing of the name {name}, nor has Gymnasium after importing it" + (f"; did you mean {' or '.join(near)}?" if near else ""))
    return lambda: gymnasium.make(name, disable_env_checker=True, **given)


def smaclite(name, given, own):
    package = imported("smaclite", "smaclite")
    own["episodeLimit"] = own["episodeLimit"] or SMAC_LIMITS.get(name, 150)
    make = gymnasium_make("smaclite", "smaclite/custom-v0" if "map_file" in given else f"smaclite/{name}-v0", {"render_mode": "rgb_array", **given})
    # Gymnasium's wrappers hide the methods of MultiAgentEnv.
    return lambda: make().unwrapped


def smacv2(name, given):
    race = name.split("_")[-1]
    if race not in SMACV2_TEAMS:
        raise Wrong(f"smacv2 has no map {name}; give for example 10gen_terran, 10gen_protoss or 10gen_zerg")
    maker = imported("smacv2.env.starcraft2.wrapper", "smacv2").StarCraftCapabilityEnvWrapper
    types, weights, exceptions = SMACV2_TEAMS[race]
    rest = dict(given)
    allies, enemies = rest.pop("n_units", 5), rest.pop("n_enemies", 5)
    teams = {"dist_type": "weighted_teams", "unit_types": types, "exception_unit_types": exceptions, "weights": weights, "observe": True}
    places = {"dist_type": "surrounded_and_reflect", "p": 0.5, "n_enemies": enemies, "map_x": 32, "map_y": 32}
    capabilities = {"n_units": allies, "n_enemies": enemies, "team_gen": teams, "start_positions": places}
    settings = {"debug": False, "conic_fov": False, "obs_own_pos": True, "use_unit_ranges": True, "min_attack_range": 2, **rest}
    return lambda: maker(capability_config=capabilities, map_name=name, **settings)


def imported(module, package):
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        parent, _, name = module.rpartition(".")
        if not parent or error.name != module:
            raise missing(error, package) from None
    # What a package calls a module of its own may lie elsewhere.
    whole = imported(parent, package)
    if not inspect.ismodule(getattr(whole, name, None)):
        raise Wrong(f"the Python package {parent} in {sys.executable} has no module {name}")
    return getattr(whole, name)


def missing(error, whose):
    """What a person reads of a module that is not there."""
    name = (error.name or str(error)).split(".")[0]
    needed = "" if name == whose.split(".")[0] else f", which {whose} needs,"
    return Wrong(f"the Python module {name}{needed} is not installed in {sys.executable}")


def from_file(path):
    if not os.path.isfile(path):
        raise Wrong(f"there is no file {path}")
    sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
    spec = importlib.util.spec_from_file_location(os.path.splitext(os.path.basename(path))[0], path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except ModuleNotFoundError as error:
        raise missing(error, os.path.basename(path)) from None
    return module


def attribute(module, name, where):
    if not hasattr(module, name):
        public = [key for key, value in vars(module).items() if callable(value) and not key.startswith("_")]
        raise Wrong(f"{where} has no {name}; it has {', '.join(public[:10]) or 'no functions'}")
    return getattr(module, name)


def called(maker, given, what):
    if not callable(maker):
        raise Wrong(f"{what} is {type(maker).__name__}; expected a function or class that makes an environment")

    def make():
        try:
            inspect.signature(maker).bind(**given)
        except TypeError as error:
            raise Wrong(f"{what} does not take these options: {error}") from None
        except ValueError:  # It has no signature that can be read.
            pass
        return maker(**given)

    return make


def adapt(env, own, given):
    """The adapter of whatever API an environment has."""
    if all(callable(getattr(env, name, None)) for name in ("reset", "step", "get_obs", "get_avail_actions")):
        return MultiAgent(env, own)
    if hasattr(env, "possible_agents") and callable(getattr(env, "step", None)):
        if hasattr(env, "agent_selection"):
            raise Wrong("has PettingZoo's turn-based API; give its parallel_env, in which all agents act at once")
        return Parallel(env, own, given)
    spaces = getattr(getattr(env, "action_space", None), "spaces", None)
    if isinstance(spaces, (tuple, list)):
        return Tuples(env, own)
    if hasattr(env, "action_space"):
        raise Wrong(f"has the action space {env.action_space}, of a single agent; expected a tuple with one space for each agent")
    raise Wrong(f"gives {type(env).__name__}, which has neither get_obs and get_avail_actions (PyMARL's MultiAgentEnv), nor possible_agents (PettingZoo's parallel API), nor a tuple of action spaces (Gymnasium)")


def size_of(shape, what="a shape"):
    """The number of entries of a shape, which may be a number."""
    if hasattr(shape, "__len__") and not isinstance(shape, str):
        size = 1
        for length in shape:
            size *= size_of(length, what)
        return size
    if not hasattr(shape, "__index__") and not (isinstance(shape, float) and shape.is_integer()):
        raise Wrong(f"has {what} {shape!r}; expected a whole number")
    return int(shape)


def choices(space, agent):
    """How many actions a space has."""
    count = getattr(space, "n", None)
    if count is None or hasattr(count, "__len__"):
        raise Wrong(f"gives agent {agent} the action space {space}; expected Discrete actions, or a Box of numbers for every agent")
    if getattr(space, "start", 0) != 0:
        raise Wrong(f"gives agent {agent} the action space {space}; expected actions that count from 0")
    return int(count)


class Actions:
    """The actions of all agents: one of `counts[i]` for agent i, or where every space is a Box, `counts[i]` numbers in it."""

    def __init__(self, spaces, names):
        self.continuous = all(type(space).__name__ == "Box" for space in spaces)
        if not self.continuous:
            self.counts = [choices(space, name) for space, name in zip(spaces, names)]
            self.sizes = {"actions": max(self.counts)}
            return
        self.counts = [size_of(space.shape) for space in spaces]
        self.shapes = [space.shape for space in spaces]
        most = max(self.counts)
        box = {"low": [], "high": []}
        for space, name, count in zip(spaces, names, self.counts):
            for side in ("low", "high"):
                bounds = [float(bound) for bound in getattr(space, side).reshape(-1)]
                for i, bound in enumerate(bounds):
                    if bound - bound != 0:
                        raise Wrong(f"gives agent {name} no bound for number {i} of its action ({side} is {bound}); expected a finite Box")
                # What fills up an agent's action is ignored.
                box[side] += bounds + (most - count) * [bounds[0]]
        self.sizes = {"actions": most, "box": box}

    def of(self, joint):
        """Each agent's own action."""
        if not self.continuous:
            return joint
        return [joint[i][:count].reshape(shape).copy() for i, (count, shape) in enumerate(zip(self.counts, self.shapes))]


def width(space):
    """How many numbers an observation of a space has."""
    if hasattr(space, "spaces"):
        parts = space.spaces.values() if hasattr(space.spaces, "values") else space.spaces
        return sum(width(part) for part in parts)
    if type(space).__name__ == "Discrete":
        return int(space.n)
    if getattr(space, "shape", None) is None:
        raise Wrong(f"has observations of {space}; expected numbers of a fixed shape")
    return size_of(space.shape)


def numbers(space, values):
    """The numbers of an observation in the order of its space, in one array; choices are one-hot."""
    if hasattr(space, "spaces"):
        keyed = hasattr(space.spaces, "items")
        parts = space.spaces.items() if keyed else enumerate(space.spaces)
        return numpy.concatenate([numbers(part, values[key]) for key, part in parts])
    if type(space).__name__ == "Discrete":
        choice = int(values) - int(getattr(space, "start", 0))
        return numpy.eye(1, int(space.n), choice)[0] if 0 <= choice < int(space.n) else numpy.full(int(space.n), numpy.nan)
    return numpy.ravel(values)


class Scale:
    """Brings the numbers of a space to -1..1 by their bounds; what has none stays as it is, and so do choices."""

    def __init__(self, space):
        low, high = bounds(space, "low"), bounds(space, "high")
        with numpy.errstate(invalid="ignore"):
            bounded = numpy.isfinite(low) & numpy.isfinite(high) & (high > low)
        self.middle = numpy.where(bounded, (low + high) / 2, 0)
        self.half = numpy.where(bounded, (high - low) / 2, 1)
        self.bounded = bounded.any()

    def of(self, values):
        return (values - self.middle) / self.half


def bounds(space, side):
    """The lower or upper bounds of the numbers of a space, in the order of `numbers`; NaN where there are none."""
    if hasattr(space, "spaces"):
        parts = space.spaces.values() if hasattr(space.spaces, "values") else space.spaces
        return numpy.concatenate([bounds(part, side) for part in parts])
    found = getattr(space, side, None)
    return numpy.full(width(space), numpy.nan) if found is None else numpy.ravel(found).astype(float)


def scales(own, spaces):
    """How each agent's observation is scaled; None where it is not."""
    if own["observations"] == "plain":
        return [None] * len(spaces)
    found = [Scale(space) for space in spaces]
    if not any(scale.bounded for scale in found):
        raise Wrong(f"has observations of {spaces[0]}, which have no bounds to scale them by: leave out options.environment.observations")
    return found


def put(row, space, size, values, what, scale=None):
    """Writes an observation of `size` numbers into the beginning of a row, and zeros after it."""
    try:
        values = numbers(space, values)
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise Wrong(f"shows {what} something else than its space {space} ({type(error).__name__}: {error})") from None
    if len(values) != size:
        raise Wrong(f"shows {what} {len(values)} numbers; its space says {size}")
    row[:size] = values if scale is None else scale.of(values)
    row[size:] = 0


def limit_of(env, own, given=()):
    """Steps after which an episode is cut off: as it was given, else as the environment says."""
    if own["episodeLimit"] > 0:
        return int(own["episodeLimit"])
    if "max_cycles" in given:
        return int(given["max_cycles"])
    spec = getattr(env, "spec", None)
    bare = getattr(env, "unwrapped", env)
    single = getattr(getattr(bare, "single_agent_env", None), "spec", None)  # Multi-Agent MuJoCo
    # Gymnasium's wrapper of limits may lie under others.
    wrappers = [env]
    while hasattr(wrappers[-1], "env") and len(wrappers) < 50:
        wrappers.append(wrappers[-1].env)
    for owner, name in (*((wrapper, "_max_episode_steps") for wrapper in wrappers), (spec, "max_episode_steps"), (single, "max_episode_steps"), (env, "episode_limit"), (bare, "episode_limit"), (bare, "max_cycles"), (bare, "_max_episode_steps"), (bare, "max_episode_steps"), (bare, "max_steps")):
        value = vars(owner).get(name) if owner in wrappers[:-1] else getattr(owner, name, None)
        if isinstance(value, (int, float)) and value > 0:
            return int(value)
    raise Wrong("does not say after how many steps an episode ends: give options.environment.episodeLimit")


def has_won(info):
    """Whether an info says that the team has won, and whether it says anything about it."""
    for key in WINNING:
        if isinstance(info, dict) and key in info:
            return bool(info[key]), True
    return False, False


def words(actions):
    """A joint action in a line of text."""
    return ", ".join(str(action) if not hasattr(action, "__len__") else "(" + " ".join(f"{number:.3g}" for number in action) + ")" for action in actions)


class Adapter:
    """What the adapters share: the clock of an episode, and how it is shown as text."""

    def __init__(self, env, own, api, sizes, reset):
        self.env, self.own, self.api, self.sizes = env, own, api, sizes
        try:
            parameters = inspect.signature(reset).parameters
            self.seeded = "seed" in parameters or any(p.kind is p.VAR_KEYWORD for p in parameters.values())
        except (TypeError, ValueError):
            self.seeded = False
        self.wins = own["wins"] if own["wins"] is not None else getattr(env, "wins", None)
        if self.wins is not None:
            self.wins = bool(self.wins)
        self.t, self.last = 0, None

    def begin(self, seed):
        self.t, self.last = 0, None
        return self.env.reset(seed=seed) if self.seeded else self.env.reset()

    def outcome(self, actions, reward, terminated, cut, win):
        """Counts a step; the limit cuts off an episode that goes on. `win` is what `has_won` says."""
        won, tells = win
        self.t += 1
        cut = cut or (not terminated and self.t >= self.sizes["episodeLimit"])
        ended = terminated or cut
        self.last = (actions, reward, "; won" if won and ended else "; ended" if ended else "")
        terminal = ended if self.own["timeouts"] == "end" else terminated and not cut
        return reward, ended, terminal, bool(won and ended), tells

    def team(self, rewards):
        """One reward for the team from one number, or one for each agent."""
        values = list(rewards.values()) if isinstance(rewards, dict) else rewards
        try:
            if not hasattr(rewards, "__len__") or isinstance(rewards, str):
                return float(rewards)
            total = float(sum(values))
        except (TypeError, ValueError):
            raise Wrong(f"pays the reward {rewards!r}; expected a number, or one for each agent") from None
        if not isinstance(rewards, dict) and len(values) != self.sizes["agents"]:
            raise Wrong(f"pays {len(values)} rewards; expected one number, or one for each of {self.sizes['agents']} agents")
        return total if self.own["rewards"] == "sum" else total / max(1, self.sizes["agents"])

    def snapshot(self):
        """What the environment draws of itself: a dict from its own method `snapshot`, else a line of text."""
        own = getattr(self.env, "snapshot", None)
        drawing = own() if callable(own) else None
        text = "start" if self.last is None else f"actions {words(self.last[0])}; reward {self.last[1]:.4g}{self.last[2]}"
        return {"step": self.t, "text": text, **(drawing if isinstance(drawing, dict) else {})}

    def close(self):
        if callable(getattr(self.env, "close", None)):
            self.env.close()


def parts(result, call, count, names):
    """What `reset` or `step` returns, which has to be a tuple of so many parts."""
    if not isinstance(result, tuple) or len(result) != count:
        what = f"a tuple of {len(result)}" if isinstance(result, tuple) else type(result).__name__
        raise Wrong(f"returns {what} from {call}; expected {names}")
    return result


def allow(available, mask, count, agent):
    """Writes the mask of an agent's own actions."""
    if len(mask) != count:
        raise Wrong(f"gives agent {agent} a mask of {len(mask)} actions; it has {count}")
    for value in mask:
        if not (value == 0 or value == 1):
            raise Wrong(f"gives agent {agent} a mask with {value!r}; expected 0 or 1")
    available[:count] = mask


class MultiAgent(Adapter):
    """PyMARL's MultiAgentEnv. Where there is no state, it is what all agents observe."""

    def __init__(self, env, own):
        if own["observations"] != "plain":
            raise Wrong("has PyMARL's interface, which says no bounds to scale observations by: leave out options.environment.observations")
        info = env.get_env_info() if callable(getattr(env, "get_env_info", None)) else {}
        if not isinstance(info, dict):
            raise Wrong(f"gives {type(info).__name__} from get_env_info; expected a dict")

        def size(key, *names):
            for value in [info.get(key)] + [getattr(env, name, None) for name in names]:
                if value is not None:
                    return size_of(value() if callable(value) else value, key)
            raise Wrong(f"does not say its {key}, neither in get_env_info nor as {' or '.join(names)}")

        agents, observation = size("n_agents", "n_agents"), size("obs_shape", "get_obs_size", "obs_size")
        self.has_state = callable(getattr(env, "get_state", None))
        limit = own["episodeLimit"] or info.get("episode_limit") or limit_of(env, own)
        sizes = {
            "agents": agents,
            "actions": size("n_actions", "get_total_actions", "n_actions"),
            "observation": observation,
            "state": size("state_shape", "get_state_size", "state_size") if self.has_state else agents * observation,
            "episodeLimit": int(limit),
        }
        super().__init__(env, own, "MultiAgentEnv", sizes, env.reset)

    def reset(self, seed):
        try:
            self.begin(seed)
        except Exception as error:
            # The game itself is no package: its absence shows with the first episode.
            if self.own["game"] is None or type(error).__name__ not in ("FileNotFoundError", "SC2LaunchError"):
                raise
            raise Wrong(f"finds no StarCraft II ({error}): set SC2PATH to its folder; npm run setup:python -- {self.own['game']} says how to install it") from None

    def step(self, actions):
        result = self.env.step(actions)
        if not isinstance(result, tuple) or len(result) not in (3, 4, 5):
            raise Wrong("returns from step neither (reward, terminated, info) nor what Gymnasium returns")
        truncated, info = False, result[-1]
        if len(result) == 3:
            reward, terminated, _ = result
        elif len(result) == 4:
            _, reward, terminated, _ = result
        else:
            _, reward, terminated, truncated, _ = result
        info = info if isinstance(info, dict) else {}
        if isinstance(terminated, str):
            raise Wrong(f"says {terminated!r} of whether the episode has ended; expected True or False")
        terminated = all(terminated) if hasattr(terminated, "__len__") else bool(terminated)
        # PyMARL's rule: a time-out of which the environment tells is no end.
        cut = bool(truncated) or bool(info.get("episode_limit", False))
        return self.outcome(actions, self.team(reward), terminated, cut, has_won(info))

    def show(self, observations, state, available):
        seen = self.env.get_obs()
        rows(observations, seen, "get_obs")
        rows(state, self.env.get_state() if self.has_state else seen, "get_state")
        rows(available, self.env.get_avail_actions(), "get_avail_actions", whole=True)


def rows(target, values, what, whole=False):
    """Writes arrays of exactly the promised shape; `whole` ones are zeros and ones."""
    shape = target.shape
    try:
        if len(shape) == 2:
            lengths = set(map(len, values))
            if len(values) != shape[0] or lengths != {shape[1]}:
                raise Wrong(f"gives from {what} {len(values)} rows of {', '.join(map(str, sorted(lengths)))} numbers; its sizes say {shape[0]} rows of {shape[1]}")
        elif hasattr(values[0], "__len__"):
            values = [number for row in values for number in row]
        elif len(values) != shape[0]:
            raise Wrong(f"gives from {what} {len(values)} numbers; its sizes say {shape[0]}")
        target[...] = flags(values, shape, what) if whole else values
    except (TypeError, ValueError) as error:
        raise Wrong(f"gives from {what} what are no {' x '.join(map(str, shape))} numbers: {error}") from None


def flags(values, shape, what):
    """Rows of zeros and ones, in what is quick to copy. Lists of whole numbers, the usual case, become bytes at once."""
    try:
        if numpy and type(values[0]) is list:
            return numpy.frombuffer(b"".join(map(bytes, values)), "u1").reshape(shape)
    except (TypeError, ValueError):
        pass  # There is something else than whole numbers from 0 to 255 among them.
    for row in values:
        for value in row:
            if not (value == 0 or value == 1):
                raise Wrong(f"gives from {what} {value!r}; expected 0 or 1")
    return values


class Parallel(Adapter):
    """PettingZoo's parallel API. Agents that are gone see zeros and have action 0 only."""

    def __init__(self, env, own, given):
        self.names = list(env.possible_agents)
        self.actions = Actions([env.action_space(name) for name in self.names], self.names)
        self.dicts = [masked(env.observation_space(name)) for name in self.names]
        self.spaces = [unmasked(env.observation_space(name)) for name in self.names]
        self.scales = scales(own, self.spaces)
        self.widths = widths = [width(space) for space in self.spaces]
        self.stated = callable(getattr(env, "state", None)) and getattr(env, "state_space", None) is not None
        self.scale_of_state = Scale(env.state_space) if self.stated and own["observations"] == "scaled" else None
        state = width(env.state_space) if self.stated else len(self.names) * max(widths)
        sizes = {"agents": len(self.names), **self.actions.sizes, "observation": max(widths), "state": state, "episodeLimit": limit_of(env, own, given)}
        super().__init__(env, own, "PettingZoo", sizes, env.reset)
        self.seen, self.infos = {}, {}

    def reset(self, seed):
        self.seen, self.infos = parts(self.begin(seed), "reset", 2, "(observations, infos)")

    def step(self, actions):
        acting = set(self.env.agents)
        result = self.env.step({name: action for name, action in zip(self.names, self.actions.of(actions)) if name in acting})
        self.seen, rewards, terminations, truncations, self.infos = parts(result, "step", 5, "(observations, rewards, terminations, truncations, infos)")
        terminated = not self.env.agents
        cut = terminated and any(truncations.values())
        wins = [has_won(info) for info in self.infos.values()]
        return self.outcome(actions, self.team(rewards), terminated, cut, (any(won for won, _ in wins), any(tells for _, tells in wins)))

    def show(self, observations, state, available):
        available[...] = 0
        alive = set(self.env.agents)
        for i, name in enumerate(self.names):
            seen = self.seen.get(name)
            mask = self.infos.get(name, {}).get("action_mask")
            if self.dicts[i] and seen is not None:
                seen, mask = seen["observation"], seen["action_mask"]
            if seen is None and name in alive:
                raise Wrong(f"shows agent {name} nothing, which is among its agents")
            elif seen is None:
                observations[i] = 0
            else:
                put(observations[i], self.spaces[i], self.widths[i], seen, f"agent {name}", self.scales[i])
            if self.actions.continuous:
                available[i, : self.actions.counts[i]] = 1
            elif alive and name not in alive:
                available[i, 0] = 1
            elif mask is not None and alive:
                allow(available[i], mask, self.actions.counts[i], name)
            else:
                available[i, : self.actions.counts[i]] = 1
        if self.stated:
            put(state, self.env.state_space, len(state), self.env.state(), "in its state", self.scale_of_state)
        else:
            state[...] = observations.reshape(-1)


def masked(space):
    return hasattr(space, "spaces") and set(getattr(space.spaces, "keys", list)()) == {"observation", "action_mask"}


def unmasked(space):
    return space["observation"] if masked(space) else space


class Tuples(Adapter):
    """Gymnasium with a tuple of spaces, one for each agent. The state is what all agents observe."""

    def __init__(self, env, own):
        self.actions = Actions(env.action_space.spaces, range(len(env.action_space.spaces)))
        spaces = getattr(env.observation_space, "spaces", None)
        if not isinstance(spaces, (tuple, list)) or len(spaces) != len(self.actions.counts):
            raise Wrong(f"has the observation space {env.observation_space}; expected a tuple with one for each of its {len(self.actions.counts)} agents")
        self.spaces = spaces
        self.scales = scales(own, spaces)
        self.widths = widths = [width(space) for space in spaces]
        sizes = {"agents": len(widths), **self.actions.sizes, "observation": max(widths), "state": len(widths) * max(widths), "episodeLimit": limit_of(env, own)}
        super().__init__(env, own, "Gymnasium", sizes, env.reset)
        self.seen, self.info = (), {}

    def reset(self, seed):
        self.seen, self.info = parts(self.begin(seed), "reset", 2, "(observations, info)")

    def step(self, actions):
        result = self.env.step(tuple(self.actions.of(actions)))
        self.seen, rewards, terminated, truncated, self.info = parts(result, "step", 5, "(observations, rewards, terminated, truncated, info)")
        terminated, truncated = (all(flag) if hasattr(flag, "__len__") else bool(flag) for flag in (terminated, truncated))
        return self.outcome(actions, self.team(rewards), terminated, truncated, has_won(self.info))

    def show(self, observations, state, available):
        if not hasattr(self.seen, "__len__") or len(self.seen) != len(observations):
            raise Wrong(f"shows {len(self.seen) if hasattr(self.seen, '__len__') else type(self.seen).__name__} observations; expected one for each of {len(observations)} agents")
        for i, seen in enumerate(self.seen):
            put(observations[i], self.spaces[i], self.widths[i], seen, f"agent {i}", self.scales[i])
        state[...] = observations.reshape(-1)
        masks = self.info.get("action_mask") if isinstance(self.info, dict) else None
        available[...] = 0
        for i, count in enumerate(self.actions.counts):
            allow(available[i], [1] * count if masks is None or self.actions.continuous else masks[i], count, i)
