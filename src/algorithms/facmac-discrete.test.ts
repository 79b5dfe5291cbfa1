import { describe, expect, it } from "vitest";
import { resolveConfig } from "../config.js";
import { initialParameters, networkParameters, type NetworkShape } from "../networks/parameters.js";
import { referenceAgent, referenceMixer, type Values } from "../networks/reference.js";
import { createSparseEngine } from "../networks/sparse/engine.js";
import { nativeKernels } from "../node/kernels.js";
import { createRandom } from "../random.js";
import type { Episode } from "../replay/episode.js";
import { countSteps, groupEpisodes, LANES } from "../replay/group.js";
import { randomEpisodes } from "../replay/random-episodes.js";
import { randomMasks } from "../networks/sparse/fixtures.js";
import { collect, combination } from "../training/fixtures.js";
import { facmacDiscreteNetworks, facmacDiscreteUpdate } from "./facmac-discrete.js";

const shape: NetworkShape = {
  agents: 3,
  actions: 4,
  observation: 5,
  state: 7,
  hidden: 9,
  embed: 5,
  hypernetEmbed: 6,
  networks: facmacDiscreteNetworks,
};

const config = resolveConfig({
  environment: "3m",
  algorithm: "facmac-discrete",
  method: "dense",
  discount: 0.9,
  returns: { lambda: 0.7 },
  optimiser: { learningRate: 1e-30, actorLearningRate: 1e-30 },
});

function open(density: number, native: boolean, seed: number) {
  const random = createRandom(seed);
  const specs = networkParameters(shape);
  const masks = density === 1 ? new Map<string, Uint8Array>() : randomMasks(shape, density, random);
  const draw = () =>
    new Map(
      [...initialParameters(specs, random)].map(([name, values]) => [
        name,
        values.map((value, i) => (masks.get(name)?.[i] === 0 ? 0 : value)),
      ]),
    );
  const [online, target] = [draw(), draw()];
  const engine = createSparseEngine<typeof facmacDiscreteNetworks>(shape, online, masks, {
    native: native ? nativeKernels()! : null,
  });
  engine.write("target", target);
  return { engine, online, target, masks };
}

/** The critic in float64, which reads what an agent sees and one number for each of its actions. */
function critic(values: Values, seen: ArrayLike<number>, action: readonly number[]): number {
  const layer = (name: string, x: readonly number[]) =>
    Array.from(values.get(`critic.${name}.bias`)!, (bias, row) =>
      x.reduce((sum, value, i) => sum + value * values.get(`critic.${name}.weight`)![row * x.length + i]!, bias),
    );
  const relu = (x: readonly number[]) => x.map((value) => Math.max(0, value));
  return layer("fc3", relu(layer("fc2", relu(layer("fc1", [...Array.from(seen), ...action])))))[0]!;
}

const seenAt = ({ observations }: Episode, t: number, agent: number) =>
  observations.subarray((t * 3 + agent) * 5, (t * 3 + agent + 1) * 5);
const stateAt = ({ states }: Episode, t: number) => states.subarray(t * 7, (t + 1) * 7);
const oneHot = (action: number) => Array.from({ length: 4 }, (_, a) => (a === action ? 1 : 0));
/** Q_tot(s, Q(o, u)) at step t, where u is [agents][actions]. */
function total(values: Values, episode: Episode, t: number, joint: readonly (readonly number[])[]): number {
  const q = joint.map((action, agent) => critic(values, seenAt(episode, t, agent), action));
  return referenceMixer(shape, values, stateAt(episode, t), q);
}

const isAvailable = (episode: Episode, t: number, agent: number, action: number) =>
  episode.availableActions[(t * 3 + agent) * 4 + action] === 1;

/** Returns y of each step, computed from the end: TD(lambda) of the actions that the target actor likes best. */
function targetsOf(episode: Episode, target: Values): number[] {
  const logits = referenceAgent(shape, target, episode);
  const next = Array.from({ length: episode.length }, (_, t) => {
    const joint = logits[t + 1]!.map((row, agent) => {
      let best = -1;
      row.forEach((value, a) => {
        if (isAvailable(episode, t + 1, agent, a) && (best < 0 || value > row[best]!)) best = a;
      });
      return oneHot(best);
    });
    return total(target, episode, t + 1, joint);
  });
  const y: number[] = [];
  for (let t = episode.length - 1; t >= 0; t--)
    y[t] =
      episode.rewards[t]! +
      0.9 * (t === episode.length - 1 ? (episode.terminal ? 0 : next[t]!) : 0.3 * next[t]! + 0.7 * y[t + 1]!);
  return y;
}

