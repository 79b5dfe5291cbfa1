import { mastRule, ruleConfig, startEngine, update } from "../../src/experiments/random-learner.js";
import { stopwatch } from "../../src/experiments/timing.js";
import { createRandom } from "../../src/random.js";
import { randomEpisodes } from "../../src/replay/random-episodes.js";
import type { CoreTask, Rate } from "./all-cores.js";

/** One core: its first message says what to update with the wasm engine, each later one for how long; it answers with its rate. */
process.once("message", async ({ shape, density, lengths, seed }: CoreTask) => {
  const { engine } = startEngine(shape, density, seed);
  const batch = randomEpisodes(shape, lengths, createRandom(2, seed));
  const config = ruleConfig(mastRule);
  for (let warm = 0; warm < 2; warm++) await update(engine, batch, config);
  process.on("message", async ({ seconds }: { seconds: number }) => {
    const begin = performance.now();
    const used = stopwatch();
    let [updates, elapsed] = [0, 0];
    do {
      await update(engine, batch, config);
      updates++;
      elapsed = (performance.now() - begin) / 1000;
    } while (elapsed < seconds);
    process.send!({ rate: updates / elapsed, busy: used() / 1000 / elapsed } satisfies Rate);
  });
  process.send!("ready");
});
process.on("disconnect", () => process.exit());
