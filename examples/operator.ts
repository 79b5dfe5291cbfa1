import type { Parts } from "mast-lab/parts";

/**
 * The value of a next state between the best and the mean of its actions: `weight` max + (1 - `weight`) mean. With
 * weight 1 it is the max operator without double Q, with weight 0 what a team that acts at random expects.
 */
export default {
  operators: {
    "max-mean": {
      options: { weight: 0.9 },
      evaluate(values, count, max, { weight }) {
        let sum = 0;
        for (let i = 0; i < count; i++) sum += values[i];
        return weight * max + ((1 - weight) * sum) / count;
      },
    },
  },
} satisfies Parts;
