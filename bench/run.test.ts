import { describe, expect, it } from "vitest";
import type { Row } from "./measure.js";
import { fastest } from "./measure.js";
import { benchmarks, chooseBenchmarks, formatRows, runBenchmarks } from "./run.js";

describe("npm run bench", () => {
  it("gives a finite positive figure for every row of every benchmark", { timeout: 120_000 }, async () => {
    const heard: string[] = [];
    const rows = await runBenchmarks(benchmarks, { quick: true }, ({ name }) => heard.push(name));
    expect(heard).toEqual(benchmarks.map(({ name }) => name));
    for (const { name, value, unit } of rows) {
      expect(value, name).toBeGreaterThan(0);
      expect(value, name).toBeLessThan(Infinity);
      expect(["ms", "us", "GFLOP/s", "GB/s", "GB", "steps/s", "x", "%", ""], name).toContain(unit);
    }
    const names = rows.map(({ name }) => name);
    expect(new Set(names).size, "every row has a name of its own").toBe(names.length);
    for (const required of [
      /^update 3s5z, T=60: density 1 \/ density 0.1$/,
      /TensorFlow.js wasm \/ density 0.1$/,
      /lengths uniform in 20..60 \/ all 60$/,
      /evolution step \/ \(ordinary/,
      /^acting 3m/,
      /2c_vs_64zg/,
      /^training 3m/,
    ]) {
      expect(
        names.some((name) => required.test(name)),
        String(required),
      ).toBe(true);
    }
  });

  it("chooses benchmarks by pattern, and says what there is when none matches", () => {
    expect(chooseBenchmarks("TENSORFLOW.*3m").map(({ name }) => name)).toEqual(["tensorflow 3m, T=25"]);
    expect(() => chooseBenchmarks("warp drive")).toThrow(/matches no benchmark; there are: kernels; update 3m/);
  });

  it("prints one aligned line a row", () => {
    const rows: Row[] = [
      { name: "a", value: 12345.6, unit: "steps/s" },
      { name: "b", value: 0.01234, unit: "ms" },
    ];
    const [title, first, second] = formatRows({ name: "both", run: () => rows }, rows).split("\n");
    expect(title).toBe("both");
    expect(first).toMatch(/^ {2}a +12,346 steps\/s$/);
    expect(second).toMatch(/^ {2}b +0\.0123 ms$/);
    expect(first.indexOf(" steps/s")).toBe(second.indexOf(" ms"));
  });
});

describe("fastest", () => {
  it("takes samples in turns and keeps the smallest of each", async () => {
    const order: string[] = [];
    const candidate = (name: string, times: number[]) => ({
      name,
      sample: () => (order.push(name), times.shift() ?? 99),
    });
    expect(await fastest([candidate("a", [5, 3, 4]), candidate("b", [7, 8, 6])], 0, { quick: false })).toEqual({
      a: 3,
      b: 6,
    });
    expect(order).toEqual(["a", "b", "a", "b", "a", "b"]);
  });
});
