import { describe, expect, it } from "vitest";
import { createEnvironment, environmentNames } from "../index.js";
import type { Environment } from "../environment.js";
import type { BattleEnvironment } from "./environment.js";
import { uniformRandom } from "../play.js";
import type { Rules } from "./units.js";

const maps = environmentNames.filter((name) => "battle" in createEnvironment(name));
const battles = maps.flatMap((name) => (["starcraft", "smaclite"] as Rules[]).map((rules) => [name, rules] as const));

/** Returns everything that can be read of a moment. */
const moment = (env: Environment): unknown[] => [
  [...env.observations],
  [...env.state],
  [...env.availableActions],
  env.reward,
  env.ended,
  env.terminal,
  env.won,
  env.snapshot(),
];

describe.each(battles)("%s under %s rules", (name, rules) => {
  it("keeps every number finite and within bounds, and gives every agent something to do", () => {
    const env = createEnvironment(name, { rules });
    const policy = uniformRandom(5);
    const { agents, actions, episodeLimit } = env.sizes;
    const joint = new Uint8Array(agents);
    for (let seed = 0; seed < (name === "2c_vs_64zg" ? 2 : 6); seed++) {
      env.reset(seed);
      expect([env.reward, env.ended, env.won]).toEqual([0, false, false]);
      let steps = 0;
      let total = 0;
      while (!env.ended) {
        let lowest = 0;
        let highest = 0;
        for (const value of env.observations) {
          if (!(value >= -1 && value <= 1)) throw new Error(`observation ${value}`);
        }
        for (const value of env.state) {
          lowest = Math.min(lowest, value);
          highest = Math.max(highest, value);
        }
        // A cooldown can pass SMAC's divisor by the weapon's random delay.
        expect(lowest >= -0.55 && highest <= 1.1).toBe(true);
        env
          .snapshot()
          .units.slice(0, agents)
          .forEach((unit, i) => {
            const legal = [...env.availableActions.subarray(i * actions, (i + 1) * actions)];
            expect(legal[0]).toBe(unit.alive ? 0 : 1);
            expect(legal.reduce((sum, bit) => sum + bit, 0)).toBeGreaterThanOrEqual(1);
            if (!unit.alive) expect(legal.slice(1).some((bit) => bit === 1)).toBe(false);
          });
        policy(env, joint);
        env.step(joint);
        expect(env.reward).toBeGreaterThanOrEqual(0);
        total += env.reward;
        steps++;
      }
      expect(steps).toBeLessThanOrEqual(episodeLimit);
      expect(env.terminal).toBe(true);
      expect(total).toBeLessThan(30);
    }
  });

  it("plays the same episode again from the same seed and actions, whatever was played between", () => {
    const env = createEnvironment(name, { rules });
    const record = (): unknown[] => {
      env.reset(3);
      const moments = [moment(env)];
      const policy = uniformRandom(1);
      const joint = new Uint8Array(env.sizes.agents);
      for (let t = 0; t < 25 && !env.ended; t++) {
        policy(env, joint);
        env.step(joint);
        moments.push(moment(env));
      }
      return moments;
    };
    const first = record();
    env.reset(4);
    env.step(new Uint8Array(env.sizes.agents).fill(1));
    expect(record()).toEqual(first);
    expect(createEnvironment(name, { rules }).save!().byteLength).toBe(env.save!().byteLength);
  });

  it("continues bit for bit from a save at any moment, also in another environment", () => {
    const env = createEnvironment(name, { rules });
    const joint = new Uint8Array(env.sizes.agents);
    const policy = uniformRandom(8);
    env.reset(9);
    const played: Uint8Array[] = [];
    const saves = [env.save!()];
    const moments = [moment(env)];
    while (!env.ended && played.length < 60) {
      policy(env, joint);
      played.push(joint.slice());
      env.step(joint);
      saves.push(env.save!());
      moments.push(moment(env));
    }
    const other = createEnvironment(name, { rules });
    for (const kill of [0, 1, 2, 7, 13, 20, played.length - 1, played.length].filter((t) => t <= played.length)) {
      for (const resumed of [env, other]) {
        resumed.restore!(saves[kill]);
        expect(moment(resumed)).toEqual(moments[kill]);
        for (let t = kill; t < Math.min(played.length, kill + 15); t++) {
          resumed.step(played[t]);
          expect(moment(resumed)).toEqual(moments[t + 1]);
        }
      }
    }
  });
});

