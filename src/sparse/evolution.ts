import { LabError } from "../errors.js";
import type { Random } from "../random.js";
import { gradientScores, randomScores } from "./growth.js";
import { countNonzeros } from "./mask.js";

/** Which connections grow. */
export type Growth =
  /** RigL: connections with the largest dense gradient grow. */
  | {
      /** Names RigL's rule. */
      readonly by: "gradient";
      /** Dense gradient of the loss with respect to the layer's weights, [out, in] row-major. */
      readonly gradient: Float32Array;
    }
  /** SET: connections grow at random. */
  | {
      /** Names SET's rule. */
      readonly by: "random";
      /** Draws the connections. */
      readonly random: Random;
    }
  /** A rule of your own: the connections with the largest scores grow. */
  | {
      /** Names a rule that gives scores. */
      readonly by: "scores";
      /**
       * Gives a score for each connection that is absent after the drop, in the order of `absent`, whose entries are
       * indices into [out, in]; `count` of them will grow.
       */
      readonly scores: (absent: Uint32Array, count: number) => ArrayLike<number>;
    };

/** One topology change of one layer. */
export interface Evolution {
  /** The new mask, [out, in], with as many connections as before. */
  readonly mask: Uint8Array;
  /** Connections that were removed: ascending indices into [out, in]. */
  readonly dropped: Uint32Array;
  /** Connections that were added: ascending indices, as many as in `dropped`. They start with weight 0. */
  readonly grown: Uint32Array;
}

/**
 * Algorithm 1 for one layer: drops the k smallest magnitudes and grows k of the connections that are then absent, by
 * gradient (RigL) or at random (SET). A connection that was just dropped may be grown again: it then keeps its weight
 * and is neither in `dropped` nor in `grown`. Of equal values the one with the lowest index comes first.
 *
 * @param weights [out, in]; entries outside the mask are not read
 * @param mask [out, in]; it is not changed
 * @param amount `count` k, or `fraction` zeta_t of the connections, rounded down; k never exceeds their number
 * @throws {Error} when sizes disagree, or a weight or gradient is not finite
 * @example
 * const fraction = updateFraction(0.5, step, 2_000_000);
 * engine.setMask(
 *   name,
 *   evolveTopology(weights, mask, { fraction, grow: { by: "gradient", gradient: engine.gradient(name) } }).mask,
 * );
 */
export function evolveTopology(
  weights: Float32Array,
  mask: Uint8Array,
  amount: (
    | {
        /** k, the number of connections that are dropped and grown. */
        readonly count: number;
      }
    | {
        /** zeta_t, the share of the connections that are dropped and grown, rounded down. */
        readonly fraction: number;
      }
  ) & {
    /** Which connections grow. */
    readonly grow: Growth;
  },
): Evolution {
  const { grow } = amount;
  checkLength("mask", mask.length, weights.length);
  const nonzeros = countNonzeros(mask);
  const k = changes(amount, nonzeros);

  const evolved = mask.slice();
  const active = indicesOf(mask, 1);
  for (const index of smallest(magnitudes(weights, active), k)) evolved[active[index]] = 0;

  const absent = indicesOf(evolved, 0);
  for (const index of smallest(descending(scoresOf(grow, absent, Math.min(k, absent.length), weights.length)), k))
    evolved[absent[index]] = 1;

  const dropped = new Uint32Array(k);
  const grown = new Uint32Array(k);
  let moved = 0;
  for (let i = 0, g = 0; i < mask.length; i++) {
    if (mask[i] === evolved[i]) continue;
    if (mask[i] === 1) dropped[moved++] = i;
    else grown[g++] = i;
  }
  return { mask: evolved, dropped: dropped.slice(0, moved), grown: grown.slice(0, moved) };
}

/**
 * The share of connections that change at step t of a schedule that ends at `end`, by cosine decay:
 * zeta_t = zeta_0 / 2 (1 + cos(pi t / end)), and 0 from the end on. Table 3: zeta_0 = 0.5.
 *
 * @example
 * updateFraction(0.5, 1_000_000, 2_000_000); // 0.25
 */
export function updateFraction(zeta0: number, t: number, end: number): number {
  return t >= end ? 0 : (zeta0 / 2) * (1 + cosine((Math.PI * t) / end));
}

/**
 * Computes cos x for 0 <= x <= pi by products and sums only, which every machine rounds alike: the last bits of
 * `Math.cos` differ between Chromium and Node.js. The error is below 3e-16.
 */
