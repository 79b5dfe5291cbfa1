import type { Random } from "../../random.js";

/** Makes a function that draws from N(0, 1), two numbers at a time, by the method of Box and Muller. */
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
