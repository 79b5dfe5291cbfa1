import { describe, expect, it } from "vitest";
import { campaignOfFuzz } from "./fuzz.js";
import { campaignOfKills } from "./kills.js";
import { campaignOfWorkers } from "./workers.js";

/**
 * Tests run a small share of the campaigns, another one each day; `npm run campaign -- kills` and `-- fuzz` run them
 * whole.
 */
const seed = Math.floor(Date.now() / 86_400_000);

describe("the campaigns", () => {
  it("kill and freeze processes, and every run ends as an undisturbed one", async () => {
    const { failures, kills, freezes } = await campaignOfKills({ kills: 8, freezes: 2, seed });
    expect(failures).toEqual([]);
    expect([kills, freezes]).toEqual([8, 2]);
  });

  it("kill and freeze workers on one folder, and every run ends once, as an undisturbed one", async () => {
    const { failures, kills, freezes } = await campaignOfWorkers({ runs: 12, kills: 2, freezes: 1, seed });
    expect(failures).toEqual([]);
    expect([kills, freezes]).toEqual([2, 1]);
  }, 240_000);

  it("damage what is read, and it is read as it was or refused in one line", async () => {
    const { failures, inputs } = await campaignOfFuzz({ count: 200, seed });
    expect(failures).toEqual([]);
    expect(inputs).toBe(200);
  });
});
