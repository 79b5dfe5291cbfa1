import { beforeAll, describe, expect, it } from "vitest";
import {
  comixNetworks,
  comixUpdate,
  CONTINUOUS_DEFAULTS,
  facmacNetworks,
  facmacUpdate,
} from "../../algorithms/continuous/update.js";
import type { Tensorflow } from "../../host.js";
import { openBackend } from "../../node/tensorflow/backend.js";
import { createRandom } from "../../random.js";
import { createTransitionBatch, type TransitionBatch } from "../../replay/transitions.js";
import { initialMasks } from "../../sparse/mask.js";
import { relativeDistance } from "../distance.js";
import { initialParameters, networkParameters, type NetworkShape } from "../parameters.js";
import { createTransitionEngine } from "../sparse/transition-engine.js";
import type { OpenTransitionEngine, TransitionEngine } from "../transition-engine.js";
import { createTensorflowTransitionEngine } from "./transition-engine.js";

const NETWORKS = { comix: comixNetworks, facmac: facmacNetworks } as const;
/** Both, of which an algorithm has its own. */
type Networks = { readonly [name in "agent" | "critic"]: "action-value" } & typeof facmacNetworks;
const sizes = { agents: 3, actions: 2, observation: 5, state: 7, hidden: 12, embed: 6, hypernetEmbed: 5 };
const options = {
  ...CONTINUOUS_DEFAULTS,
  learningRate: 0.01,
  follow: 0.2,
  crossEntropy: { samples: 20, elites: 4, iterations: 2 },
};

let tf: Tensorflow;
beforeAll(async () => ({ tf } = await openBackend("cpu")));

async function start(
  open: OpenTransitionEngine,
  algorithm: keyof typeof NETWORKS,
  sparsity: number,
): Promise<TransitionEngine<boolean, Networks>> {
  const shape: NetworkShape = { ...sizes, networks: NETWORKS[algorithm] };
  const specs = networkParameters(shape);
  const masks =
    sparsity === 0
      ? new Map<string, Uint8Array>()
      : initialMasks(specs, { sparsity, distribution: "erdos-renyi" }, createRandom(1, 2));
  const engine = await open(shape, initialParameters(specs, createRandom(1, 0)), masks);
  engine.write("target", initialParameters(specs, createRandom(1, 1)));
  return engine as unknown as TransitionEngine<boolean, Networks>;
}

function batchOf(seed: number): TransitionBatch {
  const batch = createTransitionBatch(9, sizes);
  const random = createRandom(seed);
  for (const values of [batch.observations, batch.states, batch.actions, batch.rewards])
    values.forEach((_, i) => (values[i] = 2 * random.float() - 1));
  batch.terminal.set([0, 1, 0, 0, 1]);
  return batch;
}

describe.each([
  ["comix", 0],
  ["comix", 0.6],
  ["facmac", 0],
  ["facmac", 0.6],
] as const)("the two engines on %s at sparsity %d", (algorithm, sparsity) => {
  /** Makes a few updates, with evolutions of a mask between them. */
  async function learn(open: OpenTransitionEngine) {
    const engine = await start(open, algorithm, sparsity);
    const random = createRandom(5);
    const seen = new Map<string, Float32Array>();
    const statistics: number[] = [];
    for (let update = 1; update <= 4; update++) {
      const dense = update === 3;
      const stepped = async (networks: readonly string[]) => {
        for (const { name, network, maskable } of engine.parameters)
          if (networks.includes(network) && (dense || update === 1)) {
            seen.set(`${name} in update ${update}`, (await engine.gradient(name)).slice());
            if (!dense || !maskable || sparsity === 0) continue;
            // Some connections go and as many others come.
            const mask = engine.mask(name);
            const [there, absent] = [1, 0].map((bit) => [...mask.keys()].filter((i) => mask[i] === bit));
            for (let k = 0; k < Math.min(3, there.length, absent.length); k++) {
              mask[there[k]] = 0;
              mask[absent[k]] = 1;
            }
            engine.setMask(name, mask);
          }
      };
      const { loss, gradientNorm, qTotal, target } =
        algorithm === "comix"
          ? await comixUpdate(engine, batchOf(update), options, update, random, stepped, dense)
          : await facmacUpdate(engine, batchOf(update), options, update, stepped, dense);
      statistics.push(loss, gradientNorm, qTotal, target);
    }
    for (const side of ["online", "target"] as const)
      for (const [name, values] of await engine.read(side)) seen.set(`${side} ${name}`, values);
    for (const [name, values] of await engine.readOptimiser()) seen.set(`optimiser ${name}`, values);
    const acted =
      "actor" in NETWORKS[algorithm]
        ? engine.acting.networks.actor.forward("online", batchOf(9).observations.slice(0, 15))
        : engine.acting.search!("online", batchOf(9).observations.slice(0, 15), options.crossEntropy, random).actions;
    seen.set("actions", acted.slice());
    engine.dispose();
    return { statistics, seen };
  }

  it("learn the same, to rounding, by explicit gradients and by autograd", async () => {
    const ours = await learn(createTransitionEngine);
    const tensors = tf.memory().numTensors;
    const theirs = await learn((shape, parameters, masks) =>
      createTensorflowTransitionEngine(tf, shape, parameters, masks),
    );
    expect(tf.memory().numTensors).toBe(tensors);
    expect(relativeDistance(ours.statistics, theirs.statistics)).toBeLessThan(1e-4);
    expect([...ours.seen.keys()]).toEqual([...theirs.seen.keys()]);
    for (const [name, values] of ours.seen)
      expect(relativeDistance(values, theirs.seen.get(name)!), name).toBeLessThan(1e-4);
  });
});

it("refuses what does not fit its networks", async () => {
  const engine = await start((...given) => createTensorflowTransitionEngine(tf, ...given), "comix", 0);
  expect(() => engine.setMask("agent.fc1.weight", new Uint8Array(3))).toThrow("agent.fc1.weight");
  expect(() => engine.write("online", new Map([["agent.fc9.weight", new Float32Array(3)]]))).toThrow("agent.fc9");
  engine.dispose();
});