describe("what is refused", () => {
  it("an illegal action, with environment, agent, action and what is legal", () => {
    const env = createEnvironment("3m");
    env.reset(0);
    expect(() => env.step([1, 7, 1])).toThrow(
      "3m: agent 1 (marine) cannot play action 7 (attack 1) now: legal are 1 (stop), 2 (north), 3 (south), 4 (east), 5 (west).",
    );
    expect(() => env.step([0, 1, 1])).toThrow(/^3m: agent 0 \(marine\) cannot play action 0 \(no-op\) now/);
    for (const action of [9, -1, 1.5, NaN]) {
      expect(() => env.step([1, 1, action])).toThrow(
        `3m: agent 2 (marine) cannot play action ${action} now: legal are 1 (stop)`,
      );
    }
    expect(env.snapshot().step).toBe(0);
  });

  it("an action for the dead other than no-op", () => {
    const env = createEnvironment("3m");
    env.reset(0);
    const stand = (): number[] => [0, 1, 2].map((i) => (env.availableActions[i * 9] === 1 ? 0 : 1));
    while (!env.ended && stand().every((action) => action === 1)) env.step(stand());
    const dead = stand().indexOf(0);
    expect(dead).toBeGreaterThanOrEqual(0);
    const wrong = stand();
    wrong[dead] = 1;
    expect(() => env.step(wrong)).toThrow(
      `3m: agent ${dead} (dead marine) cannot play action 1 (stop) now: legal are 0 (no-op).`,
    );
  });

  it("a wrong number of actions, a step before reset or after the end, a save of another map", () => {
    const env = createEnvironment("3m");
    expect(() => env.step([1, 1, 1])).toThrow("3m: step before reset: call reset(seed) first.");
    env.reset(0);
    expect(() => env.step([1, 1])).toThrow("3m: got 2 actions, needs one for each of 3 agents.");
    while (!env.ended) env.step([0, 1, 2].map((i) => (env.availableActions[i * 9] === 1 ? 0 : 1)));
    expect(() => env.step([0, 0, 0])).toThrow("3m: step after the end of the episode: call reset(seed) first.");
    expect(() => env.restore!(createEnvironment("8m").save!())).toThrow(
      /^3m: cannot restore \d+ bytes, an episode under starcraft rules is \d+ bytes\.$/,
    );
    const now = env.save!();
    expect(() => env.restore!(createEnvironment("3m", { rules: "smaclite" }).save!())).toThrow(
      "3m: cannot restore an episode of another map or other rules than starcraft.",
    );
    expect(env.save!()).toEqual(now);
  });
});

it("draws who fired at whom, and the cliff", () => {
  const env = createEnvironment("2c_vs_64zg") as BattleEnvironment;
  env.reset(0);
  const start = env.snapshot();
  expect([start.width, start.height, start.terrain.length, start.units.length]).toEqual([32, 32, 1024, 66]);
  const rows = Array.from({ length: 32 }, (_, y) => start.terrain.slice(32 * y, 32 * y + 32));
  expect(rows[12]).toBe("....########################..##");
  expect(rows[11]).toBe(`${".".repeat(30)}##`);
  const joint = new Uint8Array(2);
  while (!env.ended && env.availableActions.subarray(6, 70).every((bit) => bit === 0)) env.step([1, 1]);
  for (let t = 0; t < 12; t++) {
    for (const i of [0, 1]) {
      const first = env.availableActions.indexOf(1, i * 70 + 6);
      joint[i] = first >= 0 && first < (i + 1) * 70 ? first - i * 70 : 1;
    }
    env.step(joint);
    const now = env.snapshot();
    expect(now.step).toBeGreaterThan(0);
    if (joint[0] >= 6 && now.units[0].target >= 0) {
      expect(now.units[0].target).toBe(env.sizes.agents + joint[0] - 6);
    }
  }
  expect(env.snapshot().units.filter((unit) => unit.side === "enemy" && !unit.alive).length).toBeGreaterThan(0);
});
