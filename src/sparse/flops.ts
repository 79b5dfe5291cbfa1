import type { NetworkShape } from "../networks/parameters.js";
import { agentLayers, layerFlops, layerWeights, mixerLayers, unrestrictedMixerLayers, type Layer } from "./layers.js";

/** Nonzeros of each weight matrix by parameter name; matrices that are not in it are dense. */
export type Nonzeros = ReadonlyMap<string, number>;

/** What one layer costs. */
export interface LayerCost {
  readonly name: string;
  /** S_l, the share of its weights that are absent. */
  readonly sparsity: number;
  /** Weights that are there, Eq. 8 and 9. */
  readonly weights: number;
  readonly biases: number;
  /** Floating point operations in one forward pass of the team, Eq. 10 and 11. */
  readonly flops: number;
}

/** What one network costs: its layers' sums. */
export interface NetworkCost {
  readonly layers: readonly LayerCost[];
  readonly weights: number;
  readonly biases: number;
  readonly flops: number;
}

/** What an algorithm costs, Table 4. */
export interface Cost {
  /** Weights of all networks that training holds, target networks included, by Eq. 8 and 9 (no biases). */
  readonly modelSize: number;
  /** `modelSize` and the biases, which are never pruned: this is what Table 1's "Total Size" counts. */
  readonly totalSize: number;
  /** Floating point operations of one update for a batch of B, "FLOPs (Train)". */
  readonly trainFlops: number;
  /** Floating point operations of one step of acting, "FLOPs (Test)". */
  readonly inferenceFlops: number;
  /** By network: agent, mixer and, in WQMIX, central_agent and central_mixer. */
  readonly networks: Readonly<Record<string, NetworkCost>>;
}

/** Settings of a cost. */
export interface CostOptions {
  /** Nonzeros of each weight matrix; dense when left out. */
  readonly nonzeros?: Nonzeros;
  /** B. Table 3: 32. */
  readonly batch?: number;
}

/**
 * QMIX: size 2 M_agent + 2 M_mix; training 4 B (FLOPs_agent + FLOPs_mix), Eq. 16; acting FLOPs_agent.
 *
 * The equations leave two things open that Table 1 decides (all its QMIX and RES cells agree, to the last digit printed,
 * with this reading and with no other that we tried): "Total Size" counts the biases, which stay dense, so that 95 % sparsity
 * on 3m gives 0.066 and not 0.050; FLOPs_agent is that of all N agents, and FLOPs_mix includes the products of agents'
 * values and generated weights, which are dense.
 *
 * @example
 * const nonzeros = initialNonzeros(qmixParameters(shape), { sparsity: 0.95, distribution: "erdos-renyi" });
 * relativeCost(qmixCost(shape, { nonzeros }), qmixCost(shape)).totalSize; // 0.066 on 3m
 */
export function qmixCost(shape: NetworkShape, { nonzeros, batch = 32 }: CostOptions = {}): Cost {
  const agent = networkCost(agentLayers(shape), nonzeros);
  const mixer = networkCost(mixerLayers(shape), nonzeros);
  return cost({ agent, mixer }, { agent: 2, mixer: 2 }, batch * 4 * (agent.flops + mixer.flops));
}

/**
 * WQMIX: size M_agent + M_mix + 2 M_unrestricted-agent + 2 M_unrestricted-mix; training B (3 FLOPs_agent + 3 FLOPs_mix +
 * 4 FLOPs_unrestricted-agent + 4 FLOPs_unrestricted-mix), Eq. 21.
 *
 * @param options `unrestrictedEmbed`: hidden units of the unrestricted mixer, Table 3: 256
 * @example
 * wqmixCost(shape).totalSize; // parameters of the dense networks and their targets
 */
