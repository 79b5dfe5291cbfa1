import type { NetworkEngine, NetworkSide } from "../engine.js";
import { isAdam, joinMoments, splitMoments } from "../moments.js";
import { parameterChecks, type Parameters } from "../parameters.js";
import type { VectorisedCalls } from "./vectorised-calls.js";
import type { VectorisedParameters } from "./vectorised-parameters.js";

/** The parameters of one of several runs, and all that is done with them. */
export interface RunStorage extends Omit<NetworkEngine, "dispose"> {
  /** Clears all gradients, and requests no dense ones. */
  clear(): void;
}

/**
 * Connects a run with its parameters, which are given as to an engine.
 *
 * @param acting a sparse engine with the same parameters and masks, whose online side follows
 * @param acts names of the networks that act
 */
export function connectStorage(
  vectorised: VectorisedParameters,
  calls: VectorisedCalls,
  run: number,
  parameters: Parameters,
  masks: ReadonlyMap<string, Uint8Array>,
  acting: NetworkEngine<true>,
  acts: readonly string[],
): RunStorage {
  const { shape, parameters: specs } = acting;
  const { check } = parameterChecks(specs);
  const namesOf = (networks: readonly string[]) =>
    specs.filter(({ network }) => networks.includes(network)).map(({ name }) => name);
  let dense = false;
  // Whether Adam has taken a step, so that its means of gradients are worth keeping.
  let moving = false;

  function clear(): void {
    dense = false;
    vectorised.clearGradients(run);
  }
  function write(part: NetworkSide | "squares" | "moments", values: Parameters): void {
    for (const [name, { length }] of values) check(name, length);
    vectorised.write(run, part, values);
    if (part === "online") acting.write("online", values);
  }

  clear();
  for (const side of ["online", "target"] as const) vectorised.write(run, side, parameters);
  for (const [name, mask] of masks) vectorised.setMask(run, name, mask);

  return {
    shape,
    parameters: specs,
    clear,
    requestDenseGradients() {
      dense = true;
    },
    gradient(name) {
      check(name);
      return vectorised.readGradient(run, name, dense);
    },
    async step(options, networks) {
      const names = networks && namesOf(networks);
      const moved = namesOf(networks === undefined ? acts : acts.filter((name) => networks.includes(name)));
      moving ||= isAdam(options);
      const { norm, online } = await calls.call(run, `step ${networks ?? "all"}`, options, async (runs, options) => {
        const norms = await vectorised.step(runs, options, names);
        const read = moved.length > 0 ? await vectorised.readMany(runs, moved) : [];
        return runs.map((_, i) => ({ norm: norms[i], online: read[i] }));
      });
      if (online !== undefined) acting.write("online", online);
      return norm;
    },
    read: (side) => vectorised.read(run, side),
    write,
    async readOptimiser() {
      const squares = await vectorised.read(run, "squares");
      return moving ? joinMoments(squares, await vectorised.read(run, "moments")) : squares;
    },
    writeOptimiser(state) {
      const { squares, moments } = splitMoments(state);
      moving ||= moments.size > 0;
      write("squares", squares);
      write("moments", moments);
    },
    copyToTarget: () => vectorised.copyToTarget(run),
    follow: (tau) => vectorised.follow(run, tau),
    mask: (name) => acting.mask(name),
    setMask(name, mask) {
      // Checks the name and the size, too.
      acting.setMask(name, mask);
      vectorised.setMask(run, name, mask);
    },
  };
}
