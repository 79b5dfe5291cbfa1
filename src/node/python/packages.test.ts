import "../host.js";
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { resolveConfig } from "../../config.js";
import type { Environment } from "../../envs/environment.js";
import { createEnvironment } from "../../envs/index.js";
import { uniformRandom } from "../../envs/play.js";
import { train } from "../../training/train.js";

// These tests run the adapters beside the packages that they are for. `npm run setup:python -- pettingzoo lbf rware
// mamujoco` installs them; what is not installed is skipped.

const { environmentPython, recipesThere } = (await import(
  new URL("../../setup/environments.mjs", import.meta.url).href
)) as { environmentPython(): string; recipesThere(python: string): string[] };
const python = environmentPython();
const there = new Set(recipesThere(python));
for (const name of ["pettingzoo", "lbf", "rware"])
  if (!there.has(name))
    console.warn(`${name} is not installed in ${python}: its tests are skipped; npm run setup:python -- ${name}`);

const fixtures = fileURLToPath(new URL("fixtures/leavers.py", import.meta.url));
const named = (factory: string) => `python:${fixtures}:${factory}`;
const before = process.env["MAST_PYTHON"];
beforeAll(() => void (process.env["MAST_PYTHON"] = python));
afterAll(() => {
  if (before === undefined) delete process.env["MAST_PYTHON"];
  else process.env["MAST_PYTHON"] = before;
});

/** Runs a few lines of Python and returns what they print as JSON. */
function answer<Result>(code: string): Result {
  const printed = execFileSync(python, ["-c", code], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  return JSON.parse(printed.trim().split("\n").at(-1)!) as Result;
}
const said = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    expect((error as Error).message).not.toContain("\n");
    return (error as Error).message;
  }
  return "nothing";
};

interface Moment {
  readonly observations: number[][];
  readonly reward: number;
  readonly ended: boolean;
  readonly state?: number[];
  readonly terminated?: boolean;
}

/** Plays given joint actions from a seed. */
function moments(env: Environment, seed: number, actions: readonly (readonly number[])[]): Moment[] {
  const { agents, observation } = env.sizes;
  const now = (): Moment => ({
    observations: Array.from({ length: agents }, (_, i) => [
      ...env.observations.subarray(i * observation, (i + 1) * observation),
    ]),
    reward: env.reward,
    ended: env.ended,
    state: [...env.state],
  });
  env.reset(seed);
  return [
    now(),
    ...actions.map((joint) => {
      env.step(joint);
      return now();
    }),
  ];
}

/** Requires the same moments, up to 32-bit floats; shorter observations are filled up with zeros. */
function same(ours: readonly Moment[], theirs: readonly Moment[]): void {
  expect(ours).toHaveLength(theirs.length);
  ours.forEach(({ observations, reward, ended, state }, t) => {
    expect(ended).toBe(theirs[t].ended);
    expect(reward).toBeCloseTo(theirs[t].reward, 5);
    observations.forEach((row, i) => {
      const theirRow = theirs[t].observations[i];
      row.forEach((value, j) => expect(value).toBeCloseTo(theirRow[j] ?? 0, 5));
    });
    theirs[t].state?.forEach((value, j) => expect(state![j]).toBeCloseTo(value, 5));
  });
}

