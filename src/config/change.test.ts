import { describe, expect, it } from "vitest";
import { createRandom } from "../random.js";
import {
  changeConfig,
  type Config,
  type ConfigInput,
  givenOf,
  mergeConfig,
  resolveConfig,
  restoreConfig,
} from "../config.js";

/** Values of every field that another one sets or follows, and of some that stand alone. */
const VALUES: Readonly<Record<string, readonly unknown[]>> = {
  environment: ["3m", "2s3z", "two-step"],
  algorithm: ["qmix", "ow-qmix", "cw-qmix", "res", "vdn", "iql"],
  method: ["dense", "tiny", "ss", "set", "rigl", "rlx2", "mast"],
  engine: ["sparse", "tensorflow"],
  backend: ["auto", "cpu"],
  steps: [100_000, 300_000, 2_000_000],
  short: [true, false],
  seed: [1, 7],
  warmup: [0, 1_000],
  updates: [1, 2],
  "sparsity.level": [0, 0.9],
  "topology.grow": ["gradient", "random", "none"],
  "operator.kind": ["max", "soft-mellowmax"],
  "operator.omega": [5],
  "returns.kind": ["one-step", "n-step", "td-lambda"],
  "returns.lambda": [0.5],
  "returns.burnIn": [0, 40_000],
  "replay.offlineBatch": [20, 32],
  "replay.onlineBatch": [0, 12],
  "replay.offlineCapacity": [2_000, 5_000],
  "replay.dynamic": [{}, { drop: 0.5 }],
  wqmix: [{}, { alpha: 0.5 }],
  res: [{}, { lambda: 0.1 }],
  ticket: [{ kind: "random" }, { kind: "winning", source: "some-run" }],
  "network.centralEmbed": [64],
  "exploration.anneal": [30_000],
  "evaluation.window": [5],
};

/** Returns some of the fields, with values from the list above. */
function drawInput(random: ReturnType<typeof createRandom>, share: number): ConfigInput {
  const fields = Object.keys(VALUES).filter(() => random.float() < share);
  return fields.reduce<ConfigInput>((input, field) => {
    const [section, name] = field.split(".") as [string, string?];
    const value = VALUES[field][random.below(VALUES[field].length)];
    return mergeConfig(input, name === undefined ? { [section]: value } : { [section]: { [name]: value } });
  }, {});
}

const attempt = (make: () => Config): Config | string => {
  try {
    return make();
  } catch (error) {
    return (error as Error).message;
  }
};

describe("a changed configuration", () => {
  it("is what the given values with the changes give freshly, whatever was given and whatever changes", () => {
    const random = createRandom(10);
    const seen = { resolved: 0, refused: 0 };
    while (seen.resolved < 400) {
      const given = drawInput(random, 0.1);
      const config = attempt(() => resolveConfig(given));
      if (typeof config === "string") continue;
      const changes = drawInput(random, 0.08);
      const fresh = attempt(() => resolveConfig(mergeConfig(given, changes)));
      const copy = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
      for (const from of [config, restoreConfig(copy(givenOf(config)), copy(config))]) {
        const changed = attempt(() => changeConfig(from, changes));
        expect(changed).toEqual(fresh);
        if (typeof changed !== "string") expect(givenOf(changed)).toEqual(givenOf(fresh as Config));
      }
      seen[typeof fresh === "string" ? "refused" : "resolved"]++;
    }
    // Combinations that are refused freshly are refused as changes too.
    expect(seen.refused).toBeGreaterThan(20);
  });

  it("follows the method, the algorithm, the budget and the engine", () => {
    const mast = resolveConfig({ environment: "3m" });
    expect(changeConfig(mast, { method: "rigl" })).toMatchObject({
      operator: { kind: "max" },
      returns: { kind: "one-step" },
      replay: { offlineBatch: 32, onlineBatch: 0 },
    });
    expect(changeConfig(mast, { method: "dense" })).toMatchObject({
      sparsity: { level: 0 },
      topology: { grow: "none" },
    });
    expect(changeConfig(mast, { steps: 100_000 })).toMatchObject({ warmup: 2_500, returns: { burnIn: 37_500 } });
    expect(changeConfig(mast, { algorithm: "ow-qmix" })).toMatchObject({
      returns: { lambda: 0.6 },
      exploration: { anneal: 100_000 },
      wqmix: { alpha: 0.1 },
      network: { centralEmbed: 256 },
    });
    const onDevice = changeConfig(mast, { engine: "tensorflow" });
    expect(onDevice.backend).toBe("auto");
    expect("backend" in changeConfig(onDevice, { engine: "sparse" })).toBe(false);
    const short = resolveConfig({ environment: "3m", short: true, steps: 300_000 });
    expect([short.evaluation.window, changeConfig(short, { steps: 100_000 }).evaluation.window]).toEqual([6, 2]);
    expect(changeConfig(short, { short: false })).toEqual(resolveConfig({ environment: "3m", steps: 300_000 }));
  });

  it("keeps what was given, and is refused where that does not go with the change", () => {
    const given = resolveConfig({ method: "mast", operator: { kind: "softmax" }, warmup: 9 });
    expect(changeConfig(given, { method: "rigl", steps: 1_000_000 })).toMatchObject({
      method: "rigl",
      operator: { kind: "softmax" },
      warmup: 9,
      returns: { burnIn: 375_000 },
    });
    expect(() => changeConfig(resolveConfig({ algorithm: "res", res: { beta: 4 } }), { algorithm: "qmix" })).toThrow(
      "config: res is",
    );
    expect(() => changeConfig(given, { metod: "rigl" } as ConfigInput)).toThrow(
      'config: unknown key "metod"; did you mean "method"?',
    );
    expect(() => changeConfig(given, null as unknown as ConfigInput)).toThrow(
      "config: the changes are null; expected an object",
    );
  });

  it("is the same when a configuration is spread and resolved", () => {
    const mast = resolveConfig({ environment: "2s3z", steps: 300_000, short: true });
    expect(resolveConfig({ ...mast, method: "rigl" })).toEqual(
      resolveConfig({ environment: "2s3z", steps: 300_000, short: true, method: "rigl" }),
    );
    expect(
      resolveConfig({
        ...mast,
        sparsity: { ...mast.sparsity, level: 0 },
        topology: { ...mast.topology, grow: "none" },
      }),
    ).toMatchObject({ sparsity: { level: 0 }, topology: { grow: "none" }, warmup: 0 });
    // If a copy was changed by hand, its changes count.
    expect(changeConfig({ ...mast, seed: 5 }, { method: "rigl" })).toEqual(
      resolveConfig({ environment: "2s3z", steps: 300_000, short: true, method: "rigl", seed: 5 }),
    );
    const { engine: _, backend: __, ...rest } = resolveConfig({ engine: "tensorflow", backend: "cpu", steps: 1_000 });
    expect(resolveConfig(rest)).toEqual(resolveConfig({ steps: 1_000 }));
  });
});