function cosine(x: number): number {
  const near = x <= Math.PI / 2 ? x : Math.PI - x;
  let [sum, term] = [1, 1];
  // The next term would be below 1e-19.
  for (let i = 2; i <= 24; i += 2) sum += term *= (-near * near) / (i * (i - 1));
  return near === x ? sum : -sum;
}

function changes(amount: { readonly count: number } | { readonly fraction: number }, nonzeros: number): number {
  if ("count" in amount) {
    if (!(Number.isInteger(amount.count) && amount.count >= 0)) {
      throw new LabError(
        `Topology evolution was given count = ${amount.count}; it must be a whole number of connections, 0 or more.`,
      );
    }
    return Math.min(amount.count, nonzeros);
  }
  if (!(amount.fraction >= 0 && amount.fraction <= 1)) {
    throw new LabError(`Topology evolution was given fraction = ${amount.fraction}; it must be between 0 and 1.`);
  }
  return Math.floor(amount.fraction * nonzeros);
}

function indicesOf(mask: Uint8Array, value: number): Uint32Array {
  const indices = new Uint32Array(mask.length);
  let count = 0;
  for (let i = 0; i < mask.length; i++) if (mask[i] === value) indices[count++] = i;
  return indices.subarray(0, count);
}

function scoresOf(grow: Growth, absent: Uint32Array, count: number, size: number): ArrayLike<number> {
  switch (grow.by) {
    case "gradient":
      checkLength("gradient", grow.gradient.length, size);
      return gradientScores(grow.gradient, absent);
    case "random":
      return randomScores(absent, count, grow.random);
    case "scores":
      return grow.scores(absent, count);
  }
}

/**
 * Maps scores to whole numbers in the opposite order: the largest score becomes the smallest number, and equal scores
 * stay equal.
 */
function descending(scores: ArrayLike<number>): Uint32Array {
  const keys = new Uint32Array(Float32Array.from(scores, (score) => score + 0).buffer);
  // The bits of a positive float order it by magnitude; those of a negative one are larger than all of them already.
  // Adding 0 turns -0 into 0.
  for (let i = 0; i < keys.length; i++) keys[i] = keys[i] > SIGN ? keys[i] : ~keys[i] & SIGN;
  return keys;
}

const SIGN = 0x7fffffff;
const INFINITE = 0x7f800000;

/** Maps weights to the bits of the floats without their sign: whole numbers in the order of the magnitudes. */
function magnitudes(values: Float32Array, indices: Uint32Array): Uint32Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const out = new Uint32Array(indices.length);
  for (let i = 0; i < indices.length; i++) {
    const magnitude = bits[indices[i]] & SIGN;
    if (magnitude >= INFINITE) {
      throw new LabError(
        `The weight of connection ${indices[i]} is ${values[indices[i]]}; topology evolution needs finite numbers. Training has diverged.`,
      );
    }
    out[i] = magnitude;
  }
  return out;
}

/**
 * Finds the positions of the k smallest keys, ascending; of equal keys the first ones. It determines the k-th smallest
 * key 11 bits at a time.
 */
function smallest(keys: Uint32Array, k: number): Uint32Array {
  const chosen = new Uint32Array(k);
  if (k === 0) return chosen;
  const counts = new Uint32Array(2048);
  let threshold = 0;
  let known = 0;
  let ties = k;
  for (const [shift, bits] of [
    [21, 0x7ff],
    [10, 0x7ff],
    [0, 0x3ff],
  ]) {
    counts.fill(0);
    for (let i = 0; i < keys.length; i++) {
      if (((keys[i] ^ threshold) & known) === 0) counts[(keys[i] >>> shift) & bits]++;
    }
    let digit = 0;
    while (counts[digit] < ties) ties -= counts[digit++];
    threshold = (threshold | (digit << shift)) >>> 0;
    known |= bits << shift;
  }
  // Of the keys that equal the threshold, the first `ties` belong to the k smallest.
  for (let i = 0, count = 0; count < k; i++) {
    if (keys[i] < threshold) chosen[count++] = i;
    else if (keys[i] === threshold && ties > 0) {
      ties--;
      chosen[count++] = i;
    }
  }
  return chosen;
}

function checkLength(name: string, given: number, expected: number): void {
  if (given !== expected)
    throw new LabError(`The ${name} has ${given} entries and the weights ${expected}; they must agree.`);
}
