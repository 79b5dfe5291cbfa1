import { describe, expect, it } from "vitest";
import { type Config, type ConfigInput, resolveConfig } from "../config.js";
import type { NetworkShape } from "../networks/parameters.js";
import { type Values, referenceAgent, referenceCentralMixer, referenceMixer } from "../networks/reference.js";
import { createSparseEngine } from "../networks/sparse/engine.js";
import { SHAPES, maskedParameters, randomEpisodes, randomMasks } from "../networks/sparse/fixtures.js";
import { type Random, createRandom } from "../random.js";
import type { Episode } from "../replay/episode.js";
import { countSteps, groupEpisodes } from "../replay/group.js";
import { algorithmShape } from "../sparse/flops.js";
import { updateNetworks } from "./update.js";

/** Q_i(tau_i, .) of one episode: [T + 1][agents][actions]. */
type Q = readonly (readonly ArrayLike<number>[])[];

/**
 * The losses in float64, one episode and one joint action after another, as the papers state them. What is not
 * differentiated (targets, weights, Monte-Carlo returns) is made once, by `constants`; `loss` is then a function of the
 * online parameters.
 */
function referenceRule(config: Config, shape: NetworkShape, episode: Episode) {
  const { agents, actions } = shape;
  const { algorithm, operator, returns, discount } = config;
  /** Q_tot of chosen values: QMIX's mixing network, or VDN's sum. */
  const mix = (values: Values, t: number, chosen: readonly number[]) =>
    algorithm === "vdn" ? chosen.reduce((a, b) => a + b, 0) : referenceMixer(shape, values, stateAt(t), chosen);
  const weighted = algorithm === "ow-qmix" || algorithm === "cw-qmix";
  const steps = [...Array(episode.length).keys()];
  const everyAgent = [...Array(agents).keys()];
  const stateAt = (t: number) => episode.states.subarray(t * shape.state, (t + 1) * shape.state);
  const taken = (t: number) => everyAgent.map((i) => episode.actions[t * agents + i]);
  const legal = (t: number, i: number) =>
    [...Array(actions).keys()].filter((a) => episode.availableActions[(t * agents + i) * actions + a] === 1);
  const best = (q: Q, t: number, i: number) => legal(t, i).reduce((a, b) => (q[t][i][b] > q[t][i][a] ? b : a));
  const pick = (q: Q, t: number, joint: readonly number[]) => joint.map((a, i) => q[t][i][a]);

  /**
   * Returns agent i's values at step t; with max that is the value of the action that the `choosing` network prefers.
   */
  function agentValue(q: Q, choosing: Q, t: number, i: number): number {
    if (operator.kind === "max") return q[t][i][best(choosing, t, i)];
    const values = legal(t, i).map((a) => q[t][i][a]);
    const sum = (f: (x: number) => number) => values.reduce((total, x) => total + f(x), 0);
    const { alpha, omega, beta } = operator;
    if (operator.kind === "softmax") return sum((x) => x * Math.exp(beta * x)) / sum((x) => Math.exp(beta * x));
    if (operator.kind === "mellowmax") return Math.log(sum((x) => Math.exp(omega * x)) / values.length) / omega;
    return Math.log(sum((x) => Math.exp(alpha * x + omega * x)) / sum((x) => Math.exp(alpha * x))) / omega;
  }

  function nextValue(online: Values, target: Values, q: { online: Q; target: Q; central?: Q }, t: number): number {
    const state = stateAt(t);
    const choosing = operator.doubleQ ? q.online : q.target;
    if (q.central)
      return referenceCentralMixer(
        target,
        state,
        everyAgent.map((i) => agentValue(q.central!, q.online, t, i)),
      );
    if (algorithm === "vdn") return everyAgent.reduce((sum, i) => sum + agentValue(q.target, choosing, t, i), 0);
    if (algorithm === "qmix")
      return referenceMixer(
        shape,
        target,
        state,
        everyAgent.map((i) => agentValue(q.target, choosing, t, i)),
      );
    // RES varies one agent's action and keeps those of all others.
    let [weights, sum] = [0, 0];
    for (const i of everyAgent) {
      for (const a of legal(t, i)) {
        const total = (values: Values, side: Q) =>
          referenceMixer(
            shape,
            values,
            state,
            everyAgent.map((j) => (j === i ? side[t][i][a] : agentValue(side, choosing, t, j))),
          );
        const weight = Math.exp(config.res!.beta * total(online, q.online));
        weights += weight;
        sum += weight * total(target, q.target);
      }
    }
    return sum / weights;
  }

  /** T^(n)_t has n rewards and then the value of the state that follows; it has fewer where the episode ends. */
  function nStep(next: readonly number[], t: number, n: number): number {
    const end = Math.min(t + n, episode.length);
    const rewards = steps.slice(t, end).reduce((sum, s) => sum + discount ** (s - t) * episode.rewards[s], 0);
    return end === episode.length && episode.terminal ? rewards : rewards + discount ** (end - t) * next[end - 1];
  }
  function targetOf(next: readonly number[], t: number): number {
    if (returns.kind === "one-step") return nStep(next, t, 1);
    if (returns.kind === "n-step") return nStep(next, t, returns.n);
    const left = episode.length - t;
    const lambda = returns.lambda;
    const mixture = steps
      .slice(1, left)
      .reduce((sum, n) => sum + (1 - lambda) * lambda ** (n - 1) * nStep(next, t, n), 0);
    return mixture + lambda ** (left - 1) * nStep(next, t, left);
  }

  function constants(online: Values, target: Values) {
    const q = {
      online: referenceAgent(shape, online, episode),
      target: referenceAgent(shape, target, episode),
      ...(weighted && { central: referenceAgent(shape, target, episode, "central_agent") }),
    };
    const choosing = operator.doubleQ ? q.online : q.target;
    // Every agent of IQL has a target of its own, which knows nothing of the others but the reward.
    const own =
      algorithm === "iql"
        ? everyAgent
            .map((i) => steps.map((t) => agentValue(q.target, choosing, t + 1, i)))
            .map((next) => steps.map((t) => targetOf(next, t)))
        : [];
    const next = algorithm === "iql" ? [] : steps.map((t) => nextValue(online, target, q, t + 1));
    const y =
      algorithm === "iql"
        ? steps.map((t) => own.reduce((sum, targets) => sum + targets[t], 0) / agents)
        : steps.map((t) => targetOf(next, t));
    const weight = steps.map((t) => {
      const { alpha } = config.wqmix ?? { alpha: 1 };
      if (algorithm === "ow-qmix")
        return referenceMixer(shape, online, stateAt(t), pick(q.online, t, taken(t))) < y[t] ? 1 : alpha;
      const greedy = everyAgent.map((i) => best(q.online, t, i));
      if (algorithm === "cw-qmix")
        return `${greedy}` === `${taken(t)}` ||
          y[t] > referenceCentralMixer(target, stateAt(t), pick(q.central!, t, greedy))
          ? 1
          : alpha;
      return 1;
    });
    const monteCarlo = steps.map((t) =>
      steps.slice(t).reduce((sum, s) => sum + discount ** (s - t) * episode.rewards[s], 0),
    );
    return { y, own, weight, monteCarlo };
  }

  function loss(
    online: Values,
    { y, own, weight, monteCarlo }: ReturnType<typeof constants>,
  ): { loss: number; qTotal: number } {
    const q = referenceAgent(shape, online, episode);
    const central = weighted ? referenceAgent(shape, online, episode, "central_agent") : undefined;
    let [sum, qTotal] = [0, 0];
    for (const t of steps) {
      if (algorithm === "iql") {
        // PyMARL expands its mask to the agents, so the loss is the mean over steps and agents.
        pick(q, t, taken(t)).forEach((value, i) => {
          sum += (value - own[i][t]) ** 2 / agents;
          qTotal += value / agents;
        });
        continue;
      }
      const total = mix(online, t, pick(q, t, taken(t)));
      qTotal += total;
      sum += weight[t] * (total - y[t]) ** 2;
      if (central) sum += (referenceCentralMixer(online, stateAt(t), pick(central, t, taken(t))) - y[t]) ** 2;
      if (algorithm === "res") sum += config.res!.lambda * (total - monteCarlo[t]) ** 2;
    }
    return { loss: sum, qTotal };
  }
  return { constants, loss };
}

