import { LabError } from "../errors.js";
import { type GrowthRule, growthRules } from "../parts/growth.js";
import { registerParts } from "../parts/registry.js";
import type { Random } from "../random.js";
import { chooseIndices } from "./mask.js";

/**
 * Computes RigL's scores: the magnitudes of the gradients of the absent connections.
 * @throws {Error} when one is not finite, naming the connection
 */
export function gradientScores(gradient: Float32Array, absent: Uint32Array): Float32Array {
  const scores = new Float32Array(absent.length);
  for (let i = 0; i < absent.length; i++) {
    const value = gradient[absent[i]];
    if (!Number.isFinite(value))
      throw new LabError(
        `The gradient of connection ${absent[i]} is ${value}; topology evolution needs finite numbers. Training has diverged.`,
      );
    scores[i] = Math.abs(value);
  }
  return scores;
}

/** Computes SET's scores: 1 for as many absent connections as will grow, drawn at random, and 0 for the others. */
export function randomScores(absent: Uint32Array, count: number, random: Random): Float32Array {
  const scores = new Float32Array(absent.length);
  for (const index of chooseIndices(absent.length, count, random)) scores[index] = 1;
  return scores;
}

/** The growth rules of RigL and MAST, and of SET, as parts. */
export const builtInGrowth: Readonly<Record<"gradient" | "random", GrowthRule>> = {
  gradient: { gradients: true, scores: ({ gradient, absent }) => gradientScores(gradient!, absent) },
  random: { scores: ({ absent, count, random }) => randomScores(absent, count, random) },
};

registerParts({ [growthRules.section]: builtInGrowth }, "built-in");
