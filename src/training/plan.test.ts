import { describe, expect, it } from "vitest";
import { ConfigError, type ConfigInput, resolveConfig } from "../config.js";
import { createEnvironment } from "../envs/index.js";
import { relativeCost } from "../sparse/flops.js";
import { countNonzeros } from "../sparse/mask.js";
import { collect } from "./fixtures.js";
import { networkPlan } from "./plan.js";
import type { EndRecord } from "./records.js";

const small = {
  environment: "two-step",
  steps: 200,
  warmup: 0,
  seed: 1,
  network: { hidden: 12, embed: 6, hypernetEmbed: 8 },
  evaluation: { interval: 100, episodes: 2 },
  log: { interval: 100 },
} satisfies ConfigInput;

describe("networkPlan", () => {
  it("has the sizes of the environment and Table 3's widths", () => {
    const { sizes, shape, dense } = networkPlan(resolveConfig({ environment: "2s3z" }));
    expect(sizes).toEqual(createEnvironment("2s3z").sizes);
    expect(shape).toEqual({
      agents: 5,
      actions: sizes.actions,
      observation: sizes.observation,
      state: sizes.state,
      hidden: 64,
      embed: 32,
      hypernetEmbed: 64,
      networks: { agent: "recurrent", mixer: "monotonic" },
    });
    expect(dense.shape).toEqual(shape);
  });

  it("is worked out once for a configuration", () => {
    const config = resolveConfig(small);
    expect(networkPlan(config)).toBe(networkPlan(config));
    expect(networkPlan(resolveConfig(small))).not.toBe(networkPlan(config));
  });

  it("costs what Table 1 prints for MAST-QMIX at 95 % on 3m", () => {
    const { cost, dense } = networkPlan(
      resolveConfig({ environment: "3m", method: "mast", sparsity: { level: 0.95 } }),
    );
    expect(relativeCost(cost, dense.cost).totalSize).toBeCloseTo(0.066, 3);
  });

  it.each(["dense", "tiny", "ss", "set", "rigl", "rlx2", "mast"] as const)(
    "says what a training with %s really has",
    async (method) => {
      const input: ConfigInput = {
        ...small,
        method,
        ...(method === "dense" ? {} : { sparsity: { level: 0.5 } }),
        topology: { interval: 10 },
      };
      const { parameters, nonzeros, cost, shape, dense } = networkPlan(resolveConfig(input));
      const { state } = (await collect(input)).at(-1) as EndRecord;
      expect(
        [...state.tensors]
          .filter(([name]) => name.startsWith("online."))
          .map(([name, values]) => [name.slice("online.".length), values.length]),
      ).toEqual(parameters.map(({ name, shape: dimensions }) => [name, dimensions.reduce((a, b) => a * b, 1)]));
      expect(new Map([...state.masks].map(([name, mask]) => [name, countNonzeros(mask)]))).toEqual(nonzeros);
      expect(shape.hidden < dense.shape.hidden).toBe(method === "tiny");
      expect(cost.totalSize < 0.8 * dense.cost.totalSize).toBe(method !== "dense");
    },
  );

  it("refuses a tiny network that has no size", () => {
    const config = resolveConfig({
      ...small,
      method: "tiny",
      sparsity: { level: 0.95 },
      network: { hidden: 4, embed: 2, hypernetEmbed: 2 },
    });
    expect(() => networkPlan(config)).toThrow(ConfigError);
    expect(() => networkPlan(config)).toThrow(
      /^config: method is "tiny", but in two-step no dense QMIX network has the size/,
    );
  });
});