/**
 * There are two groups of episodes, some of them cut short, in which about half of the actions are available, and the
 * taken ones always are.
 */
function episodesFor(shape: NetworkShape, random: Random): Episode[] {
  const { agents, actions } = shape;
  const lengths = [6, 5, 4, 4, 3, 3, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 3, 2];
  return randomEpisodes(shape, lengths, random).map((episode) => {
    const availableActions = episode.availableActions.map(() => random.below(2));
    for (let i = 0; i < (episode.length + 1) * agents; i++)
      availableActions[i * actions + (episode.actions[i] ?? random.below(actions))] = 1;
    return { ...episode, availableActions, terminal: episode.index % 3 !== 0 };
  });
}

const { centralEmbed: _, networks: __, ...plain } = SHAPES.central;
/** Returns the networks that an algorithm has. */
const shapeOf = (algorithm: string) => algorithmShape(algorithm, { ...plain, centralEmbed: 11 });
const BURNED_IN = 1000;

async function updateOnce(input: ConfigInput, density: number) {
  const config = resolveConfig({ environment: "two-step", method: "rigl", discount: 0.9, ...input });
  const shape = shapeOf(config.algorithm);
  const random = createRandom(77);
  const masks = randomMasks(shape, density, random);
  // The values are three times PyTorch's initial ones, so that networks, agents and actions differ by enough to matter.
  const draw = () =>
    new Map([...maskedParameters(shape, masks, random)].map(([name, values]) => [name, values.map((x) => 3 * x)]));
  const [online, target] = [draw(), draw()];
  const episodes = episodesFor(shape, random);
  const engine = createSparseEngine(shape, online, masks);
  engine.write("target", target);
  const groups = groupEpisodes(episodes, shape);
  const update = await updateNetworks(engine, groups, countSteps(groups), config, BURNED_IN);
  return { config, shape, masks, online, target, episodes, groups, engine, update };
}

