import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { type Script, scripts, uniformRandom } from "../play.js";
import { createBattleEnvironment } from "./environment.js";
import { maps } from "./maps.js";
import { rulesVersion } from "./rules.js";

// All that is saved, seen, allowed and paid in two battles of each map, by version 5 of the `starcraft` rules (7 where
// there are colossi) and version 2 of `smaclite`. Runs and results belong to a version: whoever has to change a
// digest changes the version as well.
const DIGESTS: Readonly<Record<string, string>> = {
  "3m": "9edcbaa4bd2db29e",
  "8m": "d7930ca69efab8ce",
  "5m_vs_6m": "fa2a94a67faa718e",
  "2s3z": "3a622077a92f18dd",
  "3s5z": "5dda6705fd04aeae",
  "1c3s5z": "4ba8dc6d5fe4b362",
  MMM: "7d61f754f799dbc3",
  "2c_vs_64zg": "bd1e9012cafe09d5",
  "8m_vs_9m": "d3930e95bb00db39",
  "27m_vs_30m": "0b450835e0ff99a1",
  MMM2: "31a7347053315a51",
  "3s_vs_5z": "7e1952bb07757406",
  corridor: "d9a8cc849a7c5b0b",
};

/** Every fourth joint action is random, the others shoot the nearest. */
function mixed(seed: number): Script {
  const random = uniformRandom(seed);
  let count = 0;
  return (env, joint) => (count++ % 4 === 0 ? random : scripts.nearestTarget)(env, joint);
}

it.each(maps.map(({ name }) => name))("battles on %s are those of their version, to the bit", (name) => {
  const map = maps.find((one) => one.name === name)!;
  expect(rulesVersion(map, "starcraft")).toBe(name === "1c3s5z" || name === "2c_vs_64zg" ? 7 : 5);
  expect(rulesVersion(map, "smaclite")).toBe(2);
  const hash = createHash("sha256");
  for (const rules of ["starcraft", "smaclite"] as const) {
    const env = createBattleEnvironment(map, rules);
    const joint = new Uint8Array(env.sizes.agents);
    for (const seed of [1, 2]) {
      const policy = mixed(seed);
      env.reset(seed);
      for (;;) {
        for (const { buffer, byteOffset, byteLength } of [
          env.save(),
          env.observations,
          env.state,
          env.availableActions,
        ]) {
          hash.update(new Uint8Array(buffer, byteOffset, byteLength));
        }
        hash.update(Float64Array.of(env.reward, Number(env.won)));
        if (env.ended) break;
        policy(env, joint);
        env.step(joint);
      }
    }
  }
  expect(hash.digest("hex").slice(0, 16)).toBe(DIGESTS[name]);
});
