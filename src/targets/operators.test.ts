import { describe, expect, it } from "vitest";
import { createRandom } from "../random.js";
import { groupEpisodes, type EpisodeGroup } from "../replay/group.js";
import { negativeExponential } from "./exponential.js";
import { applyOperator, mellowmax, nextValues, softMellowmax, softmaxMean, type ValueOperator } from "./operators.js";

const random = createRandom(31);
const uniform = (size: number, scale = 1) => Array.from({ length: size }, () => (2 * random.float() - 1) * scale);
const max = (values: readonly number[]) => values.reduce((a, b) => Math.max(a, b));
const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

/**
 * The operators as they are written in the paper and in section 3.1's references, with nothing done against overflow.
 */
const asWritten = {
  softMellowmax(q: readonly number[], alpha: number, omega: number): number {
    const norm = q.reduce((sum, x) => sum + Math.exp(alpha * x), 0);
    return Math.log(q.reduce((sum, x) => sum + (Math.exp(alpha * x) / norm) * Math.exp(omega * x), 0)) / omega;
  },
  mellowmax: (q: readonly number[], omega: number) => Math.log(mean(q.map((x) => Math.exp(omega * x)))) / omega,
  softmax(q: readonly number[], beta: number): number {
    const norm = q.reduce((sum, x) => sum + Math.exp(beta * x), 0);
    return q.reduce((sum, x) => sum + (Math.exp(beta * x) / norm) * x, 0);
  },
};

const cases = Array.from({ length: 200 }, () => uniform(1 + random.below(20), 3));

describe("operators of one agent's values", () => {
  it("have the values that the paper's formulas give by hand", () => {
    // With alpha = omega = ln 2 the values [0, 1] have weights 1/3 and 2/3, which gives log2(1/3 + 4/3) = log2(5/3).
    expect(softMellowmax([0, 1], { alpha: Math.LN2, omega: Math.LN2 })).toBeCloseTo(Math.log2(5 / 3), 9);
    expect(mellowmax([0, 1], { omega: Math.LN2 })).toBeCloseTo(Math.log2(1.5), 9);
    expect(softmaxMean([0, 1], { beta: Math.LN2 })).toBeCloseTo(2 / 3, 9);
    expect(applyOperator({ kind: "max" }, [0, 1, -2])).toBe(1);
  });

  it.each([
    [1, 10],
    [5, 5],
    [10, 10],
    [0, 3],
    [-2, 1],
    [-2, 5],
  ])("agree with the formulas as written, alpha %d, omega %d", (alpha, omega) => {
    for (const q of cases) {
      expect(softMellowmax(q, { alpha, omega })).toBeCloseTo(asWritten.softMellowmax(q, alpha, omega), 8);
      expect(mellowmax(q, { omega })).toBeCloseTo(asWritten.mellowmax(q, omega), 8);
      expect(softmaxMean(q, { beta: alpha })).toBeCloseTo(asWritten.softmax(q, alpha), 8);
      expect(applyOperator({ kind: "max" }, q)).toBe(max(q));
    }
  });

  it("lie at or below the maximum, soft mellowmax with alpha >= 0 between mellowmax and it", () => {
    for (const q of cases) {
      for (const alpha of [-5, -1, 0, 1, 10]) {
        for (const omega of [0.1, 1, 10, 100]) {
          const value = softMellowmax(q, { alpha, omega });
          expect(value).toBeLessThanOrEqual(max(q));
          if (alpha >= 0) expect(value).toBeGreaterThanOrEqual(mellowmax(q, { omega }) - 1e-8);
          expect(mellowmax(q, { omega })).toBeGreaterThanOrEqual(mean(q) - 1e-8);
        }
        expect(softmaxMean(q, { beta: alpha })).toBeLessThanOrEqual(max(q) + 1e-12);
      }
    }
  });

  it("approach their limits", () => {
    for (const q of cases) {
      expect(softMellowmax(q, { alpha: 1, omega: 1e6 })).toBeCloseTo(max(q), 4);
      expect(softMellowmax(q, { alpha: 1e6, omega: 10 })).toBeCloseTo(max(q), 4);
      expect(softMellowmax(q, { alpha: 0, omega: 10 })).toBe(mellowmax(q, { omega: 10 }));
      expect(softMellowmax(q, { alpha: 1e-9, omega: 10 })).toBeCloseTo(mellowmax(q, { omega: 10 }), 6);
      expect(softMellowmax(q, { alpha: 2, omega: 1e-4 })).toBeCloseTo(softmaxMean(q, { beta: 2 }), 2);
      expect(mellowmax(q, { omega: 1e-4 })).toBeCloseTo(mean(q), 2);
      expect(softmaxMean(q, { beta: 0 })).toBeCloseTo(mean(q), 12);
      expect(softmaxMean(q, { beta: 1e6 })).toBeCloseTo(max(q), 4);
    }
  });

  it("do not overflow, and shift with their values", () => {
    const q = [1, 2.5, -3, 2];
    for (const operator of allOperators) {
      const value = applyOperator(operator, q);
      expect(
        applyOperator(
          operator,
          q.map((x) => x + 1000),
        ),
      ).toBeCloseTo(value + 1000, 8);
      expect(
        applyOperator(
          operator,
          q.map((x) => x - 1000),
        ),
      ).toBeCloseTo(value - 1000, 8);
      expect(Number.isFinite(applyOperator(operator, [1e30, -1e30, 0]))).toBe(true);
    }
  });

  it("see the available actions only", () => {
    for (const operator of allOperators) {
      expect(applyOperator(operator, [9, 1, NaN, 3], [0, 1, 0, 1])).toBe(applyOperator(operator, [1, 3]));
      expect(applyOperator(operator, [9, 1.5, 3], [0, 1, 0])).toBeCloseTo(1.5, 12);
      expect(() => applyOperator(operator, [1, 2], [0, 0])).toThrow("None of 2 actions is available");
      expect(applyOperator(operator, [1, NaN, 2])).toBeNaN();
    }
  });

  it("refuse impossible parameters, naming them", () => {
    expect(() => softMellowmax([1], { alpha: 1, omega: 0 })).toThrow("omega = 0");
    expect(() => mellowmax([1], { omega: -1 })).toThrow("omega = -1");
    expect(() => softMellowmax([1], { alpha: NaN, omega: 1 })).toThrow("alpha = NaN");
    expect(() => softmaxMean([1], { beta: Infinity })).toThrow("beta = Infinity");
  });
});

