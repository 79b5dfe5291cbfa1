import type { NetworkEngine, NetworkSide } from "../engine.js";
import { networkLayers } from "../kinds.js";
import { isAdam, joinMoments, splitMoments } from "../moments.js";
import { networkParameters, parameterChecks, type NetworkShape, type Parameters } from "../parameters.js";
import { createLayers, type Layer } from "./layer.js";
import type { Memory } from "./memory.js";
import { createOptimiserRecord } from "./optimiser.js";

/** The layers of a shape's networks in true sparse storage, and all that is done with them as parameters. */
export interface NetworkStorage extends Omit<NetworkEngine<true>, "dispose"> {
  /** The layers of each network, by its name. */
  readonly layers: ReadonlyMap<string, readonly Layer[]>;
  /** Clears all gradients, and requests no dense ones. */
  clear(): void;
}

/**
 * Makes the storage.
 *
 * @param parameters initial values of both sides, by name
 * @param masks [out, in] by weight name; a name that is missing is dense
 * @param changed called when parameters or masks have changed, with whether those of the target side have
 */
export function createStorage(
  memory: Memory,
  shape: NetworkShape,
  parameters: Parameters,
  masks: ReadonlyMap<string, Uint8Array>,
  changed: (target: boolean) => void = () => undefined,
): NetworkStorage {
  const { kernels } = memory;
  const specs = networkParameters(shape);
  const { check, checkMaskable, checkComplete } = parameterChecks(specs);
  const layers = new Map([...networkLayers(shape)].map(([name, list]) => [name, createLayers(memory, list)] as const));
  const layerOf = new Map([...layers.values()].flat().flatMap((layer) => layer.names.map((name) => [name, layer])));

  /** Lists of networks' layers for the kernels, made once. */
  const lists = new Map<string, { readonly at: number; readonly layers: readonly Layer[] }>();
  function listOf(networks: readonly string[] = [...layers.keys()]) {
    const key = networks.join();
    let list = lists.get(key);
    if (list === undefined) {
      // Networks are taken in the order of the shape, so that their norm does not depend on the order of their names.
      const own = [...layers].flatMap(([name, list]) => (networks.includes(name) ? list : []));
      const at = memory.allocate(own.length * 4);
      memory.words(at, own.length).set(own.map((layer) => layer.at));
      lists.set(key, (list = { at, layers: own }));
    }
    return list;
  }
  const all = listOf();
  const optimiser = createOptimiserRecord(memory);
  // Whether Adam has taken a step, so that its means of gradients are worth keeping.
  let moving = false;

  function read(kept: NetworkSide | "squares" | "moments"): Map<string, Float32Array> {
    return new Map(specs.map(({ name }) => [name, layerOf.get(name)!.read(name, kept)]));
  }
  function write(kept: NetworkSide | "squares" | "moments", values: Parameters): void {
    for (const [name, { length }] of values) check(name, length);
    for (const [name, value] of values) layerOf.get(name)!.write(name, kept, value);
    changed(kept === "target");
  }
  function setMask(name: string, mask: Uint8Array): void {
    checkMaskable(name);
    check(name, mask.length);
    layerOf.get(name)!.setMask(name, mask);
    changed(true);
  }

  checkComplete(parameters);
  write("online", parameters);
  write("target", parameters);
  for (const [name, mask] of masks) setMask(name, mask);

  return {
    shape,
    parameters: specs,
    layers,
    clear() {
      kernels.clear(all.at, all.layers.length);
      for (const layer of all.layers) layer.setDenseGradients(false);
    },
    requestDenseGradients() {
      for (const layer of all.layers) layer.setDenseGradients(true);
    },
    gradient(name) {
      check(name);
      return layerOf.get(name)!.read(name, "gradient");
    },
    step(options, networks) {
      const { at, layers: own } = listOf(networks);
      let squared = kernels.collect(at, own.length);
      for (const layer of own) squared += layer.pick();
      const norm = Math.sqrt(squared);
      if (!Number.isFinite(norm)) return norm;
      // As torch.nn.utils.clip_grad_norm_ does, whose divisor is never 0.
      const scale = Math.min(1, options.gradientClip / (norm + 1e-6));
      moving ||= isAdam(options);
      kernels.step(
        at,
        own.length,
        optimiser.set(isAdam(options) ? { scale, ...options } : { kind: "rmsprop", scale, ...options }),
      );
      changed(false);
      return norm;
    },
    read: (side) => read(side),
    write,
    readOptimiser: () => (moving ? joinMoments(read("squares"), read("moments")) : read("squares")),
    writeOptimiser(state) {
      const { squares, moments } = splitMoments(state);
      moving ||= moments.size > 0;
      write("squares", squares);
      write("moments", moments);
    },
    copyToTarget() {
      for (const layer of all.layers) layer.copyToTarget();
      changed(true);
    },
    follow(tau) {
      kernels.follow(all.at, all.layers.length, tau);
      changed(true);
    },
    mask(name) {
      checkMaskable(name);
      return layerOf.get(name)!.mask(name);
    },
    setMask,
  };
}
