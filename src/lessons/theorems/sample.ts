import type { Random } from "../../random.js";
import type { Trajectories } from "../../targets/returns.js";
import type { TabularDecPomdp } from "./dec-pomdp.js";

/** Sampled play, in the form that the functions of targets/returns.ts take. */
export interface SampledPlay {
  /** Rewards of each step. No episode ends by itself, so none is terminal. */
  readonly trajectories: Trajectories;
  /** The state after each step, [steps, lanes]. */
  readonly nextStates: Uint16Array;
}

/**
 * Plays `lanes` episodes that all begin with joint action `action` in `state` and go on with a joint policy.
 *
 * @param policy [states, joint actions]
 * @example
 * const { trajectories, nextStates } = samplePlay(game, rho, {
 *   state: 0,
 *   action: 4,
 *   steps: 10,
 *   lanes: 1000,
 *   random: createRandom(1),
 * });
 * const y = nStepReturns(
 *   trajectories,
 *   Array.from(nextStates, (s) => v[s]),
 *   { gamma: 0.9, n: 3 },
 * );
 */
export function samplePlay(
  game: TabularDecPomdp,
  policy: Float64Array,
  {
    state,
    action,
    steps,
    lanes,
    random,
  }: {
    /** State in which every episode begins. */
    readonly state: number;
    /** Joint action with which every episode begins. */
    readonly action: number;
    /** Length of every episode. */
    readonly steps: number;
    /** Number of episodes. */
    readonly lanes: number;
    /** Draws the further joint actions and all next states. */
    readonly random: Random;
  },
): SampledPlay {
  const { states, jointActions, transitions } = game;
  const rewards = new Float64Array(steps * lanes);
  const nextStates = new Uint16Array(steps * lanes);
  for (let lane = 0; lane < lanes; lane++) {
    let [s, u] = [state, action];
    for (let t = 0; t < steps; t++) {
      const i = s * jointActions + u;
      rewards[t * lanes + lane] = game.rewards[i];
      s = draw(transitions.subarray(i * states, (i + 1) * states), random);
      nextStates[t * lanes + lane] = s;
      u = draw(policy.subarray(s * jointActions, (s + 1) * jointActions), random);
    }
  }
  return {
    trajectories: {
      steps,
      lanes,
      lengths: new Int32Array(lanes).fill(steps),
      terminal: new Uint8Array(lanes),
      rewards,
    },
    nextStates,
  };
}

function draw(probabilities: Float64Array, random: Random): number {
  let rest = random.float();
  for (let i = 0; i < probabilities.length; i++) {
    rest -= probabilities[i];
    if (rest < 0) return i;
  }
  // If rounding leaves a remainder, it goes to the last possible outcome.
  return probabilities.findLastIndex((p) => p > 0);
}
