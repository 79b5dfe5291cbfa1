import { describe, expect, it } from "vitest";
import { createEnvironment } from "../index.js";

describe("two-step game", () => {
  const play = (first: [number, number], second: [number, number]): [number, number, boolean] => {
    const env = createEnvironment("two-step");
    env.reset(0);
    expect([...env.state]).toEqual([1, 0, 0]);
    env.step(first);
    const between = env.reward;
    expect(env.ended).toBe(false);
    expect([...env.state]).toEqual(first[0] === 0 ? [0, 1, 0] : [0, 0, 1]);
    env.step(second);
    expect(env.ended && env.terminal).toBe(true);
    return [between, env.reward, env.won];
  };

  it("pays 7 for everything after the safe choice of agent 0", () => {
    for (const second of [
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ] as [number, number][])
      expect(play([0, 1], second)).toEqual([0, 7, false]);
  });

  it("pays 0, 1, 1, 8 after the other, and only 8 wins", () => {
    expect(play([1, 0], [0, 0])).toEqual([0, 0, false]);
    expect(play([1, 0], [0, 1])).toEqual([0, 1, false]);
    expect(play([1, 1], [1, 0])).toEqual([0, 1, false]);
    expect(play([1, 0], [1, 1])).toEqual([0, 8, true]);
  });

  it("continues from a saved episode", () => {
    const env = createEnvironment("two-step");
    env.reset(0);
    env.step([1, 0]);
    const saved = env.save!();
    env.step([0, 0]);
    env.restore!(saved);
    expect(env.ended).toBe(false);
    env.step([1, 1]);
    expect(env.reward).toBe(8);
  });
});

describe("climbing game", () => {
  it("pays Claus and Boutilier's table", () => {
    const env = createEnvironment("climbing");
    const table = [0, 1, 2].map((a) =>
      [0, 1, 2].map((b) => {
        env.reset(0);
        env.step([a, b]);
        expect(env.won).toBe(a === 0 && b === 0);
        return env.reward;
      }),
    );
    expect(table).toEqual([
      [11, -30, 0],
      [-30, 7, 6],
      [0, 0, 5],
    ]);
  });

  it("refuses what is no action, a wrong number of them, and a step after the end", () => {
    const env = createEnvironment("climbing");
    expect(() => env.step([0, 0])).toThrow(/^climbing: step before reset/);
    env.reset(0);
    expect(() => env.step([0, 3])).toThrow("climbing: agent 1 cannot play action 3: legal are 0 to 2.");
    expect(() => env.step([0.5, 0])).toThrow(/agent 0 cannot play action 0.5/);
    expect(() => env.step([0])).toThrow("climbing: got 1 actions, needs one for each of 2 agents.");
    env.step([0, 0]);
    expect(() => env.step([0, 0])).toThrow(/^climbing: step after the end/);
  });
});
