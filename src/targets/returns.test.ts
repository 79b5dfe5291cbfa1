import { describe, expect, it } from "vitest";
import { createRandom } from "../random.js";
import {
  hybridTdLambda,
  learningTargets,
  monteCarloReturns,
  nStepReturns,
  tdLambdaReturns,
  type Trajectories,
} from "./returns.js";

const random = createRandom(41);
const gamma = 0.93;

/** Episodes of different lengths, terminal or not; what may not be read is NaN. */
function randomTrajectories(lanes: number, steps: number): { trajectories: Trajectories; next: Float32Array } {
  const lengths = Int32Array.from({ length: lanes }, (_, lane) => (lane === 0 ? steps : random.below(steps + 1)));
  const terminal = Uint8Array.from({ length: lanes }, () => random.below(2));
  const rewards = new Float32Array(steps * lanes).fill(NaN);
  const next = new Float32Array(steps * lanes).fill(NaN);
  for (let lane = 0; lane < lanes; lane++) {
    for (let t = 0; t < lengths[lane]; t++) {
      rewards[t * lanes + lane] = random.float() * 2 - 1;
      if (t < lengths[lane] - 1 || !terminal[lane]) next[t * lanes + lane] = random.float() * 10 - 5;
    }
  }
  return { trajectories: { steps, lanes, lengths, terminal, rewards }, next };
}

/** Computes T^(n)_t of one lane in float64, straight from its definition. */
function nStep(
  { lanes, lengths, terminal, rewards }: Trajectories,
  next: Float32Array,
  lane: number,
  t: number,
  n: number,
): number {
  let value = 0;
  let k = 0;
  for (; k < n && t + k < lengths[lane]; k++) value += gamma ** k * rewards[(t + k) * lanes + lane];
  const atEnd = t + k === lengths[lane];
  return atEnd && terminal[lane] ? value : value + gamma ** k * next[(t + k - 1) * lanes + lane];
}

function expectReturns(
  { trajectories, next }: ReturnType<typeof randomTrajectories>,
  got: Float32Array,
  expected: (lane: number, t: number) => number,
): void {
  const { steps, lanes, lengths } = trajectories;
  expect(got.length).toBe(steps * lanes);
  expect(next.length).toBe(steps * lanes);
  for (let lane = 0; lane < lanes; lane++) {
    for (let t = 0; t < steps; t++) {
      if (t < lengths[lane]) expect(got[t * lanes + lane]).toBeCloseTo(expected(lane, t), 5);
      else expect(got[t * lanes + lane]).toBe(0);
    }
  }
}

const batches = [
  randomTrajectories(16, 12),
  randomTrajectories(1, 30),
  randomTrajectories(5, 1),
  randomTrajectories(16, 25),
];

/** One episode has three rewards, 1, 2 and 4, discount 1/2, and next values 10, 20 and 40. */
const byHand = (terminal: number): Trajectories => ({
  steps: 3,
  lanes: 1,
  lengths: [3],
  terminal: [terminal],
  rewards: [1, 2, 4],
});
const values = [10, 20, 40];

describe("nStepReturns", () => {
  it("sums n rewards and then bootstraps", () => {
    expect([...nStepReturns(byHand(0), values, { gamma: 0.5, n: 1 })]).toEqual([6, 12, 24]);
    expect([...nStepReturns(byHand(0), values, { gamma: 0.5, n: 2 })]).toEqual([1 + 1 + 5, 2 + 2 + 10, 24]);
    expect([...nStepReturns(byHand(1), values, { gamma: 0.5, n: 2 })]).toEqual([7, 4, 4]);
    expect([...nStepReturns(byHand(1), values, { gamma: 0.5, n: 100 })]).toEqual([3, 4, 4]);
  });

  it.each([1, 2, 3, 7, 50])("agrees with the definition, n = %i", (n) => {
    for (const batch of batches) {
      expectReturns(batch, nStepReturns(batch.trajectories, batch.next, { gamma, n }), (lane, t) =>
        nStep(batch.trajectories, batch.next, lane, t, n),
      );
    }
  });

  it("refuses an n that is no whole number >= 1", () => {
    for (const n of [0, 1.5, NaN]) expect(() => nStepReturns(byHand(0), values, { gamma, n })).toThrow(`n = ${n}`);
  });
});

