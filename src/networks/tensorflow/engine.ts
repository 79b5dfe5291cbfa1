import { LabError } from "../../errors.js";
import type { Tensorflow } from "../../host.js";
import { disposable } from "../disposable.js";
import type { Engine, OpenEngine } from "../engine.js";
import type { AgentsAndMixer, Networks } from "../kinds.js";
import type { NetworkShape, Parameters } from "../parameters.js";
import { createSparseEngine } from "../sparse/engine.js";
import { updateCycle } from "../update-cycle.js";
import { connectNetworks, share, type Shared } from "./passes.js";
import { connectStorage } from "./storage.js";
import { createVectorisedCalls, type VectorisedCalls } from "./vectorised-calls.js";

/**
 * Makes the networks of a shape, by default QMIX's, in TensorFlow.js on any of its backends: masked dense weights with
 * gradients by autograd. Acting, which needs a few rows at a time, uses the sparse engine with copies of the weights.
 *
 * @param parameters initial values of both sides, by name
 * @param masks [out, in] by weight name; a name that is missing is dense
 * @throws {Error} when a parameter or mask is missing, unknown or of the wrong size
 * @example
 * const { tf } = await openBackend("auto");
 * const engine = createTensorflowEngine(tf, shape, initialParameters(networkParameters(shape), random), new Map());
 */
export function createTensorflowEngine<Own extends Networks = AgentsAndMixer>(
  tf: Tensorflow,
  shape: NetworkShape,
  parameters: Parameters,
  masks: ReadonlyMap<string, Uint8Array>,
): Engine<boolean, Own> {
  return createVectorisedRuns(tf, 1).open(0)(shape, parameters, masks) as unknown as Engine<boolean, Own>;
}

/**
 * Runs whose networks have the same shape and are computed together, by operations on tensors that hold the networks of
 * all runs, because a single one is too small to fill a GPU.
 */
export interface VectorisedRuns {
  /**
   * Makes the engine of run 0, 1, ... Each run has its own parameters, masks and episodes and gives the results that it
   * would give alone, up to rounding. Its passes and steps wait until every run has asked for one or has left.
   */
  open(run: number): OpenEngine;
  /** Says that a run will not ask again, as `dispose` of its engine does. */
  leave(run: number): void;
}

/**
 * Makes vectorised runs, all of which are waited for.
 *
 * @example
 * const vectorised = createVectorisedRuns(tf, 2);
 * await Promise.all(
 *   [0, 1].map((run) =>
 *     listenTo(train({ ...config, seed: run }, { open: vectorised.open(run) })).finally(() => vectorised.leave(run)),
 *   ),
 * );
 */
export function createVectorisedRuns(tf: Tensorflow, runs: number): VectorisedRuns {
  const calls = createVectorisedCalls(runs);
  const absent = new Set<number>();
  let shared: Shared | undefined;
  const leave = (run: number) => {
    if (absent.has(run)) return;
    absent.add(run);
    calls.leave(run);
    if (absent.size === runs) shared?.dispose();
  };
  return {
    open: (run) => (shape, parameters, masks) => {
      shared ??= share(tf, shape, runs);
      if (JSON.stringify(shared.shape) !== JSON.stringify(shape))
        throw new LabError(
          "The networks of this run have other sizes than those of the runs that it is vectorised with.",
        );
      return openRun(shared, calls, run, parameters, masks, () => leave(run));
    },
    leave,
  };
}

function openRun(
  shared: Shared,
  calls: VectorisedCalls,
  run: number,
  parameters: Parameters,
  masks: ReadonlyMap<string, Uint8Array>,
  leave: () => void,
): Engine {
  // Acting needs a step of a few rows between two steps of an environment, for which a device is too slow.
  const acting = createSparseEngine(shared.shape, parameters, masks);
  const { clear, ...storage } = connectStorage(shared.vectorised, calls, run, parameters, masks, acting, ["agent"]);
  const cycle = updateCycle(clear);
  const networks = connectNetworks(shared, calls, run).map(([name, network]) => [name, cycle.watch(network)]);
  const engine: Omit<Engine, "dispose"> = {
    ...storage,
    name: "tensorflow",
    lanes: "all",
    // Products of another size may use other kernels, which can round an episode's values differently.
    targets: null,
    networks: Object.fromEntries(networks) as Engine["networks"],
    load(group) {
      cycle.begin();
      shared.groups[run] = group;
    },
    requestDenseGradients() {
      cycle.request();
      storage.requestDenseGradients();
    },
    async step(options, networks) {
      const norm = await storage.step(options, networks);
      cycle.end();
      return norm;
    },
    createActor: (environments) => acting.createActor(environments),
  };
  return disposable(engine, () => {
    acting.dispose();
    leave();
  });
}
