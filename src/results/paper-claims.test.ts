// These tests compare what the paper says in words with what its tables print, for data/paper/README.md: each test
// holds where the text does not, or says where it does.
import { describe, expect, it } from "vitest";
import { type AblationTable, readPaperTable } from "./paper.js";

const BASELINES = ["tiny", "ss", "set", "rigl", "rlx2"] as const;
const comparison = readPaperTable("table-1").filter(({ environment }) => environment !== "average");
const averages = readPaperTable("table-1").filter(({ environment }) => environment === "average");

/** A printed cell of an ablation. */
const cell = (table: AblationTable, algorithm: string, setting: string): number =>
  Number(readPaperTable(table).find((row) => row.algorithm === algorithm)![setting]);

/** Returns the settings of an ablation from the best to the worst. */
function ranking(table: AblationTable, algorithm: string): string[] {
  const { algorithm: _, ...settings } = readPaperTable(table).find((row) => row.algorithm === algorithm)!;
  return Object.entries(settings)
    .sort(([, a], [, b]) => Number(b) - Number(a))
    .map(([setting, value]) => `${setting} (${Number(value).toFixed(1)})`);
}

describe("Table 1 and its text", () => {
  it("MAST is above every baseline everywhere, as section 4.1 says", () => {
    for (const row of comparison)
      expect(row.mast, `${row.algorithm} ${row.environment}`).toBeGreaterThan(
        Math.max(...BASELINES.map((method) => row[method])),
      );
  });

  it('"consistently within 3 %" of the dense model: one row is not', () => {
    expect(
      comparison.filter(({ mast }) => mast < 97).map((row) => `${row.algorithm} ${row.environment} ${row.mast}`),
    ).toEqual(["ow-qmix 3s5z 96.1"]);
  });

  it('"SS consistently exhibits the lowest performance on average": only with WQMIX', () => {
    const lowest = averages.map(
      (row) =>
        `${row.algorithm} ${BASELINES.toSorted((a, b) => row[a] - row[b])
          .slice(0, 2)
          .map((method) => `${method} ${row[method]}`)
          .join(", ")}`,
    );
    expect(lowest).toEqual(["qmix rlx2 29.8, ss 59.7", "ow-qmix ss 66.1, rigl 69", "res rigl 78.5, ss 79.1"]);
  });

  it('"RLx2 delivers subpar results in all experiments": with WQMIX and RES it is the best of the sparse baselines', () => {
    const best = averages.map(
      (row) => `${row.algorithm} ${BASELINES.filter((method) => method !== "tiny").sort((a, b) => row[b] - row[a])[0]}`,
    );
    expect(best).toEqual(["qmix set", "ow-qmix rlx2", "res rlx2"]);
  });

  it('"compression ratios of 5x to 20x" and "average acceleration of 10x, 9x and 8x"', () => {
    const sizes = comparison.map(({ totalSize }) => 1 / totalSize);
    expect([Math.min(...sizes), Math.max(...sizes)].map((ratio) => ratio.toFixed(1))).toEqual(["6.3", "16.1"]);
    expect(averages.map(({ algorithm, trainFlops }) => `${algorithm} ${(1 / trainFlops).toFixed(1)}`)).toEqual([
      "qmix 13.2",
      "ow-qmix 10.0",
      "res 8.6",
    ]);
    expect(Math.max(...comparison.map(({ inferenceFlops }) => 1 / inferenceFlops)).toFixed(1)).toBe("20.0");
  });
});

