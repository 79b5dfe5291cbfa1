import { expect, it } from "vitest";
import { createRandom } from "../random.js";
import { randomEpisodes } from "../replay/random-episodes.js";
import { mastRule, ruleConfig, startEngine, update } from "./random-learner.js";
import { PARTS, timeParts } from "./timed-parts.js";

it("leaves an update as it is, and takes each part's time once", async () => {
  const shape = { agents: 3, observation: 11, actions: 7, state: 13, hidden: 16, embed: 8, hypernetEmbed: 12 };
  const batch = randomEpisodes(shape, [4, 9, 2], createRandom(5));
  const config = ruleConfig(mastRule);
  const [plain, other] = [startEngine(shape, 0.3).engine, startEngine(shape, 0.3).engine];
  const timed = timeParts(other);
  expect(timed.take()).toEqual(Object.fromEntries(PARTS.map((part) => [part, 0])));
  for (let i = 0; i < 3; i++)
    expect(await update(timed.engine, batch, config)).toEqual(await update(plain, batch, config));
  expect(other.read("online")).toEqual(plain.read("online"));
  const spent = timed.take();
  for (const part of PARTS) expect(spent[part], part).toBeGreaterThan(0);
  expect(Object.values(timed.take()).every((milliseconds) => milliseconds === 0)).toBe(true);
  plain.dispose();
  other.dispose();
});
