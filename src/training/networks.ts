import type { Backend, Config } from "../config.js";
import { LabError } from "../errors.js";
import { currentHost, type Tensorflow } from "../host.js";
import type { Engine, NetworkEngine, Open, OpenEngine } from "../networks/engine.js";
import { initialParameters, type Parameters, type ParameterSpec } from "../networks/parameters.js";
import { createTensorflowEngine } from "../networks/tensorflow/engine.js";
import { createTensorflowTransitionEngine } from "../networks/tensorflow/transition-engine.js";
import { createSparseEngine } from "../networks/sparse/engine.js";
import { createTransitionEngine } from "../networks/sparse/transition-engine.js";
import type { OpenTransitionEngine, TransitionEngine } from "../networks/transition-engine.js";
import { algorithmOf } from "../parts/algorithm.js";
import type { Random } from "../random.js";
import { methodOf } from "../methods.js";
import { magnitudeMask } from "../sparse/magnitude.js";
import { randomMask, randomMasks } from "../sparse/mask.js";
import { networkPlan } from "./plan.js";
import type { TrainState } from "./records.js";
import { tensorsOf } from "./state.js";

/** The source of a winning or cheating ticket: the topology that a run ended with, and its weights. */
export interface Ticket {
  /** Masks by weight name, one for every weight matrix: [out, in]. */
  readonly masks: ReadonlyMap<string, Uint8Array>;
  /** Parameters of the online networks by name. A winning ticket draws new ones instead. */
  readonly parameters: Parameters;
}

/**
 * The weights that a run with `config.from` begins with. A network without given weights, such as a mixer, is drawn at
 * random.
 */
export interface StartWeights {
  /** Weights by name. */
  readonly parameters: Parameters;
  /**
   * Masks by weight name, 1 where the connection is: [out, in]. Without a mask, weights that are not 0 are the
   * connections.
   */
  readonly masks: ReadonlyMap<string, Uint8Array>;
}

/**
 * Makes the networks of a new run: initial parameters and masks drawn from the given streams, or taken from a ticket or
 * from weights, and the target networks equal to the online ones. A sparse layer keeps the given weights with the
 * largest magnitudes, see `magnitudeMask`.
 *
 * @throws {Error} when the config asks for a ticket or for weights, and they are missing or belong to other networks
 * @throws {BackendError} when the config names a backend that is not available
 * @example const engine = await createNetworks(config, { parameters: createRandom(1, 0), masks: createRandom(1, 1) });
 */
export async function createNetworks<Opened extends NetworkEngine = Engine>(
  config: Config,
  random: NetworkRandom,
  {
    open = engineOf(config) as unknown as Open<Opened>,
    ...from
  }: Beginning & {
    /** The function that makes the engine; by default the one for episodes that the config names. */
    readonly open?: Open<Opened>;
  } = {},
): Promise<Opened> {
  const { parameters, masks } = beginningOf(config, random, from);
  return open(networkPlan(config).shape, parameters, masks);
}

/** The streams that networks are drawn from. */
export interface NetworkRandom {
  /** Initial weights and biases. */
  readonly parameters: Random;
  /** Initial topologies. */
  readonly masks: Random;
}

/** The networks with which a run may begin instead of random ones. */
export interface Beginning {
  /** Of a winning ticket its masks are taken, of a cheating one its weights as well. */
  readonly ticket?: Ticket;
  /** The weights of `config.from`. */
  readonly start?: StartWeights;
}

/** Parameters and masks of a new run. */
function beginningOf(
  config: Config,
  random: NetworkRandom,
  { ticket, start }: Beginning,
): { readonly parameters: Parameters; readonly masks: ReadonlyMap<string, Uint8Array> } {
  const { parameters: specs, nonzeros } = networkPlan(config);
  const given =
    config.ticket === undefined || config.ticket.kind === "random"
      ? undefined
      : checkTicket(config.ticket, specs, ticket);
  if (config.from !== undefined) {
    const { parameters, masks } = checkStart(config.from, specs, start);
    const drawn = initialParameters(specs, random.parameters);
    const layers = specs.filter(({ maskable }) => maskable && isSparse(config));
    return {
      parameters: new Map(specs.map(({ name }) => [name, parameters.get(name) ?? drawn.get(name)!])),
      masks: new Map(
        layers.map(({ name, shape: size }) => {
          const [weights, connections] = [parameters.get(name), nonzeros.get(name)!];
          return [
            name,
            weights === undefined
              ? randomMask(size, connections, random.masks)
              : magnitudeMask(weights, connections, random.masks, masks.get(name)),
          ];
        }),
      ),
    };
  }
  const masks =
    given?.masks ?? (isSparse(config) ? randomMasks(specs, nonzeros, random.masks) : new Map<string, Uint8Array>());
  const parameters =
    given && config.ticket!.kind === "cheating" ? given.parameters : initialParameters(specs, random.parameters);
  return { parameters, masks };
}

