import { currentHost, type NativeKernels } from "../../host.js";
import { LANES } from "../../replay/group.js";
import type { EpisodeGroup } from "../../replay/group.js";
import { createAgentSum } from "../agent-sum.js";
import type { Engine, NetworkSide } from "../engine.js";
import { disposable } from "../disposable.js";
import { type NetworkShape, parameterChecks, type Parameters, networkParameters } from "../parameters.js";
import { joinMoments, splitMoments } from "../moments.js";
import { createTargetMemory, type TargetMemory } from "../target-memory.js";
import { updateCycle } from "../update-cycle.js";
import { createSparseActor } from "./actor.js";
import { createAgentLayers, createAgentNetwork } from "./agent.js";
import { createBatch } from "./batch.js";
import { createCritic } from "./critic.js";
import { createFeedForwardLayers } from "./feed-forward.js";
import { createCentralMixerLayers, createCentralMixerNetwork } from "./central-mixer.js";
import type { Kernels } from "./kernels.js";
import type { Layer } from "./layer.js";
import { type Memory, createMemory } from "./memory.js";
import { createOptimiserRecord } from "./optimiser.js";
import { createNextValues } from "./next.js";
import { createMixerLayers, createMixerNetwork } from "./mixer.js";

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
 * Makes the networks of QMIX (of VDN and IQL with `shape.mixer`), and with `shape.centralEmbed` those of WQMIX, in
 * float32 and true sparse storage. The backward pass through time is explicit, and SIMD kernels in native code or
 * WebAssembly compute everything on one core. The engine is deterministic: the same calls give the same bits.
 *
 * @param parameters initial values of both sides, by name
 * @param masks [out, in] by weight name; a name that is missing is dense
 * @throws {Error} when the kernels have not been compiled, or a parameter or mask is missing, unknown or of the wrong
 *   size
 * @example
 * const engine = createSparseEngine(shape, initialParameters(networkParameters(shape), random), new Map());
 * const actor = engine.createActor(1);
 */
export function createSparseEngine(
  shape: NetworkShape,
  parameters: Parameters,
  masks: ReadonlyMap<string, Uint8Array>,
  { native = currentHost().nativeKernels?.() ?? null, watch, remember = true }: EngineOptions = {},
): Engine<true> {
  // Vectors of 16 lanes are shared by two agents where a few episodes would leave half of them empty.
  const targets = remember ? createTargetMemory(Math.min(8, native?.lanes ?? 4)) : null;
  return disposable(openEngine(shape, parameters, masks, createMemory(native, watch), targets));
}

