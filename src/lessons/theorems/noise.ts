import type { Random } from "../../random.js";

/** Draws from the normal distribution with mean 0 and standard deviation 1 (Box and Muller). */
export function gaussian(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.float())) * Math.cos(2 * Math.PI * random.float());
}
