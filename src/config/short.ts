import type { ConfigInput } from "./config.js";

/**
 * The settings that differ from the paper's in runs of 100,000 to 500,000 steps instead of 2,000,000, the same for all
 * methods.
 *
 * The paper's times are shortened with the budget: exploration ends after 30,000 steps; T_0 follows it, since
 * TD(lambda) targets learn from what the agents did and wait until that is no longer mostly random; the offline buffer
 * forgets that random beginning; target networks follow twice as fast. alpha = 10 instead of Table 3's 1 is one of the
 * values of Table 8, where it does as well: with alpha = 1 a soft mellowmax lies so far below the maximum that, with
 * rewards of 0.3 a step as on 2s3z, values take far longer than these budgets to grow.
 */
export const SHORT_RUN = {
  warmup: 0,
  targetInterval: 100,
  exploration: { anneal: 30_000 },
  replay: { offlineCapacity: 2_000 },
  returns: { burnIn: 40_000 },
  operator: { alpha: 10 },
} as const satisfies ConfigInput;

/**
 * The settings of a short run of `steps` steps. The last tenth of it is its score, as the last 20 of 200 evaluations
 * are in the paper (section 4.1).
 */
export function shortSettings(steps: number): ConfigInput {
  const interval = 5_000;
  return {
    ...SHORT_RUN,
    evaluation: { interval, episodes: 32, window: Math.max(1, Math.round(steps / interval / 10)) },
  };
}