describe("tdLambdaReturns", () => {
  it("has the values of a case done by hand", () => {
    // From the end: the last is 4 + 20 = 24; with lambda 1/2 the one before is 2 + 0.5 (0.5 * 20 + 0.5 * 24) = 13, and
    // the first is 1 + 0.5 (5 + 6.5) = 6.75.
    expect([...tdLambdaReturns(byHand(0), values, { gamma: 0.5, lambda: 0.5 })]).toEqual([6.75, 13, 24]);
    expect([...tdLambdaReturns(byHand(1), values, { gamma: 0.5, lambda: 0.5 })]).toEqual([5.5, 8, 4]);
  });

  it("is one-step at lambda 0 and Monte-Carlo at lambda 1", () => {
    for (const { trajectories, next } of batches) {
      expect(tdLambdaReturns(trajectories, next, { gamma, lambda: 0 })).toEqual(
        nStepReturns(trajectories, next, { gamma, n: 1 }),
      );
      expect(tdLambdaReturns(trajectories, next, { gamma, lambda: 1 })).toEqual(
        monteCarloReturns(trajectories, next, { gamma }),
      );
    }
  });

  it.each([0.2, 0.6, 0.8, 0.95])("is the weighted sum of all n-step returns, lambda = %d", (lambda) => {
    for (const batch of batches) {
      expectReturns(batch, tdLambdaReturns(batch.trajectories, batch.next, { gamma, lambda }), (lane, t) => {
        const left = batch.trajectories.lengths[lane] - t;
        let sum = 0;
        for (let n = 1; n < left; n++)
          sum += (1 - lambda) * lambda ** (n - 1) * nStep(batch.trajectories, batch.next, lane, t, n);
        // From n = left on every term is the full return, and their weights sum to lambda^(left-1).
        return sum + lambda ** (left - 1) * nStep(batch.trajectories, batch.next, lane, t, left);
      });
    }
  });

  it("refuses a lambda outside 0..1", () => {
    for (const lambda of [-0.1, 1.1, NaN])
      expect(() => tdLambdaReturns(byHand(0), values, { gamma, lambda })).toThrow(`lambda = ${lambda}`);
  });
});

it("monteCarloReturns without next values ends where the episode was cut", () => {
  expect([...monteCarloReturns(byHand(0), null, { gamma: 0.5 })]).toEqual([3, 4, 4]);
  expect([...monteCarloReturns(byHand(0), values, { gamma: 0.5 })]).toEqual([8, 14, 24]);
});

describe("targets that change after T_0", () => {
  const oneStep = nStepReturns(byHand(0), values, { gamma: 0.5, n: 1 });
  it("hybridTdLambda is one-step before T_0 and TD(lambda) from T_0 on", () => {
    const at = (step: number) => hybridTdLambda(byHand(0), values, { gamma: 0.5, lambda: 0.5, burnIn: 100, step });
    expect(at(99)).toEqual(oneStep);
    expect([...at(100)]).toEqual([6.75, 13, 24]);
  });

  it("learningTargets follows its configuration", () => {
    const at = (target: Parameters<typeof learningTargets>[0], step: number) =>
      learningTargets(target, step, byHand(0), values, 0.5);
    expect(at({ kind: "one-step" }, 1e9)).toEqual(oneStep);
    expect(at({ kind: "n-step", n: 2, burnIn: 100 }, 99)).toEqual(oneStep);
    expect([...at({ kind: "n-step", n: 2, burnIn: 100 }, 100)]).toEqual([7, 14, 24]);
    expect(at({ kind: "td-lambda", lambda: 0.5, burnIn: 100 }, 99)).toEqual(oneStep);
    expect([...at({ kind: "td-lambda", lambda: 0.5, burnIn: 0 }, 0)]).toEqual([6.75, 13, 24]);
  });
});

it("writes over the array given and refuses sizes that disagree, naming the array", () => {
  const out = new Float32Array(3).fill(NaN);
  expect(nStepReturns(byHand(0), values, { gamma: 0.5, n: 1 }, out)).toBe(out);
  expect([...out]).toEqual([6, 12, 24]);
  expect(() => nStepReturns(byHand(0), [1, 2], { gamma, n: 1 })).toThrow(
    "nextValues has 2 entries; 3 steps of 1 lanes need 3",
  );
  expect(() => nStepReturns(byHand(0), values, { gamma, n: 1 }, new Float32Array(4))).toThrow("out has 4");
});
