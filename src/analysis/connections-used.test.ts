import { describe, expect, it } from "vitest";
import { SHAPES, randomCase, randomEpisodes } from "../networks/sparse/fixtures.js";
import { referenceAgent } from "../networks/reference.js";
import { createRandom } from "../random.js";
import { agentActivity, connectionsUsed } from "./connections-used.js";

const shape = SHAPES["odd"];
const { agents, actions, observation, hidden } = shape;
const size = observation + actions + agents;
const { masks, parameters } = randomCase(shape, 0.4, [3], 11);
const episodes = randomEpisodes(shape, [6, 9, 4], createRandom(3));
// Agent 0 falls halfway through the second battle: it sees zeros then, and may only do nothing.
const available = episodes[1].availableActions;
for (let t = 5; t <= 9; t++) available.fill(0, t * agents * actions + 1, (t * agents + 1) * actions);

/** Counts every connection of every layer at every decision of an agent one by one, with a GRU that is written out. */
function countOneByOne(
  agent: number,
  mask: (weight: string) => ArrayLike<number>,
): { counts: Map<string, number>; decisions: number; q: number[][] } {
  const weight = (name: string) => parameters.get(`agent.${name}`)!;
  const times = (name: string, bias: string, x: readonly number[]): number[] =>
    Array.from(weight(bias), (b, i) => x.reduce((sum, value, j) => sum + weight(name)[i * x.length + j] * value, b));
  const counts = new Map<string, number>();
  const q: number[][] = [];
  let decisions = 0;
  for (const episode of episodes) {
    let h = new Array<number>(hidden).fill(0);
    for (let t = 0; t < episode.length; t++) {
      const row = t * agents + agent;
      const input = [
        ...episode.observations.subarray(row * observation, (row + 1) * observation),
        ...Array.from({ length: actions }, (_, a) => (t > 0 && episode.actions[row - agents] === a ? 1 : 0)),
        ...Array.from({ length: agents }, (_, i) => (i === agent ? 1 : 0)),
      ];
      const x = times("fc1.weight", "fc1.bias", input).map((value) => Math.max(0, value));
      const [a, b] = [times("rnn.weight_ih", "rnn.bias_ih", x), times("rnn.weight_hh", "rnn.bias_hh", h)];
      const next = h.map((old, i) => {
        const r = 1 / (1 + Math.exp(-a[i] - b[i])),
          z = 1 / (1 + Math.exp(-a[hidden + i] - b[hidden + i]));
        return (1 - z) * Math.tanh(a[2 * hidden + i] + r * b[2 * hidden + i]) + z * old;
      });
      if (agent > 0 || episode !== episodes[1] || t < 5) {
        decisions++;
        for (const [name, from] of [
          ["fc1.weight", input],
          ["rnn.weight_ih", x],
          ["rnn.weight_hh", h],
          ["fc2.weight", next],
        ] as const) {
          const bits = mask(`agent.${name}`);
          let used = 0;
          for (let i = 0; i < bits.length; i++) if (bits[i] !== 0 && from[i % from.length] !== 0) used++;
          counts.set(`agent.${name}`, (counts.get(`agent.${name}`) ?? 0) + used);
        }
      }
      if (episode === episodes[0]) q.push(times("fc2.weight", "fc2.bias", next));
      h = next;
    }
  }
  return { counts, decisions, q };
}

describe("connections in use", () => {
  const activity = agentActivity(shape, parameters, episodes);

  it("are those that a count of every connection at every decision finds", () => {
    const network = referenceAgent(shape, parameters, episodes[0]);
    for (let agent = 0; agent < agents; agent++) {
      const { counts, decisions, q } = countOneByOne(agent, (weight) => masks.get(weight)!);
      // The network written out above is the one that plays.
      q.forEach((values, t) => values.forEach((value, a) => expect(value).toBeCloseTo(network[t][agent][a], 10)));
      expect(activity[agent].decisions).toBe(decisions);
      const used = connectionsUsed(masks, activity[agent]);
      expect(used.map(({ weight }) => weight)).toEqual([...counts.keys()]);
      for (const { weight, used: mean } of used)
        expect(mean, `${weight}, agent ${agent}`).toBeCloseTo(counts.get(weight)! / decisions, 9);
    }
  });

  it("of a random mask are the density's share of those of a dense one", () => {
    const { counts, decisions } = countOneByOne(1, (weight) => new Uint8Array(masks.get(weight)!.length).fill(1));
    for (const { weight, random } of connectionsUsed(masks, activity[1])) {
      const mask = masks.get(weight)!;
      expect(random).toBeCloseTo(((mask.reduce((a, b) => a + b) / mask.length) * counts.get(weight)!) / decisions, 9);
    }
  });

  it("are counted only where there is something to decide", () => {
    expect(activity.map(({ decisions }) => decisions)).toEqual([15, 19, 19]);
    expect(activity.map(({ remembering }) => remembering)).toEqual([12, 16, 16]);
  });

  it("know each agent's number and how large inputs are", () => {
    expect([...activity[2].inputs.subarray(size - agents)]).toEqual([0, 0, 19]);
    let first = 0;
    for (const { length, observations } of episodes)
      for (let t = 0; t < length; t++) first += Math.abs(observations[(t * agents + 2) * observation]);
    expect(activity[2].magnitudes[0]).toBeCloseTo(first, 5);
  });
});
