import { LabError } from "../errors.js";

/** The way in which the connections of a network are distributed over its layers. */
export type Distribution = "erdos-renyi" | "uniform";

/** A weight matrix, [out, in]. */
export type LayerShape = readonly number[];

/**
 * Connections of each layer by Erdos and Renyi's rule: a layer's density is proportional to (in + out) / (in * out), so
 * that small layers stay denser. A layer that would get more connections than it has weights becomes dense, and the
 * others share the rest. The total is exactly round((1 - sparsity) * weights); rounding gives what is left to the
 * largest remainders.
 *
 * @param shapes of the weight matrices of one network, [out, in] each
 * @param sparsity S, the share of weights that are absent: 0 <= S < 1
 * @returns the number of nonzeros of each layer
 * @throws {Error} on an impossible sparsity or shape
 * @example
 * // [213, 516, 516, 147] of 2688, 12288, 12288 and 576 weights
 * erdosRenyi([[64, 42], [192, 64], [192, 64], [9, 64]], 0.95);
 */
export function erdosRenyi(shapes: readonly LayerShape[], sparsity: number): number[] {
  const sizes = shapes.map(weightCount);
  const budget = connectionBudget(sizes, sparsity);
  const nodes = shapes.map(([out, input]) => out + input);
  const dense = shapes.map(() => false);
  for (;;) {
    let rest = budget;
    let scale = 0;
    for (let l = 0; l < shapes.length; l++) {
      if (dense[l]) rest -= sizes[l];
      else scale += nodes[l];
    }
    scale = scale === 0 ? 0 : rest / scale;
    // Making a layer dense leaves more connections to the others, so a layer that overflows now would also overflow
    // later.
    const overflow = nodes.map((count, l) => !dense[l] && scale * count > sizes[l]);
    if (!overflow.includes(true)) {
      return roundToTotal(
        nodes.map((count, l) => (dense[l] ? sizes[l] : scale * count)),
        sizes,
        budget,
      );
    }
    overflow.forEach((over, l) => (dense[l] ||= over));
  }
}

/**
 * Connections of each layer when all layers have the same density; the total is exactly round((1 - sparsity) *
 * weights).
 *
 * @param shapes of the weight matrices of one network, [out, in] each
 * @param sparsity S: 0 <= S < 1
 * @returns the number of nonzeros of each layer
 * @throws {Error} on an impossible sparsity or shape
 * @example uniform([[64, 42], [9, 64]], 0.9); // [269, 57] of 2688 and 576
 */
export function uniform(shapes: readonly LayerShape[], sparsity: number): number[] {
  const sizes = shapes.map(weightCount);
  const budget = connectionBudget(sizes, sparsity);
  return roundToTotal(
    sizes.map((size) => (1 - sparsity) * size),
    sizes,
    budget,
  );
}

/** Calls `erdosRenyi` or `uniform`, by name. */
export function layerNonzeros(shapes: readonly LayerShape[], sparsity: number, distribution: Distribution): number[] {
  return distribution === "uniform" ? uniform(shapes, sparsity) : erdosRenyi(shapes, sparsity);
}

function weightCount(shape: LayerShape): number {
  const [out, input] = shape;
  if (shape.length !== 2 || !(Number.isInteger(out) && out > 0 && Number.isInteger(input) && input > 0)) {
    throw new LabError(`A layer was given shape [${shape}]; it must be [out, in] with both at least 1.`);
  }
  return out * input;
}

function connectionBudget(sizes: readonly number[], sparsity: number): number {
  if (!(sparsity >= 0 && sparsity < 1))
    throw new LabError(`Sparsity was given as ${sparsity}; it must be at least 0 (dense) and below 1.`);
  return Math.round((1 - sparsity) * sizes.reduce((a, b) => a + b, 0));
}

/**
 * Rounds shares down, then adds what is missing from the total to the entries with the largest remainders (the first of
 * equals), so that no entry exceeds its limit.
 */
function roundToTotal(shares: readonly number[], limits: readonly number[], total: number): number[] {
  const whole = shares.map((share, l) => Math.min(Math.floor(share), limits[l]));
  let missing = total - whole.reduce((a, b) => a + b, 0);
  const order = shares.map((_, l) => l).sort((a, b) => shares[b] - whole[b] - (shares[a] - whole[a]) || a - b);
  for (const l of order) {
    if (missing <= 0) break;
    if (whole[l] === limits[l]) continue;
    whole[l]++;
    missing--;
  }
  return whole;
}