describe.skipIf(!there.has("pettingzoo"))("PettingZoo's parallel API", () => {
  it.each([
    ["simple_spread_v3", 3, 5],
    // The agents have unequal spaces: observations of 3 and 11 numbers, and 3 and 5 actions.
    ["simple_speaker_listener_v4", 2, 3],
  ] as const)("mpe2's %s shows and pays what it does without the bridge, from its seed on", (name, agents, actions) => {
    const joint = Array.from({ length: 25 }, (_, t) =>
      Array.from({ length: agents }, (_, i) => (t * 7 + i * 3) % actions),
    );
    const theirs = answer<Moment[]>(`
import json
from mpe2 import ${name} as module
env = module.parallel_env()
seen, _ = env.reset(seed=11)
def now(seen, reward, ended):
    return {"observations": [seen[a].tolist() for a in env.possible_agents], "reward": reward, "ended": ended, "state": env.state().tolist()}
moments = [now(seen, 0, False)]
for joint in ${JSON.stringify(joint)}:
    seen, rewards, _, _, _ = env.step(dict(zip(env.possible_agents, joint)))
    moments.append(now(seen, float(sum(rewards.values())), not env.agents))
print(json.dumps(moments))`);
    const env = createEnvironment(`python:mpe2/${name}`);
    same(moments(env, 11, joint), theirs);
    expect([env.ended, env.terminal, env.won]).toEqual([true, false, false]);
    expect(env.sizes.episodeLimit).toBe(25);
    env.close!();
  });

  it("fills up the spaces of agents that see or do less, and allows them their own actions only", () => {
    const env = createEnvironment("python:mpe2/simple_speaker_listener_v4");
    expect(env.sizes).toMatchObject({ agents: 2, actions: 5, observation: 11 });
    env.reset(1);
    expect([...env.availableActions]).toEqual([1, 1, 1, 0, 0, 1, 1, 1, 1, 1]);
    expect([...env.observations.subarray(3, 11)]).toEqual(Array.from({ length: 8 }, () => 0));
    expect(() => env.step([3, 0])).toThrow("agent 0 cannot play action 3 now");
    env.close!();
  });

  it("passes PettingZoo's own test where the adapter is tested: of mpe2 and of the environments below", () => {
    expect(
      answer(`
import json, sys
sys.path.insert(0, ${JSON.stringify(fileURLToPath(new URL("fixtures", import.meta.url)))})
from pettingzoo.test import parallel_api_test
from mpe2 import simple_spread_v3
from leavers import Leavers
parallel_api_test(simple_spread_v3.parallel_env(), num_cycles=60)
parallel_api_test(Leavers(), num_cycles=60)
parallel_api_test(Leavers(how="truncates"), num_cycles=60)
print(json.dumps("passed"))`),
    ).toBe("passed");
  });

  it("gives agents that have left zeros and action 0, and ends when the last one has", () => {
    for (const how of ["terminates", "truncates"]) {
      const env = createEnvironment(named("leavers"), { options: { how, episodeLimit: 50 } });
      env.reset(1);
      env.step([2, 1, 1]);
      // "first" sees its last moment and has left.
      expect([...env.observations]).toEqual([1, 1, 2, 1, 3, 1]);
      expect([...env.availableActions]).toEqual([1, 0, 0, 1, 1, 0, 1, 1, 0]);
      expect(env.reward).toBe(4);
      env.step([0, 1, 0]);
      expect([...env.observations]).toEqual([0, 0, 2, 2, 3, 2]);
      expect([env.reward, env.ended]).toEqual([1, false]);
      env.step([0, 0, 1]);
      expect([env.reward, env.ended, env.terminal]).toEqual([1, true, how === "terminates"]);
      env.close!();
    }
    const mean = createEnvironment(named("leavers"), { options: { rewards: "mean", episodeLimit: 1 } });
    mean.reset(1);
    mean.step([2, 1, 0]);
    expect([mean.reward, mean.ended, mean.terminal]).toEqual([1, true, false]);
    const ending = createEnvironment(named("leavers"), { options: { timeouts: "end", episodeLimit: 1 } });
    ending.reset(1);
    ending.step([2, 1, 0]);
    expect([ending.ended, ending.terminal]).toEqual([true, true]);
  });

  it.each(["observation", "info"])("takes masks of actions from the %s", (masks) => {
    const env = createEnvironment(named("leavers"), { options: { masks, episodeLimit: 50 } });
    env.reset(1);
    expect([...env.availableActions]).toEqual([0, 0, 1, 0, 1, 0, 0, 1, 0]);
    env.step([2, 1, 1]);
    expect([...env.availableActions]).toEqual([1, 0, 0, 1, 1, 0, 1, 1, 0]);
    expect([...env.observations]).toEqual([1, 1, 2, 1, 3, 1]);
  });

  it.each<[string, string, Record<string, string | number>, string]>([
    ["the turn-based API", "Turns", {}, "has PettingZoo's turn-based API; give its parallel_env"],
    ["no limit of steps", "leavers", {}, "give options.environment.episodeLimit"],
    ["rewards of another kind", "leavers", { rewards: "max" }, 'allowed are "sum" and "mean"'],
    ["timeouts of another kind", "leavers", { timeouts: "stop" }, 'allowed are "continue"'],
    ["wins of another kind", "leavers", { wins: "yes" }, "allowed are true and false"],
    ["a single agent", "Alone", {}, "of a single agent; expected a tuple with one space for each agent"],
    ["boxes and choices at once", "boxes", { mixed: 1 }, "gives agent 1 the action space Box("],
    ["a box without bounds", "boxes", { bound: "inf" }, "gives agent 1 no bound for number 1 of its action"],
  ])("refuses %s in one line", (_, factory, options, message) => {
    expect(said(() => createEnvironment(named(factory), { options }))).toContain(message);
  });

  it.each<[string, string]>([
    ["short", "returns a tuple of 3 from step; expected (observations, rewards, terminated, truncated, info)"],
    ["blind", "shows 1 observations; expected one for each of 2 agents"],
    ["wide", "shows agent 0 4 numbers; its space says 1"],
    ["mask", "gives agent 0 a mask of 3 actions; it has 2"],
    ["word", "pays the reward 'much'; expected a number"],
    ["rewards", "pays 1 rewards; expected one number, or one for each of 2 agents"],
  ])("refuses an environment with the fault %s in one line, before anything runs", (fault, message) => {
    const options = { environment: { fault, episodeLimit: 5 } };
    expect(said(() => resolveConfig({ environment: named("faulty"), steps: 1000, options }))).toContain(message);
  });

  it("finds a limit under wrappers, and writes out spaces of several parts", () => {
    const env = createEnvironment(named("limited"));
    expect(env.sizes).toEqual({ agents: 2, actions: 3, observation: 5, state: 10, episodeLimit: 4 });
    env.reset(1);
    env.step([1, 2]);
    expect(env.reward).toBe(1.5);
    // A choice is one-hot, and an agent that sees less is filled up with zeros.
    expect([...env.observations]).toEqual([1, 0, 0, 0, 0, 0, 0, 1, 1, 1]);
    for (let t = 1; t < 4; t++) env.step([0, 0]);
    expect([env.ended, env.terminal]).toEqual([true, false]);
    expect(said(() => createEnvironment(named("faulty"), { options: { episodeLimit: -1 } }))).toContain(
      "has episodeLimit -1; expected a whole number of steps",
    );
  });

  it("refuses what mpe2 does not have, with what is near", () => {
    expect(said(() => createEnvironment("python:mpe2/simple_spread_v9"))).toContain(
      "mpe2 has nothing of the name simple_spread_v9",
    );
    expect(said(() => createEnvironment("python:mpe2/simple_spread_v3", { options: { M: 3 } }))).toContain(
      "got an unexpected keyword argument 'M'",
    );
  });

  it("scores by return, since no team can win", () => {
    const environment = "python:mpe2/simple_spread_v3";
    expect(resolveConfig({ environment, steps: 1000 }).evaluation.score).toBe("return");
    expect(said(() => resolveConfig({ environment, steps: 1000, evaluation: { score: "win-rate" } }))).toBe(
      'config: evaluation.score is "win-rate", but in environment "python:mpe2/simple_spread_v3" no team can win: leave it out, or give "return"',
    );
    const wins = resolveConfig({ environment, steps: 1000, options: { environment: { wins: true } } });
    expect(wins.evaluation.score).toBeUndefined();
  });
});