const allOperators: ValueOperator[] = [
  { kind: "max" },
  { kind: "softmax", beta: 5 },
  { kind: "mellowmax", omega: 10 },
  { kind: "soft-mellowmax", alpha: 1, omega: 10 },
];

const sizes = { agents: 3, actions: 6 };

/** A group of 16 or fewer episodes with random availability, and Q-values that are NaN wherever nothing may look. */
function randomGroup(
  episodes: number,
  longest: number,
): { group: EpisodeGroup; targetQ: Float32Array; onlineQ: Float32Array } {
  const { agents, actions } = sizes;
  const [group] = groupEpisodes(
    Array.from({ length: episodes }, (_, index) => {
      const length = 1 + random.below(longest);
      const availableActions = Uint8Array.from({ length: (length + 1) * agents * actions }, () => random.below(2));
      for (let i = 0; i < availableActions.length; i += actions) availableActions[i + random.below(actions)] = 1;
      return {
        index,
        seed: index,
        length,
        observations: new Float32Array(0),
        states: new Float32Array(0),
        availableActions,
        actions: Uint8Array.from({ length: length * agents }, () => random.below(actions)),
        rewards: new Float32Array(length),
        terminal: true,
      };
    }),
    sizes,
  );
  const values = () => {
    const q = new Float32Array((group.steps + 1) * agents * actions * group.lanes).fill(NaN);
    for (let lane = 0; lane < episodes; lane++) {
      for (let i = 0; i < (group.lengths[lane] + 1) * agents * actions; i++)
        q[i * group.lanes + lane] = 2 * random.float();
    }
    return q;
  };
  return { group, targetQ: values(), onlineQ: values() };
}