const oneStep = { operator: { kind: "max" }, returns: { kind: "one-step" } } as const;
const tdLambda = {
  operator: { kind: "soft-mellowmax" },
  returns: { kind: "td-lambda", lambda: 0.6, burnIn: BURNED_IN },
} as const;
const rules: readonly (readonly [name: string, density: number, rule: ConfigInput])[] = [
  ...(["qmix", "ow-qmix", "cw-qmix", "res", "vdn", "iql"] as const).flatMap((algorithm) =>
    [1, 0.4].flatMap((density) => [
      [`${algorithm}, max, one-step, density ${density}`, density, { algorithm, ...oneStep }] as const,
      [`${algorithm}, soft mellowmax, TD(lambda), density ${density}`, density, { algorithm, ...tdLambda }] as const,
    ]),
  ),
  ["qmix, max without double Q", 1, { algorithm: "qmix", ...oneStep, operator: { kind: "max", doubleQ: false } }],
  ["vdn, max without double Q", 1, { algorithm: "vdn", ...oneStep, operator: { kind: "max", doubleQ: false } }],
  ["iql, max without double Q", 1, { algorithm: "iql", ...oneStep, operator: { kind: "max", doubleQ: false } }],
  [
    "iql, softmax, 2-step",
    0.4,
    { algorithm: "iql", operator: { kind: "softmax" }, returns: { kind: "n-step", n: 2, burnIn: 0 } },
  ],
  ["res, max without double Q", 1, { algorithm: "res", ...oneStep, operator: { kind: "max", doubleQ: false } }],
  [
    "ow-qmix, mellowmax, 3-step",
    0.4,
    { algorithm: "ow-qmix", operator: { kind: "mellowmax" }, returns: { kind: "n-step", n: 3, burnIn: 0 } },
  ],
  [
    "res, softmax, 2-step, beta 1, lambda 0.5",
    1,
    {
      algorithm: "res",
      operator: { kind: "softmax" },
      returns: { kind: "n-step", n: 2, burnIn: 0 },
      res: { beta: 1, lambda: 0.5 },
    },
  ],
  [
    "ow-qmix, alpha 0.7, before the burn-in",
    1,
    { algorithm: "ow-qmix", ...tdLambda, returns: { kind: "td-lambda", burnIn: BURNED_IN + 1 }, wqmix: { alpha: 0.7 } },
  ],
];

