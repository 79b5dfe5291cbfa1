import type { EpisodeGroup } from "../replay/group.js";
import { createRandom, type Random } from "../random.js";

/** Keeps the logarithm's argument above 0, as in FACMAC's authors' code. */
const TINY = 1e-20;

/** The result of a Gumbel softmax for every agent at every step: [steps, agents, actions, lanes], padding 0. */
export interface GumbelSoftmax {
  /** The drawn actions: 1 at one available action. */
  readonly drawn: Float32Array;
  /** The softmax of logits and noise, through which gradients flow as if it had been drawn. */
  readonly soft: Float32Array;
}

/**
 * Draws an available action of each agent at each step by the straight-through Gumbel softmax with temperature 1: the
 * largest of logits plus Gumbel noise, whose gradient is taken to be that of their softmax. Each episode has a stream
 * of noise of its own, so that draws do not depend on how many episodes a group holds.
 *
 * @param logits [steps + 1, agents, actions, lanes]
 * @example const { drawn, soft } = gumbelSoftmax(logits, group, random); await agent.backwardAll!(softmaxGradient(soft,
 *   dActions, group));
 */
export function gumbelSoftmax(logits: Float32Array, group: EpisodeGroup, random: Random): GumbelSoftmax {
  const { steps, agents, actionCount, lanes, running, availableActions } = group;
  const drawn = new Float32Array(steps * agents * actionCount * lanes);
  const soft = new Float32Array(drawn.length);
  const noisy = new Float64Array(actionCount);
  const weights = new Float64Array(actionCount);
  const streams = group.episodes.map(() => createRandom(random.below(0x7fffffff)));
  for (let t = 0; t < steps; t++)
    for (let agent = 0; agent < agents; agent++)
      for (let lane = 0; lane < running[t]; lane++) {
        const at = (t * agents + agent) * actionCount * lanes + lane;
        let best = -1;
        for (let a = 0; a < actionCount; a++) {
          const i = at + a * lanes;
          if (availableActions[i] !== 1) continue;
          noisy[a] = logits[i] - Math.log(-Math.log(streams[lane].float() + TINY) + TINY);
          if (best < 0 || noisy[a] > noisy[best]) best = a;
        }
        let sum = 0;
        for (let a = 0; a < actionCount; a++)
          if (availableActions[at + a * lanes] === 1) sum += weights[a] = Math.exp(noisy[a] - noisy[best]);
        for (let a = 0; a < actionCount; a++)
          if (availableActions[at + a * lanes] === 1) soft[at + a * lanes] = weights[a] / sum;
        drawn[at + best * lanes] = 1;
      }
  return { drawn, soft };
}

/**
 * Computes the gradient of the logits of a softmax y: dL/dlogit_a = y_a (g_a - sum over b of y_b g_b).
 *
 * @param soft y, [steps, agents, actions, lanes]
 * @param gradient g = dL/dy, of the same size
 */
export function softmaxGradient(
  soft: Float32Array,
  gradient: Float32Array,
  { steps, agents, actionCount, lanes, running }: EpisodeGroup,
): Float32Array {
  const logits = new Float32Array(soft.length);
  for (let t = 0; t < steps; t++)
    for (let agent = 0; agent < agents; agent++)
      for (let lane = 0; lane < running[t]; lane++) {
        const at = (t * agents + agent) * actionCount * lanes + lane;
        let mean = 0;
        for (let i = at; i < at + actionCount * lanes; i += lanes) mean += soft[i] * gradient[i];
        for (let i = at; i < at + actionCount * lanes; i += lanes) logits[i] = soft[i] * (gradient[i] - mean);
      }
  return logits;
}

/**
 * Adds to the gradient of logits that of -weight times the mean over all steps of H(pi_1) + ... + H(pi_N), the
 * entropies of the agents' policies pi = softmax(logits): dL/dlogit_a = weight pi_a (ln pi_a + H) / (steps in the
 * batch).
 *
 * @param logits [steps + 1, agents, actions, lanes]
 * @param weight of the entropy in the loss
 * @param stepsInBatch the number of steps over which the mean is taken
 * @param gradient [steps, agents, actions, lanes], changed in place
 */
export function addEntropyGradient(
  logits: Float32Array,
  weight: number,
  stepsInBatch: number,
  { steps, agents, actionCount, lanes, running, availableActions }: EpisodeGroup,
  gradient: Float32Array,
): void {
  const logs = new Float64Array(actionCount);
  for (let t = 0; t < steps; t++)
    for (let agent = 0; agent < agents; agent++)
      for (let lane = 0; lane < running[t]; lane++) {
        const at = (t * agents + agent) * actionCount * lanes + lane;
        let largest = -Infinity;
        for (let a = 0, i = at; a < actionCount; a++, i += lanes)
          if (availableActions[i] === 1 && logits[i] > largest) largest = logits[i];
        let sum = 0;
        for (let a = 0, i = at; a < actionCount; a++, i += lanes)
          if (availableActions[i] === 1) sum += Math.exp((logs[a] = logits[i] - largest));
        const logSum = Math.log(sum);
        let entropy = 0;
        for (let a = 0, i = at; a < actionCount; a++, i += lanes)
          if (availableActions[i] === 1) entropy -= (logs[a] -= logSum) * Math.exp(logs[a]);
        for (let a = 0, i = at; a < actionCount; a++, i += lanes)
          if (availableActions[i] === 1)
            gradient[i] += (weight / stepsInBatch) * Math.exp(logs[a]) * (logs[a] + entropy);
      }
}

/**
 * Converts actions [steps, agents, lanes] to one number for each action, of which one is 1: [steps, agents, actions,
 * lanes].
 */
export function oneHotActions(
  actions: Uint8Array,
  { steps, agents, actionCount, lanes, running }: EpisodeGroup,
): Float32Array {
  const all = new Float32Array(steps * agents * actionCount * lanes);
  for (let t = 0; t < steps; t++)
    for (let agent = 0; agent < agents; agent++)
      for (let lane = 0; lane < running[t]; lane++) {
        const action = actions[(t * agents + agent) * lanes + lane];
        all[((t * agents + agent) * actionCount + action) * lanes + lane] = 1;
      }
  return all;
}
