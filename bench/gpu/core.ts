import { mastRule, ruleConfig, startEngine, update } from "../../src/timing/random-learner.js";
import { createRandom } from "../../src/random.js";
import { randomEpisodes } from "../../src/replay/random-episodes.js";
import type { CoreTask } from "./all-cores.js";
import { updateRate } from "./rate.js";

/**
 * The process of one core. Its first message describes the update by the sparse engine, each later message gives a
 * number of seconds; it answers with its rate.
 */
process.once("message", async ({ shape, density, lengths, seed }: CoreTask) => {
  const { engine } = startEngine(shape, density, seed);
  const batch = randomEpisodes(shape, lengths, createRandom(2, seed));
  const config = ruleConfig(mastRule);
  for (let warm = 0; warm < 2; warm++) await update(engine, batch, config);
  process.on("message", async ({ seconds }: { seconds: number }) => {
    process.send!(await updateRate(() => update(engine, batch, config), seconds));
  });
  process.send!("ready");
});
process.on("disconnect", () => process.exit());
