import { LabError } from "../errors.js";
import { currentHost } from "../host.js";
import "../node/host.js";
import { evolveNetworks } from "../algorithms/evolve.js";
import { type Config, ConfigError, resolveConfig } from "../config.js";
import type { PaperMethod } from "../methods.js";
import type { Engine } from "../networks/engine.js";
import { initialParameters, type NetworkShape, networkParameters } from "../networks/parameters.js";
import { createSparseEngine } from "../networks/sparse/engine.js";
import { createRandom, type Random } from "../random.js";
import type { Episode } from "../replay/episode.js";
import { type EpisodeGroup, groupEpisodes } from "../replay/group.js";
import { initialMasks } from "../sparse/mask.js";
import { chosenValues } from "../targets/actions.js";
import { tdLoss } from "../targets/loss.js";

/** A regression task in which only a few of many inputs are relevant, and its training settings. */
export interface SupervisedTask {
  /** Number of inputs of an example, each normally distributed. */
  readonly inputs: number;
  /** Number of relevant inputs, which are in the middle, see `relevantInputs`. */
  readonly relevant: number;
  /**
   * How y depends on them: "sum" adds them with alternating signs; "products" multiplies neighbours and adds the
   * products, so that no single input is correlated with y. In both cases y has variance 1 (with three inputs or more).
   */
  readonly relation: "sum" | "products";
  /** Number of training examples; the test uses others. */
  readonly examples: number;
  /** Units of the network's layers. */
  readonly hidden: number;
  /** S, the share of weights that are absent; method "dense" ignores it. */
  readonly sparsity: number;
  /** Number of updates between two evolutions. */
  readonly interval: number;
  /** Number of updates of the whole training. */
  readonly updates: number;
  /** Examples of an update, drawn with replacement. Default: 64. */
  readonly batch?: number;
  /** zeta_0. Default: 0.5. */
  readonly fraction?: number;
  /** Learning rate of RMSprop. Default: 0.001. */
  readonly learningRate?: number;
}

/** One training of the task. */
export interface SupervisedRun {
  /** The task that was trained. */
  readonly task: SupervisedTask;
  /** The method, which determines the initial masks and how connections grow. */
  readonly method: PaperMethod;
  /** Seed of parameters, masks, examples, batches and random growth. */
  readonly seed: number;
  /** Numbers of updates after which it was tested; the first is 0. [tests] */
  readonly updates: readonly number[];
  /**
   * Mean squared error on the test examples, divided by the variance of their y, so that a constant prediction has 1.
   * [tests]
   */
  readonly errors: readonly number[];
  /** Masks of the network before training, by weight name: [out, in], 1 where the connection is. */
  readonly before: ReadonlyMap<string, Uint8Array>;
  /** Masks of the network after training, in the same form. */
  readonly after: ReadonlyMap<string, Uint8Array>;
}

/** Random streams of a seed. Test examples have a seed of their own, the same for all. */
const STREAMS = { parameters: 0, masks: 1, examples: 2, batches: 3, topology: 4 } as const;
const TEST = { seed: 0, examples: 512, times: 20 } as const;

/**
 * Trains the paper's agent network to predict y from one observation, with the same masks and evolution as a team's;
 * the mixer is left out. The recurrent part sees a single step, so that `agent.rnn.weight_hh` has no effect. Methods of
 * one seed start from the same weights and learn from the same examples in the same order; the sparse ones start with
 * the same mask.
 *
 * @param options.signal stops the training between two updates, which then rejects with the signal's reason; `onTest`
 *   is called at each test with the share that is done
 * @throws {ConfigError} when the task is impossible
 * @throws {Error} when training diverges
 * @example const { errors } = await trainSupervised(task, "rigl", 1);
 */
