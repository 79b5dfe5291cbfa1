import { beforeAll, describe, expect, it } from "vitest";
import { evolveNetworks } from "../../algorithms/evolve.js";
import { updateNetworks } from "../../algorithms/update.js";
import { type Backend, type ConfigInput, resolveConfig } from "../../config.js";
import { createRandom } from "../../random.js";
import { countSteps, groupEpisodes } from "../../replay/group.js";
import { randomEpisodes } from "../../replay/random-episodes.js";
import { algorithmShape } from "../../sparse/flops.js";
import { initialMasks } from "../../sparse/mask.js";
import { relativeDistance } from "../distance.js";
import type { Engine, OpenEngine } from "../engine.js";
import { initialParameters, networkParameters, type NetworkShape } from "../parameters.js";
import { createSparseEngine } from "../sparse/engine.js";
import { BackendError, openBackend, type Tensorflow } from "../../node/tensorflow/backend.js";
import { createVectorisedRuns, createTensorflowEngine } from "./engine.js";

/**
 * These tests compare the two engines on every backend of this machine: one computes explicit gradients, and the other
 * uses autograd.
 */

const SHAPE: NetworkShape = {
  agents: 3,
  actions: 6,
  observation: 11,
  state: 13,
  hidden: 16,
  embed: 8,
  hypernetEmbed: 12,
};
const shapeOf = (algorithm: string): NetworkShape => algorithmShape(algorithm, { ...SHAPE, centralEmbed: 24 });

const RULES: readonly (ConfigInput & { readonly algorithm: string })[] = (
  ["qmix", "ow-qmix", "cw-qmix", "res", "vdn", "iql"] as const
).flatMap((algorithm) => [
  { algorithm, method: "mast", sparsity: { level: 0.7 }, returns: { burnIn: 0 } },
  { algorithm, method: "dense" },
]);

/** FACMAC's networks take their steps one after the other. */
const FACMAC: readonly (ConfigInput & { readonly algorithm: string })[] = [
  { algorithm: "facmac-discrete", environment: "3m", method: "mast", sparsity: { level: 0.7 }, returns: { burnIn: 0 } },
  { algorithm: "facmac-discrete", environment: "3m", method: "dense" },
];

/** Updates as training makes them, with evolutions; the gradients of the first, each when its network has stepped. */
async function learnFacmac(engine: Engine, input: ConfigInput, updates: number, evolveAt: readonly number[] = []) {
  const config = resolveConfig({ ...input, steps: 100_000 });
  const random = createRandom(1, 3);
  const draws = createRandom(1, 4);
  const seen: { loss: number; gradientNorm: number; qTotal: number; target: number }[] = [];
  const gradients = new Map<string, Float32Array>();
  for (let update = 0; update < updates; update++) {
    const groups = groupEpisodes(batchOf(update, 1, update < 2 ? LENGTHS.length : 5), engine.shape, engine.lanes);
    const evolves = evolveAt.includes(update);
    seen.push(
      await updateNetworks(engine, groups, countSteps(groups), config, 50_000, {
        update: update + 1,
        random: draws,
        dense: evolves,
        async stepped(networks) {
          if (update === 0)
            for (const { name, network } of engine.parameters)
              if (networks.includes(network)) gradients.set(name, (await engine.gradient(name)).slice());
          if (evolves) await evolveNetworks(engine, config, 50_000, random, networks);
        },
      }),
    );
    if (update % 10 === 9) engine.copyToTarget();
  }
  return { seen, gradients };
}

/** Networks, masks and a batch, the same for whoever asks. */
function start(open: OpenEngine, { algorithm, method }: ConfigInput, seed = 1): Engine {
  const shape = shapeOf(algorithm!);
  const specs = networkParameters(shape);
  const masks =
    method === "dense"
      ? new Map<string, Uint8Array>()
      : initialMasks(specs, { sparsity: 0.7, distribution: "erdos-renyi" }, createRandom(seed, 2));
  const engine = open(shape, initialParameters(specs, createRandom(seed, 0)), masks) as Engine;
  engine.write("target", initialParameters(specs, createRandom(seed, 1)));
  return engine;
}