describe("Tables 6 to 10 and their text", () => {
  it('Table 6, "optimal with T_0 = 0.75M": so for QMIX and the average; WQMIX is best with 1M', () => {
    expect([
      ranking("table-6", "qmix")[0],
      ranking("table-6", "all")[0],
      ...ranking("table-6", "ow-qmix").slice(0, 2),
    ]).toEqual(["37.5 % (97.9)", "37.5 % (97.9)", "50 % (98.7)", "37.5 % (98.0)"]);
  });

  it('Table 7, "optimal with lambda = 0.6": QMIX is best with 0.8, which Table 3 gives it', () => {
    expect(ranking("table-7", "qmix")[0]).toBe("0.8 (97.9)");
    expect(cell("table-7", "qmix", "0.6")).toBe(96.8);
    expect(ranking("table-7", "ow-qmix")[0]).toBe("0.6 (98.0)");
    expect(ranking("table-7", "all").slice(0, 2)).toEqual(["0.6 (97.4)", "0.8 (97.0)"]);
  });

  it("Table 8: alpha = 1, omega = 10 is best for WQMIX and on average, not for QMIX", () => {
    expect([ranking("table-8", "ow-qmix")[0], ranking("table-8", "all")[0]]).toEqual(["1, 10 (98.0)", "1, 10 (97.9)"]);
    expect(ranking("table-8", "qmix")[0]).toBe("5, 5 (100.0)");
  });

  it('Table 9, "6 : 2 yields the best performance": so in all rows, but Table 3 has 20 + 12 episodes, which is 5 : 3', () => {
    expect(["qmix", "ow-qmix", "all"].map((row) => ranking("table-9", row)[0])).toEqual([
      "6 : 2 (99.4)",
      "6 : 2 (101.2)",
      "6 : 2 (100.3)",
    ]);
    const batch = (name: string) =>
      Number(
        readPaperTable("table-3").find(
          ({ hyperparameter }) => hyperparameter === `Number of episodes in a sampled batch of ${name} buffer`,
        )!.value,
      );
    expect([batch("offline") / 4, batch("online") / 4]).toEqual([5, 3]);
    expect(["qmix", "ow-qmix", "all"].map((row) => cell("table-9", row, "5 : 3"))).toEqual([97.9, 98, 97.9]);
    // Table 2 names the online buffer first: it has the same 6 : 2 as this text, and as "b_1 : b_2 = 3 : 1" in section
    // 3.2.
    expect(
      readPaperTable("table-2").find(
        ({ hyperparameter }) => hyperparameter === "Sample partition of online and offline buffer",
      )!.value,
    ).toBe("2:6");
  });

  it('Table 9, "a significant degradation with a single buffer": with QMIX the offline buffer alone is better than 2 : 6', () => {
    expect(cell("table-9", "qmix", "8 : 0")).toBe(93.6);
    expect(cell("table-9", "qmix", "2 : 6")).toBe(89.6);
  });

  it('Table 10, "a small interval hurts": WQMIX, not QMIX, which is best with the longest', () => {
    expect(["20", "200", "1000", "2000"].map((interval) => cell("table-10", "qmix", interval))).toEqual([
      99.4, 99, 100.6, 100.6,
    ]);
    expect(ranking("table-10", "ow-qmix")).toEqual([
      "200 (96.1)",
      "100 (91.9)",
      "20 (83.2)",
      "2000 (71.5)",
      "1000 (68.1)",
    ]);
  });

  it("the setting of Table 3 has one number in Tables 6 to 9, and another in Tables 10 and 1", () => {
    const settings = (lambda: string) =>
      [
        ["table-6", "37.5 %"],
        ["table-7", lambda],
        ["table-8", "1, 10"],
        ["table-9", "5 : 3"],
        ["table-10", "200"],
      ] as const;
    expect(settings("0.8").map(([table, setting]) => cell(table, "qmix", setting))).toEqual([
      97.9, 97.9, 97.9, 97.9, 99,
    ]);
    expect(settings("0.6").map(([table, setting]) => cell(table, "ow-qmix", setting))).toEqual([98, 98, 98, 98, 96.1]);
    expect(
      comparison
        .filter(({ environment, algorithm }) => environment === "3s5z" && algorithm !== "res")
        .map(({ mast }) => mast),
    ).toEqual([99, 96.1]);
  });

  it("one-step targets throughout, lambda = 0 in Table 7 and T_0 = 2M in Table 6, have one number for QMIX and two for WQMIX", () => {
    expect([cell("table-7", "qmix", "0"), cell("table-6", "qmix", "100 %")]).toEqual([91.5, 91.5]);
    expect([cell("table-7", "ow-qmix", "0"), cell("table-6", "ow-qmix", "100 %")]).toEqual([83.5, 70.3]);
    // The number of lambda = 0 is also that of T_0 = 0, the other end of Table 6, and of lambda = 0.2.
    expect([cell("table-6", "ow-qmix", "0 %"), cell("table-7", "ow-qmix", "0.2")]).toEqual([83.5, 83.5]);
  });
});

it("section 3.2 says that the buffers' capacities are 50 : 1, Tables 2 and 3 that they are 39 : 1", () => {
  for (const table of ["table-2", "table-3"] as const) {
    const size = (buffer: string) =>
      readPaperTable(table).find(({ hyperparameter }) => hyperparameter === `${buffer} buffer size`)!.value;
    expect([size("Offline"), size("Online")]).toEqual(["5×10^3 episodes", "128 episodes"]);
  }
  expect(Math.round(5000 / 128)).toBe(39);
});
