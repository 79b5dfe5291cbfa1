import { joinMoments, splitMoments } from "../moments.js";
import { currentHost } from "../../host.js";
import { LANES } from "../../replay/group.js";
import { LabError } from "../../errors.js";
import type { NetworkSide } from "../engine.js";
import { feedForwardSizes, networkParameters, parameterChecks, type Parameters } from "../parameters.js";
import type { TransitionEngine, TransitionMixer, TransitionShape } from "../transition-engine.js";
import type { EngineOptions } from "./engine.js";
import { createCrossEntropy } from "./cross-entropy.js";
import { createFeedForward, createFeedForwardLayers, type FeedForwardLayers } from "./feed-forward.js";
import type { Layer } from "./layer.js";
import { createMemory, type Memory, ROW, skewed } from "./memory.js";
import { createMixerLayers, createMixerNetwork, type MixerBatch, type MixerLayers } from "./mixer.js";
import { createOptimiserRecord } from "./optimiser.js";

/**
 * Makes networks in true sparse storage that learn from transitions, by the kernels of the sparse engine.
 *
 * @param parameters initial values of both sides, by name
 * @param masks [out, in] by weight name; a name that is missing is dense
 */
export function createTransitionEngine(
  shape: TransitionShape,
  parameters: Parameters,
  masks: ReadonlyMap<string, Uint8Array>,
  { native = currentHost().nativeKernels?.() ?? null, watch }: Omit<EngineOptions, "remember"> = {},
): TransitionEngine<true> {
  const memory = createMemory(native, watch);
  const specs = networkParameters(shape);
  const { check, checkMaskable, checkComplete } = parameterChecks(specs);
  const layersOf = new Map<string, FeedForwardLayers | MixerLayers>(
    shape.networks.map((name) => [name, createFeedForwardLayers(memory, specs, name)]),
  );
  const mixerLayers = createMixerLayers(memory, specs);
  layersOf.set("mixer", mixerLayers);
  const networks = Object.fromEntries(
    shape.networks.map((name) => [
      name,
      createFeedForward(
        memory,
        layersOf.get(name) as FeedForwardLayers,
        { ...feedForwardSizes(shape, name), hidden: shape.hidden },
        name === "actor",
      ),
    ]),
  );
  const mixer = createTransitionMixer(memory, shape, mixerLayers);
  const agentLayers = layersOf.get("agent") as FeedForwardLayers | undefined;
  const all = [...layersOf.values()].flatMap((layers): Layer[] => Object.values(layers));
  const layerOf = new Map(all.flatMap((layer) => layer.names.map((name) => [name, layer] as const)));
  const listOf = (layers: readonly Layer[]) => {
    const at = memory.allocate(layers.length * 4);
    memory.words(at, layers.length).set(layers.map((layer) => layer.at));
    return { at, layers };
  };
  const everything = listOf(all);
  const lists = new Map<string, ReturnType<typeof listOf>>();
  function named(names: readonly string[]) {
    const key = names.join();
    const list = lists.get(key) ?? listOf(names.flatMap((name): Layer[] => Object.values(layersOf.get(name)!)));
    lists.set(key, list);
    return list;
  }
  const optimiser = createOptimiserRecord(memory);

  function write(kept: NetworkSide | "squares" | "moments", values: Parameters): void {
    for (const [name, { length }] of values) check(name, length);
    for (const [name, value] of values) layerOf.get(name)!.write(name, kept, value);
  }
  function setMask(name: string, mask: Uint8Array): void {
    checkMaskable(name);
    check(name, mask.length);
    layerOf.get(name)!.setMask(name, mask);
  }
  checkComplete(parameters);
  write("online", parameters);
  write("target", parameters);
  for (const [name, mask] of masks) setMask(name, mask);

  const read = (kept: NetworkSide | "squares" | "moments") =>
    new Map(specs.map(({ name }) => [name, layerOf.get(name)!.read(name, kept)]));

  const engine: TransitionEngine<true> = {
    shape,
    get acting() {
      return engine;
    },
    parameters: specs,
    networks,
    mixer,
    search: agentLayers && createCrossEntropy(memory, agentLayers, shape),
    begin() {
      memory.kernels.clear(everything.at, all.length);
      for (const layer of all) layer.setDenseGradients(false);
    },
    requestDenseGradients() {
      for (const layer of all) layer.setDenseGradients(true);
    },
    gradient(name) {
      check(name);
      return layerOf.get(name)!.read(name, "gradient");
    },
    step(names, adam, gradientClip) {
      const { at, layers } = named(names);
      let squared = memory.kernels.collect(at, layers.length);
      for (const layer of layers) squared += layer.pick();
      const norm = Math.sqrt(squared);
      if (!Number.isFinite(norm)) return norm;
      // As torch.nn.utils.clip_grad_norm_ does, whose divisor is never 0.
      const scale = Math.min(1, gradientClip / (norm + 1e-6));
      memory.kernels.step(at, layers.length, optimiser.set({ kind: "adam", scale, ...adam }));
      return norm;
    },
    follow: (tau) => memory.kernels.follow(everything.at, all.length, tau),
    copyToTarget() {
      for (const layer of all) layer.copyToTarget();
    },
    read,
    write,
    readOptimiser: () => joinMoments(read("squares"), read("moments")),
    writeOptimiser(state) {
      const { squares, moments } = splitMoments(state);
      write("squares", squares);
      write("moments", moments);
    },
    mask(name) {
      checkMaskable(name);
      return layerOf.get(name)!.mask(name);
    },
    setMask,
    dispose() {
      const disposed = () => {
        throw new LabError("The engine has been disposed of; create another.");
      };
      // The methods hold native memory, so none of them may stay.
      for (const part of [engine, engine.mixer, ...Object.values(engine.networks)])
        for (const name of Object.keys(part))
          if (typeof (part as unknown as Record<string, unknown>)[name] === "function")
            Object.assign(part, { [name]: disposed });
      engine.dispose = () => undefined;
    },
  };
  return engine;
}

