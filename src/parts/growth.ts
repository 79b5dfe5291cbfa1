import type { Random } from "../random.js";
import { declareKind, lacksFunction, type Part, type PartOptions } from "./registry.js";

/** What a growth rule may look at when a layer's topology evolves: after the drop, before the growth. */
export interface GrowthLayer {
  /** Name of the weight matrix, for example "agent.rnn.weight_ih". */
  readonly name: string;
  /** [out, in] */
  readonly shape: readonly number[];
  /** Weights before the drop, [out, in]; 0 where there was no connection. */
  readonly weights: Float32Array;
  /** Connections before the drop, [out, in]. */
  readonly mask: Uint8Array;
  /** Indices into [out, in] of the connections that are absent now, those just dropped included, ascending. */
  readonly absent: Uint32Array;
  /** How many will grow. */
  readonly count: number;
  /**
   * Gradient of the loss with respect to every connection, absent ones included, [out, in]. Only where the rule has
   * `gradients`.
   */
  readonly gradient?: Float32Array;
  /** The run's stream for topology; a rule draws from no other, so that the run can be repeated. */
  readonly random: Random;
  /** The rule's settings: `config.options.growth`, complete. */
  readonly options: PartOptions;
}

/**
 * How absent connections grow (Algorithm 1), as a part: every absent connection gets a score, and those with the
 * largest grow.
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
  /** A score for each entry of `layer.absent`. Of equal scores the lower index grows. NaN is refused. */
  scores(layer: GrowthLayer): ArrayLike<number>;
}

/** The growth rules by name: `config.topology.grow`, which can be "none" as well. */
export const growthRules = declareKind<GrowthRule>("growth rule", "growth", (part) => {
  if ("gradients" in part && typeof part.gradients !== "boolean") return "has gradients that is neither true nor false";
  return lacksFunction(part, "scores");
});