/** Compares some entries of gradients with central differences of a loss in float64. */
function expectGradients(
  ours: ReadonlyMap<string, Float32Array>,
  online: ReadonlyMap<string, Float32Array>,
  masks: ReadonlyMap<string, Uint8Array>,
  loss: (values: Values) => number,
): void {
  const values = new Map([...online].map(([name, list]) => [name, Float64Array.from(list)]));
  const random = createRandom(1);
  for (const [name, gradient] of ours) {
    const present = [...gradient.keys()].filter((i) => masks.get(name)?.[i] !== 0);
    const largest = [...present].sort((i, j) => Math.abs(gradient[j]!) - Math.abs(gradient[i]!)).slice(0, 3);
    const list = values.get(name)!;
    let [error, size] = [0, 0];
    for (const i of [...largest, ...Array.from({ length: 3 }, () => present[random.below(present.length)]!)]) {
      const kept = list[i]!;
      const at = (value: number) => {
        list[i] = value;
        const found = loss(values);
        list[i] = kept;
        return found;
      };
      const slope = (at(kept + 1e-6) - at(kept - 1e-6)) / 2e-6;
      error += (gradient[i]! - slope) ** 2;
      size += slope ** 2;
    }
    expect(Math.sqrt(error), name).toBeLessThan(2e-4 * Math.sqrt(size) + 1e-7);
    for (const [i, value] of gradient.entries()) if (masks.get(name)?.[i] === 0) expect(value).toBe(0);
  }
}

describe.each([
  [1, "native", [6, 4, 3, 1], 0.3],
  [0.4, "wasm", [5, 3, 3, 2], 0],
  // These are more than half of the lanes, so two agents do not share a tile.
  [0.4, "native", [4, 4, 4, 3, 3, 3, 3, 2, 2, 1], 0.3],
] as const)("FACMAC's update of discrete actions at density %d, %s", (density, kernels, lengths, entropy) => {
  it("has the gradients of the critic's loss and of the policy's, to differences in float64", async () => {
    const { engine, online, target, masks } = open(density, kernels === "native", 3);
    const episodes = randomEpisodes(shape, lengths, createRandom(8));
    const groups = groupEpisodes(episodes, shape, engine.lanes);
    const steps = countSteps(groups);
    const gradients = new Map<string, Float32Array>();
    const withEntropy = { ...config, exploration: { ...config.exploration, entropy } };
    const statistics = await facmacDiscreteUpdate(engine, groups, steps, withEntropy, 1000, {
      update: 1,
      random: createRandom(21),
      dense: false,
      stepped(networks) {
        for (const { name, network } of engine.parameters)
          if (networks.includes(network)) gradients.set(name, engine.gradient(name).slice());
      },
    });
    expect(gradients.size).toBe(engine.parameters.length);
    const of = (actor: boolean) => new Map([...gradients].filter(([name]) => name.startsWith("agent.") === actor));

    const y = new Map(episodes.map((episode) => [episode, targetsOf(episode, target)]));
    const valueLoss = (values: Values) =>
      episodes.reduce(
        (sum, episode) =>
          sum +
          y.get(episode)!.reduce((all, wanted, t) => {
            const joint = [0, 1, 2].map((agent) => oneHot(episode.actions[t * 3 + agent]!));
            return all + (total(values, episode, t, joint) - wanted) ** 2 / steps;
          }, 0),
        0,
      );
    expect(statistics.loss).toBeCloseTo(valueLoss(online), 4);
    expectGradients(of(false), online, masks, valueLoss);

    // The policy's gradient is that of the softmax of logits and noise, in the direction in which Q_tot rises at what
    // was drawn, and that of the policies' entropy. Each episode has a stream of noise, whose seeds are drawn in the
    // order in which the update draws them.
    const random = createRandom(21);
    const pulls: ((values: ReadonlyMap<Episode, Float64Array[][]>) => number)[] = [];
    for (const group of groups) {
      const streams = group.episodes.map(() => createRandom(random.below(0x7fffffff)));
      for (let t = 0; t < group.steps; t++) {
        const noises = [0, 1, 2].map((agent) =>
          group.episodes
            .slice(0, group.running[t])
            .map((episode, lane) =>
              [0, 1, 2, 3].map((a) =>
                isAvailable(episode, t, agent, a)
                  ? -Math.log(-Math.log(streams[lane]!.float() + 1e-20) + 1e-20)
                  : -Infinity,
              ),
            ),
        );
        for (const [lane, episode] of group.episodes.slice(0, group.running[t]).entries()) {
          const noise = [0, 1, 2].map((agent) => noises[agent]![lane]!);
          const logits = referenceAgent(shape, online, episode)[t]!;
          const drawn = logits.map((row, agent) => {
            const noisy = [...row].map((value, a) => value + noise[agent]![a]!);
            return oneHot(noisy.indexOf(Math.max(...noisy)));
          });
          const slopes = drawn.map((action, agent) =>
            action.map((_, a) => {
              const moved = (h: number) =>
                total(
                  online,
                  episode,
                  t,
                  drawn.map((other, i) => (i === agent ? other.map((u, b) => (b === a ? u + h : u)) : other)),
                );
              return (moved(1e-6) - moved(-1e-6)) / 2e-6;
            }),
          );
          pulls.push((all) => {
            const now = all.get(episode)![t]!;
            return slopes.reduce((sum, slope, agent) => {
              const weights = slope.map((_, a) => Math.exp(now[agent]![a]! + noise[agent]![a]!));
              const whole = weights.reduce((a, b) => a + b, 0);
              const legal = [...now[agent]!].filter((_, a) => isAvailable(episode, t, agent, a));
              const logSum = Math.log(legal.reduce((all, logit) => all + Math.exp(logit), 0));
              const spread = legal.reduce((all, logit) => all - Math.exp(logit - logSum) * (logit - logSum), 0);
              return (
                sum -
                (entropy * spread) / steps -
                slope.reduce((part, value, a) => part + value * (weights[a]! / whole), 0) / steps
              );
            }, 0);
          });
        }
      }
    }
    expectGradients(of(true), online, masks, (values) => {
      const logits = new Map(episodes.map((episode) => [episode, referenceAgent(shape, values, episode)]));
      return pulls.reduce((sum, pull) => sum + pull(logits), 0);
    });
  });
});