describe.skipIf(!there.has("pettingzoo"))("actions in boxes", () => {
  it("reach each agent as its own numbers, and come with a mask of those that do something", () => {
    const env = createEnvironment(named("boxes"));
    const bound = Math.fround(0.4);
    expect(env.sizes).toEqual({
      agents: 2,
      actions: 2,
      box: { low: [-bound, -bound, -1, 0], high: [bound, bound, 1, 2] },
      observation: 2,
      state: 4,
      episodeLimit: 3,
    });
    env.reset(1);
    expect([...env.availableActions]).toEqual([1, 0, 1, 1]);
    env.step([0.25, 0, -0.5, 1.5]);
    expect([...env.observations]).toEqual([0.25, 0, -0.5, 1.5]);
    expect(env.reward).toBe(1.25);
    expect(() => env.step([0.5, 0, 0, 0])).toThrow("agent 0 cannot play 0.5 as number 0 of its action");
    env.step([bound, 0, 1, 2]);
    env.step([-0.4, 0.1, -1, 0]);
    // The first step's info spoke of success, and so did the last one's.
    expect([env.ended, env.terminal, env.won, env.wins]).toEqual([true, false, true, true]);
    env.close!();
  });

  it("are played side by side by several copies", () => {
    const envs = [1, 2, 3].map(() => createEnvironment(named("boxes")));
    envs.forEach((env) => env.reset(1));
    envs.forEach((env, i) => env.step([i / 8, 0, 0, i]));
    expect(envs.slice(0, 3).map((env) => [env.observations[0], env.reward])).toEqual([
      [0, 0],
      [0.125, 1.125],
      [0.25, 2.25],
    ]);
    for (const env of envs) env.close!();
  });

  it("are refused for an algorithm that chooses", () => {
    expect(said(() => resolveConfig({ environment: named("boxes"), steps: 1000 }))).toContain(
      "has continuous actions, but QMIX chooses among discrete ones",
    );
    expect(
      said(() =>
        resolveConfig({
          environment: "python:mpe2/simple_spread_v3",
          steps: 1000,
          options: { environment: { continuous_actions: true } },
        }),
      ),
    ).toContain("has continuous actions");
  });
});

