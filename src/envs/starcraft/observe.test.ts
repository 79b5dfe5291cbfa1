import { beforeEach, describe, expect, it } from "vitest";
import { createBattleEnvironment } from "./environment.js";
import type { BattleEnvironment } from "./environment.js";
import { maps } from "./maps.js";
import type { Rules } from "./units.js";

const make = (name: string, rules: Rules = "starcraft"): BattleEnvironment => {
  const env = createBattleEnvironment(
    maps.find((map) => map.name === name)!,
    rules,
  );
  env.reset(0);
  return inOrder(env);
};
/** Numbers the enemies as they were spawned; a battle draws their numbers. */
const inOrder = (env: BattleEnvironment): BattleEnvironment => {
  const { enemyAt, placeOf } = env.battle;
  enemyAt.forEach((_, k) => (enemyAt[k] = placeOf[k] = k));
  env.restore(env.save());
  return env;
};
/** Moves units by hand: [unit, x, y]. */
const place = (env: BattleEnvironment, ...places: [number, number, number][]): void => {
  for (const [i, x, y] of places) {
    env.battle.x[i] = x;
    env.battle.y[i] = y;
  }
  env.restore(env.save());
};
const seenBy = (env: BattleEnvironment, i: number): number[] => [
  ...env.observations.subarray(i * env.sizes.observation, (i + 1) * env.sizes.observation),
];
const legalOf = (env: BattleEnvironment, i: number): number[] =>
  [...Array(env.sizes.actions).keys()].filter((a) => env.availableActions[i * env.sizes.actions + a] === 1);
const single = (values: number[]): number[] => values.map(Math.fround);

describe("3m, by hand", () => {
  let env: BattleEnvironment;
  beforeEach(() => {
    env = make("3m");
    place(env, [0, 10, 16], [1, 13, 12], [2, 10, 23.2], [3, 16, 16], [4, 10, 7 + 9], [5, 19, 16]);
    place(env, [4, 13, 20]);
  });

  it("attack is legal within 6 inclusive, moves where the cell one ahead is open", () => {
    expect(legalOf(env, 0)).toEqual([1, 2, 3, 4, 5, 6, 7]); // enemies at 6, 5 and 9
    expect(legalOf(env, 2)).toEqual([1, 3, 4, 5, 7]); // north is cell 24: closed
    place(env, [3, 16.001, 16]);
    expect(legalOf(env, 0)).toEqual([1, 2, 3, 4, 5, 7]);
  });

  it("observation has the blocks of SMAC in order; 9 cells is out of sight", () => {
    env.battle.health[3] = 9;
    env.battle.health[0] = 30;
    env.restore(env.save());
    expect(seenBy(env, 0)).toEqual(
      single([
        ...[1, 1, 1, 1],
        ...[1, 6 / 9, 6 / 9, 0, 9 / 45],
        ...[1, 5 / 9, 3 / 9, 4 / 9, 1],
        ...[0, 0, 0, 0, 0],
        ...[1, 5 / 9, 3 / 9, -4 / 9, 1],
        ...[1, (23.2 - 16) / 9, 0, (23.2 - 16) / 9, 1],
        ...[30 / 45],
      ]),
    );
  });

  it("state has allies, enemies and the last joint action; nothing of it right after reset", () => {
    env.battle.cooldown[1] = 7.5;
    env.restore(env.save());
    const state = [...env.state];
    expect(state.slice(0, 8)).toEqual(single([1, 0, -6 / 32, 0, 1, 0.5, -3 / 32, -4 / 32]));
    expect(state.slice(12, 15)).toEqual([1, 0, 0]);
    expect(state.slice(21)).toEqual(Array(27).fill(0));
    env.step([1, 5, 7]);
    const last = [...env.state].slice(21);
    expect(last.flatMap((bit, k) => (bit === 1 ? [k] : []))).toEqual([1, 9 + 5, 18 + 7]);
    env.reset(0);
    expect([...env.state].slice(21)).toEqual(Array(27).fill(0));
  });

  it("the dead see nothing, are not seen and can only do nothing", () => {
    env.battle.alive[1] = 0;
    env.battle.alive[3] = 0;
    env.restore(env.save());
    expect(seenBy(env, 1)).toEqual(Array(30).fill(0));
    expect(legalOf(env, 1)).toEqual([0]);
    expect(legalOf(env, 0)).not.toContain(6);
    expect(seenBy(env, 0).slice(4, 9)).toEqual([0, 0, 0, 0, 0]);
    expect(seenBy(env, 0).slice(19, 24)).toEqual([0, 0, 0, 0, 0]);
    expect([...env.state].slice(4, 8)).toEqual([0, 0, 0, 0]);
    expect([...env.state].slice(12, 15)).toEqual([0, 0, 0]);
  });

  it("numbers enemies anew in each battle, alike in observation, state and actions", () => {
    const orders = new Set<string>();
    for (let seed = 0; seed < 40; seed++) {
      env.reset(seed);
      const { battle: b } = env;
      orders.add(b.enemyAt.join());
      b.enemyAt.forEach((enemy, at) => expect(b.placeOf[enemy]).toBe(at));
      const seen = b.enemyAt[1];
      place(env, [0, 10, 16], [3, 31, 9], [4, 31, 9], [5, 31, 9]);
      place(env, [3 + seen, 13, 16]);
      expect(seenBy(env, 0).slice(9, 12)).toEqual(single([1, 3 / 9, 3 / 9]));
      expect(legalOf(env, 0).filter((action) => action >= 6)).toEqual([7]);
      expect([...env.state].slice(15, 18)).toEqual(single([1, -3 / 32, 0]));
      env.step([7, 1, 1]);
      expect(b.target[0]).toBe(3 + seen);
    }
    expect(orders.size).toBe(6);
  });

  it("a step to between -1 and 0 is cell 0 for SMAC, outside for SMAClite", () => {
    place(env, [0, 0.5, 16]);
    expect(legalOf(env, 0)).toContain(5);
    const other = make("3m", "smaclite");
    place(other, [0, 0.5, 16]);
    expect(legalOf(other, 0)).not.toContain(5);
  });

  it("an agent beyond -1 may not move to between -1 and 0 for SMAClite, in either direction", () => {
    for (const [x, y, move] of [
      [-1.04, 16, 4],
      [16, -1.04, 2],
      [-0.04, 16, 2],
      [16, -0.04, 4],
    ] as const) {
      const other = make("3m", "smaclite");
      place(other, [0, x, y]);
      expect(legalOf(other, 0)).not.toContain(move);
    }
  });
});

