import { kinds, type Layer, networkLayers, networksOf } from "../networks/kinds.js";
import type { NetworkShape } from "../networks/parameters.js";
import { algorithmShape, type AlgorithmOrName, costOf, sparseCost } from "./flops.js";
import { layerBiases, layerWeights } from "./layers.js";

/** Largest relative difference between the sizes of Tiny and the sparse model. */
const TOLERANCE = 0.01;

/**
 * Finds the shape of Tiny: the dense network with as many parameters (weights and biases of everything that training
 * holds, `Cost.totalSize`) as the sparse one, within 1 % (for VDN and IQL, which have agents only, the nearest width).
 * Of all widths that satisfy this, it takes those whose agent network comes nearest to the sparse agent's size while
 * the mixing networks keep their proportions (embed : hypernetEmbed : centralEmbed = 1 : 2 : 8 in Table 3), by the
 * least sum of the squared logarithms of all deviations. The agent and the mixer cannot be chosen one after the other:
 * with few units, one unit more or less is a tenth of the mixer, and mostly no mixer in proportion fits the nearest
 * agent.
 *
 * @param shape of the dense model
 * @returns the shape with its own hidden, embed, hypernetEmbed and, for WQMIX, centralEmbed
 * @throws {Error} when no widths match, naming the sizes
 * @example
 * tinyShape(
 *   "qmix",
 *   { agents: 3, actions: 9, observation: 30, state: 48, hidden: 64, embed: 32, hypernetEmbed: 64 },
 *   { sparsity: 0.95 },
 * );
 */
export function tinyShape(
  algorithm: AlgorithmOrName,
  shape: NetworkShape,
  {
    sparsity,
  }: {
    /** S of the sparse model, 0 <= S < 1. How it is spread over layers changes no total. */
    readonly sparsity: number;
  },
): NetworkShape {
  const full = algorithmShape(algorithm, shape);
  const sparse = sparseCost(algorithm, full, { sparsity });
  const wanted = Math.round(sparse.totalSize);
  const { copies } = sparse;
  const networks = Object.entries(networksOf(full));
  /** The names of the networks one of whose widths this is. */
  const having = (width: "hidden" | "embed" | "centralEmbed") =>
    networks.filter(([, kind]) => kinds[kind].widths.includes(width)).map(([name]) => name);
  const sizesOf = (width: "hidden" | "embed" | "centralEmbed", widths: Partial<NetworkShape>) => {
    const layers = networkLayers({ ...full, ...widths });
    return having(width).map((name) => [name, count(layers.get(name)!)] as const);
  };
  const held = (sizes: readonly (readonly [name: string, size: number])[]) =>
    sizes.reduce((sum, [name, size]) => sum + copies[name]! * size, 0);
  const agentWanted = having("hidden").reduce((sum, name) => {
    const { weights, biases } = sparse.networks[name]!;
    return sum + weights + biases;
  }, 0);

  // The unrestricted agent has the same widths as the agent, and an actor those of its critic.
  const agents = widths(full.hidden).map((hidden) => {
    const sizes = sizesOf("hidden", { hidden });
    return {
      hidden,
      size: held(sizes),
      mismatch: Math.log(sizes.reduce((sum, [, size]) => sum + size, 0) / agentWanted) ** 2,
    };
  });
  const mixers =
    having("embed").length === 0
      ? [{ embed: full.embed, hypernetEmbed: full.hypernetEmbed, size: 0, mismatch: 0 }]
      : widths(full.embed).flatMap((embed) =>
          widths(full.hypernetEmbed).map((hypernetEmbed) => ({
            embed,
            hypernetEmbed,
            size: held(sizesOf("embed", { embed, hypernetEmbed })),
            mismatch: Math.log((hypernetEmbed * full.embed) / (embed * full.hypernetEmbed)) ** 2,
          })),
        );
  const centrals =
    full.centralEmbed === undefined
      ? [{ centralEmbed: undefined, size: 0 }]
      : widths(full.centralEmbed).map((centralEmbed) => ({
          centralEmbed,
          size: held(sizesOf("centralEmbed", { centralEmbed })),
        }));

  // Without a mixing network there is only one width to choose, so the nearest is always taken.
  const tolerance = having("embed").length > 0 ? TOLERANCE : Infinity;
  let best = { mismatch: Infinity, off: Infinity, shape: full };
  let nearest = { off: Infinity, total: 0 };
  for (const agent of agents) {
    for (const { embed, hypernetEmbed, ...mixer } of mixers) {
      const soFar = agent.mismatch + mixer.mismatch;
      if (soFar > best.mismatch) continue;
      const rest = wanted - agent.size - mixer.size;
      // The nearest size lies between the last width that is too small and the first that is too large.
      for (
        let i = Math.max(0, firstReaching(centrals, rest - Math.min(tolerance, 1) * wanted) - 1);
        i < centrals.length;
        i++
      ) {
        const { centralEmbed, size } = centrals[i];
        const off = Math.abs(size - rest) / wanted;
        if (off < nearest.off) nearest = { off, total: agent.size + mixer.size + size };
        if (off > tolerance && size > rest) break;
        if (off > tolerance) continue;
        const mismatch =
          soFar +
          (centralEmbed === undefined ? 0 : Math.log((centralEmbed * full.embed) / (embed * full.centralEmbed!)) ** 2);
        if (mismatch < best.mismatch || (mismatch === best.mismatch && off < best.off)) {
          best = {
            mismatch,
            off,
            shape: {
              ...full,
              hidden: agent.hidden,
              embed,
              hypernetEmbed,
              centralEmbed,
            },
          };
        }
      }
    }
  }
  if (best.mismatch === Infinity) {
    throw new Error(
      `no dense ${typeof algorithm === "string" ? algorithm : (algorithm.title ?? "such")} network has the size of the sparse one at sparsity ${sparsity}: wanted ${wanted.toLocaleString("en")} parameters within 1 %, ` +
        `and the nearest has ${nearest.total.toLocaleString("en")} (the dense model ${costOf(algorithm, full).totalSize.toLocaleString("en")}). Lower sparsity.level.`,
    );
  }
  return best.shape;
}

function widths(largest: number): number[] {
  return Array.from({ length: largest }, (_, i) => i + 1);
}

/** Counts the parameters of dense layers, biases included. */
function count(layers: readonly Layer[]): number {
  return layers.reduce((sum, layer) => sum + layerWeights(layer, 0) + layerBiases(layer), 0);
}

/** Finds the index of the first entry whose size is at least `size`, in entries of rising size. */
function firstReaching(entries: readonly { readonly size: number }[], size: number): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (entries[middle].size < size) low = middle + 1;
    else high = middle;
  }
  return low;
}