function openEngine(
  shape: NetworkShape,
  parameters: Parameters,
  masks: ReadonlyMap<string, Uint8Array>,
  memory: Memory,
  targets: TargetMemory | null,
): Omit<Engine<true>, "dispose"> {
  const specs = networkParameters(shape);
  const batch = createBatch(memory, shape);
  const agentLayers = createAgentLayers(memory, shape, specs, "agent");
  const agent = createAgentNetwork(memory, shape, agentLayers, batch);
  let loaded: EpisodeGroup | undefined;
  const monotonic = shape.mixer === undefined ? openMixer() : undefined;
  const mixer = monotonic?.network ?? createAgentSum(shape.mixer!, () => loaded!);
  const central = shape.centralEmbed === undefined ? undefined : openCentral();
  const critic = shape.critic ? openCritic() : undefined;
  const agents = central ? [agent, central.agent] : [agent];
  const mixers = [...(monotonic ? [monotonic.network] : []), ...(central ? [central.mixer] : [])];
  const layers: Layer[] = [
    agentLayers,
    ...(critic ? [critic.layers] : []),
    ...(monotonic ? [monotonic.layers] : []),
    ...(central?.layers ?? []),
  ].flatMap((network): Layer[] => Object.values(network));

  function openMixer() {
    const layers = createMixerLayers(memory, specs);
    return { layers, network: createMixerNetwork(memory, shape, layers, batch) };
  }
  function openCritic() {
    const layers = createFeedForwardLayers(memory, specs, "critic");
    return { layers, network: createCritic(memory, shape, layers, () => loaded!) };
  }
  function openCentral() {
    const agentLayers = createAgentLayers(memory, shape, specs, "central_agent");
    const mixerLayers = createCentralMixerLayers(memory, specs);
    return {
      layers: [agentLayers, mixerLayers],
      agent: createAgentNetwork(memory, shape, agentLayers, batch),
      mixer: createCentralMixerNetwork(memory, shape, mixerLayers, batch),
    };
  }

  const next = createNextValues(memory, shape, batch);

  const layerOf = new Map(layers.flatMap((layer) => layer.names.map((name) => [name, layer] as const)));
  const { check, checkMaskable, checkComplete } = parameterChecks(specs);
  /** Layers for the kernels. */
  function listOf(own: readonly Layer[]) {
    const at = memory.allocate(own.length * 4);
    memory.words(at, own.length).set(own.map((layer) => layer.at));
    return { at, layers: own };
  }
  const { at: list } = listOf(layers);
  const lists = new Map<string, ReturnType<typeof listOf>>();
  function named(networks: readonly string[]) {
    const key = networks.join();
    let found = lists.get(key);
    if (found === undefined) {
      const names = specs.filter(({ network }) => networks.includes(network)).map(({ name }) => layerOf.get(name)!);
      lists.set(key, (found = listOf([...new Set(names)])));
    }
    return found;
  }
  const optimiser = createOptimiserRecord(memory);

  const cycle = updateCycle(() => {
    memory.kernels.clear(list, layers.length);
    for (const layer of layers) layer.setDenseGradients(false);
  });
  /** Forgets results of the agents that no longer hold. */
  function forget(): void {
    for (const network of agents) network.forget();
  }

  function readAll(kept: NetworkSide | "squares" | "moments"): Map<string, Float32Array> {
    return new Map(specs.map(({ name }) => [name, layerOf.get(name)!.read(name, kept)]));
  }
  function writeAll(kept: NetworkSide | "squares" | "moments", values: Parameters): void {
    for (const [name, { length }] of values) check(name, length);
    for (const [name, value] of values) layerOf.get(name)!.write(name, kept, value);
    if (kept === "target") targets?.forget();
    forget();
  }
  function setMask(name: string, mask: Uint8Array): void {
    checkMaskable(name);
    check(name, mask.length);
    layerOf.get(name)!.setMask(name, mask);
    targets?.forget();
    forget();
  }

  checkComplete(parameters);
  writeAll("online", parameters);
  writeAll("target", parameters);
  for (const [name, mask] of masks) setMask(name, mask);

  return {
    name: "sparse",
    shape,
    lanes: LANES,
    parameters: specs,
    targets,
    ...cycle.adding<true>({ agent, mixer, central }),
    critic: critic?.network,
    load(group) {
      cycle.begin();
      loaded = group;
      batch.load(group);
      // All memory is taken in this method, because taking more would detach the views that the other methods return.
      for (const network of [...agents, ...mixers, next]) network.reserve();
      forget();
    },

    nextValues: next.evaluate,
    requestDenseGradients() {
      cycle.request();
      for (const layer of layers) layer.setDenseGradients(true);
    },
    gradient(name) {
      check(name);
      return layerOf.get(name)!.read(name, "gradient");
    },
    step(options, networks) {
      const { kernels } = memory;
      const stepping = networks === undefined ? { at: list, layers } : named(networks);
      let squared = kernels.collect(stepping.at, stepping.layers.length);
      for (const layer of stepping.layers) squared += layer.pick();
      const norm = Math.sqrt(squared);
      cycle.end();
      if (!Number.isFinite(norm)) return norm;
      // As torch.nn.utils.clip_grad_norm_ does, whose divisor is never 0.
      const scale = Math.min(1, options.gradientClip / (norm + 1e-6));
      const { at, layers: own } = stepping;
      kernels.step(
        at,
        own.length,
        optimiser.set("step" in options ? { scale, ...options } : { kind: "rmsprop", scale, ...options }),
      );
      forget();
      return norm;
    },

    read: (side) => readAll(side),
    write: (side, values) => writeAll(side, values),
    readOptimiser() {
      const squares = readAll("squares");
      return critic ? joinMoments(squares, readAll("moments")) : squares;
    },
    writeOptimiser(state) {
      const { squares, moments } = splitMoments(state);
      writeAll("squares", squares);
      if (critic) writeAll("moments", moments);
    },
    copyToTarget() {
      for (const layer of layers) layer.copyToTarget();
      targets?.forget();
      forget();
    },
    mask(name) {
      checkMaskable(name);
      return layerOf.get(name)!.mask(name);
    },
    setMask,
    createActor: (environments) => createSparseActor(memory, shape, agentLayers, environments),
  };
}