/**
 * Makes the mixer. Transition b is lane b mod 16 of tile floor(b / 16), so that tiles take the place of an episode's
 * steps.
 */
function createTransitionMixer(memory: Memory, shape: TransitionShape, layers: MixerLayers): TransitionMixer<true> {
  const { agents, state } = shape;
  const stateStride = skewed(state) * ROW;
  /**
   * Opens the mixing network with memory of its own, so that passes that keep their values are not disturbed by others.
   */
  function open() {
    let [count, tiles, capacity, states, running] = [0, 0, 0, 0, 0];
    const copyRunning = (from: Float32Array, to: number, rows: number) => {
      memory.floats(to, tiles * rows * LANES).set(from);
    };
    const batch: MixerBatch = {
      steps: () => tiles,
      capacity: () => capacity,
      states: () => states,
      stateStride,
      running: () => running,
      needStates() {},
      available() {
        throw new Error("Continuous actions are all available.");
      },
      copy: copyRunning,
      copyRunning,
    };
    const network = createMixerNetwork(memory, { ...shape, actions: 1 }, layers, batch);
    return {
      network,
      count: () => count,
      load(values: Float32Array) {
        count = values.length / state;
        tiles = Math.ceil(count / LANES);
        if (tiles > capacity) {
          capacity = tiles;
          // Passes over an episode read one state more than it has steps.
          states = memory.allocate((capacity + 1) * stateStride);
          running = memory.allocate(capacity);
        }
        memory
          .bytes(running, tiles)
          .set(Uint8Array.from({ length: tiles }, (_, t) => (Math.min(LANES, count - t * LANES) + 3) >> 2));
        const to = memory.floats(states, (tiles * stateStride) / 4);
        for (let row = 0; row < tiles * LANES; row++) {
          let at = (row >> 4) * (stateStride / 4) + (row & 15);
          for (let i = row * state; i < (row + 1) * state; i++, at += LANES) to[at] = row < count ? values[i] : 0;
        }
        network.reserve();
      },
      /** Returns [B, width] as [tiles, width, lanes]. */
      spread(values: Float32Array, width: number): Float32Array {
        const lanes = new Float32Array(tiles * width * LANES);
        for (let row = 0; row < count; row++)
          for (let i = 0; i < width; i++)
            lanes[((row >> 4) * width + i) * LANES + (row & 15)] = values[row * width + i];
        return lanes;
      },
      gather(lanes: Float32Array, width: number): Float32Array {
        const values = new Float32Array(count * width);
        for (let row = 0; row < count; row++)
          for (let i = 0; i < width; i++)
            values[row * width + i] = lanes[((row >> 4) * width + i) * LANES + (row & 15)];
        return values;
      },
    };
  }
  const keeping = open();
  const passing = open();
  return {
    forward(side, states, values, keep = false) {
      const room = keep ? keeping : passing;
      room.load(states);
      return room.gather(room.network.forward(side, room.spread(values, agents), 0, keep), 1);
    },
    backward(gradient) {
      return keeping.gather(keeping.network.backward(keeping.spread(gradient, 1)), agents);
    },
  };
}
