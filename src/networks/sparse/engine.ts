import { currentHost, type NativeKernels } from "../../host.js";
import { LabError } from "../../errors.js";
import { type EpisodeGroup, LANES } from "../../replay/group.js";
import { createAgentSum } from "../agent-sum.js";
import { disposable } from "../disposable.js";
import type { Engine, EpisodeNetworks } from "../engine.js";
import { type AgentsAndMixer, type NetworkKind, type Networks, networksOf } from "../kinds.js";
import type { NetworkShape, Parameters } from "../parameters.js";
import { createTargetMemory, type TargetMemory } from "../target-memory.js";
import { updateCycle } from "../update-cycle.js";
import { createSparseActor } from "./actor.js";
import { createAgentNetwork } from "./agent.js";
import { type Batch, createBatch } from "./batch.js";
import { createCritic } from "./critic.js";
import type { Kernels } from "./kernels.js";
import type { Layer } from "./layer.js";
import { type Memory, createMemory } from "./memory.js";
import { createMonotonicMixer, createUnrestrictedMixer } from "./mixer.js";
import { createNextValues } from "./next.js";
import { createStorage } from "./storage.js";

/** Which kernels compute. Every choice gives the same bits. */
export interface EngineOptions {
  /** Kernels in native code, or null for those in WebAssembly. Default: those that the host has. */
  readonly native?: NativeKernels | null;
  /** Can wrap the kernels, for example in a stopwatch. */
  readonly watch?: (kernels: Kernels) => Kernels;
  /** Whether values of target networks are remembered, which saves passes and changes no bit. Default: true. */
  readonly remember?: boolean;
}

/**
 * Makes the networks of a shape, by default QMIX's, in float32 and true sparse storage. The backward pass through time
 * is explicit, and SIMD kernels in native code or WebAssembly compute everything on one core. The engine is
 * deterministic: the same calls give the same bits.
 *
 * @param parameters initial values of both sides, by name
 * @param masks [out, in] by weight name; a name that is missing is dense
 * @throws {Error} when the kernels have not been compiled, or a parameter or mask is missing, unknown or of the wrong
 *   size
 * @example
 * const engine = createSparseEngine(shape, initialParameters(networkParameters(shape), random), new Map());
 * const actor = engine.createActor(1);
 */
export function createSparseEngine<Own extends Networks = AgentsAndMixer>(
  shape: NetworkShape,
  parameters: Parameters,
  masks: ReadonlyMap<string, Uint8Array>,
  { native = currentHost().nativeKernels?.() ?? null, watch, remember = true }: EngineOptions = {},
): Engine<true, Own> {
  // Vectors of 16 lanes are shared by two agents where a few episodes would leave half of them empty.
  const targets = remember ? createTargetMemory(Math.min(8, native?.lanes ?? 4)) : null;
  return disposable(openEngine<Own>(shape, parameters, masks, createMemory(native, watch), targets));
}

/** What a network is made of. */
interface Material {
  readonly memory: Memory;
  readonly shape: NetworkShape;
  readonly layers: readonly Layer[];
  readonly batch: Batch;
  readonly loaded: () => EpisodeGroup;
}

/** What some networks need to hear of. */
interface Reserving {
  /** Makes room for the loaded batch. */
  reserve?(): void;
  /** Has to be called when the batch or any weights have changed. */
  forget?(): void;
}
type Made = EpisodeNetworks<true>[NetworkKind] & Reserving;

/** Makes a network of each kind. */
const make: { readonly [Kind in NetworkKind]: (of: Material) => EpisodeNetworks<true>[Kind] } = {
  recurrent: ({ memory, shape, layers, batch }) => createAgentNetwork(memory, shape, layers, batch),
  "action-value": ({ memory, shape, layers, batch, loaded }) => createCritic(memory, shape, layers, batch, loaded),
  policy: () => {
    throw new LabError("A network of kind policy learns from transitions, not from episodes.");
  },
  monotonic: ({ memory, shape, layers, batch }) => createMonotonicMixer(memory, shape, layers, batch),
  unrestricted: ({ memory, shape, layers, batch }) => createUnrestrictedMixer(memory, shape, layers, batch),
  sum: ({ loaded }) => createAgentSum("sum", loaded),
  none: ({ loaded }) => createAgentSum("none", loaded),
};

function openEngine<Own extends Networks>(
  shape: NetworkShape,
  parameters: Parameters,
  masks: ReadonlyMap<string, Uint8Array>,
  memory: Memory,
  targets: TargetMemory | null,
): Omit<Engine<true, Own>, "dispose"> {
  const batch = createBatch(memory, shape);
  let loaded: EpisodeGroup | undefined;
  /** Has to be called when agents' results no longer hold, and with `target` when a target value can have changed. */
  function forget(target: boolean): void {
    if (target) targets?.forget();
    for (const network of own) network.forget?.();
  }
  const own: Reserving[] = [];
  const { layers, clear, ...storage } = createStorage(memory, shape, parameters, masks, forget);
  const cycle = updateCycle(clear);
  const networks = Object.fromEntries(
    Object.entries(networksOf(shape)).map(([name, kind]) => {
      const network: Made = make[kind]({ memory, shape, layers: layers.get(name)!, batch, loaded: () => loaded! });
      own.push(network);
      return [name, cycle.watch(network)];
    }),
  );
  const next = createNextValues(memory, shape, batch);
  own.push(next);

  return {
    ...storage,
    name: "sparse",
    lanes: LANES,
    networks: networks as Engine<true, Own>["networks"],
    targets,
    load(group) {
      cycle.begin();
      loaded = group;
      batch.load(group);
      // All memory is taken in this method, because taking more would detach the views that the other methods return.
      for (const network of own) network.reserve?.();
      forget(false);
    },
    nextValues: next.evaluate,
    requestDenseGradients() {
      cycle.request();
      storage.requestDenseGradients();
    },
    step(options, networks) {
      const norm = storage.step(options, networks);
      cycle.end();
      return norm;
    },
    createActor: (environments) => createSparseActor(memory, shape, layers.get("agent")!, environments),
  };
}
