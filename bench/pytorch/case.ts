import type { Config } from "../../src/config.js";
import {
  initialParameters,
  networkParameters,
  type NetworkShape,
  type Parameters,
} from "../../src/networks/parameters.js";
import { createRandom, type Random } from "../../src/random.js";
import type { Episode } from "../../src/replay/episode.js";
import { decodeSafetensors, encodeSafetensors, type Tensor } from "../../src/runs/safetensors.js";
import { initialMasks } from "../../src/sparse/mask.js";
import { randomEpisodes } from "../../src/replay/random-episodes.js";

/**
 * The common input of PyTorch and the sparse engine: networks, masks and a batch, and the rules by which they are
 * updated.
 */
export interface Case {
  readonly shape: NetworkShape;
  readonly online: Parameters;
  readonly target: Parameters;
  /** Masks for rules with `masked`; the others train the same networks dense. */
  readonly masks: ReadonlyMap<string, Uint8Array>;
  readonly episodes: readonly Episode[];
  readonly rules: readonly Rule[];
}

/** The part of a config that an update reads. */
export type UpdateConfig = Pick<
  Config,
  "algorithm" | "operator" | "returns" | "discount" | "optimiser" | "wqmix" | "res"
>;

/** How the networks of a case are updated. */
export interface Rule extends UpdateConfig {
  /** Name of the file of its results. */
  readonly name: string;
  readonly masked: boolean;
  /** Environment steps of the run so far. */
  readonly step: number;
  /** Number of updates, one after the other on the same batch. */
  readonly updates: number;
  /** Whether to return PyTorch's parameters after the last update too. */
  readonly parameters?: boolean;
  /** PyTorch's number type; float64 when left out. */
  readonly dtype?: "float32" | "float64";
}

/** Makes the rule of a config. */
export function ruleOf(
  { algorithm, operator, returns, discount, optimiser, wqmix, res }: Config,
  rest: Omit<Rule, keyof UpdateConfig>,
): Rule {
  return { ...rest, algorithm, operator, returns, discount, optimiser, wqmix, res };
}

/**
 * Makes random networks with Erdos-Renyi masks, and episodes of the given lengths, some of which do not end in a
 * terminal state.
 */
export function randomCase(shape: NetworkShape, options: RandomCase): Case {
  const { density, lengths, seed, rules, eventful = false } = options;
  const specs = networkParameters(shape);
  const random = createRandom(seed, 3);
  return {
    shape,
    rules,
    online: initialParameters(specs, createRandom(seed, 0)),
    target: initialParameters(specs, createRandom(seed, 1)),
    masks: initialMasks(specs, { sparsity: 1 - density, distribution: "erdos-renyi" }, createRandom(seed, 2)),
    episodes: randomEpisodes(shape, lengths, random).map((episode) =>
      eventful ? withBothWeights(episode, shape, random) : episode,
    ),
  };
}

export interface RandomCase {
  /** Share of the weights that masks keep. */
  readonly density: number;
  readonly lengths: readonly number[];
  readonly seed: number;
  readonly rules: readonly Rule[];
  /** Episodes in which WQMIX weights some steps fully and some by alpha, whichever its weighting. */
  readonly eventful?: boolean;
}

/**
 * Changes an episode so that both weights of WQMIX occur: for OW-QMIX rewards lie above and below an untrained
 * network's values; for CW-QMIX only one agent has a choice at every second step, so that a random joint action is
 * sometimes the greedy one.
 */
function withBothWeights(episode: Episode, { agents, actions }: NetworkShape, random: Random): Episode {
  const availableActions = episode.availableActions.slice();
  for (let t = 0; t < episode.length; t += 2) {
    const choosing = random.below(agents);
    for (let agent = 0; agent < agents; agent++) {
      if (agent === choosing) continue;
      const row = t * agents + agent;
      availableActions.fill(0, row * actions, (row + 1) * actions);
      availableActions[row * actions + episode.actions[row]] = 1;
    }
  }
  return { ...episode, availableActions, rewards: episode.rewards.map((reward) => 2 * reward - 0.5) };
}

