import { expect, it } from "vitest";
import { createEnvironment } from "../../index.js";
import type { BattleEnvironment } from "../environment.js";
import { LOOPS, SOURCES } from "./loops-wasm.js";

it("is compiled from the sources beside it", async () => {
  const { hashOfSources } = (await import(new URL("build.mjs", import.meta.url).href)) as {
    hashOfSources: () => string;
  };
  expect(SOURCES).toBe(hashOfSources());
});

it("has no static data, which would lie where the memory of the battles begins", async () => {
  const { hasData } = (await import(new URL("build.mjs", import.meta.url).href)) as {
    hasData: (code: ArrayLike<number>) => boolean;
  };
  expect(hasData(Buffer.from(LOOPS, "base64"))).toBe(false);
  const head = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
  const custom = [0, 3, 1, 11, 0];
  expect([hasData([...head, ...custom]), hasData([...head, ...custom, 11, 1, 0])]).toEqual([false, true]);
});

/** A battle on 3m under starcraft rules whose enemies are dead, and whose agents stand where they are put. */
function place(...places: readonly (readonly [number, number])[]): BattleEnvironment {
  const env = createEnvironment("3m", { rules: "starcraft" }) as BattleEnvironment;
  env.reset(0);
  const { battle } = env;
  // One of them lives far away, so that the battle goes on.
  battle.alive.fill(0, 4);
  battle.x[3] = 29;
  battle.y[3] = 9;
  places.forEach(([x, y], i) => {
    battle.x[i] = x;
    battle.y[i] = y;
  });
  return env;
}

it("parts units that overlap until they touch, by as much each, and moves nobody else", () => {
  const env = place([8, 16], [8.4, 16], [12, 12]);
  env.step([1, 1, 1]);
  const { x, y, separation } = env.battle;
  expect(x[1] - x[0]).toBeCloseTo(2 * separation[0], 12);
  expect(x[0] + x[1]).toBeCloseTo(16.4, 12);
  expect([y[0], y[1], x[2], y[2]]).toEqual([16, 16, 12, 12]);
});

it("lets a walker go around whom it would run into, and no faster than it walks", () => {
  const env = place([8, 16], [9.2, 16], [12, 12]);
  const { x, y, speed, separation } = env.battle;
  for (let step = 0; step < 3; step++) {
    const [wasX, wasY] = [x[0], y[0]];
    env.step([4, 1, 1]);
    expect(Math.hypot(x[0] - wasX, y[0] - wasY)).toBeLessThanOrEqual(8 * speed[0] + 1e-9);
    expect(Math.hypot(x[1] - x[0], y[1] - y[0])).toBeGreaterThan(2 * separation[0] - 0.1);
  }
  expect(x[0]).toBeGreaterThan(x[1]);
  expect([x[1], y[1]]).toEqual([9.2, 16]);
});

it("keeps units within the map, each by its own size", () => {
  const env = place([1, 16], [28, 24], [12, 12]);
  for (let step = 0; step < 3; step++)
    env.step([5, 2, 1].map((action, i) => (env.availableActions[i * 9 + action] === 1 ? action : 1)));
  const { x, y } = env.battle;
  expect(x[0]).toBeGreaterThan(0);
  expect(y[1]).toBeLessThan(25);
});