describe("an update has the loss and the gradients of central differences in float64", () => {
  it.each(rules)("%s", async (_, density, input) => {
    const { config, shape, masks, online, target, episodes, groups, engine, update } = await updateOnce(input, density);
    const beforeBurnIn = config.returns.kind !== "one-step" && config.returns.burnIn > BURNED_IN;
    const reference = episodes.map((episode) =>
      referenceRule(
        beforeBurnIn ? { ...config, returns: { ...config.returns, kind: "one-step" } } : config,
        shape,
        episode,
      ),
    );
    const values = new Map([...online].map(([name, value]) => [name, Float64Array.from(value)]));
    const constants = reference.map((rule) => rule.constants(values, target));
    const steps = countSteps(groups);
    const mean = (part: (i: number) => number) => episodes.reduce((sum, _, i) => sum + part(i), 0) / steps;
    const loss = () => mean((i) => reference[i].loss(values, constants[i]).loss);

    expect(Math.abs(update.loss / loss() - 1)).toBeLessThan(1e-5);
    expect(update.qTotal).toBeCloseTo(
      mean((i) => reference[i].loss(values, constants[i]).qTotal),
      5,
    );
    expect(update.target).toBeCloseTo(
      mean((i) => constants[i].y.reduce((a, b) => a + b)),
      5,
    );

    // The gradient is compared along random directions, each of which moves every connection of a layer.
    const random = createRandom(3);
    let squared = 0;
    for (const [name, value] of values) {
      const gradient = engine.gradient(name);
      const mask = masks.get(name);
      const size = Math.hypot(...gradient);
      squared += size ** 2;
      for (let trial = 0; trial < 2; trial++) {
        const direction = Float64Array.from(value, (_, i) => (mask && !mask[i] ? 0 : random.below(2) ? 1 : -1));
        const kept = value.slice();
        const at = (h: number) => {
          kept.forEach((x, i) => (value[i] = x + h * direction[i]));
          return loss();
        };
        // The step is small, because no ReLU may turn on or off between the two sides: with 1e-6 one does.
        const h = 1e-7;
        const expected = (at(h) - at(-h)) / (2 * h);
        value.set(kept);
        const got = gradient.reduce((sum, g, i) => sum + g * direction[i], 0);
        expect(Math.abs(got - expected), `${name}: ${got} is to be ${expected}`).toBeLessThanOrEqual(
          1e-4 * size + 1e-7,
        );
      }
      expect(size, name).toBeGreaterThan(0);
    }
    expect(update.gradientNorm).toBeCloseTo(Math.sqrt(squared), 4);
    engine.dispose();
  });

  it("in cases that tell the rules apart", async () => {
    // Steps are weighted by alpha in some places and not in others, for either reason of CW-QMIX's.
    for (const algorithm of ["ow-qmix", "cw-qmix"] as const) {
      const { config, shape, online, target, episodes } = await updateOnce({ algorithm, ...oneStep }, 1);
      const weights = episodes.flatMap(
        (episode) => referenceRule(config, shape, episode).constants(online, target).weight,
      );
      expect(weights.filter((weight) => weight === 1).length).toBeGreaterThan(5);
      expect(weights.filter((weight) => weight === 0.1).length).toBeGreaterThan(5);
    }
    // Each setting changes the loss by more than ten times the tolerance.
    const losses: number[] = [];
    for (const [, density, input] of rules)
      if (density === 1) losses.push((await updateOnce(input, density)).update.loss);
    losses.forEach((loss, i) =>
      losses.slice(i + 1).forEach((other) => expect(Math.abs(loss / other - 1)).toBeGreaterThan(1e-4)),
    );
  });
});

it("refuses networks and settings that the algorithm lacks, naming them", async () => {
  const config = resolveConfig({ algorithm: "cw-qmix" });
  const engine = createSparseEngine(plain, maskedParameters(plain, new Map(), createRandom(1)), new Map());
  await expect(updateNetworks(engine, [], 1, config, 0)).rejects.toThrow(
    'cw-qmix trains a network "central_agent", which this engine does not have',
  );
  await expect(updateNetworks(engine, [], 1, { ...resolveConfig(), algorithm: "res" }, 0)).rejects.toThrow(
    "config.res is missing",
  );
});
