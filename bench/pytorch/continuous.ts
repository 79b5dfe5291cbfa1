import "../../src/node/host.js";
import { createNormal } from "../../src/algorithms/continuous/normal.js";
import {
  comixNetworks,
  comixUpdate,
  CONTINUOUS_DEFAULTS,
  type ContinuousOptions,
  facmacNetworks,
  facmacUpdate,
} from "../../src/algorithms/continuous/update.js";
import { relativeDistance } from "../../src/networks/distance.js";
import {
  initialParameters,
  networkParameters,
  type NetworkShape,
  type Parameters,
} from "../../src/networks/parameters.js";
import type { EngineOptions } from "../../src/networks/sparse/engine.js";
import { createTransitionEngine } from "../../src/networks/sparse/transition-engine.js";
import type { TransitionEngine } from "../../src/networks/transition-engine.js";
import { createRandom } from "../../src/random.js";
import { createTransitionBatch, type TransitionBatch } from "../../src/replay/transitions.js";
import { decodeSafetensors, encodeSafetensors } from "../../src/runs/safetensors.js";
import { initialMasks } from "../../src/sparse/mask.js";
import { networkTensors, tensorsNamed } from "./case.js";

/** How the networks of a case are updated. */
export interface ContinuousRule {
  /** Names the file of its results. */
  readonly name: string;
  readonly algorithm: "comix" | "facmac";
  readonly masked: boolean;
  /** The number of updates, one after the other on the same batch. */
  readonly updates: number;
  readonly options: ContinuousOptions;
}

/** What PyTorch and the sparse engine both start from. */
export interface ContinuousCase {
  /** With all networks that a rule trains. */
  readonly shape: NetworkShape;
  readonly online: Parameters;
  readonly target: Parameters;
  /** For the rules that are `masked`; the others train the same networks dense. */
  readonly masks: ReadonlyMap<string, Uint8Array>;
  readonly batch: TransitionBatch;
  /**
   * The cross-entropy method's draws from N(0, 1), [updates, iterations, B * agents, actions, samples]; a later update
   * begins anew.
   */
  readonly noise: Float32Array;
  readonly rules: readonly ContinuousRule[];
}

/** What a rule's updates came to. */
export interface ContinuousAnswer {
  /** The losses, one for each update. */
  readonly losses: readonly number[];
  /** The norms of the utilities' and the mixer's gradient before clipping, one for each update. */
  readonly norms: readonly number[];
  /** The gradients of the first update, unclipped. */
  readonly gradients: ReadonlyMap<string, Float32Array>;
  /** Parameters after the last update. */
  readonly online: ReadonlyMap<string, Float32Array>;
  readonly target: ReadonlyMap<string, Float32Array>;
}

/** All networks of a case, of which each algorithm trains its own. */
export const CONTINUOUS_NETWORKS = { agent: "action-value", ...facmacNetworks } as const;
const NETWORKS = { comix: comixNetworks, facmac: facmacNetworks };

/**
 * The compared rules of both algorithms: the authors' settings (Adam with epsilon 0.01, clip 0.5, soft targets of
 * 0.001), dense and masked; and masked ones that do not clip and move farther in three updates, by which one setting
 * can be told from another.
 */
export const continuousRules: readonly ContinuousRule[] = (["comix", "facmac"] as const).flatMap((algorithm) => {
  const crossEntropy = { samples: 16, elites: 4, iterations: 2 };
  const options = { ...CONTINUOUS_DEFAULTS, crossEntropy };
  const fast = { ...options, learningRate: 0.02, beta1: 0.8, beta2: 0.9, gradientClip: 100, follow: 0.3 };
  const rule = { algorithm, updates: 3 };
  return [
    { ...rule, name: `${algorithm}-dense`, masked: false, options },
    { ...rule, name: `${algorithm}-masked`, masked: true, options },
    { ...rule, name: `${algorithm}-masked-fast`, masked: true, options: fast },
  ];
});

/** The sizes are small and odd, so that they fit no vector. */
export const ODD_CONTINUOUS: NetworkShape = {
  agents: 3,
  actions: 2,
  observation: 5,
  state: 7,
  hidden: 11,
  embed: 5,
  hypernetEmbed: 6,
  networks: CONTINUOUS_NETWORKS,
};