describe.skipIf(!there.has("mamujoco"))("Multi-Agent MuJoCo", () => {
  it("is stepped by random actions, and pays the team once", () => {
    const options = { scenario: "Swimmer", agent_conf: "2x1" };
    const env = createEnvironment("python:gymnasium_robotics/mamujoco_v1", { options });
    expect(env.sizes).toMatchObject({
      agents: 2,
      actions: 1,
      box: { low: [-1, -1], high: [1, 1] },
      episodeLimit: 1000,
    });
    const random = uniformRandom(3);
    const played: number[][] = [];
    const joint = new Float32Array(2);
    env.reset(5);
    let total = 0;
    for (let t = 0; t < 20; t++) {
      random(env, joint);
      played.push([...joint]);
      env.step(joint);
      total += env.reward;
    }
    const theirs = answer<{ total: number; seen: number[][] }>(`
import json, numpy
from gymnasium_robotics import mamujoco_v1
env = mamujoco_v1.parallel_env("Swimmer", "2x1")
seen, _ = env.reset(seed=5)
total = 0.0
for joint in ${JSON.stringify(played)}:
    seen, rewards, _, _, _ = env.step({a: numpy.float32([x]) for a, x in zip(env.possible_agents, joint)})
    total += float(rewards["agent_0"])
print(json.dumps({"total": total, "seen": [seen[a].tolist() for a in env.possible_agents]}))`);
    expect(total).toBeCloseTo(theirs.total, 5);
    theirs.seen.flat().forEach((value, i) => expect(env.observations[i]).toBeCloseTo(value, 4));
    env.close!();
  });

  it.each(["comix", "facmac"])("trains and evaluates a team by %s, again with the same bits", async (algorithm) => {
    const records = async () => {
      const all = [];
      for await (const record of train(
        resolveConfig({
          environment: "python:gymnasium_robotics/mamujoco_v1",
          options: { environment: { scenario: "Swimmer", agent_conf: "2x1", episodeLimit: 30 } },
          algorithm,
          method: "mast",
          sparsity: { level: 0.5 },
          steps: 90,
          warmup: 30,
          exploration: { uniform: 40 },
          network: { hidden: 12, embed: 6, hypernetEmbed: 6 },
          topology: { interval: 20 },
          replay: { offlineCapacity: 80, onlineCapacity: 30, offlineBatch: 6, onlineBatch: 4 },
          evaluation: { interval: 45, episodes: 2, window: 1 },
          log: { interval: 30 },
        }),
      ))
        all.push(record);
      return all;
    };
    const first = await records();
    const evaluations = first.flatMap((record) => (record.kind === "evaluation" ? [record] : []));
    expect(evaluations.map(({ step, episodeLength }) => [step, episodeLength])).toEqual([
      [0, 30],
      [45, 30],
      [90, 30],
    ]);
    expect(first.at(-1)).toMatchObject({ kind: "end", step: 90, update: 61 });
    const again = await records();
    expect(again.flatMap((record) => (record.kind === "evaluation" ? [record] : []))).toEqual(evaluations);
  });
});