export async function trainSupervised(
  task: SupervisedTask,
  method: PaperMethod,
  seed: number,
  options: { readonly signal?: AbortSignal; readonly onTest?: (share: number) => void } = {},
): Promise<SupervisedRun> {
  const config = configOf(task, method, seed);
  const { examples, batch = 64, updates } = task;
  const stream = (name: keyof typeof STREAMS): Random => createRandom(seed, STREAMS[name]);
  const shape = supervisedShape(task);
  const specs = networkParameters(shape).filter(({ network }) => network === "agent");
  const masks =
    method === "dense"
      ? new Map<string, Uint8Array>()
      : initialMasks(specs, { sparsity: task.sparsity, distribution: "erdos-renyi" }, stream("masks"));
  const engine = createSparseEngine(shape, initialParameters(networkParameters(shape), stream("parameters")), masks);
  const agentMasks = (): Map<string, Uint8Array> =>
    new Map(specs.flatMap(({ name, maskable }) => (maskable ? [[name, engine.mask(name)]] : [])));
  try {
    const known = drawExamples(task, examples, stream("examples"));
    const others = groupEpisodes(drawExamples(task, TEST.examples, createRandom(TEST.seed, STREAMS.examples)), shape);
    const variance = varianceOf(others);
    const [batches, topology] = [stream("batches"), stream("topology")];
    const before = agentMasks();
    const tests: [update: number, error: number][] = [];
    let lastTurn = performance.now();
    for (let update = 0; ; update++) {
      if (update % Math.ceil(updates / TEST.times) === 0 || update === updates) {
        tests.push([update, squaredError(engine, others, TEST.examples) / variance]);
        options.onTest?.(update / updates);
      }
      if (update === updates) break;
      if (performance.now() - lastTurn > 20) {
        // Lets the notebook's display and interrupts run.
        await currentHost().nextTurn();
        lastTurn = performance.now();
      }
      options.signal?.throwIfAborted();

      const groups = groupEpisodes(
        Array.from({ length: batch }, () => known[batches.below(examples)]),
        shape,
      );
      const evolves = config.topology.grow !== "none" && (update + 1) % config.topology.interval === 0;
      if (evolves && config.topology.grow === "gradient") engine.requestDenseGradients();
      squaredError(engine, groups, batch, true);
      if (!Number.isFinite(engine.step(config.optimiser)))
        throw new LabError(
          `The gradient is not finite after ${update} updates: training has diverged. Try a smaller learningRate than ${config.optimiser.learningRate}.`,
        );
      if (evolves) await evolveNetworks(engine, config, update + 1, topology);
    }
    return {
      task,
      method,
      seed,
      updates: tests.map(([update]) => update),
      errors: tests.map(([, error]) => error),
      before,
      after: agentMasks(),
    };
  } finally {
    engine.dispose();
  }
}

/**
 * Returns the first of the relevant inputs and their number. They are in the middle, because ties would favour the
 * lowest indices.
 */
export function relevantInputs({ inputs, relevant }: Pick<SupervisedTask, "inputs" | "relevant">): {
  readonly start: number;
  readonly length: number;
} {
  return { start: Math.floor((inputs - relevant) / 2), length: relevant };
}

/**
 * Finds the inputs that a masked agent network can use at all: those from which a path of connections leads to the
 * output.
 *
 * @param masks of fc1, rnn.weight_ih and fc2, [out, in] each, under "agent."
 * @param sizes inputs of fc1 and units of the layers
 * @returns [inputs], 1 where there is a path
 * @example connectedInputs(run.after, { inputs: 102, hidden: 32 });
 */
export function connectedInputs(
  masks: ReadonlyMap<string, Uint8Array>,
  { inputs, hidden }: { readonly inputs: number; readonly hidden: number },
): Uint8Array {
  const [fc1, gates, fc2] = ["agent.fc1.weight", "agent.rnn.weight_ih", "agent.fc2.weight"].map((name) =>
    masks.get(name)!,
  );
  const outputs = fc2.length / hidden;
  // The search goes backwards: first units that reach the output, then units of the first layer that reach one of those
  // through any of its three gates, then inputs.
  const units = reaching(fc2, new Uint8Array(outputs).fill(1), hidden);
  const first = reaching(gates, Uint8Array.from([...units, ...units, ...units]), hidden);
  return reaching(fc1, first, inputs);
}