function isSparse(config: Config): boolean {
  return config.sparsity.level > 0 && methodOf(config).networks !== "tiny";
}

function checkStart(
  { source }: NonNullable<Config["from"]>,
  specs: readonly ParameterSpec[],
  start: StartWeights | undefined,
): StartWeights {
  if (start === undefined)
    throw new Error(
      `The weights of ${source} are missing: give them by train(config, { start: readStart(config) }), or use runOne or runAll, which read them.`,
    );
  for (const { name, shape } of specs) {
    const size = shape.reduce((a, b) => a * b, 1);
    for (const found of [start.parameters.get(name)?.length, start.masks.get(name)?.length])
      if (found !== undefined && found !== size)
        throw new Error(`The weights of ${source} do not fit: ${name} has ${size} entries, and they have ${found}.`);
  }
  return start;
}

function checkTicket(
  { kind, source }: NonNullable<Config["ticket"]>,
  specs: readonly ParameterSpec[],
  ticket: Ticket | undefined,
): Ticket {
  if (ticket === undefined) {
    throw new Error(
      `The ${kind} ticket of ${source} is missing: give it by train(config, { ticket: readTicket(config) }), or use runOne or runAll, which read it from the run store.`,
    );
  }
  for (const { name, shape, maskable } of specs) {
    const size = shape.reduce((a, b) => a * b, 1);
    for (const [what, length] of [
      ["mask", maskable ? ticket.masks.get(name)?.length : size],
      ["values", ticket.parameters.get(name)?.length],
    ] as const) {
      if (length !== size)
        throw new Error(
          `The ${kind} ticket of ${source} does not fit: ${name} has ${size} entries, its ${what} ${length ?? "none"}. A ticket comes from a run with the same networks.`,
        );
    }
  }
  return ticket;
}

/**
 * Restores the networks of a run from a checkpoint: online, target, masks and the optimiser's state. The result is a
 * sparse engine, which works everywhere and at once, whichever engine trained the networks; `resumeNetworks` is for
 * further training.
 *
 * @example const engine = restoreNetworks(config, readRunCheckpoint(run.directory).state);
 */
export function restoreNetworks(
  config: Config,
  { tensors, masks }: Pick<TrainState, "tensors" | "masks">,
): Engine<true> {
  const { title = config.algorithm, learnsFrom } = algorithmOf(config);
  if (learnsFrom === "transitions")
    throw new LabError(
      `The networks of ${title} are not recurrent, but only recurrent agents with discrete actions can be restored in this way.`,
    );
  const engine = createSparseEngine(networkPlan(config).shape, tensorsOf(tensors, "online"), masks);
  return fill(engine, tensors);
}

/**
 * Restores the networks in the engine that the config names, or that `open` makes. Checkpoints of all engines are
 * interchangeable.
 *
 * @throws {BackendError} when the config names a backend that is not available
 */
export async function resumeNetworks<Opened extends NetworkEngine = Engine>(
  config: Config,
  { tensors, masks }: Pick<TrainState, "tensors" | "masks">,
  open: Open<Opened> = engineOf(config) as unknown as Open<Opened>,
): Promise<Opened> {
  return fill(await open(networkPlan(config).shape, tensorsOf(tensors, "online"), masks), tensors);
}

/** The networks of a run as a checkpoint holds them, where its algorithm learns from transitions. */
export function restoreTransitionNetworks(
  config: Config,
  { tensors, masks }: Pick<TrainState, "tensors" | "masks">,
): TransitionEngine<true> {
  return fill(createTransitionEngine(networkPlan(config).shape, tensorsOf(tensors, "online"), masks), tensors);
}

function fill<Opened extends NetworkEngine>(engine: Opened, tensors: Parameters): Opened {
  engine.write("target", tensorsOf(tensors, "target"));
  engine.writeOptimiser(tensorsOf(tensors, "optimiser"));
  return engine;
}

/** Returns the function that makes the engine which a configuration names. */
export function engineOf({ engine, backend = "auto" }: Config): OpenEngine {
  if (engine === "sparse") return createSparseEngine;
  return async (shape, parameters, masks) =>
    createTensorflowEngine(await tensorflowOf(backend), shape, parameters, masks);
}

/** Returns the function that makes the engine of a configuration whose networks learn from transitions. */
export function transitionEngineOf({ engine, backend = "auto" }: Config): OpenTransitionEngine {
  if (engine === "sparse") return createTransitionEngine;
  return async (shape, parameters, masks) =>
    createTensorflowTransitionEngine(await tensorflowOf(backend), shape, parameters, masks);
}

async function tensorflowOf(backend: Backend): Promise<Tensorflow> {
  const { openTensorflow } = currentHost();
  if (openTensorflow === undefined)
    throw new Error('config: engine is "tensorflow", which this program does not have: use "sparse".');
  return openTensorflow(backend);
}