describe("Gymnasium's tuples of spaces", () => {
  const direct = (module: string, id: string, joint: readonly (readonly number[])[]) =>
    answer<Moment[]>(`
import json, gymnasium, ${module}
env = gymnasium.make("${id}", disable_env_checker=True)
seen, _ = env.reset(seed=4)
moments = [{"observations": [row.tolist() for row in seen], "reward": 0, "ended": False}]
for joint in ${JSON.stringify(joint)}:
    seen, rewards, terminated, truncated, _ = env.step(tuple(joint))
    moments.append({"observations": [row.tolist() for row in seen], "reward": float(sum(rewards)), "ended": bool(terminated or truncated), "terminated": terminated})
print(json.dumps(moments))`);

  it.skipIf(!there.has("lbf"))(
    "Level-Based Foraging shows and pays what it does without the bridge, and may be foraged in",
    () => {
      // Without "coop" random agents find food in a few steps.
      const id = "Foraging-5x5-2p-1f-v3";
      const joint = Array.from({ length: 50 }, (_, t) => [(t * 5 + 1) % 6, (t * 3 + (t >> 2)) % 6]);
      const theirs = direct("lbforaging", id, joint);
      const end = theirs.findIndex(({ ended }) => ended);
      const env = createEnvironment(`python:lbforaging/${id}`);
      expect(env.sizes).toMatchObject({ agents: 2, actions: 6, episodeLimit: 50 });
      same(moments(env, 4, joint.slice(0, end)), theirs.slice(0, end + 1));
      expect([env.ended, env.terminal]).toEqual([true, theirs[end].terminated]);
      const coop = createEnvironment("python:lbforaging/Foraging-8x8-2p-2f-coop-v3");
      expect(coop.sizes).toMatchObject({ agents: 2, actions: 6, observation: 12, episodeLimit: 50 });
      for (const one of [env, coop]) one.close!();
    },
  );

  it.skipIf(!there.has("lbf"))("a pair that plays by what it sees gathers all the food that takes two to lift", () => {
    const env = createEnvironment("python:lbforaging/Foraging-8x8-2p-2f-coop-v3");
    const returns = Array.from({ length: 20 }, (_, episode) => {
      let total = 0;
      for (env.reset(episode + 1); !env.ended; total += env.reward)
        env.step([0, 1].map((agent) => forage(env.observations.subarray(12 * agent, 12 * agent + 12), agent)));
      return total;
    });
    // Uniform random play returns .003.
    expect(returns.reduce((sum, one) => sum + one, 0) / 20).toBeGreaterThan(0.9);
    env.close!();
  });

  it.skipIf(!there.has("lbf"))(
    "observations are scaled to -1..1 by the bounds of their space where that is asked for",
    () => {
      const id = "python:lbforaging/Foraging-8x8-2p-2f-coop-v3";
      const [plain, scaled] = ["plain", "scaled"].map((observations) => {
        const env = createEnvironment(id, { options: { observations } });
        env.reset(3);
        return { seen: [...env.observations], state: [...env.state], close: () => env.close!() };
      });
      // Rows and columns are -1..7, levels of food 0..4, those of agents 0..2.
      const middle = (i: number) => (i % 3 < 2 ? 3 : i % 12 < 6 ? 2 : 1);
      const half = (i: number) => (i % 3 < 2 ? 4 : middle(i));
      expect(scaled.seen).toEqual(plain.seen.map((value, i) => (value - middle(i)) / half(i)));
      expect(scaled.state).toEqual(scaled.seen);
      plain.close();
      scaled.close();
      const refused = (name: string, observations: string) =>
        said(() => createEnvironment(name, { options: { observations } }));
      expect(refused(id, "small")).toContain('has observations \'small\'; allowed are "plain" and "scaled"');
      if (there.has("rware"))
        expect(refused("python:rware/rware-tiny-2ag-v2", "scaled")).toContain("no bounds to scale");
      expect(
        refused(`python:${fileURLToPath(new URL("fixtures/teams.py", import.meta.url))}:coin`, "scaled"),
      ).toContain("has PyMARL's interface, which says no bounds");
    },
  );

  it.skipIf(!there.has("rware"))("RWARE shows and pays what it does without the bridge", () => {
    const id = "rware-tiny-2ag-v2";
    const joint = Array.from({ length: 40 }, (_, t) => [(t * 5 + 1) % 5, (t * 3 + (t >> 2)) % 5]);
    const env = createEnvironment(`python:rware/${id}`);
    expect(env.sizes).toMatchObject({ agents: 2, actions: 5, episodeLimit: 500 });
    same(moments(env, 4, joint), direct("rware", id, joint));
    env.close!();
  });
});