/**
 * There are more episodes than the sparse engine has lanes; where there are many updates the episodes are few, since
 * the cpu backend is slow.
 */
const LENGTHS = [9, 3, 7, 9, 1, 5, 8, 2, 6, 4, 9, 9, 7, 3, 5, 8, 6, 2];
const batchOf = (update: number, seed: number, episodes: number) =>
  randomEpisodes(SHAPE, LENGTHS.slice(0, episodes), createRandom(seed, 100 + update));

async function learn(
  engine: Engine,
  input: ConfigInput,
  updates: number,
  { seed = 1, evolveAt = [] as readonly number[], episodes = LENGTHS.length } = {},
) {
  const config = resolveConfig({ ...input, steps: 100_000 });
  const random = createRandom(seed, 3);
  const seen: { loss: number; gradientNorm: number; qTotal: number; target: number }[] = [];
  for (let update = 0; update < updates; update++) {
    const groups = groupEpisodes(batchOf(update, seed, episodes), engine.shape, engine.lanes);
    if (evolveAt.includes(update)) engine.requestDenseGradients();
    seen.push(await updateNetworks(engine, groups, countSteps(groups), config, 50_000));
    if (evolveAt.includes(update)) await evolveNetworks(engine, config, 50_000, random);
    if (update % 10 === 9) engine.copyToTarget();
  }
  return seen;
}

async function expectSame(engine: Engine, expected: Engine, tolerance: number): Promise<void> {
  for (const side of ["online", "target"] as const) {
    const [values, others] = [await engine.read(side), await expected.read(side)];
    for (const { name } of engine.parameters)
      expect(relativeDistance(values.get(name)!, others.get(name)!), `${side} ${name}`).toBeLessThan(tolerance);
  }
  for (const { name, maskable } of engine.parameters)
    if (maskable) expect(engine.mask(name), name).toEqual(expected.mask(name));
}

const BACKENDS: readonly Backend[] = ["cpu", "wasm", "tfjs-node", "tfjs-node-gpu", "webgpu"];