export function wqmixCost(
  shape: NetworkShape,
  { nonzeros, batch = 32, unrestrictedEmbed = 256 }: CostOptions & { readonly unrestrictedEmbed?: number } = {},
): Cost {
  const agent = networkCost(agentLayers(shape), nonzeros);
  const mixer = networkCost(mixerLayers(shape), nonzeros);
  const central_agent = networkCost(agentLayers(shape, "central_agent"), nonzeros);
  const central_mixer = networkCost(unrestrictedMixerLayers(shape, unrestrictedEmbed), nonzeros);
  const update = 3 * (agent.flops + mixer.flops) + 4 * (central_agent.flops + central_mixer.flops);
  return cost({ agent, mixer, central_agent, central_mixer }, { agent: 1, mixer: 1, central_agent: 2, central_mixer: 2 }, batch * update);
}

/**
 * RES: size as QMIX; training B (4 FLOPs_agent + (3 + 2 n m) FLOPs_mix), Eq. 24, with n agents of m actions. (Table 4
 * prints 5 + n m instead; Table 1's 0.055 on 3m follows from Eq. 24 only.)
 *
 * @example
 * resCost(shape).trainFlops / qmixCost(shape).trainFlops; // what the softmax over joint actions costs
 */
export function resCost(shape: NetworkShape, { nonzeros, batch = 32 }: CostOptions = {}): Cost {
  const agent = networkCost(agentLayers(shape), nonzeros);
  const mixer = networkCost(mixerLayers(shape), nonzeros);
  const mixerRuns = 3 + 2 * shape.agents * shape.actions;
  return cost({ agent, mixer }, { agent: 2, mixer: 2 }, batch * (4 * agent.flops + mixerRuns * mixer.flops));
}

/** The columns of Table 1: each figure of a cost over that of the dense one. */
export function relativeCost(
  sparse: Cost,
  dense: Cost,
): Pick<Cost, "modelSize" | "totalSize" | "trainFlops" | "inferenceFlops"> {
  return {
    modelSize: sparse.modelSize / dense.modelSize,
    totalSize: sparse.totalSize / dense.totalSize,
    trainFlops: sparse.trainFlops / dense.trainFlops,
    inferenceFlops: sparse.inferenceFlops / dense.inferenceFlops,
  };
}

/**
 * What a list of layers costs.
 * @throws {Error} when there are more nonzeros than weights, naming the layer
 */
export function networkCost(layers: readonly Layer[], nonzeros: Nonzeros = new Map()): NetworkCost {
  const costs = layers.map((layer) => {
    const sparsity = layerSparsity(layer, nonzeros);
    return {
      name: layer.name,
      sparsity,
      weights: layerWeights(layer, sparsity),
      biases: layer.biases,
      flops: layer.runs * layerFlops(layer, sparsity),
    };
  });
  const total = (key: "weights" | "biases" | "flops") => costs.reduce((sum, layer) => sum + layer[key], 0);
  return { layers: costs, weights: total("weights"), biases: total("biases"), flops: total("flops") };
}

function layerSparsity(layer: Layer, nonzeros: Nonzeros): number {
  if (layer.kind === "product") return 0;
  // The input and recurrent matrices of a GRU of h units are [3h, I] and [3h, h]; Eq. 9 and 11 see them as one.
  const sizes =
    layer.kind === "gru" ? [3 * layer.output * layer.input, 3 * layer.output * layer.output] : [layer.input * layer.output];
  let present = 0;
  layer.weights.forEach((name, i) => {
    const count = nonzeros.get(name) ?? sizes[i];
    if (!(count >= 0 && count <= sizes[i])) throw new Error(`${name} was given ${count} nonzeros; it has ${sizes[i]} weights.`);
    present += count;
  });
  return 1 - present / sizes.reduce((a, b) => a + b, 0);
}

function cost(networks: Record<string, NetworkCost>, copies: Readonly<Record<string, number>>, trainFlops: number): Cost {
  let modelSize = 0;
  let biases = 0;
  for (const [name, network] of Object.entries(networks)) {
    modelSize += copies[name] * network.weights;
    biases += copies[name] * network.biases;
  }
  return { modelSize, totalSize: modelSize + biases, trainFlops, inferenceFlops: networks.agent.flops, networks };
}
