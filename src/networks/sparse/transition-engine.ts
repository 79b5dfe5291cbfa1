import { currentHost } from "../../host.js";
import { LANES } from "../../replay/group.js";
import type { NetworkSide } from "../engine.js";
import {
  feedForwardParameters,
  networkParameters,
  parameterChecks,
  type Parameters,
  type ParameterSpec,
} from "../parameters.js";
import type { EngineOptions } from "./engine.js";
import {
  createFeedForward,
  createFeedForwardLayers,
  type FeedForward,
  type FeedForwardLayers,
} from "./feed-forward.js";
import { createCrossEntropy, type CrossEntropySearch } from "./cross-entropy.js";
import type { Layer } from "./layer.js";
import { createMemory, type Memory, ROW, skewed } from "./memory.js";
import { createMixerLayers, createMixerNetwork, type MixerBatch, type MixerLayers } from "./mixer.js";
import { type AdamStep, createOptimiserRecord } from "./optimiser.js";

/** The feed-forward networks that algorithms of continuous actions have beside the mixer. */
export type FeedForwardName = "agent" | "critic" | "actor";

/** Everything that determines the shapes of the networks. */
export interface TransitionShape {
  readonly agents: number;
  /** Numbers of one agent's action. */
  readonly actions: number;
  readonly observation: number;
  readonly state: number;
  /** Units of each hidden layer of agents, critics and actors. COMIX and FACMAC: 400. */
  readonly hidden: number;
  /** Embedding of the mixing network. COMIX and FACMAC on Multi-Agent MuJoCo: 64. */
  readonly embed: number;
  /** Hidden units of the hypernetworks. 64. */
  readonly hypernetEmbed: number;
  /**
   * "agent" is COMIX's utility of observation and action, "critic" is FACMAC's; "actor" gives actions within (-1, 1).
   */
  readonly networks: readonly FeedForwardName[];
}

/** The monotonic mixing network on a batch of transitions. */
export interface TransitionMixer {
  /**
   * Q_tot of each transition; overwritten by the next call.
   *
   * @param states [B, state]
   * @param values of the agents, [B, agents]
   */
  forward(side: NetworkSide, states: Float32Array, values: Float32Array, keep?: boolean): Float32Array;
  /**
   * Adds the gradients of the online mixer, given dL/dQ_tot [B] of the last pass that kept its values; returns
   * dL/dvalues [B, agents].
   */
  backward(gradient: Float32Array): Float32Array;
}

/**
 * Networks that learn from transitions. An update is: `begin`, forward and backward passes, `step` of some networks,
 * `follow`.
 */
export interface TransitionEngine {
  readonly shape: TransitionShape;
  /** Every parameter, network by network, the mixer last. */
  readonly parameters: readonly ParameterSpec[];
  /**
   * Rows are agents of transitions: [B * agents, observation] or, with the action behind it, [B * agents, observation +
   * actions].
   */
  readonly networks: Readonly<Partial<Record<FeedForwardName, FeedForward>>>;
  readonly mixer: TransitionMixer;
  /** The best actions by the agent's utilities, for COMIX; undefined where there is no agent. */
  readonly search: CrossEntropySearch | undefined;
  /** Clears all gradients. */
  begin(): void;
  /** Until the next `begin`, gradients of pruned connections are wanted, too. Comes before any backward pass. */
  requestDenseGradients(): void;
  /** The gradient added up since `begin`, [out, in] or [out]. */
  gradient(name: string): Float32Array;
  /**
   * One step of Adam for these networks, by the gradient that they have together, clipped to a norm.
   * @returns the norm before clipping; when it is not finite nothing is changed
   */
  step(networks: readonly string[], adam: AdamStep, gradientClip: number): number;
  /** Soft update of all target networks: target += tau (online - target). */
  follow(tau: number): void;
  /** A copy of all parameters of a side, or of what Adam keeps. */
  read(kept: NetworkSide | "squares" | "moments"): Map<string, Float32Array>;
  write(kept: NetworkSide | "squares" | "moments", values: Parameters): void;
  mask(name: string): Uint8Array;
  /** As of `Engine`: kept connections keep weight and optimiser state, new ones start with 0. */
  setMask(name: string, mask: Uint8Array): void;
}

/** The parameters of a shape in the order in which they are drawn. */
export function transitionParameters(shape: TransitionShape): ParameterSpec[] {
  const { observation, actions, hidden, networks } = shape;
  return [
    ...networks.flatMap((name) => feedForwardParameters(name, { ...sizesOf(shape, name), hidden })),
    ...networkParameters({ ...shape, observation, actions }).filter(({ network }) => network === "mixer"),
  ];
}

function sizesOf({ observation, actions }: TransitionShape, name: FeedForwardName): { input: number; output: number } {
  return name === "actor" ? { input: observation, output: actions } : { input: observation + actions, output: 1 };
}

/**
 * Networks in true sparse storage that learn from transitions, by the kernels of the sparse engine.
 *
 * @param parameters initial values of both sides, by name
 * @param masks [out, in] by weight name; a name that is missing is dense
 */
export function createTransitionEngine(
  shape: TransitionShape,
  parameters: Parameters,
  masks: ReadonlyMap<string, Uint8Array>,
  { native = currentHost().nativeKernels?.() ?? null, watch }: Omit<EngineOptions, "remember"> = {},
): TransitionEngine {
  const memory = createMemory(native, watch);
  const specs = transitionParameters(shape);
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
        { ...sizesOf(shape, name), hidden: shape.hidden },
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

  return {
    shape,
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
    read: (kept) => new Map(specs.map(({ name }) => [name, layerOf.get(name)!.read(name, kept)])),
    write,
    mask(name) {
      checkMaskable(name);
      return layerOf.get(name)!.mask(name);
    },
    setMask,
  };
}

/** Transition b is lane b mod 16 of tile floor(b / 16): tiles take the place of an episode's steps. */
function createTransitionMixer(memory: Memory, shape: TransitionShape, layers: MixerLayers): TransitionMixer {
  const { agents, state } = shape;
  const stateStride = skewed(state) * ROW;
  /** The mixing network with a room of its own, so that passes that keep their values are not disturbed by others. */
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
          // Passes of an episode read one state more than it has steps.
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
      /** [B, width] as [tiles, width, lanes]. */
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
