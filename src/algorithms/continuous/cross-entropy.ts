import type { Random } from "../../random.js";

/** Settings of the cross-entropy method. COMIX: 64 samples, 6 elites, 2 iterations. */
export interface CrossEntropyOptions {
  /** Actions that are tried in an iteration. */
  readonly samples: number;
  /** The best of them, to which the next iteration's distribution is fitted. */
  readonly elites: number;
  readonly iterations: number;
}

/** What the cross-entropy method found for each row. */
export interface CrossEntropyChoice {
  /** The best sample of the last iteration, within (-1, 1). [rows, actions] */
  readonly actions: Float32Array;
  /** What `judge` made of the values of the last iteration's samples. [rows] */
  readonly values: Float32Array;
}

/**
 * What the values of sampled actions amount to: their largest, or a soft mellowmax.
 *
 * @param values those of `count` samples
 */
export type Judge = (values: Float64Array, count: number, largest: number) => number;

/** Values of actions: [rows, observation + actions] to [rows]. */
export type Utility = (inputs: Float32Array) => Float32Array;

/** Draws from N(0, 1), two at a time, by Box and Muller. */
export function createNormal(random: Random): () => number {
  let spare: number | undefined;
  return () => {
    if (spare !== undefined) {
      const value = spare;
      spare = undefined;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - random.float()));
    const angle = 2 * Math.PI * random.float();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };
}

/**
 * For each observation the action of the largest value that the cross-entropy method finds. Samples are drawn before a
 * tanh, from N(0, 1) at first and then from the normal distribution of the best ones; the best sample of the last
 * iteration is the answer. All rows and samples are valued in one pass an iteration.
 *
 * @param observations [rows, observation]
 * @param actions numbers of an action
 * @param normal draws from N(0, 1)
 * @param judge makes one value of those of the last iteration's samples. Default: the largest
 */
export function crossEntropyActions(
  utility: Utility,
  observations: Float32Array,
  { observation, actions }: { readonly observation: number; readonly actions: number },
  { samples, elites, iterations }: CrossEntropyOptions,
  normal: () => number,
  judge: Judge = (_, __, largest) => largest,
): CrossEntropyChoice {
  const rows = observations.length / observation;
  const width = observation + actions;
  const inputs = new Float32Array(rows * samples * width);
  const drawn = new Float64Array(rows * samples * actions);
  const centre = new Float64Array(rows * actions);
  const spread = new Float64Array(rows * actions).fill(1);
  const best = new Float32Array(rows * actions);
  const judged = new Float32Array(rows);
  const own = new Float64Array(samples);
  const order = new Uint32Array(samples);
  for (let row = 0; row < rows; row++) {
    const seen = observations.subarray(row * observation, (row + 1) * observation);
    for (let k = 0; k < samples; k++) inputs.set(seen, (row * samples + k) * width);
  }
  for (let iteration = 0; iteration < iterations; iteration++) {
    for (let i = 0, k = 0; k < rows * samples; k++) {
      const row = Math.floor(k / samples);
      const from = row * actions;
      for (let d = 0; d < actions; d++, i++) {
        drawn[i] = centre[from + d] + spread[from + d] * normal();
        inputs[k * width + observation + d] = Math.tanh(drawn[i]);
      }
    }
    const values = utility(inputs);
    for (let row = 0; row < rows; row++) {
      const first = row * samples;
      chooseBest(values, first, order, elites);
      for (let d = 0; d < actions; d++) {
        const sample = (rank: number) => drawn[(first + order[rank]) * actions + d];
        let sum = 0;
        for (let rank = 0; rank < elites; rank++) sum += sample(rank);
        const mean = sum / elites;
        let squares = 0;
        for (let rank = 0; rank < elites; rank++) squares += (sample(rank) - mean) ** 2;
        centre[row * actions + d] = mean;
        spread[row * actions + d] = Math.sqrt(squares / (elites - 1));
        best[row * actions + d] = Math.tanh(sample(0));
      }
      if (iteration < iterations - 1) continue;
      own.set(values.subarray(first, first + samples));
      judged[row] = judge(own, samples, own[order[0]]);
    }
  }
  return { actions: best, values: judged };
}

/**
 * Puts the numbers of the `count` largest of `order.length` values from `first` on to the front of `order`, best first;
 * of equals, the first.
 */
function chooseBest(values: Float32Array, first: number, order: Uint32Array, count: number): void {
  let kept = 0;
  for (let k = 0; k < order.length; k++) {
    const value = values[first + k];
    if (kept === count && value <= values[first + order[count - 1]]) continue;
    let at = kept < count ? kept++ : count - 1;
    for (; at > 0 && values[first + order[at - 1]] < value; at--) order[at] = order[at - 1];
    order[at] = k;
  }
}
