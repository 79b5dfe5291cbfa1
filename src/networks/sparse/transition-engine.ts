import { currentHost } from "../../host.js";
import { LANES } from "../../replay/group.js";
import { LabError } from "../../errors.js";
import { disposable } from "../disposable.js";
import { networksOf } from "../kinds.js";
import type { NetworkShape, Parameters } from "../parameters.js";
import type { TransitionEngine, TransitionMixer, TransitionNetworks } from "../transition-engine.js";
import { createCrossEntropy } from "./cross-entropy.js";
import type { EngineOptions } from "./engine.js";
import { createFeedForward } from "./feed-forward.js";
import type { Layer } from "./layer.js";
import { createMemory, type Memory, ROW, skewed } from "./memory.js";
import { createMonotonicMixer, type MixerBatch } from "./mixer.js";
import { createStorage } from "./storage.js";

/**
 * Makes networks in true sparse storage that learn from transitions, by the kernels of the sparse engine.
 *
 * @param parameters initial values of both sides, by name
 * @param masks [out, in] by weight name; a name that is missing is dense
 */
export function createTransitionEngine<Own extends TransitionNetworks = TransitionNetworks>(
  shape: NetworkShape,
  parameters: Parameters,
  masks: ReadonlyMap<string, Uint8Array>,
  { native = currentHost().nativeKernels?.() ?? null, watch }: Omit<EngineOptions, "remember"> = {},
): TransitionEngine<true, Own> {
  const memory = createMemory(native, watch);
  const { layers, clear, ...storage } = createStorage(memory, shape, parameters, masks);
  const kinds = networksOf(shape);
  const networks = Object.fromEntries(
    Object.entries(kinds).map(([name, kind]) => {
      const own = layers.get(name)!;
      if (kind === "monotonic") return [name, createTransitionMixer(memory, shape, own)];
      if (kind === "action-value" || kind === "policy") return [name, createFeedForward(memory, own, kind)];
      throw new LabError(`A network of kind ${kind} learns from episodes, not from transitions.`);
    }),
  );
  const engine: TransitionEngine<true, Own> = disposable({
    ...storage,
    networks: networks as TransitionEngine<true, Own>["networks"],
    search: kinds["agent"] && createCrossEntropy(memory, layers.get("agent")!, shape),
    acting: undefined as unknown as TransitionEngine<true, Own>,
    begin: clear,
  });
  return Object.assign(engine, { acting: engine });
}

/**
 * Makes the mixer. Transition b is lane b mod 16 of tile floor(b / 16), so that tiles take the place of an episode's
 * steps.
 */
function createTransitionMixer(memory: Memory, shape: NetworkShape, layers: readonly Layer[]): TransitionMixer<true> {
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
    const network = createMonotonicMixer(memory, { ...shape, actions: 1 }, layers, batch);
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
