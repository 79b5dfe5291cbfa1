import type { Engine, NetworkSide } from "../engine.js";
import { type NetworkShape, type Parameters, qmixParameters } from "../parameters.js";
import { createWasmActor } from "./actor.js";
import { createAgentLayers, createAgentNetwork } from "./agent.js";
import { createBatch } from "./batch.js";
import type { Layer } from "./layers.js";
import { createMemory } from "./memory.js";
import { createMixerLayers, createMixerNetwork } from "./mixer.js";
import type { Part } from "./store.js";

/**
 * QMIX's networks in WebAssembly: float32, true sparse storage, explicit backward through time. One core, deterministic: the same
 * calls give the same bits.
 *
 * @param parameters initial values of both sides, by name
 * @param masks [out, in] by weight name; a name that is missing is dense
 * @throws {Error} when the kernels have not been compiled, or a parameter or mask is missing, unknown or of the wrong size
 * @example
 * const engine = createWasmEngine(shape, initialParameters(qmixParameters(shape), random), new Map());
 * const actor = engine.createActor(1);
 */
export function createWasmEngine(shape: NetworkShape, parameters: Parameters, masks: ReadonlyMap<string, Uint8Array>): Engine {
  return disposable(openEngine(shape, parameters, masks));
}

function openEngine(
  shape: NetworkShape,
  parameters: Parameters,
  masks: ReadonlyMap<string, Uint8Array>,
): Omit<Engine, "dispose"> {
  const specs = qmixParameters(shape);
  const memory = createMemory();
  const agentLayers = createAgentLayers(memory, shape, specs);
  const mixerLayers = createMixerLayers(memory, specs);
  const layers: Layer[] = [...Object.values(agentLayers), ...Object.values(mixerLayers)];
  const batch = createBatch(memory, shape);
  const agent = createAgentNetwork(memory, shape, agentLayers, batch);
  const mixer = createMixerNetwork(memory, shape, mixerLayers, batch);

  const layerOf = new Map(layers.flatMap((layer) => layer.names.map((name) => [name, layer] as const)));
  const sizeOf = new Map(specs.map(({ name, shape }) => [name, shape.reduce((a, b) => a * b, 1)]));
  const maskable = new Set(specs.filter(({ maskable }) => maskable).map(({ name }) => name));
  const storeOf = (name: string) => layerOf.get(name)!.store(name);
  const stores = () => layers.flatMap((layer) => layer.stores());

  // After a step the gradients stay readable until new ones are added up.
  let stepped = false;
  let adding = false;
  function startGradients(): void {
    if (!stepped) return;
    stepped = false;
    adding = false;
    for (const store of stores()) store.clearGradient();
    for (const layer of layers) layer.setDenseGradients(false);
  }

  function check(name: string, length: number): void {
    const size = sizeOf.get(name);
    if (size === undefined) throw new Error(`Unknown parameter "${name}"; there are ${[...sizeOf.keys()].join(", ")}.`);
    if (length !== size) throw new Error(`Parameter "${name}" has ${size} values, got ${length}.`);
  }
  function checkMaskable(name: string): void {
    if (!maskable.has(name)) throw new Error(`"${name}" has no mask; weight matrices have: ${[...maskable].join(", ")}.`);
  }
  function readAll(part: Part): Map<string, Float32Array> {
    return new Map(specs.map(({ name }) => [name, storeOf(name).read(name, part)]));
  }
  function writeAll(part: NetworkSide | "squares", values: Parameters): void {
    for (const [name, { length }] of values) check(name, length);
    for (const [name, value] of values) storeOf(name).write(name, part, value);
    agent.forget();
  }
  function setMask(name: string, mask: Uint8Array): void {
    checkMaskable(name);
    check(name, mask.length);
    layerOf.get(name)!.setMask(name, mask);
    agent.forget();
  }

  for (const { name } of specs) if (!parameters.has(name)) throw new Error(`No initial values for parameter "${name}".`);
  writeAll("online", parameters);
  writeAll("target", parameters);
  for (const [name, mask] of masks) setMask(name, mask);

  return {
    name: "wasm",
    shape,
    parameters: specs,
    load(group) {
      startGradients();
      batch.load(group);
      // All memory is taken here: taking more would detach the views that the other methods return.
      agent.reserve();
      agent.forget();
      mixer.reserve();
    },
    agentForward: (side, keep = false) => agent.forward(side, keep),
    agentBackward(gradient) {
      adding = true;
      agent.backward(gradient);
    },
    mixerForward: (side, values, offset, keep = false) => mixer.forward(side, values, offset, keep),
    mixerBackward(gradient) {
      adding = true;
      return mixer.backward(gradient);
    },

    requestDenseGradients() {
      startGradients();
      if (adding) throw new Error("requestDenseGradients() comes before the first backward pass of an update: what was added up so far is sparse.");
      for (const layer of layers) layer.setDenseGradients(true);
    },
    gradient(name) {
      if (!sizeOf.has(name)) check(name, 0);
      return storeOf(name).read(name, "gradient");
    },
    step(options) {
      const all = stores();
      let squared = 0;
      for (const store of all) {
        store.collectGradient();
        squared += store.squaredNorm();
      }
      const norm = Math.sqrt(squared);
      stepped = true;
      if (!Number.isFinite(norm)) return norm;
      // As torch.nn.utils.clip_grad_norm_ does, whose divisor is never 0.
      const scale = Math.min(1, options.gradientClip / (norm + 1e-6));
      for (const store of all) store.step(scale, options);
      agent.forget();
      return norm;
    },

    read: (side) => readAll(side),
    write: (side, values) => writeAll(side, values),
    readOptimiser: () => readAll("squares"),
    writeOptimiser: (state) => writeAll("squares", state),
    copyToTarget() {
      for (const store of stores()) store.copyToTarget();
      agent.forget();
    },
    mask(name) {
      checkMaskable(name);
      return layerOf.get(name)!.mask(name);
    },
    setMask,
    createActor: (environments) => createWasmActor(memory, shape, agentLayers, environments),
  };
}

/** Adds `dispose`, which lets go of everything that holds the memory: the methods. */
function disposable(engine: Omit<Engine, "dispose">): Engine {
  const disposed = () => {
    throw new Error("The engine has been disposed of; create another.");
  };
  const methods = Object.entries(engine)
    .filter(([, value]) => typeof value === "function")
    .map(([name]) => name);
  const result: Engine = {
    ...engine,
    dispose: () => void Object.assign(result, Object.fromEntries(methods.map((name) => [name, disposed]))),
  };
  engine = result;
  return result;
}