describe("gradients of all that agents give", () => {
  it.each([
    ["native", [5, 4, 2]],
    ["wasm", [5, 4, 2]],
    ["native", [3, 3, 3, 3, 3, 3, 2, 2, 2, 2, 1, 1]],
  ] as const)("have the bits of those of chosen actions, where these are all, %s", (kernels, lengths) => {
    const { engine } = open(0.5, kernels === "native", 5);
    const [group] = groupEpisodes(randomEpisodes(shape, lengths, createRandom(2)), shape, engine.lanes);
    const { steps, actions } = group!;
    const random = createRandom(4);
    const chosen = new Float32Array(steps * 3 * LANES).map(() => random.float() - 0.5);
    const all = new Float32Array(steps * 3 * 4 * LANES);
    chosen.forEach((value, i) => {
      const lane = i % LANES;
      all[(((i - lane) / LANES) * 4 + actions[i]!) * LANES + lane] = value;
    });
    const [one, other] = [false, true].map((whole) => {
      const { engine } = open(0.5, kernels === "native", 5);
      engine.load(group!);
      engine.networks.agent.forward("online", true);
      if (whole) engine.networks.agent.backwardAll!(all);
      else engine.networks.agent.backward(chosen);
      return engine.parameters.map(({ name }) => engine.gradient(name).slice());
    });
    expect(other).toEqual(one);
    expect(one!.some((gradient) => gradient.some((value) => value !== 0))).toBe(true);
  });
});

describe("training of FACMAC with discrete actions", () => {
  it("learns the two-step game's better branch", async () => {
    const records = await collect({
      ...combination("facmac-discrete", "dense"),
      optimiser: { learningRate: 5e-3, actorLearningRate: 5e-3 },
      seed: 1,
      steps: 2000,
      exploration: { anneal: 1000 },
    });
    const returns = records.flatMap((record) => (record.kind === "evaluation" ? [record.episodeReturn] : []));
    // The safe branch gives seven, and the best play eight.
    expect([returns[0], returns.at(-1)]).toEqual([7, 8]);
  });
});