/** The networks of a case as tensors: "online.NAME", "target.NAME" and "mask.NAME". */
export function networkTensors({
  shape,
  online,
  target,
  masks,
}: Pick<Case, "shape" | "online" | "target" | "masks">): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  for (const { name, shape: size } of networkParameters(shape)) {
    tensors.set(`online.${name}`, { shape: size, data: online.get(name)! });
    tensors.set(`target.${name}`, { shape: size, data: target.get(name)! });
    const mask = masks.get(name);
    if (mask) tensors.set(`mask.${name}`, { shape: size, data: mask });
  }
  return tensors;
}

/** Picks the tensors whose names begin with a prefix, by the rest of their names. */
export function tensorsNamed<Data = Float32Array>(
  tensors: ReadonlyMap<string, { readonly data: unknown }>,
  prefix: string,
): Map<string, Data> {
  return new Map(
    [...tensors]
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, { data }]) => [key.slice(prefix.length), data as Data]),
  );
}

/**
 * Encodes a case as a safetensors file for learner.py: "online.NAME", "target.NAME", "mask.NAME"; the batch, padded to
 * the longest episode, as "batch.observations" [episodes, steps + 1, agents, observation] and so on; shape and rules as
 * JSON in the header.
 */
export function encodeCase(given: Case): Uint8Array {
  const { shape, episodes, rules } = given;
  const tensors = networkTensors(given);
  const { agents, actions, observation, state } = shape;
  const steps = Math.max(...episodes.map(({ length }) => length));
  const count = episodes.length;
  const add = <Data extends Float32Array | Int32Array | Uint8Array>(
    name: string,
    sizes: readonly number[],
    data: Data,
    of: (episode: Episode) => ArrayLike<number>,
  ) => {
    episodes.forEach((episode, e) => data.set(of(episode), (e * data.length) / count));
    tensors.set(`batch.${name}`, { shape: [count, ...sizes], data });
  };
  add(
    "observations",
    [steps + 1, agents, observation],
    new Float32Array(count * (steps + 1) * agents * observation),
    (episode) => episode.observations,
  );
  add("states", [steps + 1, state], new Float32Array(count * (steps + 1) * state), (episode) => episode.states);
  add(
    "available",
    [steps + 1, agents, actions],
    new Uint8Array(count * (steps + 1) * agents * actions).fill(1),
    (episode) => episode.availableActions,
  );
  add("actions", [steps, agents], new Uint8Array(count * steps * agents), (episode) => episode.actions);
  add("rewards", [steps], new Float32Array(count * steps), (episode) => episode.rewards);
  add("lengths", [], new Int32Array(count), ({ length }) => [length]);
  add("terminal", [], new Uint8Array(count), ({ terminal }) => [terminal ? 1 : 0]);
  return encodeSafetensors(tensors, { shape: JSON.stringify(shape), rules: JSON.stringify(rules) });
}

/** Reads what `encodeCase` wrote. */
export function decodeCase(file: Uint8Array): Case {
  const { tensors, metadata } = decodeSafetensors(file);
  const shape = JSON.parse(metadata.shape) as NetworkShape;
  const named = <Data>(prefix: string) => tensorsNamed<Data>(tensors, prefix);
  const lengths = [...(tensors.get("batch.lengths")!.data as Int32Array)];
  const terminal = tensors.get("batch.terminal")!.data;
  const episodes = lengths.map((length, index): Episode => {
    /** Copies the first rows, one for each step, of this episode's part of a padded array. */
    const part = (name: string, rows: number) => {
      const { data, shape } = tensors.get(`batch.${name}`) as Tensor & { readonly data: Float32Array | Uint8Array };
      const size = data.length / lengths.length;
      return data.slice(index * size, index * size + (rows * size) / shape[1]) as Float32Array & Uint8Array;
    };
    return {
      index,
      seed: index,
      length,
      observations: part("observations", length + 1),
      states: part("states", length + 1),
      availableActions: part("available", length + 1),
      actions: part("actions", length),
      rewards: part("rewards", length),
      terminal: terminal[index] === 1,
    };
  });
  return {
    shape,
    online: named("online."),
    target: named("target."),
    masks: named("mask."),
    episodes,
    rules: JSON.parse(metadata.rules) as Rule[],
  };
}
