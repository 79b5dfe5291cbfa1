import { describe, expect, it } from "vitest";
import { createRandom } from "../../random.js";
import { partOf, randomDecPomdp, type TabularDecPomdp } from "./dec-pomdp.js";
import { bestReactivePolicy, optimalValues, policyValues, reactivePolicy } from "./values.js";

const close = (got: ArrayLike<number>, expected: ArrayLike<number>, digits = 9) => {
  expect(got.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) expect(got[i]).toBeCloseTo(expected[i], digits);
};

/**
 * Computes V by playing forward: it is the sum over t of gamma^t E[r_t], with the distribution of the state carried
 * along.
 */
function playForward(
  { states, jointActions, transitions, rewards }: TabularDecPomdp,
  policy: Float64Array,
  gamma: number,
  first: number,
): number {
  let at = Array.from({ length: states }, (_, s): number => (s === first ? 1 : 0));
  let value = 0;
  for (let discount = 1; discount > 1e-13; discount *= gamma) {
    const next = new Array<number>(states).fill(0);
    for (let i = 0; i < policy.length; i++) {
      const weight = at[Math.floor(i / jointActions)] * policy[i];
      value += discount * weight * rewards[i];
      for (let s = 0; s < states; s++) next[s] += weight * transitions[i * states + s];
    }
    at = next;
  }
  return value;
}

describe("reactivePolicy", () => {
  const game = randomDecPomdp({ seed: 2 });
  const choices = [
    [0, 2, 1],
    [1, 1, 0],
  ];

  it("is the product of agents that know only what they see", () => {
    const policy = reactivePolicy(game, choices, 0.3);
    const own = (agent: number, o: number, a: number) => (choices[agent][o] === a ? 0.7 + 0.1 : 0.1);
    policy.forEach((p, i) => {
      const [s, u] = [Math.floor(i / 9), i % 9];
      expect(p).toBeCloseTo(
        [0, 1].reduce(
          (product, agent) => product * own(agent, partOf(s, agent, game, 3), partOf(u, agent, game, 3)),
          1,
        ),
        12,
      );
    });
  });

  it("plays its choices at epsilon 0 and anything at epsilon 1", () => {
    expect(reactivePolicy(game, choices).filter((p) => p === 1)).toHaveLength(9);
    close(reactivePolicy(game, choices, 1), new Array(81).fill(1 / 9), 12);
  });

  it("refuses what is impossible, naming it", () => {
    expect(() => reactivePolicy(game, choices, 1.1)).toThrow("epsilon = 1.1");
    expect(() => reactivePolicy(game, [[0, 0, 0]])).toThrow("choices of 1 agents; this Dec-POMDP has 2");
    expect(() =>
      reactivePolicy(game, [
        [0, 3, 0],
        [0, 0, 0],
      ]),
    ).toThrow("Agent 0 was given action 3 for observation 1; it has actions 0 to 2");
  });
});

describe("policyValues", () => {
  it("has the value of a case done by hand", () => {
    // There is one state with two actions that pay 1 and 0, each played half of the time: V = 0.5 / (1 - 0.5).
    const game = {
      agents: 1,
      actions: 2,
      observations: 1,
      states: 1,
      jointActions: 2,
      transitions: Float64Array.of(1, 1),
      rewards: Float64Array.of(1, 0),
    };
    const { q, v } = policyValues(game, Float64Array.of(0.5, 0.5), 0.5);
    close(v, [1], 12);
    close(q, [1.5, 0.5], 12);
  });

  it.each([1, 2, 3, 4])("agrees with playing forward, seed %i", (seed) => {
    const game = randomDecPomdp({ seed, successors: 1 + seed });
    const random = createRandom(seed);
    const choices = [0, 1].map(() => [0, 1, 2].map(() => random.below(3)));
    for (const [epsilon, gamma] of [
      [0, 0.9],
      [0.4, 0.7],
      [1, 0],
    ]) {
      const policy = reactivePolicy(game, choices, epsilon);
      const { q, v } = policyValues(game, policy, gamma);
      close(
        v,
        Array.from({ length: 9 }, (_, s) => playForward(game, policy, gamma, s)),
      );
      close(
        v,
        Array.from({ length: 9 }, (_, s) =>
          policy.subarray(9 * s, 9 * s + 9).reduce((sum, p, u) => sum + p * q[9 * s + u], 0),
        ),
      );
    }
  });

  it("refuses a discount of 1 and a policy of another size", () => {
    const game = randomDecPomdp({ seed: 1 });
    expect(() => policyValues(game, new Float64Array(81), 1)).toThrow("gamma = 1");
    expect(() => policyValues(game, new Float64Array(80), 0.9)).toThrow(
      "The policy has 80 entries; 9 states and 9 joint actions need 81.",
    );
  });
});

it.each([1, 2, 3])(
  "optimalValues is the best of all policies that see the state, bestReactivePolicy of those that see a part, seed %i",
  (seed) => {
    const game = randomDecPomdp({ seed, observations: 2, actions: 2 });
    const gamma = 0.8;
    const best = new Float64Array(4).fill(-Infinity);
    let bestReactive = -Infinity;
    for (let number = 0; number < 4 ** 4; number++) {
      const joint = [0, 1, 2, 3].map((s) => Math.floor(number / 4 ** s) % 4);
      const policy = new Float64Array(16);
      joint.forEach((u, s) => (policy[s * 4 + u] = 1));
      const v = [0, 1, 2, 3].map((s) => playForward(game, policy, gamma, s));
      v.forEach((value, s) => (best[s] = Math.max(best[s], value)));
      // An agent that sees a part of the state acts alike in both states that look alike to it; state 2 a + b, joint
      // action 2 c + d.
      const seesPart = joint.every((u, s) => u >> 1 === joint[s & 2] >> 1 && (u & 1) === (joint[s & 1] & 1));
      if (seesPart) bestReactive = Math.max(bestReactive, (v[0] + v[1] + v[2] + v[3]) / 4);
    }
    close(optimalValues(game, gamma).v, best, 8);
    const found = bestReactivePolicy(game, gamma);
    expect(found.tried).toBe(16);
    expect(found.v.reduce((a, b) => a + b) / 4).toBeCloseTo(bestReactive, 8);
    close(found.policy, reactivePolicy(game, found.choices));
  },
);

it("bestReactivePolicy refuses to try too many", () => {
  expect(() =>
    bestReactivePolicy(randomDecPomdp({ seed: 1, observations: 4, actions: 5, successors: 1 }), 0.9),
  ).toThrow("There are 390625 joint policies to try");
});
