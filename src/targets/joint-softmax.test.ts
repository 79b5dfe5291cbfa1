import { expect, it } from "vitest";
import { createRandom } from "../random.js";
import { type EpisodeGroup, LANES, groupEpisodes } from "../replay/group.js";
import { softmaxOverJointActions } from "./joint-softmax.js";

const [agents, actions] = [3, 4];
const random = createRandom(61);

/** Episodes of random lengths and availability, with an available action for each agent always. */
function randomGroup(lengths: readonly number[]): EpisodeGroup {
  return groupEpisodes(
    lengths.map((length, index) => {
      const availableActions = Uint8Array.from({ length: (length + 1) * agents * actions }, () => random.below(2));
      for (let i = 0; i < availableActions.length; i += actions) availableActions[i + random.below(actions)] = 1;
      return {
        index,
        seed: index,
        length,
        observations: new Float32Array(0),
        states: new Float32Array(0),
        availableActions,
        actions: new Uint8Array(length * agents),
        rewards: new Float32Array(length),
        terminal: false,
      };
    }),
    { agents, actions },
  )[0];
}

/** Returns the totals of every available candidate, and NaN wherever nothing may look. */
function totalsOf(group: EpisodeGroup, draw: () => number): Float32Array {
  const totals = new Float32Array(group.steps * agents * actions * LANES).fill(NaN);
  forCandidates(group, (_t, _lane, i) => (totals[i] = draw()));
  return totals;
}

/** Visits every available candidate of every next state, and tells where its total is. */
function forCandidates({ episodes }: EpisodeGroup, visit: (t: number, lane: number, i: number) => void): void {
  episodes.forEach(({ length, availableActions }, lane) => {
    for (let t = 0; t < length; t++) {
      for (let c = 0; c < agents * actions; c++) {
        if (availableActions[(t + 1) * agents * actions + c]) visit(t, lane, (t * agents * actions + c) * LANES + lane);
      }
    }
  });
}

it("has the value of a case done by hand: the greedy joint action counts once an agent, unavailable ones not at all", () => {
  // There are two agents; the greedy joint action is action 0 of both, and agent 1 may not play action 1.
  const [group] = groupEpisodes(
    [
      {
        index: 0,
        seed: 0,
        length: 1,
        observations: new Float32Array(0),
        states: new Float32Array(0),
        availableActions: Uint8Array.of(1, 1, 1, 1, 1, 1, 1, 0),
        actions: new Uint8Array(2),
        rewards: new Float32Array(1),
        terminal: false,
      },
    ],
    { agents: 2, actions: 2 },
  );
  const candidates = (...values: number[]) => {
    const totals = new Float32Array(4 * LANES).fill(NaN);
    values.forEach((value, c) => (totals[c * LANES] = value));
    return totals;
  };
  // With beta = ln 2 the online totals 3, 1, 3 weigh 8, 2, 8; the target network gives 10, 1, 10.
  const out = softmaxOverJointActions(candidates(3, 1, 3, 1e9), candidates(10, 1, 10, 1e9), group, { beta: Math.LN2 });
  expect(out[0]).toBeCloseTo((8 * 10 + 2 * 1 + 8 * 10) / 18, 5);
  expect([...out.subarray(1)]).toEqual(Array(15).fill(0));
});

it("agrees with the softmax as it is written, over the available candidates only", () => {
  const group = randomGroup([7, 5, 5, 3, 2, 1, 1, 1, 1, 1, 4, 6, 2, 3]);
  const [online, target] = [
    totalsOf(group, () => 4 * random.float() - 2),
    totalsOf(group, () => 10 * random.float() - 5),
  ];
  for (const beta of [0, 0.05, 1, 5]) {
    const out = new Float32Array(group.steps * LANES).fill(NaN);
    expect(softmaxOverJointActions(online, target, group, { beta }, out)).toBe(out);
    const [weights, sums] = [new Float64Array(out.length), new Float64Array(out.length)];
    forCandidates(group, (t, lane, i) => {
      weights[t * LANES + lane] += Math.exp(beta * online[i]);
      sums[t * LANES + lane] += Math.exp(beta * online[i]) * target[i];
    });
    out.forEach((value, i) => expect(value).toBeCloseTo(weights[i] === 0 ? 0 : sums[i] / weights[i], 5));
  }
});

it("does not overflow: a large beta or large totals leave the best candidates", () => {
  const group = randomGroup([4, 3, 1]);
  const online = totalsOf(group, () => 1e5 * random.float());
  const expected = new Map<number, { online: number; target: number }>();
  const target = totalsOf(group, () => random.float());
  forCandidates(group, (t, lane, i) => {
    const at = t * LANES + lane;
    if (!(online[i] <= (expected.get(at)?.online ?? -Infinity)))
      expected.set(at, { online: online[i], target: target[i] });
  });
  const out = softmaxOverJointActions(online, target, group, { beta: 5 });
  expect(expected.size).toBe(8);
  expected.forEach(({ target }, at) => expect(out[at]).toBeCloseTo(target, 5));
  // The totals lie far below 0, so that their exponentials would all vanish.
  const low = online.map((x) => x - 1e6);
  softmaxOverJointActions(low, target, group, { beta: 5 }).forEach((value, i) => expect(value).toBeCloseTo(out[i], 5));
});

it("passes NaN on and refuses what is impossible, naming it", () => {
  const group = randomGroup([1]);
  const [online, target] = [totalsOf(group, () => 1), totalsOf(group, () => 2)];
  const none = new Float32Array(online.length).fill(NaN);
  expect(softmaxOverJointActions(none, target, group, { beta: 5 })[0]).toBeNaN();
  expect(softmaxOverJointActions(online, none, group, { beta: 5 })[0]).toBeNaN();
  for (const beta of [-1, NaN, Infinity])
    expect(() => softmaxOverJointActions(online, target, group, { beta })).toThrow(`beta = ${beta}`);
  expect(() => softmaxOverJointActions(online.subarray(1), target, group, { beta: 5 })).toThrow(
    "onlineTotals has 191 entries; this group of episodes needs 192.",
  );
  expect(() => softmaxOverJointActions(online, target, group, { beta: 5 }, new Float32Array(2))).toThrow("out has 2");
  group.availableActions.fill(0);
  expect(() => softmaxOverJointActions(online, target, group, { beta: 5 })).toThrow(
    "Episode 0: no action is available at step 1",
  );
});