/** Random networks with Erdos-Renyi masks, random transitions of which each fifth is terminal, and draws. */
export function randomContinuousCase(
  shape: NetworkShape,
  {
    density,
    transitions,
    seed,
    rules,
  }: {
    readonly density: number;
    readonly transitions: number;
    readonly seed: number;
    readonly rules: readonly ContinuousRule[];
  },
): ContinuousCase {
  const specs = networkParameters(shape);
  const batch = createTransitionBatch(transitions, shape);
  const normal = createNormal(createRandom(seed, 3));
  const random = createRandom(seed, 4);
  for (const values of [batch.observations, batch.states, batch.rewards])
    values.forEach((_, i) => (values[i] = normal()));
  batch.actions.forEach((_, i) => (batch.actions[i] = 2 * random.float() - 1));
  batch.terminal.forEach((_, i) => (batch.terminal[i] = i % 5 === 4 ? 1 : 0));
  const draws = rules
    .filter(({ algorithm }) => algorithm === "comix")
    .map(({ updates, options: { crossEntropy } }) => updates * crossEntropy.iterations * crossEntropy.samples);
  const noise = new Float32Array(Math.max(0, ...draws) * transitions * shape.agents * shape.actions);
  noise.forEach((_, i) => (noise[i] = normal()));
  return {
    shape,
    rules,
    batch,
    noise,
    online: initialParameters(specs, createRandom(seed, 0)),
    target: initialParameters(specs, createRandom(seed, 1)),
    masks: initialMasks(specs, { sparsity: 1 - density, distribution: "erdos-renyi" }, createRandom(seed, 2)),
  };
}

/** A case as a safetensors file for continuous.py. */
export function encodeContinuousCase(given: ContinuousCase): Uint8Array {
  const { shape, batch, noise, rules } = given;
  const tensors = networkTensors(given);
  const { agents, actions, observation, state } = shape;
  const count = batch.rewards.length;
  tensors.set("batch.observations", { shape: [count, 2, agents, observation], data: batch.observations });
  tensors.set("batch.states", { shape: [count, 2, state], data: batch.states });
  tensors.set("batch.actions", { shape: [count, agents, actions], data: batch.actions });
  tensors.set("batch.rewards", { shape: [count], data: batch.rewards });
  tensors.set("batch.terminal", { shape: [count], data: batch.terminal });
  const { samples, iterations } = rules[0].options.crossEntropy;
  const updates = noise.length / (iterations * count * agents * actions * samples);
  tensors.set("noise.normal", { shape: [updates, iterations, count * agents, actions, samples], data: noise });
  return encodeSafetensors(tensors, { shape: JSON.stringify(shape), rules: JSON.stringify(rules) });
}

/** Reads what `encodeContinuousCase` wrote. */
export function decodeContinuousCase(file: Uint8Array): ContinuousCase {
  const { tensors, metadata } = decodeSafetensors(file);
  const named = <Data>(prefix: string) =>
    new Map(
      [...tensors]
        .filter(([key]) => key.startsWith(prefix))
        .map(([key, { data }]) => [key.slice(prefix.length), data as Data]),
    );
  const floats = (name: string) => tensors.get(name)!.data as Float32Array;
  return {
    shape: JSON.parse(metadata.shape) as NetworkShape,
    rules: JSON.parse(metadata.rules) as ContinuousRule[],
    online: named("online."),
    target: named("target."),
    masks: named("mask."),
    noise: floats("noise.normal"),
    batch: {
      observations: floats("batch.observations"),
      states: floats("batch.states"),
      actions: floats("batch.actions"),
      rewards: floats("batch.rewards"),
      terminal: tensors.get("batch.terminal")!.data as Uint8Array,
      steps: new Uint16Array(floats("batch.rewards").length).fill(1),
    },
  };
}

