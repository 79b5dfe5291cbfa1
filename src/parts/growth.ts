import type { Random } from "../random.js";
import { declareKind, lacksFunction, type Part, type PartOptions } from "./registry.js";

/** The input of a growth rule when a layer's topology evolves, after the drop and before the growth. */
export interface GrowthLayer {
  /** Name of the weight matrix, for example "agent.rnn.weight_ih". */
  readonly name: string;
  /** Shape of the weight matrix, [out, in]. */
  readonly shape: readonly number[];
  /** Weights before the drop, [out, in]; 0 where there was no connection. */
  readonly weights: Float32Array;
  /** Connections before the drop, [out, in]. */
  readonly mask: Uint8Array;
  /** Indices into [out, in] of the connections that are absent now, those just dropped included, ascending. */
  readonly absent: Uint32Array;
  /** Number of connections that will grow. */
  readonly count: number;
  /**
   * Gradient of the loss with respect to every connection, absent ones included, [out, in]. Present only if the rule
   * has `gradients`.
   */
  readonly gradient?: Float32Array;
  /** The run's random stream for topology. A rule must draw from no other, so that the run can be repeated. */
  readonly random: Random;
  /** The rule's settings: `config.options.growth`, complete. */
  readonly options: PartOptions;
}

/**
 * A growth rule (Algorithm 1) as a part: it gives every absent connection a score, and those with the largest scores
 * grow.
 *
 * @example
 * // Grows connections from inputs that many units use already.
 * registerParts({
 *   growth: {
 *     mine: {
 *       scores: ({ absent, mask, shape: [, inputs] }) =>
 *         [...absent].map((index) => countUses(mask, index % inputs)),
 *     },
 *   },
 * });
 */
export interface GrowthRule extends Part {
  /**
   * Whether scores need the gradients of absent connections, which cost a dense backward pass in each update before an
   * evolution. Default: false.
   */
  readonly gradients?: boolean;
  /** A score for each entry of `layer.absent`. Of equal scores the one with the lower index grows. NaN is refused. */
  scores(layer: GrowthLayer): ArrayLike<number>;
}

/** The registered growth rules, by the name in `config.topology.grow`, which can also be "none". */
export const growthRules = declareKind<GrowthRule>("growth rule", "growth", (part) => {
  if ("gradients" in part && typeof part.gradients !== "boolean") return "has gradients that is neither true nor false";
  return lacksFunction(part, "scores");
});