describe("shields and types, by hand", () => {
  it("2s3z: SMAC numbers an enemy's zealot [1, 0] and an ally's [0, 1]; SMAClite both sides alike", () => {
    for (const [rules, enemyStalker, enemyZealot] of [
      ["starcraft", [0, 1], [1, 0]],
      ["smaclite", [1, 0], [0, 1]],
    ] as const) {
      const env = make("2s3z", rules);
      place(env, [0, 10, 16], [1, 11, 16], [2, 10, 17], [5, 13, 16], [7, 10, 12]);
      env.battle.shield[5] = 20;
      env.battle.health[7] = 50;
      env.restore(env.save());
      const seen = seenBy(env, 0);
      expect(seen.slice(4, 12)).toEqual(single([1, 3 / 9, 3 / 9, 0, 1, 20 / 80, ...enemyStalker]));
      expect(seen.slice(4 + 16, 4 + 24)).toEqual(single([1, 4 / 9, 0, -4 / 9, 0.5, 1, ...enemyZealot]));
      expect(seen.slice(44, 52)).toEqual(single([1, 1 / 9, 1 / 9, 0, 1, 1, 1, 0]));
      expect(seen.slice(52, 60)).toEqual(single([1, 1 / 9, 0, 1 / 9, 1, 1, 0, 1]));
      expect(seen.slice(76)).toEqual([1, 1, 1, 0]);
    }
  });

  it("2s3z state: ally [health, cooldown, x, y, shield, type], enemy [health, x, y, shield, type]", () => {
    const env = make("2s3z");
    place(env, [0, 10, 12], [6, 20, 18]);
    env.battle.cooldown[0] = 7;
    env.battle.shield[0] = 60;
    env.battle.shield[6] = 40;
    env.restore(env.save());
    expect([...env.state].slice(0, 7)).toEqual(single([1, 7 / 35, -6 / 32, -4 / 32, 60 / 80, 1, 0]));
    expect([...env.state].slice(35 + 6, 35 + 12)).toEqual(single([1, 4 / 32, 2 / 32, 40 / 80, 0, 1]));
  });

  it("2c_vs_64zg: allies have shields, enemies have not, nobody a type", () => {
    const env = make("2c_vs_64zg");
    place(env, [0, 16, 16], [1, 17, 16], [2, 16, 18]);
    expect(seenBy(env, 0).slice(4, 9)).toEqual(single([1, 2 / 9, 0, 2 / 9, 1]));
    expect(seenBy(env, 0).slice(324)).toEqual(single([1, 1 / 9, 1 / 9, 0, 1, 1, 1, 1]));
  });

  it("MMM: a medivac's targets are living allies but itself, and its energy stands for a cooldown", () => {
    const env = make("MMM");
    const { battle: b } = env;
    const medic = b.types.findIndex((type) => type.name === "medivac");
    expect(medic).toBe(9); // SMAC's order: marauder, marine, medivac
    place(env, [medic, 9, 16], [0, 9, 20], [3, 9, 22.5]);
    b.alive[1] = 0;
    b.energy[medic] = 80;
    env.restore(env.save());
    const targets = legalOf(env, medic).filter((a) => a >= 6);
    expect(targets).toContain(6);
    for (const absent of [7, 9, 15]) expect(targets).not.toContain(absent);
    expect(env.state[medic * 7 + 1]).toBe(Math.fround(80 / 200));
    const other = make("MMM", "smaclite");
    expect(other.battle.types[0].name).toBe("medivac");
    expect(legalOf(other, 0)).not.toContain(6);
  });
});
