import { describe, expect, it } from "vitest";
import { createRandom } from "../random.js";
import { createTransitionBatch, createTransitionBuffer, type Transition, transitionBytes } from "./transitions.js";

const sizes = { agents: 2, actions: 2, observation: 3, state: 4 };

/** Moment `n` of a run shows n everywhere; what an episode ended with shows n + 0.5. */
function transition(n: number, ends: boolean, terminal = false): Transition {
  const filled = (length: number, value: number) => new Float32Array(length).fill(value);
  const after = ends ? n + 0.5 : n + 1;
  return {
    observations: filled(6, n),
    state: filled(4, n),
    actions: filled(4, -n),
    reward: 10 * n,
    nextObservations: filled(6, after),
    nextState: filled(4, after),
    terminal,
    last: ends,
  };
}

/** A buffer that keeps everything and copies everything would hold this. */
function fill(capacity: number, count: number) {
  const buffer = createTransitionBuffer(capacity, sizes);
  const random = createRandom(count);
  const all: Transition[] = [];
  for (let n = 0; n < count; n++) {
    const ends = random.below(4) === 0;
    all.push(transition(n, ends, ends && random.below(2) === 0));
    buffer.add(all[n]);
  }
  return { buffer, kept: all.slice(-capacity) };
}

describe("a buffer of transitions", () => {
  it.each([
    [50, 20],
    [50, 50],
    [7, 100],
    [1, 5],
    [70_000, 70_003],
  ])("of %d holds the newest of %d, each with what followed it", (capacity, count) => {
    const { buffer, kept } = fill(capacity, count);
    expect(buffer.size).toBe(kept.length);
    const drawn = Math.min(kept.length, 2000);
    const batch = createTransitionBatch(drawn, sizes);
    buffer.sample(batch, createRandom(1), { discount: 0.9 });
    const seen = new Set<number>();
    for (let i = 0; i < drawn; i++) {
      const n = batch.states[8 * i];
      seen.add(n);
      const expected = kept[n - (count - kept.length)];
      expect([...batch.observations.subarray(12 * i, 12 * (i + 1))]).toEqual([
        ...expected.observations,
        ...expected.nextObservations,
      ]);
      expect([...batch.states.subarray(8 * i, 8 * (i + 1))]).toEqual([...expected.state, ...expected.nextState]);
      expect([...batch.actions.subarray(4 * i, 4 * (i + 1))]).toEqual([...expected.actions]);
      expect([batch.rewards[i], batch.terminal[i] === 1]).toEqual([expected.reward, expected.terminal]);
    }
    expect(seen.size).toBe(drawn);
  });

  it("draws uniformly, from the newest alone where that is asked for", () => {
    const { buffer } = fill(40, 100);
    const counts = new Map<number, number>();
    const batch = createTransitionBatch(5, sizes);
    const random = createRandom(2);
    for (let k = 0; k < 2000; k++) {
      buffer.sample(batch, random, { discount: 0.9, among: 10 });
      for (let i = 0; i < 5; i++) counts.set(batch.states[8 * i], (counts.get(batch.states[8 * i]) ?? 0) + 1);
    }
    expect([...counts.keys()].sort((a, b) => a - b)).toEqual([90, 91, 92, 93, 94, 95, 96, 97, 98, 99]);
    // Each is drawn in half of the batches. For chi-squared with 9 degrees of freedom, halved for drawing without
    // replacement, 28 is above the 99.9 % point.
    const spread = [...counts.values()].reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    expect(spread).toBeLessThan(28);
  });

  it("looks ahead to the end of the episode, and to what is not played yet", () => {
    const buffer = createTransitionBuffer(20, sizes);
    // There is an episode of three steps that ends for good, and two steps of one that continues.
    [1, 2, 3, 4, 5].forEach((n) => buffer.add(transition(n, n === 3, n === 3)));
    const batch = createTransitionBatch(5, sizes);
    buffer.sample(batch, createRandom(1), { discount: 0.5, ahead: () => 2 });
    const rows = Array.from({ length: 5 }, (_, i) => ({
      from: batch.states[8 * i],
      to: batch.states[8 * i + 4],
      reward: batch.rewards[i],
      terminal: batch.terminal[i],
      steps: batch.steps[i],
    }));
    expect(rows.sort((a, b) => a.from - b.from)).toEqual([
      { from: 1, to: 3, reward: 10 + 0.5 * 20, terminal: 0, steps: 2 },
      { from: 2, to: 3.5, reward: 20 + 0.5 * 30, terminal: 1, steps: 2 },
      { from: 3, to: 3.5, reward: 30, terminal: 1, steps: 1 },
      { from: 4, to: 6, reward: 40 + 0.5 * 50, terminal: 0, steps: 2 },
      { from: 5, to: 6, reward: 50, terminal: 0, steps: 1 },
    ]);
  });

  it("fills the rows of a batch that are asked for, and no others", () => {
    const { buffer } = fill(40, 100);
    const batch = createTransitionBatch(8, sizes);
    buffer.sample(batch, createRandom(1), { discount: 1, rows: [3, 8], among: 5 });
    const begun = Array.from({ length: 8 }, (_, i) => batch.states[8 * i]);
    expect(begun.slice(0, 3)).toEqual([0, 0, 0]);
    expect(begun.slice(3).sort((a, b) => a - b)).toEqual([95, 96, 97, 98, 99]);
  });

  it.each([
    [50, 20],
    [7, 100],
    [40, 100],
  ])("of %d that held the newest of %d goes on as before when it is stored and restored", (capacity, count) => {
    const { buffer } = fill(capacity, count);
    const again = createTransitionBuffer(capacity, sizes);
    again.restore(buffer.store());
    // It is not known yet whether the newest transition's episode goes on.
    for (const one of [buffer, again]) one.add(transition(count, false));
    const [batch, other] = [buffer, again].map((one) => {
      const drawn = createTransitionBatch(5, sizes);
      one.sample(drawn, createRandom(4), { discount: 0.9, ahead: () => 3 });
      return drawn;
    });
    expect(other).toEqual(batch);
    expect(again.store()).toEqual(buffer.store());
    expect(() => createTransitionBuffer(5, { ...sizes, state: 3 }).restore(buffer.store())).toThrow(
      "The transitions in this checkpoint do not fit",
    );
  });

  it("keeps where an episode led to that was broken off", () => {
    const buffer = createTransitionBuffer(5, sizes);
    buffer.add(transition(1, false));
    buffer.cut();
    buffer.add(transition(7, false));
    const batch = createTransitionBatch(2, sizes);
    buffer.sample(batch, createRandom(1), { discount: 0.9 });
    const after = new Map([0, 1].map((i) => [batch.states[8 * i], batch.states[8 * i + 4]]));
    expect([...after].sort((a, b) => a[0] - b[0])).toEqual([
      [1, 2],
      [7, 8],
    ]);
  });

  it("goes on drawing as before when it is filled anew", () => {
    const draw = (count: number) => {
      const { buffer } = fill(30, count);
      const batch = createTransitionBatch(10, sizes);
      buffer.sample(batch, createRandom(5), { discount: 0.9 });
      return [...batch.observations];
    };
    expect(draw(45)).toEqual(draw(45));
  });

  it("refuses a batch that is larger than what it holds, and a capacity that is none", () => {
    const { buffer } = fill(30, 4);
    expect(() => buffer.sample(createTransitionBatch(5, sizes), createRandom(1), { discount: 1 })).toThrow(
      "Cannot sample 5 transitions without replacement from 4",
    );
    expect(() => createTransitionBuffer(0, sizes)).toThrow("capacity 0");
  });

  it("says what a transition takes", () => {
    // The transition of Humanoid 9|8 holds what two agents see and do, the state, the reward, and a byte.
    const bytes = transitionBytes({ agents: 2, actions: 9, observation: 18, state: 376 });
    expect(bytes).toBe(4 * (36 + 18 + 376 + 1) + 1);
    expect((1e6 * bytes) / 1e9).toBeCloseTo(1.725, 3);
  });
});