describe("nextValues", () => {
  it.each(allOperators)(
    "gives each agent's $kind over the actions available in the next state, and 0 in padding",
    (operator) => {
      const { group, targetQ } = randomGroup(11, 9);
      const { agents, actions } = sizes;
      const out = new Float32Array(group.steps * agents * group.lanes).fill(NaN);
      expect(nextValues(operator, targetQ, null, group, out)).toBe(out);
      for (let t = 0; t < group.steps; t++) {
        for (let agent = 0; agent < agents; agent++) {
          for (let lane = 0; lane < group.lanes; lane++) {
            const value = out[(t * agents + agent) * group.lanes + lane];
            if (t >= group.lengths[lane]) {
              expect(value).toBe(0);
              continue;
            }
            const from = ((t + 1) * agents + agent) * actions;
            const q = Array.from({ length: actions }, (_, a) => targetQ[(from + a) * group.lanes + lane]);
            expect(value).toBeCloseTo(
              applyOperator(operator, q, group.episodes[lane].availableActions.subarray(from, from + actions)),
              6,
            );
          }
        }
      }
    },
  );

  it("with max and online values is double Q: the online network chooses, the target network judges", () => {
    const { group, targetQ, onlineQ } = randomGroup(16, 7);
    const { agents, actions } = sizes;
    const out = nextValues({ kind: "max" }, targetQ, onlineQ, group);
    let different = 0;
    for (let lane = 0; lane < group.lanes; lane++) {
      for (let t = 0; t < group.lengths[lane]; t++) {
        for (let agent = 0; agent < agents; agent++) {
          const from = ((t + 1) * agents + agent) * actions;
          // PyMARL gives unavailable actions -9999999 before the argmax.
          const masked = Array.from({ length: actions }, (_, a) =>
            group.episodes[lane].availableActions[from + a] ? onlineQ[(from + a) * group.lanes + lane] : -9999999,
          );
          const best = masked.indexOf(max(masked));
          const value = out[(t * agents + agent) * group.lanes + lane];
          expect(value).toBe(targetQ[(from + best) * group.lanes + lane]);
          if (
            value !==
            applyOperator(
              { kind: "max" },
              [...masked.keys()].filter((a) => masked[a] > -1).map((a) => targetQ[(from + a) * group.lanes + lane]),
            )
          )
            different++;
        }
      }
    }
    expect(different).toBeGreaterThan(50);
  });

  it("lets the other operators ignore online values", () => {
    const { group, targetQ, onlineQ } = randomGroup(5, 5);
    for (const operator of allOperators.slice(1)) {
      expect(nextValues(operator, targetQ, onlineQ, group)).toEqual(nextValues(operator, targetQ, null, group));
    }
  });

  it("passes NaN on, so that a diverged network is noticed", () => {
    const { group, targetQ, onlineQ } = randomGroup(1, 1);
    targetQ.fill(NaN);
    for (const operator of allOperators) expect(nextValues(operator, targetQ, null, group)[0]).toBeNaN();
    targetQ.fill(1);
    onlineQ.fill(NaN);
    expect(nextValues({ kind: "max" }, targetQ, onlineQ, group)[0]).toBeNaN();
  });

  it("refuses an agent without actions and arrays of another size, naming them", () => {
    const { group, targetQ, onlineQ } = randomGroup(4, 3);
    expect(() => nextValues({ kind: "max" }, targetQ.subarray(1), null, group)).toThrow("q has");
    expect(() => nextValues({ kind: "max" }, targetQ, onlineQ.subarray(1), group)).toThrow("choosingQ has");
    group.availableActions.fill(0);
    for (const online of [null, onlineQ]) {
      expect(() => nextValues({ kind: "max" }, targetQ, online, group)).toThrow(
        `Episode ${group.episodes[0].index}: agent 0 has no available action at step 1`,
      );
    }
  });
});

it("negativeExponential agrees with Math.exp", () => {
  for (let i = 0; i < 100_000; i++) {
    const x = -40 * random.float();
    expect(Math.abs(negativeExponential(x) / Math.exp(x) - 1)).toBeLessThan(2e-10);
  }
  expect([0, -0, -41, -Infinity].map(negativeExponential)).toEqual([1, 1, 0, 0]);
  expect(negativeExponential(NaN)).toBeNaN();
});