/** Reads what continuous.py wrote. */
export function decodeContinuousAnswer(file: Uint8Array): ContinuousAnswer {
  const { tensors, metadata } = decodeSafetensors(file);
  const named = (prefix: string) => tensorsNamed(tensors, prefix);
  return {
    losses: JSON.parse(metadata.losses) as number[],
    norms: JSON.parse(metadata.norms) as number[],
    gradients: named("gradient."),
    online: named("online."),
    target: named("target."),
  };
}

/** A sparse engine with the networks that a rule trains. */
export function startContinuousCase(
  { shape, online, target, masks }: ContinuousCase,
  { algorithm, masked }: Pick<ContinuousRule, "algorithm" | "masked">,
  options: Omit<EngineOptions, "remember"> = {},
): TransitionEngine<true, typeof CONTINUOUS_NETWORKS> {
  const trained = { ...shape, networks: NETWORKS[algorithm] };
  const names = new Set(networkParameters(trained).map(({ name }) => name));
  const used = <Value>(entries: ReadonlyMap<string, Value>) =>
    new Map([...entries].filter(([name]) => names.has(name)));
  const engine = createTransitionEngine<typeof CONTINUOUS_NETWORKS>(
    trained,
    used(online),
    masked ? used(masks) : new Map(),
    options,
  );
  engine.write("target", used(target));
  return engine;
}

/** The update of a rule with this number, from 1; `stepped` sees the gradients of the networks it names. */
export function continuousUpdate(
  { shape, batch, noise }: ContinuousCase,
  { algorithm, options }: ContinuousRule,
): (
  engine: TransitionEngine<boolean, typeof CONTINUOUS_NETWORKS>,
  update: number,
  stepped?: (networks: readonly string[]) => void,
) => Promise<{
  readonly loss: number;
  readonly gradientNorm: number;
}> {
  if (algorithm === "facmac") return (engine, update, stepped) => facmacUpdate(engine, batch, options, update, stepped);
  const { samples, iterations } = options.crossEntropy;
  const each = iterations * batch.rewards.length * shape.agents * shape.actions * samples;
  return (engine, update, stepped) => {
    const from = ((update - 1) * each) % noise.length;
    return comixUpdate(engine, batch, options, update, noise.subarray(from, from + each), stepped);
  };
}

/** The sparse engine's updates of a case by one of its rules. */
export async function sparseContinuousAnswer(given: ContinuousCase, rule: ContinuousRule): Promise<ContinuousAnswer> {
  const engine = startContinuousCase(given, rule);
  const once = continuousUpdate(given, rule);
  const gradients = new Map<string, Float32Array>();
  const statistics = [];
  for (let k = 0; k < rule.updates; k++)
    statistics.push(
      await once(engine, k + 1, (networks) => {
        for (const { name, network } of engine.parameters)
          if (k === 0 && networks.includes(network)) gradients.set(name, engine.gradient(name).slice());
      }),
    );
  return {
    losses: statistics.map(({ loss }) => loss),
    norms: statistics.map(({ gradientNorm }) => gradientNorm),
    gradients,
    online: engine.read("online"),
    target: engine.read("target"),
  };
}

/**
 * The largest of the relative differences of losses, norms, each parameter's gradient and each parameter after the
 * updates (in L2 norm), and whose it is.
 */
export function largestContinuousDifference(
  ours: ContinuousAnswer,
  theirs: ContinuousAnswer,
): { readonly difference: number; readonly where: string } {
  let worst = { difference: 0, where: "nothing" };
  const see = (difference: number, where: string) => {
    // Not a plain >: NaN must come out as a disagreement.
    if (!(difference <= worst.difference)) worst = { difference, where };
  };
  see(relativeDistance(ours.losses, theirs.losses), "losses");
  see(relativeDistance(ours.norms, theirs.norms), "norms of the gradients");
  for (const part of ["gradients", "online", "target"] as const) {
    const names = (answer: ContinuousAnswer) => [...answer[part].keys()].sort().join();
    if (names(ours) !== names(theirs)) return { difference: Infinity, where: `the names of ${part}` };
    for (const [name, values] of theirs[part])
      see(relativeDistance(ours[part].get(name)!, values), `${name} of ${part}`);
  }
  return worst;
}
