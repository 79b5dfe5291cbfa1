import { describe, expect, it } from "vitest";
import { bufferRatio } from "../experiments/dual-buffers.js";
import { maskInterval } from "../experiments/mask-interval.js";
import { alphaOmega } from "../experiments/soft-mellowmax.js";
import { burnIn, lambda } from "../experiments/td-lambda.js";
import { type ComparedMethod, parsePaperTable, readPaperTable } from "./paper.js";

const METHODS = ["tiny", "ss", "set", "rigl", "rlx2", "mast"] as const satisfies readonly ComparedMethod[];
const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
const comparison = readPaperTable("table-1");
const winRates = readPaperTable("table-5");

/** Averages of a table that do not follow from its rows, as "row column: printed ..., rows give ...". */
function wrongAverages<Column extends string>(
  rows: readonly ({ algorithm: string; environment: string } & Record<Column, number>)[],
  columns: readonly (readonly [Column, number])[],
): string[] {
  return rows
    .filter((row) => row.environment === "average")
    .flatMap((average) => {
      const averaged = rows.filter(
        (row) => row.environment !== "average" && (average.algorithm === "all" || row.algorithm === average.algorithm),
      );
      return columns.flatMap(([column, digits]) => {
        const exact = mean(averaged.map((row) => row[column]));
        // A mean that lies half-way between two printed numbers may become either.
        const follows = Math.abs(exact - average[column]) <= 0.5 * 10 ** -digits + 1e-9;
        return follows
          ? []
          : [
              `${average.algorithm} ${column}: printed ${average[column].toFixed(digits)}, rows give ${exact.toFixed(digits + 2)}`,
            ];
      });
    });
}

describe("Table 1", () => {
  it("has the twelve rows of the comparison and their three averages", () => {
    expect(comparison.map((row) => `${row.algorithm} ${row.environment}`)).toEqual(
      ["qmix", "ow-qmix", "res"].flatMap((algorithm) =>
        ["3m", "2s3z", "3s5z", "2c_vs_64zg", "average"].map((environment) => `${algorithm} ${environment}`),
      ),
    );
    expect(comparison[0]).toEqual({
      algorithm: "qmix",
      environment: "3m",
      sparsity: 0.95,
      totalSize: 0.066,
      trainFlops: 0.051,
      inferenceFlops: 0.05,
      tiny: 98.3,
      ss: 91.6,
      set: 96,
      rigl: 95.3,
      rlx2: 12.1,
      mast: 100.9,
    });
  });

  it("has averages that follow from its rows, but for two", () => {
    const columns = [
      ["sparsity", 2],
      ["totalSize", 3],
      ["trainFlops", 3],
      ["inferenceFlops", 3],
      ...METHODS.map((method) => [method, 1] as const),
    ] as const;
    expect(wrongAverages(comparison, columns)).toEqual([
      "qmix rlx2: printed 29.8, rows give 29.475",
      "ow-qmix mast: printed 98.1, rows give 98.325",
    ]);
  });
});

it("rounds every average that lies half-way down, in both tables", () => {
  const halves = [...comparison, ...winRates]
    .filter((row) => row.environment === "average")
    .flatMap((average) => {
      const rows: readonly object[] = "sparsity" in average ? comparison : winRates;
      const averaged = (rows as readonly (typeof average)[]).filter(
        (row) => row.environment !== "average" && (average.algorithm === "all" || row.algorithm === average.algorithm),
      );
      return Object.entries(average).flatMap(([column, printed]) => {
        if (typeof printed !== "number") return [];
        const unit =
          column === "sparsity" ? 0.01 : ["totalSize", "trainFlops", "inferenceFlops"].includes(column) ? 0.001 : 0.1;
        const excess = (mean(averaged.map((row) => row[column as ComparedMethod])) - printed) / unit;
        return Math.abs(Math.abs(excess) - 0.5) < 1e-6 ? [Math.sign(excess)] : [];
      });
    });
  expect(halves).toEqual(Array(13).fill(1));
});

