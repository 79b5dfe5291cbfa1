import "../../src/node/host.js";
import { facmacDiscreteNetworks, facmacDiscreteUpdate } from "../../src/algorithms/facmac-discrete.js";
import { type Config, resolveConfig } from "../../src/config.js";
import { type NetworkShape, networkParameters } from "../../src/networks/parameters.js";
import { createSparseEngine } from "../../src/networks/sparse/engine.js";
import { createRandom } from "../../src/random.js";
import { countSteps, groupEpisodes } from "../../src/replay/group.js";
import { decodeSafetensors, encodeSafetensors } from "../../src/runs/safetensors.js";
import { type Case, decodeCase, encodeCase, randomCase } from "./case.js";
import type { ContinuousAnswer } from "./continuous.js";
import { ODD } from "./rules.js";

/** How the networks of a case are updated. */
export interface DiscreteRule extends Pick<Config, "discount" | "optimiser" | "returns"> {
  /** Names the file of its results. */
  readonly name: string;
  readonly masked: boolean;
  /** The number of updates, one after the other on the same batch. */
  readonly updates: number;
  /** Environment steps of the run so far. */
  readonly step: number;
}

/** What PyTorch and the sparse engine both start from. */
export interface DiscreteCase extends Omit<Case, "rules"> {
  readonly rules: readonly DiscreteRule[];
}

const { centralEmbed: _, ...recurrent } = ODD;
/** The small shape of the other cases, with a critic in place of central networks. */
export const ODD_DISCRETE: NetworkShape = { ...recurrent, networks: facmacDiscreteNetworks };

/** The seed of an update's stream. */
const SEED = 16;
const UPDATES = 3;

/**
 * The compared rules: the authors' settings, dense and masked; and masked ones that clip and move farther in three
 * updates, by which one setting can be told from another.
 */
export const discreteRules: readonly DiscreteRule[] = [
  rule("facmac-discrete-dense", false, {}),
  rule("facmac-discrete-masked", true, {}),
  rule("facmac-discrete-masked-fast", true, {
    learningRate: 0.02,
    actorLearningRate: 0.01,
    alpha: 0.9,
    beta1: 0.8,
    epsilon: 0.001,
    gradientClip: 0.05,
  }),
];

function rule(name: string, masked: boolean, changes: Partial<Config["optimiser"]>): DiscreteRule {
  const { discount, optimiser, returns } = resolveConfig({
    environment: "3m",
    algorithm: "facmac-discrete",
    method: "dense",
  });
  return { name, masked, updates: UPDATES, step: 0, discount, returns, optimiser: { ...optimiser, ...changes } };
}

/** Random networks with Erdos-Renyi masks, and episodes of which some do not end in a terminal state. */
export function randomDiscreteCase(options: {
  readonly density: number;
  readonly lengths: readonly number[];
  readonly seed: number;
}): DiscreteCase {
  return { ...randomCase(ODD_DISCRETE, { ...options, rules: [] }), rules: discreteRules };
}

/** A case as a safetensors file for facmac_discrete.py. The Gumbel noise of each update is a tensor of it. */
export function encodeDiscreteCase(given: DiscreteCase): Uint8Array {
  const { episodes, shape, rules } = given;
  const { tensors, metadata } = decodeSafetensors(encodeCase({ ...given, rules: [] }));
  const { agents, actions } = shape;
  const steps = Math.max(...episodes.map(({ length }) => length));
  const data = new Float32Array(UPDATES * episodes.length * steps * agents * actions);
  for (let update = 0; update < UPDATES; update++) {
    const random = createRandom(SEED, update);
    for (const episode of groupEpisodes(episodes, shape, "all")[0]!.episodes) {
      const stream = createRandom(random.below(0x7fffffff));
      const at = (update * episodes.length + episodes.indexOf(episode)) * steps * agents * actions;
      for (let i = 0; i < episode.length * agents * actions; i++)
        if (episode.availableActions[i] === 1) data[at + i] = -Math.log(-Math.log(stream.float() + 1e-20) + 1e-20);
    }
  }
  const noise = { shape: [UPDATES, episodes.length, steps, agents, actions], data };
  return encodeSafetensors(new Map([...tensors, ["batch.noise", noise]]), {
    ...metadata,
    rules: JSON.stringify(rules),
  });
}

/** Reads what `encodeDiscreteCase` wrote. */
export function decodeDiscreteCase(file: Uint8Array): DiscreteCase {
  return decodeCase(file) as unknown as DiscreteCase;
}

/** The sparse engine's updates of a case by one of its rules. */
export async function sparseDiscreteAnswer(
  { shape, online, target, masks, episodes }: DiscreteCase,
  { masked, updates, step, ...settings }: DiscreteRule,
): Promise<ContinuousAnswer> {
  const config = {
    ...resolveConfig({ environment: "3m", algorithm: "facmac-discrete", method: "dense" }),
    ...settings,
  };
  const engine = createSparseEngine<typeof facmacDiscreteNetworks>(shape, online, masked ? masks : new Map());
  engine.write("target", target);
  const gradients = new Map<string, Float32Array>();
  const statistics = [];
  for (let k = 0; k < updates; k++) {
    const groups = groupEpisodes(episodes, shape, engine.lanes);
    statistics.push(
      await facmacDiscreteUpdate(engine, groups, countSteps(groups), config, step, {
        update: k + 1,
        random: createRandom(SEED, k),
        dense: false,
        stepped(networks) {
          for (const { name, network } of networkParameters(shape))
            if (k === 0 && networks.includes(network)) gradients.set(name, engine.gradient(name).slice());
        },
      }),
    );
  }
  const answer = {
    losses: statistics.map(({ loss }) => loss),
    norms: statistics.map(({ gradientNorm }) => gradientNorm),
    gradients,
    online: new Map(engine.read("online")),
    target: new Map(engine.read("target")),
  };
  engine.dispose();
  return answer;
}
