import { LabError } from "../errors.js";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { readNamedFile } from "../node/files.js";
import { committedResults, resultsPlace } from "../results/place.js";
import type { Table } from "../figures/table.js";
import type { DataFrame } from "danfojs-node";
import { type CsvRow, parseCsv } from "../results/csv.js";
import { rowsFrame } from "../results/frame.js";
import { curvesByRun, keptRun } from "../results/kept-runs.js";
import { runName, type StoredRun } from "../runs/store.js";
import type { Experiment, Profile } from "./experiment.js";

/** Folders of published results: the committed ones, and otherwise a person's own. */
const published = (): string[] => [committedResults().tables, resultsPlace().tables];

/**
 * Reads the rows that an experiment has published under a name, see `publishResults`; none if it was not run.
 * @throws {Error} naming the file when it is damaged
 */
export function publishedRows(name: string, folder?: string): CsvRow[] {
  const path = (folder === undefined ? published() : [folder])
    .map((folder) => join(folder, `${name}.csv`))
    .find((path) => existsSync(path));
  return path === undefined ? [] : parseCsv(readNamedFile(path, "the results"), path);
}

/**
 * Reads these rows as a danfojs frame, to group, join and describe them with danfojs.
 *
 * @throws {LabError} when the experiment was not run, naming it
 * @example
 * const frame = await publishedFrame("comparison-3m");
 * frame.groupby(["method"]).col(["score"]).mean().print();
 */
export async function publishedFrame(name: string, folder?: string): Promise<DataFrame> {
  const rows = publishedRows(name, folder);
  if (rows.length === 0)
    throw new LabError(
      `There are no results ${name}.csv; \`npx mast experiment list\` names the experiments, and \`npx mast experiment run ID\` makes theirs.`,
    );
  return rowsFrame(rows);
}

/**
 * Reads the runs that an experiment has published as if they were in the run store, with configurations, scores and
 * evaluations. They have no folders, masks and weights, and the numbers of their updates and training episodes are NaN,
 * since the tables do not have these.
 *
 * @param profile profile whose tables are read. Default: the experiment's
 * @returns the runs in the order of their declaration
 * @throws {LabError} when nothing is published, when the tables do not belong together, or when their runs are not
 *   those that the experiment declares today, for example because they were trained under other rules of battle
 * @example showTable(comparison3m.reduce(publishedRuns(comparison3m)).table);
 */
export function publishedRuns(
  experiment: Experiment,
  profile: Profile = experiment.profile,
  folder?: string,
): StoredRun[] {
  const { id } = experiment;
  const ending = profile === experiment.profile ? "" : `-${profile}`;
  const command = `\`npx mast experiment run ${id}${ending === "" ? "" : ` --profile ${profile}`}\``;
  const [name, curveName] = [`${id}${ending}`, `${id}-evaluations${ending}`];
  const rows = publishedRows(name, folder);
  const curves = curvesByRun(publishedRows(curveName, folder));
  if (rows.length === 0 || curves.size === 0)
    throw new LabError(`No runs of ${id} are published with their curves: ${command} trains and publishes them.`);
  // Both tables were written from one list of runs.
  const names = [...curves.keys()];
  if (names.length !== rows.length)
    throw new LabError(
      `${name}.csv has ${rows.length} runs and ${curveName}.csv has ${names.length}: take both tables from the same commit.`,
    );
  const kept = {
    rows: new Map(
      names.map((run, i) => [run, { ...rows[i], trained: curves.get(run)!.at(-1)!["step"], finished: "" }]),
    ),
    evaluations: curves,
  };
  const declared = experiment.configs(profile, Math.max(...rows.map(({ seed }) => Number(seed))));
  const runs = declared.flatMap((config) => keptRun(config, kept, `${name}.csv`) ?? []);
  if (runs.length !== names.length) {
    const known = new Set(declared.map(runName));
    throw new LabError(
      `${name}.csv has runs that ${id} does not declare today, such as ${names.find((run) => !known.has(run))}: ${command} trains and publishes those of today.`,
    );
  }
  return runs;
}

/**
 * Makes one table, in the form of the paper's, of the published results of ablations with the same settings: for each
 * of them our win rates and the paper's numbers.
 *
 * @param experiments the ablations, such as `lambda` and `lambdaOwQmix`; those that were not run are left out
 * @throws {Error} when none of them was run, naming them
 * @example showTable(publishedAblation([lambda, lambdaOwQmix])); // Table 7
 */
export function publishedAblation(experiments: readonly Pick<Experiment, "id" | "title">[], folder?: string): Table {
  const blocks = experiments
    .map(({ id }) => publishedRows(`${id}-settings`, folder))
    .filter((block) => block.length > 0);
  if (blocks.length === 0)
    throw new LabError(
      `None of ${experiments.map(({ id }) => id).join(", ")} was run: \`npx mast experiment run ${experiments[0].id}\` does it.`,
    );
  const columns = blocks[0].map((cell) => String(cell["column"]));
  const percent = (value: string | number): string => (typeof value === "number" ? (100 * value).toFixed(1) : "");
  const line = (block: readonly CsvRow[], what: string, text: (cell: CsvRow) => string): string[] => [
    String(block[0]["row"]),
    what,
    ...columns.map((column) =>
      block
        .filter((cell) => String(cell["column"]) === column)
        .map(text)
        .join(),
    ),
  ];
  return {
    title: experiments[0].title,
    columns: [{ title: "Algorithm" }, { title: "" }, ...columns.map((title) => ({ title, align: "right" as const }))],
    rows: blocks.flatMap((block) => [
      line(
        block,
        `Win rate, % (${block[0]["seeds"]} seeds)`,
        (cell) => `${percent(cell["mean"])} ± ${percent(cell["deviation"])}`,
      ),
      line(block, "Throughout training, %", (cell) => percent(cell["throughout"])),
      line(block, "Paper, % of dense", ({ paper }) => (typeof paper === "number" ? paper.toFixed(1) : "")),
    ]),
    note: `Win rate: mean ± standard deviation over seeds, from data/results.${evaluationsNote(blocks.flat())}`,
  };
}

/** Describes how many evaluations published scores average, if that was kept. */
export function evaluationsNote(rows: readonly CsvRow[]): string {
  const counts = [...new Set(rows.map((row) => row["evaluations"]).filter((count) => typeof count === "number"))].sort(
    (a, b) => a - b,
  );
  return counts.length === 0
    ? ""
    : ` A score is the mean of the last ${counts.join(" or ")} evaluation${counts.join() === "1" ? "" : "s"} of a run.`;
}