describe("Table 5", () => {
  it("has averages that follow from its rows, but for those of OW-QMIX and of all", () => {
    const columns = METHODS.flatMap(
      (method) =>
        [
          [method, 1],
          [`${method}Deviation`, 1],
        ] as const,
    );
    expect(wrongAverages(winRates, columns)).toEqual([
      "ow-qmix tiny: printed 68.5, rows give 72.825",
      "ow-qmix tinyDeviation: printed 13.5, rows give 14.300",
      "ow-qmix ss: printed 62.2, rows give 62.600",
      "ow-qmix ssDeviation: printed 13.0, rows give 13.225",
      "ow-qmix set: printed 64.0, rows give 66.975",
      "ow-qmix setDeviation: printed 13.5, rows give 13.925",
      "ow-qmix rigl: printed 65.8, rows give 65.250",
      "ow-qmix riglDeviation: printed 11.4, rows give 12.775",
      "all tinyDeviation: printed 12.8, rows give 12.883",
      "all rigl: printed 67.8, rows give 67.883",
      "all mast: printed 94.2, rows give 94.308",
      "all mastDeviation: printed 4.6, rows give 4.758",
    ]);
  });

  it("has one win rate above 100 %, which its average and Table 1 take differently", () => {
    const impossible = winRates.flatMap((row) =>
      METHODS.filter((method) => row[method] > 100).map(
        (method) => `${row.algorithm} ${row.environment} ${method} ${row[method]}`,
      ),
    );
    expect(impossible).toEqual(["res 3m mast 102.2"]);
  });

  it("is Table 1 times one dense win rate a row, but for that cell", () => {
    // Both tables are rounded to 0.1, so a cell bounds the dense win rate from both sides; the bounds of all methods
    // must meet.
    const odd = comparison
      .filter((row) => row.environment !== "average")
      .flatMap((row) => {
        const raw = winRates.find(
          (other) => other.algorithm === row.algorithm && other.environment === row.environment,
        )!;
        const low = METHODS.map((method) => (100 * (raw[method] - 0.05)) / (row[method] + 0.05));
        const high = METHODS.map((method) => (100 * (raw[method] + 0.05)) / (row[method] - 0.05));
        return Math.max(...low) <= Math.min(...high)
          ? []
          : [
              `${row.algorithm} ${row.environment}: ${METHODS.map((method) => ((100 * raw[method]) / row[method]).toFixed(1)).join(" ")}`,
            ];
      });
    // 99.8 % of 99.1 would be 98.9, but the printed average of 97.2 was taken with 102.2.
    expect(odd).toEqual(["res 3m: 99.1 99.1 99.1 99.1 99.1 102.4"]);
  });
});

describe.each([
  ["table-6", burnIn],
  ["table-7", lambda],
  ["table-8", alphaOmega],
  ["table-9", bufferRatio],
  ["table-10", maskInterval],
] as const)("%s", (name, experiment) => {
  const [qmix, owQmix, average, ...more] = readPaperTable(name);
  const columns = Object.keys(qmix).filter((column) => column !== "algorithm");

  it("has a column for every setting of its experiment, and no other", () => {
    expect([qmix, owQmix, average].map(({ algorithm }) => algorithm)).toEqual(["qmix", "ow-qmix", "all"]);
    expect(more).toEqual([]);
    // Labels name the parameter as well: "λ = 0.8".
    const settings = experiment.configs("paper", 1).map((config) => experiment.label(config).split(" = ").at(-1));
    expect(settings.sort()).toEqual(columns.toSorted());
  });

  it("has averages that follow from its rows", () => {
    for (const column of columns)
      expect(
        Math.abs(mean([Number(qmix[column]), Number(owQmix[column])]) - Number(average[column])),
        column,
      ).toBeLessThanOrEqual(0.05 + 1e-9);
  });
});

