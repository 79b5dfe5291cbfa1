import { LabError } from "../../errors.js";
import { disposable } from "../disposable.js";
import type { Engine, NetworkSide, OpenEngine } from "../engine.js";
import { type NetworkShape, parameterChecks, type Parameters } from "../parameters.js";
import { joinMoments, splitMoments } from "../moments.js";
import { updateCycle } from "../update-cycle.js";
import { createSparseEngine } from "../sparse/engine.js";
import type { Tensorflow } from "../../host.js";
import { createVectorisedCalls, type VectorisedCalls } from "./vectorised-calls.js";
import { connectNetworks, share, type Shared } from "./passes.js";

/**
 * Makes an engine with the networks of QMIX, with `shape.centralEmbed` those of WQMIX and with `shape.critic` those of
 * FACMAC, in TensorFlow.js on any of its backends: masked dense weights with gradients by autograd. Acting, which needs
 * a few rows at a time, uses the sparse engine with copies of the weights.
 *
 * @param parameters initial values of both sides, by name
 * @param masks [out, in] by weight name; a name that is missing is dense
 * @throws {Error} when a parameter or mask is missing, unknown or of the wrong size
 * @example
 * const { tf } = await openBackend("auto");
 * const engine = createTensorflowEngine(tf, shape, initialParameters(networkParameters(shape), random), new Map());
 */
export function createTensorflowEngine(
  tf: Tensorflow,
  shape: NetworkShape,
  parameters: Parameters,
  masks: ReadonlyMap<string, Uint8Array>,
): Engine {
  return createVectorisedRuns(tf, 1).open(0)(shape, parameters, masks) as Engine;
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
  const { shape, specs, vectorised, groups } = shared;
  const { check, checkMaskable, checkComplete } = parameterChecks(specs);
  checkComplete(parameters);
  for (const [name, { length }] of parameters) check(name, length);
  for (const [name, { length }] of masks) {
    checkMaskable(name);
    check(name, length);
  }
  // Acting needs a step of a few rows between two steps of an environment, for which a device is too slow.
  const acting = createSparseEngine(shape, parameters, masks);
  const namesOf = (networks: readonly string[]) =>
    specs.filter(({ network }) => networks.includes(network)).map(({ name }) => name);

  let dense = false;
  const cycle = updateCycle(() => {
    dense = false;
    vectorised.clearGradients(run);
  });
  vectorised.clearGradients(run);
  function write(part: NetworkSide | "squares" | "moments", values: Parameters): void {
    for (const [name, { length }] of values) check(name, length);
    vectorised.write(run, part, values);
    if (part === "online") acting.write("online", values);
  }
  function setMask(name: string, mask: Uint8Array): void {
    checkMaskable(name);
    check(name, mask.length);
    vectorised.setMask(run, name, mask);
    acting.setMask(name, mask);
  }

  for (const side of ["online", "target"] as const) vectorised.write(run, side, parameters);
  for (const [name, mask] of masks) vectorised.setMask(run, name, mask);

  const networks = connectNetworks(shared, calls, run);
  return disposable(
    {
      name: "tensorflow",
      shape,
      lanes: "all",
      parameters: specs,
      // Products of another size may use other kernels, which can round an episode's values differently.
      targets: null,
      ...cycle.adding(networks),
      critic: networks.critic,
      load(group) {
        cycle.begin();
        groups[run] = group;
      },
      requestDenseGradients() {
        cycle.request();
        dense = true;
      },
      gradient(name) {
        check(name);
        return vectorised.readGradient(run, name, dense);
      },
      async step(options, networks) {
        const names = networks && namesOf(networks);
        const acts = namesOf(networks?.includes("agent") === false ? [] : ["agent"]);
        const { norm, agent } = await calls.call(run, `step ${networks ?? "all"}`, options, async (runs, options) => {
          const norms = await vectorised.step(runs, options, names);
          const agents = acts.length > 0 ? await vectorised.readMany(runs, acts) : [];
          return runs.map((_, i) => ({ norm: norms[i], agent: agents[i] }));
        });
        cycle.end();
        if (acts.length > 0) acting.write("online", agent);
        return norm;
      },
      read: (side) => vectorised.read(run, side),
      write: (side, values) => write(side, values),
      async readOptimiser() {
        const squares = await vectorised.read(run, "squares");
        return shape.critic ? joinMoments(squares, await vectorised.read(run, "moments")) : squares;
      },
      writeOptimiser(state) {
        const { squares, moments } = splitMoments(state);
        write("squares", squares);
        if (shape.critic) write("moments", moments);
      },
      copyToTarget: () => vectorised.copyToTarget(run),
      mask: (name) => acting.mask(name),
      setMask,
      createActor: (environments) => acting.createActor(environments),
    },
    () => {
      acting.dispose();
      leave();
    },
  );
}