/** Finds the columns of a mask that have a connection to one of the given rows. */
function reaching(mask: Uint8Array, rows: Uint8Array, columns: number): Uint8Array {
  const reached = new Uint8Array(columns);
  for (let i = 0; i < mask.length; i++)
    if (mask[i] === 1 && rows[Math.floor(i / columns)] === 1) reached[i % columns] = 1;
  return reached;
}

/** Returns the shape of the agent network with one value as its output. */
export function supervisedShape({ inputs, hidden }: Pick<SupervisedTask, "inputs" | "hidden">): NetworkShape {
  return { agents: 1, actions: 1, observation: inputs, state: 1, hidden, embed: 1, hypernetEmbed: 1 };
}

function configOf(
  {
    inputs,
    relevant,
    examples,
    batch = 64,
    hidden,
    sparsity,
    interval,
    updates,
    fraction = 0.5,
    learningRate = 0.001,
  }: SupervisedTask,
  method: PaperMethod,
  seed: number,
): Config {
  for (const [field, value] of Object.entries({ inputs, relevant, examples, batch, updates })) {
    if (!(Number.isInteger(value) && value >= 1))
      throw new ConfigError(`supervised task: ${field} is ${value}; it must be a whole number, at least 1`);
  }
  if (relevant > inputs)
    throw new ConfigError(
      `supervised task: relevant is ${relevant}, but there are ${inputs} inputs: choose at most as many`,
    );
  if (!["dense", "ss", "set", "rigl"].includes(method))
    throw new ConfigError(`supervised task: method is "${method}"; allowed: "dense", "ss", "set", "rigl"`);
  return resolveConfig({
    method,
    seed,
    steps: updates,
    network: { hidden },
    optimiser: { learningRate },
    ...(method === "dense" ? {} : { sparsity: { level: sparsity }, topology: { interval, fraction } }),
  });
}

/** Draws examples as episodes of one step, whose reward is y. */
function drawExamples(task: SupervisedTask, count: number, random: Random): Episode[] {
  const { inputs, relation } = task;
  const { start, length } = relevantInputs(task);
  return Array.from({ length: count }, (_, index) => {
    const observations = new Float32Array(2 * inputs);
    for (let j = 0; j < inputs; j++) observations[j] = normal(random);
    const x = observations.subarray(start, start + length);
    const y =
      x.reduce(
        (sum, value, k) => sum + (relation === "sum" ? (k % 2 === 0 ? value : -value) : value * x[(k + 1) % length]),
        0,
      ) / Math.sqrt(length);
    return {
      index,
      seed: 0,
      length: 1,
      observations,
      states: new Float32Array(2),
      availableActions: new Uint8Array(2).fill(1),
      actions: new Uint8Array(1),
      rewards: Float32Array.of(y),
      terminal: true,
    };
  });
}

/** Draws from the standard normal distribution, by Box and Muller. */
function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.float())) * Math.cos(2 * Math.PI * random.float());
}

function varianceOf(groups: readonly EpisodeGroup[]): number {
  const y = groups.flatMap(({ episodes }) => episodes.map(({ rewards }) => rewards[0]));
  const centre = y.reduce((a, b) => a + b, 0) / y.length;
  return y.reduce((sum, value) => sum + (value - centre) ** 2, 0) / y.length;
}

/** Computes the mean squared error over the groups' examples; with `learn` its gradients are added up in the engine. */
function squaredError(engine: Engine<true>, groups: readonly EpisodeGroup[], examples: number, learn = false): number {
  let error = 0;
  for (const group of groups) {
    engine.load(group);
    const predicted = chosenValues(engine.networks.agent.forward("online", learn), group);
    const gradient = new Float32Array(predicted.length);
    error += tdLoss(
      { lengths: group.lengths, qTot: predicted, targets: group.rewards, normaliser: examples },
      gradient,
    );
    if (learn) engine.networks.agent.backward(gradient);
  }
  return error;
}
