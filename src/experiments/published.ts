import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../node/project.js";
import type { Table } from "../figures/table.js";
import { type CsvRow, parseCsv } from "../results/csv.js";
import type { Experiment } from "./experiment.js";

/** Where published results lie. */
const RESULTS = join(packageRoot(), "data", "results");

/** The rows that an experiment has published under a name, see `publishResults`; none where it was not run. */
export function publishedRows(name: string, folder = RESULTS): CsvRow[] {
  const path = join(folder, `${name}.csv`);
  return existsSync(path) ? parseCsv(readFileSync(path, "utf8"), path) : [];
}

/**
 * What ablations with the same settings have published, together in the form of the paper's table: for each of them our win rates and the paper's numbers.
 *
 * @param experiments such as `lambda` and `lambdaOwQmix`; one that was not run is left out
 * @throws {Error} when none of them was run, naming them
 * @example
 * showTable(publishedAblation([lambda, lambdaOwQmix])); // Table 7
 */
export function publishedAblation(experiments: readonly Pick<Experiment, "id" | "title">[], folder = RESULTS): Table {
  const blocks = experiments.map(({ id }) => publishedRows(`${id}-settings`, folder)).filter((block) => block.length > 0);
  if (blocks.length === 0) throw new Error(`None of ${experiments.map(({ id }) => id).join(", ")} was run: \`npx mast experiment run ${experiments[0].id}\` does it.`);
  const columns = blocks[0].map((cell) => String(cell["column"]));
  const percent = (value: string | number): string => (typeof value === "number" ? (100 * value).toFixed(1) : "");
  const line = (block: readonly CsvRow[], what: string, text: (cell: CsvRow) => string): string[] => [
    String(block[0]["row"]), what, ...columns.map((column) => block.filter((cell) => String(cell["column"]) === column).map(text).join()),
  ];
  return {
    title: experiments[0].title,
    columns: [{ title: "Algorithm" }, { title: "" }, ...columns.map((title) => ({ title, align: "right" as const }))],
    rows: blocks.flatMap((block) => [
      line(block, `Win rate, % (${block[0]["seeds"]} seeds)`, (cell) => `${percent(cell["mean"])} ± ${percent(cell["deviation"])}`),
      line(block, "Throughout training, %", (cell) => percent(cell["throughout"])),
      line(block, "Paper, % of dense", ({ paper }) => (typeof paper === "number" ? paper.toFixed(1) : "")),
    ]),
    note: "Win rate: mean ± standard deviation over seeds, from data/results.",
  };
}
