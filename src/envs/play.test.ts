import { expect, it } from "vitest";
import { createEnvironment } from "./index.js";
import { nearestTarget, playEpisodes, playRandom, uniformRandom } from "./play.js";

it("random play is uniform over legal actions and repeatable", () => {
  const env = createEnvironment("climbing");
  const counts = new Float64Array(9);
  const policy = uniformRandom(2);
  const joint = new Uint8Array(2);
  for (let k = 0; k < 9000; k++) {
    env.reset(0);
    policy(env, joint);
    counts[joint[0] * 3 + joint[1]] += 1;
  }
  // The 99.9 % point of chi-squared with 8 degrees of freedom is 26.
  expect(counts.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0)).toBeLessThan(26);
  expect(playRandom(env, { episodes: 50, seed: 3 })).toEqual(playRandom(env, { episodes: 50, seed: 3 }));
});

it("summarises episodes", () => {
  const env = createEnvironment("two-step");
  const always = playEpisodes(env, (_, joint) => joint.fill(1), { episodes: 5 });
  expect(always).toEqual({
    steps: 10,
    episodes: 5,
    wins: 5,
    winRate: 1,
    meanReturn: 8,
    returnError: 0,
    meanLength: 2,
    lengthError: 0,
    timeouts: 0,
  });
  expect(playEpisodes(env, (_, joint) => joint.fill(0), { steps: 7 }).episodes).toBe(4);
});

it("a script that needs units says so on a matrix game, and an endless series is refused", () => {
  const env = createEnvironment("climbing");
  expect(() => playEpisodes(env, nearestTarget, { episodes: 1 })).toThrow("climbing is not a battle");
  expect(() => playEpisodes(env, uniformRandom(1), {})).toThrow("needs a number of episodes or of steps");
});
