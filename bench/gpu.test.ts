import { afterEach, describe, expect, it } from "vitest";
import { startVectorisedSeeds } from "../src/timing/vectorised-seeds.js";
import { mastRule, ruleConfig } from "../src/timing/random-learner.js";
import { openBackend } from "../src/node/tensorflow/backend.js";
import { accountFor } from "./gpu/account.js";
import { checkAgreement, gpuBenchmarks } from "./gpu.js";
import { runBenchmarks } from "./run.js";

const { tf } = await openBackend("wasm");
const shape = { agents: 2, observation: 5, actions: 4, state: 7, hidden: 8, embed: 4, hypernetEmbed: 4 };
const start = (seeds: number) => startVectorisedSeeds(tf, shape, { seeds, density: 0.5, lengths: [3, 5, 2] });
let vectorised: ReturnType<typeof start>;
afterEach(() => vectorised?.dispose());

describe("npm run bench -- --gpu", () => {
  it("measures both engines, and says where an update's time goes", { timeout: 60_000 }, async () => {
    const rows = await runBenchmarks(gpuBenchmarks("wasm"), { quick: true }, () => {});
    const names = rows.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { name, value } of rows) expect(value > 0 && value < Infinity, `${name}: ${value}`).toBe(true);
    for (const map of ["gpu 3m, T=25", "gpu 3s5z, T=60"]) {
      const value = (of: string) => rows.find(({ name }) => name.startsWith(map) && name.endsWith(of))!.value;
      expect(value("dense, wasm, S = 2: seed-updates") / value("dense, wasm, S = 2: updates")).toBeCloseTo(2, 6);
      const parts = [
        "the learning rule in JavaScript",
        "submitting passes, with their inputs",
        "waiting for results",
      ].map((part) => value(`density 0.1, wasm, S = 2: of it ${part}`));
      expect(parts.reduce((sum, part) => sum + part, 0) / value("density 0.1, wasm, S = 2: an update")).toBeCloseTo(
        1,
        6,
      );
    }
  });

  it("stops when a seed's gradients are not those of the sparse engine", async () => {
    vectorised = start(3);
    expect(await checkAgreement(vectorised, "three")).toBeLessThan(1e-5);
    const [name] = vectorised.engines[2].parameters
      .map((parameter) => parameter.name)
      .filter((one) => one.endsWith("fc2.bias"));
    vectorised.engines[2].write("online", new Map([[name, new Float32Array(shape.actions).fill(0.3)]]));
    // The first update has changed what the others begin from, too: they are put back.
    for (const [index, engine] of vectorised.engines.entries()) {
      const { engine: sparse, online } = vectorised.start(index);
      sparse.dispose();
      engine.write("online", index === 2 ? new Map([...online].filter(([other]) => other !== name)) : online);
    }
    await expect(checkAgreement(vectorised, "three")).rejects.toThrow(
      /bench: three: the two engines disagree by .* \(.*, seed 3 of 3\)/,
    );
  });
});

describe("the account of an update", () => {
  it("counts what is uploaded, downloaded and computed, and leaves the backend as it was", async () => {
    vectorised = start(2);
    const backend = tf.backend();
    const before = { read: backend.read, write: backend.write };
    const config = ruleConfig(mastRule);
    const { kernels, up, down } = await accountFor(tf, vectorised.engines, (engines) =>
      vectorised.update(config, engines),
    );
    expect({ read: backend.read, write: backend.write }).toEqual(before);
    // Two runs, three episodes of up to 5 + 1 steps: observations and states, and the values of both networks that come
    // back.
    expect(up).toBeGreaterThan(2 * 3 * 6 * (2 * 5 + 7) * 4);
    expect(down).toBeGreaterThan(2 * (2 * 3 * 6 * 2 * 4) * 4);
    expect(kernels).toBeGreaterThan(100);
    const twice = await accountFor(tf, vectorised.engines, async (engines) => {
      await vectorised.update(config, engines);
      await vectorised.update(config, engines);
    });
    expect(twice.kernels).toBe(2 * kernels);
    expect(twice.down).toBe(2 * down);
  });
});
