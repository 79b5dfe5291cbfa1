import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { type ConfigInput, resolveConfig } from "../config.js";
import { runOne } from "../runs/run.js";
import { playTrained } from "./trained-play.js";

const runs = mkdtempSync(join(tmpdir(), "mast-play-"));
afterAll(() => rmSync(runs, { recursive: true, force: true }));

const small = {
  environment: "3m",
  steps: 600,
  warmup: 100,
  targetInterval: 5,
  replay: { offlineBatch: 4, onlineBatch: 2 },
  evaluation: { interval: 200, episodes: 4 },
  log: { interval: 100 },
} satisfies ConfigInput;
const mast = await runOne(resolveConfig({ ...small, method: "mast", topology: { interval: 4 } }), { runs });

it("lets the trained team play greedily: the same seed gives the same battle", () => {
  const battle = playTrained(mast, 7);
  expect(battle.frames).toHaveLength(battle.actions.length + 1);
  expect(playTrained(mast, 7)).toEqual(battle);
});
