import { LabError } from "../errors.js";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { packageRoot } from "../node/project.js";
import type { PaperAlgorithm, PaperMethod } from "../methods.js";
import { type CsvRow, parseCsv } from "./csv.js";

/**
 * The common fields of rows of Tables 1 and 5: an algorithm in an environment, or a mean over environments ("average").
 */
interface ComparedRow {
  /** Name of the algorithm: "ow-qmix" is the paper's WQ-MIX, "all" a mean over the algorithms. */
  readonly algorithm: PaperAlgorithm | "all";
  readonly environment: string;
}

/** A method that the paper compares with dense training. */
export type ComparedMethod = Exclude<PaperMethod, "dense">;

/** A row of Table 1. Sizes and FLOPs are shares of the dense model's; win rates are percent of the dense model's. */
export interface ComparisonRow extends ComparedRow, Readonly<Record<ComparedMethod, number>> {
  readonly sparsity: number;
  readonly totalSize: number;
  readonly trainFlops: number;
  readonly inferenceFlops: number;
}

/** A row of Table 5: win rates in percent, with their standard deviations. */
export interface WinRateRow
  extends ComparedRow, Readonly<Record<ComparedMethod | `${ComparedMethod}Deviation`, number>> {}

/** A row of Table 2 or 3: a hyperparameter as it is printed, with `symbol` and unit as text, "" where there is none. */
export interface HyperparameterRow {
  readonly category: string;
  readonly hyperparameter: string;
  readonly symbol: string;
  /** The printed value, such as "5×10^3 episodes", "3/8 of total training steps" or "0.6 or 0.8". */
  readonly value: string;
}

/** A row of Table 3. */
export interface AlgorithmHyperparameterRow extends HyperparameterRow {
  /** Name of the algorithm, or "shared" for all three. */
  readonly algorithm: "shared" | "qmix" | "ow-qmix" | "res";
}

/** The ablations of MAST. */
export type AblationTable = "table-6" | "table-7" | "table-8" | "table-9" | "table-10";

/**
 * A row of an ablation: percent of the dense model's win rate, by the label of the setting, such as "0.8" or "6 : 2".
 */
export interface AblationRow {
  /** Name of the algorithm: "qmix" is the paper's "QMIX / RES", "all" the mean of the other two. */
  readonly algorithm: "qmix" | "ow-qmix" | "all";
  readonly [setting: string]: string | number;
}

/** A row of any other table: its cells by column, as numbers if the whole column holds numbers. */
export type PaperRow = CsvRow;

const compared = { algorithm: z.enum(["qmix", "ow-qmix", "res", "all"]), environment: z.string().min(1) };
const share = z.number().min(0).max(1);
const percent = z.number().min(0).max(200);
const winRates = { tiny: percent, ss: percent, set: percent, rigl: percent, rlx2: percent, mast: percent };
const deviations = {
  tinyDeviation: percent,
  ssDeviation: percent,
  setDeviation: percent,
  riglDeviation: percent,
  rlx2Deviation: percent,
  mastDeviation: percent,
};

const text = z.string().min(1);
const hyperparameter = { category: text, hyperparameter: text, symbol: z.string(), value: text };
const ablation = (...settings: string[]) =>
  z.strictObject({
    algorithm: z.enum(["qmix", "ow-qmix", "all"]),
    ...Object.fromEntries(settings.map((setting) => [setting, percent])),
  });

/** Schemas of the tables whose columns are known; any other table is read as it is. */
const SCHEMAS: Readonly<Record<string, z.ZodType>> = {
  "table-1": z.strictObject({
    ...compared,
    sparsity: share,
    totalSize: share,
    trainFlops: share,
    inferenceFlops: share,
    ...winRates,
  }),
  "table-2": z.strictObject(hyperparameter),
  "table-3": z.strictObject({ algorithm: z.enum(["shared", "qmix", "ow-qmix", "res"]), ...hyperparameter }),
  "table-5": z.strictObject({ ...compared, ...winRates, ...deviations }),
  "table-6": ablation("0 %", "22.5 %", "37.5 %", "50 %", "75 %", "100 %"),
  "table-7": ablation("0", "0.2", "0.4", "0.6", "0.8", "1"),
  "table-8": ablation("1, 10", "5, 5", "5, 10", "10, 5", "10, 10"),
  "table-9": ablation("8 : 0", "6 : 2", "5 : 3", "3 : 5", "2 : 6", "0 : 8"),
  "table-10": ablation("20", "100", "200", "1000", "2000"),
};

/**
 * Reads a table of the paper, as it was printed, from data/paper/.
 *
 * @param name "table-1", "table-5" or any other file in that folder, without its ending
 * @throws {Error} when there is no such table, or a cell does not fit its column, naming row and column
 * @example
 * const row = readPaperTable("table-1").find((r) => r.algorithm === "qmix" && r.environment === "3m");
 * row?.totalSize; // 0.066
 */
export function readPaperTable(name: "table-1"): ComparisonRow[];
export function readPaperTable(name: "table-2"): HyperparameterRow[];
export function readPaperTable(name: "table-3"): AlgorithmHyperparameterRow[];
export function readPaperTable(name: "table-5"): WinRateRow[];
export function readPaperTable(name: AblationTable): AblationRow[];
export function readPaperTable(name: string): PaperRow[];
export function readPaperTable(
  name: string,
): readonly (ComparisonRow | WinRateRow | HyperparameterRow | AblationRow | PaperRow)[] {
  const folder = join(packageRoot(), "data", "paper");
  const tables = readdirSync(folder)
    .flatMap((file) => (file.endsWith(".csv") ? [file.slice(0, -".csv".length)] : []))
    .sort();
  if (!tables.includes(name))
    throw new LabError(`There is no table "${name}" of the paper in ${folder}; there are: ${tables.join(", ")}.`);
  return parsePaperTable(readFileSync(join(folder, `${name}.csv`), "utf8"), name);
}

/** Parses the rows of a table's text; see `readPaperTable`. */
export function parsePaperTable(text: string, name: string): PaperRow[] {
  const rows = parseCsv(text, `${name}.csv`);
  rows.forEach((row, i) => {
    const issue = SCHEMAS[name]?.safeParse(row).error?.issues[0];
    if (issue)
      throw new LabError(
        `${name}.csv, row ${i + 2}, column "${issue.path.join(".")}": ${JSON.stringify(row[String(issue.path[0])])}; ${issue.message}`,
      );
  });
  return rows;
}