/**
 * The way of one of two agents in a field of 8 x 8 to the food that both together are nearest to, from what it
 * observes: row, column and level of two pieces of food (-1 where there is none left), of itself and of the other.
 */
function forage(seen: Float32Array, agent: number): number {
  const [first, second, self, other] = [0, 3, 6, 9].map((at) => [seen[at], seen[at + 1]] as const);
  const far = (a: readonly [number, number], b: readonly [number, number]) =>
    Math.abs(a[0] - b[0]) + Math.abs(a[1] - b[1]);
  const food = [first, second].filter(([row]) => row >= 0);
  const [target] = food.sort((a, b) => far(a, self) + far(a, other) - far(b, self) - far(b, other));
  if (far(self, target) === 1) return 5;
  const moves = [
    [-1, 0],
    [1, 0],
    [0, -1],
    [0, 1],
  ];
  // The search goes breadth first, around the food and the other agent.
  const steps = new Map<string, number>([[String(self), 0]]);
  for (const [place, action] of steps) {
    const [row, column] = place.split(",").map(Number);
    for (const [i, [down, right]] of moves.entries()) {
      const next = [row + down, column + right] as const;
      if (steps.has(String(next)) || next.some((at) => at < 0 || at > 7)) continue;
      if ([...food, other].some((thing) => far(thing, next) === 0)) continue;
      if (far(next, target) === 1) return action || i + 1;
      steps.set(String(next), action || i + 1);
    }
  }
  // The other agent stands in the way.
  return agent === 0 ? 0 : 1;
}

describe("SMACv2's interface", () => {
  it("is played from a stand-in in its module's place, made as its authors make it", () => {
    const folder = mkdtempSync(join(tmpdir(), "mast-smacv2-"));
    const place = join(folder, "smacv2", "env", "starcraft2");
    mkdirSync(place, { recursive: true });
    for (const path of ["smacv2", "smacv2/env", "smacv2/env/starcraft2"])
      writeFileSync(join(folder, path, "__init__.py"), "");
    copyFileSync(fileURLToPath(new URL("fixtures/teams.py", import.meta.url)), join(place, "teams.py"));
    writeFileSync(
      join(place, "wrapper.py"),
      `from .teams import StarCraft2Env
class StarCraftCapabilityEnvWrapper(StarCraft2Env):
    """Takes a distribution of teams and start positions, and is otherwise SMAC's: see SMACv2's README."""
    def __init__(self, capability_config, map_name, conic_fov=True, obs_own_pos=False, use_unit_ranges=False, min_attack_range=0, debug=False, difficulty="7"):
        super().__init__(map_name="8m", difficulty=difficulty)
        teams, places = capability_config["team_gen"], capability_config["start_positions"]
        assert teams["dist_type"] == "weighted_teams" and abs(sum(teams["weights"]) - 1) < 1e-9 and len(teams["weights"]) == len(teams["unit_types"]), teams
        assert set(teams["exception_unit_types"]) <= set(teams["unit_types"]) and teams["observe"] is True, teams
        assert places["dist_type"] == "surrounded_and_reflect" and places["n_enemies"] == capability_config["n_enemies"] and places["map_x"] == 32, places
        assert not conic_fov and obs_own_pos and use_unit_ranges and min_attack_range == 2
        self.units = capability_config["n_units"], capability_config["n_enemies"], map_name
    def get_state(self):
        return [self.units[0], self.units[1], len(self.units[2])]
`,
    );
    process.env["PYTHONPATH"] = folder;
    try {
      const env = createEnvironment("python:smacv2/10gen_terran", { options: { n_units: 10, n_enemies: 11 } });
      expect([env.copies, env.wins]).toEqual([1, true]);
      env.reset(3);
      expect([...env.state]).toEqual([10, 11, 12]);
      env.step([2, 2]);
      expect([env.reward, env.ended, env.terminal, env.won]).toEqual([0.5, true, true, true]);
      expect(said(() => createEnvironment("python:smacv2/10gen_human"))).toContain("give for example 10gen_terran");
      for (const race of ["protoss", "zerg"]) createEnvironment(`python:smacv2/10gen_${race}`).reset(1);
    } finally {
      delete process.env["PYTHONPATH"];
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