for (const backend of BACKENDS) {
  describe(`the tensorflow engine on ${backend}`, () => {
    let tf: Tensorflow | undefined;
    let missing = "";
    beforeAll(async () => {
      try {
        ({ tf } = await openBackend(backend));
      } catch (error) {
        if (!(error instanceof BackendError)) throw error;
        missing = error.message;
      }
    });
    const test = (name: string, body: (tf: Tensorflow) => Promise<void>) =>
      it(name, async ({ skip }) => {
        if (tf === undefined) return skip(missing);
        await body(tf);
      });

    for (const rule of RULES) {
      test(`has the sparse engine's loss and gradients: ${rule.algorithm}, ${rule.method}`, async (tf) => {
        const [ours, theirs] = [
          start((...given) => createTensorflowEngine(tf, ...given), rule),
          start(createSparseEngine, rule),
        ];
        for (const engine of [ours, theirs]) if (rule.method !== "dense") engine.requestDenseGradients();
        const [[update], [expected]] = [await learn(ours, rule, 1), await learn(theirs, rule, 1)];
        for (const key of ["loss", "gradientNorm", "qTotal", "target"] as const)
          expect(relativeDistance([update[key]], [expected[key]]), key).toBeLessThan(1e-4);
        for (const { name } of ours.parameters)
          expect(relativeDistance(await ours.gradient(name), await theirs.gradient(name)), name).toBeLessThan(1e-4);
        ours.dispose();
        theirs.dispose();
      });
    }

    for (const rule of FACMAC) {
      test(`has the sparse engine's losses, gradients, masks and Adam in FACMAC: ${rule.method}`, async (tf) => {
        const [ours, theirs] = [
          start((...given) => createTensorflowEngine(tf, ...given), rule),
          start(createSparseEngine, rule),
        ];
        const before = theirs.mask("critic.fc2.weight");
        const evolveAt = rule.method === "dense" ? [] : [0, 6];
        const [own, expected] = [
          await learnFacmac(ours, rule, 10, evolveAt),
          await learnFacmac(theirs, rule, 10, evolveAt),
        ];
        for (const key of ["loss", "gradientNorm", "qTotal", "target"] as const)
          expect(
            relativeDistance(
              own.seen.map((update) => update[key]),
              expected.seen.map((update) => update[key]),
            ),
            key,
          ).toBeLessThan(1e-3);
        expect([...own.gradients.keys()].sort()).toEqual(ours.parameters.map(({ name }) => name).sort());
        for (const [name, gradient] of expected.gradients)
          expect(relativeDistance(own.gradients.get(name)!, gradient), name).toBeLessThan(1e-4);
        if (rule.method !== "dense") expect(theirs.mask("critic.fc2.weight")).not.toEqual(before);
        await expectSame(ours, theirs, 1e-3);
        const [kept, other] = [await ours.readOptimiser(), await theirs.readOptimiser()];
        expect([...kept.keys()].sort()).toEqual([...other.keys()].sort());
        for (const [name, values] of other) expect(relativeDistance(kept.get(name)!, values), name).toBeLessThan(1e-3);
        // What was written is what was read, moments included.
        ours.writeOptimiser(other);
        expect(await ours.readOptimiser()).toEqual(other);
        ours.dispose();
        theirs.dispose();
      });
    }

    for (const algorithm of ["qmix", "ow-qmix", "res"] as const) {
      test(`has its masks and parameters after 50 updates and two evolutions: ${algorithm}`, async (tf) => {
        const rule: ConfigInput = { algorithm, method: "mast", sparsity: { level: 0.7 }, returns: { burnIn: 0 } };
        const [ours, theirs] = [
          start((...given) => createTensorflowEngine(tf, ...given), rule),
          start(createSparseEngine, rule),
        ];
        const before = theirs.mask("agent.rnn.weight_hh");
        for (const engine of [ours, theirs]) await learn(engine, rule, 50, { evolveAt: [19, 39], episodes: 3 });
        expect(theirs.mask("agent.rnn.weight_hh")).not.toEqual(before);
        await expectSame(ours, theirs, 1e-3);
        ours.dispose();
        theirs.dispose();
      });
    }

    test("computes vectorised runs as each alone", async (tf) => {
      const rule: ConfigInput = { algorithm: "qmix", method: "mast", sparsity: { level: 0.7 }, returns: { burnIn: 0 } };
      const seeds = [1, 2, 3];
      const vectorised = createVectorisedRuns(tf, seeds.length);
      const engines = seeds.map((seed, run) => start(vectorised.open(run), rule, seed));
      // Each evolves at a moment of its own, and the last has fewer updates than the others.
      const work = (engine: Engine, i: number) =>
        learn(engine, rule, 20 - 4 * i, { seed: seeds[i], evolveAt: [5 + 3 * i], episodes: 2 + i });
      await Promise.all(
        engines.map((engine, i) =>
          work(engine, i).then(async () => {
            const alone = start((...given) => createTensorflowEngine(tf, ...given), rule, seeds[i]);
            await work(alone, i);
            await expectSame(engine, alone, 1e-4);
            engine.dispose();
            alone.dispose();
          }),
        ),
      );
    });

    test("leaves no tensor behind", async (tf) => {
      const before = tf.memory().numTensors;
      for (const algorithm of ["ow-qmix", "res"] as const) {
        const rule: ConfigInput = { algorithm, method: "mast", sparsity: { level: 0.7 } };
        const engine = start((...given) => createTensorflowEngine(tf, ...given), rule);
        await learn(engine, rule, 2, { evolveAt: [0], episodes: 3 });
        const during = tf.memory().numTensors;
        await learn(engine, rule, 3, { evolveAt: [1], episodes: 3 });
        expect(tf.memory().numTensors).toBe(during);
        engine.dispose();
      }
      const facmac = start((...given) => createTensorflowEngine(tf, ...given), FACMAC[0]);
      await learnFacmac(facmac, FACMAC[0], 1);
      const during = tf.memory().numTensors;
      await learnFacmac(facmac, FACMAC[0], 2, [1]);
      expect(tf.memory().numTensors).toBe(during);
      facmac.dispose();
      expect(tf.memory().numTensors).toBe(before);
    });
  });
}
