import { expect, it } from "vitest";
import { createEnvironment } from "./envs/index.js";
import { uniformRandom } from "./envs/play.js";
import { createRandom } from "./random.js";

it("takes no seed for another: what is no whole number from 0 to 2^32 - 1 is refused", () => {
  const starters: readonly ((seed: number) => unknown)[] = [
    (seed) => createRandom(seed),
    (seed) => uniformRandom(seed),
    ...["3m", "two-step"].map((name) => {
      const env = createEnvironment(name);
      return (seed: number) => env.reset(seed);
    }),
    (seed) => createEnvironment("3m", { rules: "smaclite" }).reset(seed),
  ];
  for (const start of starters) {
    for (const seed of [1.5, Number.NaN, 2 ** 32, 2 ** 32 + 1, -1, Infinity, "1", undefined])
      expect(() => start(seed as number), String(seed)).toThrow(
        /^The seed is .*; it must be a whole number from 0 to 4,294,967,295\.$/,
      );
    for (const seed of [0, 1, 2 ** 31, 2 ** 32 - 1]) expect(() => start(seed), String(seed)).not.toThrow();
  }
});
