import "../host.js";
import { execFileSync, spawn } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type ConfigInput, resolveConfig } from "../../config.js";
import type { Environment } from "../../envs/environment.js";
import { createEnvironment, environmentOf } from "../../envs/index.js";
import { EpisodeLost } from "../../envs/lost.js";
import { runName } from "../../runs/store.js";
import { collect } from "../../training/fixtures.js";
import type { EndRecord, EvaluationRecord } from "../../training/records.js";

const teams = fileURLToPath(new URL("fixtures/teams.py", import.meta.url));
const named = (factory: string) => `python:${teams}:${factory}`;
const python = (() => {
  for (const name of [process.env["MAST_PYTHON"], "python3"]) {
    if (!name) continue;
    try {
      execFileSync(name, ["--version"], { stdio: "ignore" });
      return name;
    } catch {
      // The next one may be there.
    }
  }
  return undefined;
})();

let folder: string;
const before = { ...process.env };
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "mast-bridge-test-"));
  if (python !== undefined) process.env["MAST_PYTHON"] = python;
});
afterEach(() => {
  for (const name of ["MAST_PYTHON_TIMEOUT", "MAST_PYTHON_PROCESSES"]) {
    if (before[name] === undefined) delete process.env[name];
    else process.env[name] = before[name];
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Plays an episode in which everyone does the same. */
function play(env: Environment, action: number): number[] {
  const rewards: number[] = [];
  while (!env.ended) {
    env.step([action, action]);
    rewards.push(env.reward);
  }
  return rewards;
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

describe.skipIf(python === undefined)("an environment in Python", () => {
  it("plays what its file says, and is given the seed", () => {
    const env = createEnvironment(named("coin"));
    expect(env.sizes).toEqual({ agents: 2, actions: 3, observation: 2, state: 3, episodeLimit: 4 });
    expect(env.deterministic).toBe(false);
    env.reset(12);
    expect([[...env.observations], [...env.state], [...env.availableActions]]).toEqual([
      [0, 0, 0, 1],
      [0, 5, 1],
      [1, 1, 1, 0, 1, 1],
    ]);
    env.step([0, 2]);
    expect([env.reward, env.ended, env.state[0]]).toEqual([0, false, 1]);
    expect(() => env.step([0, 0])).toThrow("agent 1 cannot play action 0 now");
    expect(play(env, 2)).toEqual([1, 1]);
    expect([env.ended, env.terminal, env.won]).toEqual([true, true, true]);
    expect(() => env.step([1, 1])).toThrow("step after the end of the episode");
  });

  it("is not bootstrapped from where it ended, but is where its info tells of a time-out", () => {
    const env = createEnvironment(named("coin"), { options: { fault: "times out" } });
    env.reset(1);
    play(env, 1);
    expect([env.ended, env.terminal, env.won]).toEqual([true, false, false]);
  });

  it("plays several copies at once, in one process or in several, each its own episode", () => {
    for (const processes of ["1", "2"]) {
      process.env["MAST_PYTHON_PROCESSES"] = processes;
      const envs = [1, 2, 3].map(() => createEnvironment(named("coin")));
      envs.forEach((env, i) => env.reset(i));
      envs.forEach((env, i) => i !== 1 && env.step([2, 2]));
      envs[0].step([1, 1]);
      expect(envs.map((env) => [env.state[0], env.state[1]])).toEqual([
        [2, 0],
        [0, 1],
        [1, 2],
      ]);
      // A copy that is given back is played by the next environment.
      for (const env of envs) env.close!();
      const [again] = [createEnvironment(named("coin"))];
      again.reset(4);
      expect([...again.state]).toEqual([0, 4, 1]);
    }
  });

  it("may print whatever it likes", () => {
    const env = createEnvironment(named("coin"), { options: { fault: "prints" } });
    env.reset(1);
    expect(play(env, 2)).toEqual([1, 1, 1]);
  });

  it("is drawn as a line of text", () => {
    const env = createEnvironment(named("coin"));
    env.reset(1);
    env.step([2, 2]);
    expect(env.snapshot()).toMatchObject({ environment: named("coin"), step: 1, text: "actions 2, 2; reward 1" });
  });
});

describe.skipIf(python === undefined)("the real SMAC's interface", () => {
  it("is played from a stand-in in its module's place, with a time-out that ends the episode unless it says that it continues", () => {
    const packages = join(folder, "packages");
    mkdirSync(join(packages, "smac", "env"), { recursive: true });
    writeFileSync(join(packages, "smac", "__init__.py"), "");
    copyFileSync(teams, join(packages, "smac", "env", "__init__.py"));
    process.env["PYTHONPATH"] = packages;
    try {
      const outcome = (options: Record<string, boolean | string>) => {
        const env = createEnvironment("python:smac/3m", { options });
        expect(env.copies).toBe(1);
        env.reset(7);
        const rewards = play(env, 1);
        return [rewards.length, env.terminal, env.won];
      };
      expect(outcome({})).toEqual([4, true, false]);
      expect(outcome({ continuing_episode: true })).toEqual([4, false, false]);
      const env = createEnvironment("python:smac/3m");
      env.reset(7);
      expect([play(env, 2), env.terminal, env.won]).toEqual([[0.5], true, true]);
      const missing = createEnvironment("python:smac/3m", { options: { game: false } });
      expect(
        said(() => {
          missing.reset(7);
          return missing.ended;
        }),
      ).toContain(
        "finds no StarCraft II (no Versions): set SC2PATH to its folder; npm run setup:python -- smac says how",
      );
      expect(said(() => createEnvironment("python:smac/3m", { options: { dificulty: "7" } }))).toContain(
        "unexpected keyword argument 'dificulty'",
      );
    } finally {
      delete process.env["PYTHONPATH"];
    }
  });
});

describe.skipIf(python === undefined)("an environment in Python that cannot be used is refused in one line", () => {
  it.each<[string, string, string]>([
    [
      "a module that is missing",
      "python:no_such_module_here/x",
      "the Python module no_such_module_here is not installed in",
    ],
    ["a missing module of a recipe", "python:smaclite/3m", "npm run setup:python -- smaclite"],
    ["a file that is missing", "python:./gone.py:make", "gone.py is not there"],
    ["a function that is missing", named("gone"), "teams.py has no gone; it has Coin, coin"],
    ["a function that raises", named("fails"), "cannot be loaded: RuntimeError: no cheese"],
    ["what is no function", named("nothing"), "nothing is int; expected a function or class"],
    ["what makes no environment", named("string"), "gives str, which has neither get_obs and get_avail_actions"],
    ["an environment that hides its sizes", named("Sizeless"), "does not say its obs_shape"],
    ["a name without a module", "python:x", "expected python:MODULE/NAME"],
    ["a name that escapes", "python:../x/y", "expected python:MODULE/NAME"],
  ])("%s", (_, environment, message) => {
    const words = said(() => resolveConfig({ environment }));
    expect(words).toMatch(/^config: /);
    expect(words).toContain(message);
  });

  it.each<[string, string]>([
    ["raises", "raises in step: ValueError: no candidates"],
    ["dies", "died in a step (exit code 3); it said last: out of cheese"],
    ["is killed", "died in a step (SIGKILL)"],
    ["shows too much", "gives from get_obs 2 rows of 3 numbers; its sizes say 2 rows of 2"],
    ["shows NaN", "has entry 1 of what agent 0 observes NaN at step 2"],
    ["allows nothing", "leaves agent 1 no available action at step 2"],
    ["allows a half", "gives from get_avail_actions 0.5; expected 0 or 1"],
    ["counts agents from below", "has sizes.agents -2; expected a whole number from 1 to 1,000"],
    ["counts agents in halves", "has n_agents 2.5; expected a whole number"],
    ["says nothing of itself", "gives NoneType from get_env_info; expected a dict"],
    ["ends with a word", "says 'yes' of whether the episode has ended; expected True or False"],
    ["pays too much", "has the reward 1e+39 at step 2; expected a finite number below 3.4e38"],
  ])("one that %s", (fault, message) => {
    expect(said(() => resolveConfig({ environment: named("coin"), options: { environment: { fault } } }))).toContain(
      message,
    );
  });

  it("one that hangs, naming the call and the place, also in code that never returns, or where it is stopped", () => {
    process.env["MAST_PYTHON_TIMEOUT"] = "1";
    for (const [fault, call, place] of [
      ["hangs", "step", "it was in step ("],
      ["hangs in reset", "reset", "it was in reset ("],
      // Its alarm cannot end a process that is stopped, nor one that sets an alarm of its own.
      ["is stopped", "step", ""],
    ] as const) {
      const words = said(() => resolveConfig({ environment: named("coin"), options: { environment: { fault } } }));
      expect(words).toContain(`did not finish a ${call} within 1 second and was ended`);
      expect(words).toContain(place);
    }
  });

  it("options that it does not take, and a Python that is too old or not there", () => {
    expect(
      said(() => resolveConfig({ environment: named("coin"), options: { environment: { fault: "x", falt: 1 } } })),
    ).toContain("falt");
    const old = join(folder, "old-python");
    writeFileSync(old, "#!/bin/sh\necho 3 6\n", { mode: 0o755 });
    const other = join(folder, "no-python-at-all");
    writeFileSync(other, "#!/bin/sh\necho cheese\n", { mode: 0o755 });
    for (const [given, message] of [
      [old, "need Python 3.9 or newer"],
      [other, "is not one: it does not say its version"],
      [folder, "cannot be run (EACCES)"],
      [join(folder, "no-python"), "is not there"],
    ] as const) {
      process.env["MAST_PYTHON"] = given;
      expect(said(() => resolveConfig({ environment: named("coin"), options: { environment: { at: 3 } } }))).toContain(
        message,
      );
    }
    process.env["MAST_PYTHON"] = python;
  });
});

const input = (options: Record<string, string | number>): ConfigInput => ({
  environment: named("coin"),
  options: { environment: options },
  method: "rigl",
  sparsity: { level: 0.5 },
  steps: 120,
  warmup: 0,
  targetInterval: 10,
  topology: { interval: 10 },
  replay: { offlineCapacity: 30, onlineCapacity: 8, offlineBatch: 8, onlineBatch: 0 },
  exploration: { anneal: 100 },
  network: { hidden: 8, embed: 4, hypernetEmbed: 4 },
  evaluation: { interval: 60, episodes: 6, window: 2 },
  log: { interval: 50 },
});

describe.skipIf(python === undefined)("training in Python", () => {
  it.each(["dies", "raises", "is killed"])(
    "throws away and counts an episode in which the environment %s, and goes on",
    async (fault) => {
      const once = join(folder, `${fault}-once`);
      // The environment is tried before training begins; the fault comes later.
      writeFileSync(once, "");
      const config = input({ fault, once });
      resolveConfig(config);
      rmSync(once);
      const records = await collect(config);
      const { state, step } = records.at(-1) as EndRecord;
      expect(step).toBeGreaterThanOrEqual(120);
      expect(state.progress.lost?.episodes).toBeGreaterThanOrEqual(1);
      expect(state.progress.lost?.last).toContain(fault === "raises" ? "no candidates" : "died in");
      expect(existsSync(once)).toBe(true);
      expect(
        records
          .filter((record): record is EvaluationRecord => record.kind === "evaluation")
          .map(({ episodes }) => episodes),
      ).toEqual([6, 6, 6]);
    },
  );

  it("stops where the environment loses one episode after the other", async () => {
    const without = join(folder, "well");
    writeFileSync(without, "");
    const config = input({ fault: "dies", at: 1, without });
    resolveConfig(config);
    rmSync(without);
    await expect(collect({ ...config, evaluation: { interval: 60, episodes: 1, window: 1 } })).rejects.toThrow(
      /died in a step \(exit code 3\)/,
    );
  });

  it("takes the file's content, and that of what it imports, into the run's identity", () => {
    const file = join(folder, "mine.py");
    writeFileSync(join(folder, "beside.py"), "value = 1\n");
    writeFileSync(file, `import beside\n${readFileSync(teams, "utf8")}`);
    const name = () => runName(resolveConfig({ environment: `python:${file}:coin` }));
    const first = name();
    expect(name()).toBe(first);
    writeFileSync(join(folder, "beside.py"), "value = 22\n");
    expect(name()).not.toBe(first);
    expect(first).toMatch(/^[A-Za-z0-9._-]+$/);
    const config = resolveConfig({ environment: `python:${file}:coin` });
    expect(resolveConfig(config)).toEqual(config);
    expect(config.parts).toHaveLength(1);
  });

  it("plays a file that was changed as it is now, and refuses it to a configuration of before", () => {
    const file = join(folder, "changing.py");
    const ran = join(folder, "ran");
    const write = (reward: number) =>
      writeFileSync(
        file,
        `open(${JSON.stringify(ran)}, "a").write("${reward}")
class Pay:
    def get_env_info(self):
        return {"n_agents": 1, "n_actions": 1, "obs_shape": 1, "state_shape": 1, "episode_limit": 3}
    def reset(self): pass
    def step(self, actions):
        import os
        if os.path.exists(${JSON.stringify(join(folder, "die"))}): os._exit(3)
        return ${reward}, False, {}
    def get_obs(self): return [[0]]
    def get_state(self): return [0]
    def get_avail_actions(self): return [[1]]
`,
      );
    const pays = (env: Environment) => {
      env.reset(1);
      env.step([0]);
      return env.reward;
    };
    const configured = () => resolveConfig({ environment: `python:${file}:Pay` });
    write(1);
    const before = configured();
    const env = environmentOf(before);
    expect(pays(env)).toBe(1);
    write(2);
    // The running child still plays what it has loaded, for those who have it already.
    expect(pays(env)).toBe(1);
    expect(() => environmentOf(before)).toThrow(/changing\.py has changed since this configuration was made/);
    expect(readFileSync(ran, "utf8")).toBe("1");
    const after = environmentOf(configured());
    expect(pays(after)).toBe(2);
    // A child that is started again would play by other rules.
    writeFileSync(join(folder, "die"), "");
    expect(() => pays(env)).toThrow("died in a step");
    rmSync(join(folder, "die"));
    expect(() => pays(env)).toThrow(/has changed since it was made: restore its file/);
    expect(pays(after)).toBe(2);
    env.close!();
    after.close!();
  });
});

describe.skipIf(python === undefined)("the child process", () => {
  const folders = () => readdirSync(tmpdir()).filter((name) => name.startsWith("mast-python-"));

  it.each(["SIGKILL", "SIGTERM"] as const)(
    "ends within seconds after its parent got %s, in the middle of a call too, and leaves nothing behind",
    async (signal) => {
      const own = join(folder, `tmp-${signal}`);
      mkdirSync(own);
      const pidFile = join(folder, `pid-${signal}`);
      writeFileSync(
        join(folder, "stuck.py"),
        `import os, subprocess, time
from teams import Coin
class Stuck(Coin):
    def step(self, actions):
        # A game may have a session of its own, in which no signal to its parent's reaches it.
        game = subprocess.Popen(["sleep", "600"], start_new_session=True)
        open(${JSON.stringify(pidFile)}, "w").write(f"{os.getpid()} {game.pid}")
        time.sleep(600)
`,
      );
      copyFileSync(teams, join(folder, "teams.py"));
      const program = `import "${fileURLToPath(new URL("../host.ts", import.meta.url))}";
      import { createEnvironment } from "${fileURLToPath(new URL("../../envs/index.ts", import.meta.url))}";
      const env = createEnvironment("python:${join(folder, "stuck.py")}:Stuck"); env.reset(1); env.step([1, 1]); console.log(env.reward);`;
      const script = join(folder, "stuck.ts");
      writeFileSync(script, program);
      const parent = spawn(process.execPath, ["--import", import.meta.resolve("tsx"), script], {
        env: { ...process.env, TMPDIR: own },
        stdio: "ignore",
      });
      while (!existsSync(pidFile) || readFileSync(pidFile, "utf8") === "") await wait(50);
      const [pid, game] = readFileSync(pidFile, "utf8").split(" ").map(Number);
      const [private_] = readdirSync(own).filter((name) => name.startsWith("mast-python-"));
      expect(statSync(join(own, private_)).mode & 0o777).toBe(0o700);
      for (const pipe of ["requests", "replies", "life"])
        expect(statSync(join(own, private_, pipe)).mode & 0o777).toBe(0o600);
      parent.kill(signal);
      // Only Linux lets the keeper find what has left the process group.
      for (const one of process.platform === "linux" ? [pid, game] : [pid])
        await expect.poll(() => isAlive(one), { timeout: 20_000, interval: 100 }).toBe(false);
      await expect
        .poll(() => readdirSync(own).filter((name) => name.startsWith("mast-python-")), {
          timeout: 20_000,
          interval: 100,
        })
        .toEqual([]);
    },
    120_000,
  );

  it("is let go of with the error that ended it", () => {
    const env = createEnvironment(named("coin"), { options: { fault: "dies", at: 2 } });
    env.reset(1);
    const before = folders();
    env.step([1, 1]);
    env.step([1, 1]);
    expect(() => env.reward).toThrow(EpisodeLost);
    // It is started again by the next episode, in a folder of its own.
    env.reset(1);
    env.step([1, 1]);
    expect(env.reward).toBe(1);
    expect(folders().some((name) => !before.includes(name))).toBe(true);
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

it.skipIf(python === undefined)("the example in Python plays as the one in TypeScript does", () => {
  const [ours, theirs] = [
    createEnvironment("walk", {
      parts: resolveConfig({ parts: ["examples/environment.ts"], environment: "walk" }).parts!,
    }),
    createEnvironment("python:./examples/walk.py:make"),
  ];
  expect(theirs.sizes).toEqual(ours.sizes);
  for (const env of [ours, theirs]) {
    env.reset(3);
    let steps = 0;
    while (!env.ended) {
      env.step([0, 1].map((agent) => (env.availableActions[3 * agent + 2] === 1 ? 2 : 0)));
      steps++;
    }
    expect([env.reward, env.terminal, env.won, [...env.state], [...env.observations]]).toEqual([
      10,
      true,
      true,
      [1, 1],
      [1, 1, 1, 1],
    ]);
    expect(steps).toBeGreaterThanOrEqual(4);
    env.reset(3);
    while (!env.ended) env.step([0, 0]);
    expect([env.reward, env.terminal, env.won]).toEqual([0, false, false]);
  }
});