it("rounds averages that lie half-way mostly down in Tables 6 to 10", () => {
  const halves = (["table-6", "table-7", "table-8", "table-9", "table-10"] as const).flatMap((name) => {
    const [qmix, owQmix, average] = readPaperTable(name);
    return Object.keys(qmix).flatMap((column) => {
      const excess = Number(average[column]) - (Number(qmix[column]) + Number(owQmix[column])) / 2;
      return Math.abs(Math.abs(excess) - 0.05) < 1e-9 ? [`${name} ${column}: ${excess > 0 ? "up" : "down"}`] : [];
    });
  });
  expect(halves.filter((half) => half.endsWith("down"))).toHaveLength(12);
  expect(halves.filter((half) => half.endsWith("up"))).toEqual(["table-6 50 %: up", "table-9 2 : 6: up"]);
});

describe("parsePaperTable", () => {
  it("reads any other table as it is: numbers where a whole column is, quoted commas, text", () => {
    expect(parsePaperTable('name,value,share\n"a, ""b""",0.6 or 0.8,1\n,1,0.25\n', "table-11")).toEqual([
      { name: 'a, "b"', value: "0.6 or 0.8", share: 1 },
      { name: "", value: "1", share: 0.25 },
    ]);
  });

  it("refuses what is no such table in one line", () => {
    expect(() => readPaperTable("table-99")).toThrow(/^There is no table "table-99" .*table-1, .*table-5/);
    expect(() => parsePaperTable("a,b\n1", "table-11")).toThrow("table-11.csv, row 2: 1 cells, but the header has 2.");
    expect(() => parsePaperTable("a,a\n1,2", "table-11")).toThrow("header is a,a");
    const [header, line] = [
      "algorithm,environment,sparsity,totalSize,trainFlops,inferenceFlops,tiny,ss,set,rigl,rlx2,mast",
      "qmix,3m,0.95,0.066,0.051,0.05,98.3,91.6,96,95.3,12.1,100.9",
    ];
    expect(parsePaperTable(`${header}\n${line}`, "table-1")).toHaveLength(1);
    expect(() => parsePaperTable(`${header}\n${line.replace("0.95", "95")}`, "table-1")).toThrow(
      /^table-1.csv, row 2, column "sparsity": 95; [^\n]+$/,
    );
    expect(() => parsePaperTable(`${header}\n${line.replace("98.3", "98.3%")}`, "table-1")).toThrow(
      'column "tiny": "98.3%"',
    );
    expect(() => parsePaperTable(`${header}\n${line.replace("qmix", "vdn")}`, "table-1")).toThrow(
      'column "algorithm": "vdn"',
    );
    const damaged = (from: string, to: string) => () =>
      parsePaperTable(`algorithm,0,0.2,0.4,0.6,0.8,1\nqmix,91.5,94.7,96.8,96.8,97.9,89.4`.replace(from, to), "table-7");
    expect(damaged("94.7", "94.7")()).toHaveLength(1);
    expect(damaged("94.7", "947")).toThrow('table-7.csv, row 2, column "0.2": 947;');
    expect(damaged("94.7", "94,7")).toThrow("table-7.csv, row 2: 8 cells, but the header has 7.");
    expect(damaged("0.2", "0.3")).toThrow('table-7.csv, row 2, column "0.2": undefined;');
    expect(damaged("qmix", "vdn")).toThrow('table-7.csv, row 2, column "algorithm": "vdn";');
    expect(() =>
      parsePaperTable("category,hyperparameter,symbol,value\nTD Targets,λ value in TD(λ),λ,", "table-2"),
    ).toThrow('table-2.csv, row 2, column "value": "";');
    expect(() => parsePaperTable("algorithm,category,hyperparameter,symbol,value\nvdn,a,b,c,d", "table-3")).toThrow(
      'table-3.csv, row 2, column "algorithm": "vdn";',
    );
  });
});
