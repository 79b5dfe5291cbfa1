import type { Table } from "../figures/table.js";
import { algorithmTitle, methodTitle, METHODS } from "../methods.js";
import type { CsvRow } from "../results/csv.js";
import { methodStatistics } from "../results/methods.js";
import { readPaperTable } from "../results/paper.js";
import { COMPARISONS } from "./comparative.js";
import { paperBudgetRuns } from "./budgets.js";
import { evaluationsNote, publishedRows } from "./published.js";

/**
 * Makes Table 1 from our runs: for each row whose comparison has published results, the win rates of all methods in
 * percent of the dense team's, with the paper's numbers in brackets; for the other rows the paper's numbers only.
 *
 * @param profile the budget: "classroom" for the results of `mast experiment run`, or "paper" for as many seeds as are
 *   in the tables of `npm run campaign -- paper`
 * @param folder folder of the results. Default: data/results
 * @example showTable(tableOne("paper"));
 */
export function tableOne(profile: "classroom" | "paper" = "classroom", folder?: string): Table {
  const compared = METHODS.filter((method) => method !== "dense");
  const percent = (share: unknown, digits: number): string =>
    typeof share === "number" && Number.isFinite(share) ? (100 * share).toFixed(digits) : "";
  const kept = profile === "paper" ? paperBudgetRuns(COMPARISONS, folder) : [];
  const statistics = (id: string, environment: string, algorithm: string): readonly CsvRow[] => {
    if (profile === "classroom") return publishedRows(`${id}-methods`, folder);
    const runs = kept.filter(({ config }) => config.environment === environment && config.algorithm === algorithm);
    return runs.length === 0 ? [] : methodStatistics(runs).map((row): CsvRow => ({ ...row }));
  };
  const trained: CsvRow[] = [];
  const rows = readPaperTable("table-1").flatMap(({ algorithm, environment, ...paper }) => {
    if (algorithm === "all" || environment === "average") return [];
    const id = `comparison-${environment}${algorithm === "qmix" ? "" : `-${algorithm}`}`;
    const ours = new Map(statistics(id, environment, algorithm).map((row) => [String(row["method"]), row]));
    trained.push(...ours.values());
    const dense = ours.get("dense");
    const level = percent(ours.get("mast")?.["sparsity"], 0);
    return [
      [
        algorithmTitle(algorithm),
        environment,
        level === "" || Number(level) === 100 * paper.sparsity
          ? percent(paper.sparsity, 0)
          : `${level} (${percent(paper.sparsity, 0)})`,
        // A campaign that is still running has more seeds of some methods.
        [...new Set([...ours.values()].map((row) => Number(row["seeds"])))].sort((a, b) => a - b).join(" or "),
        percent(dense?.["mean"], 1),
        ...compared.map((method) =>
          [percent(ours.get(method)?.["relativeToDense"], 1), `(${paper[method].toFixed(1)})`].join(" ").trim(),
        ),
      ],
    ];
  });
  return {
    title: "Table 1: win rates in percent of the dense team's, ours and (the paper's)",
    columns: [
      { title: "Algorithm" },
      { title: "Map" },
      ...["Sparsity, %", "Seeds", "Dense wins, %", ...compared.map((method) => methodTitle(method))].map((title) => ({
        title,
        align: "right" as const,
      })),
    ],
    rows,
    note: `Ours: ${profile === "paper" ? "the paper's budget" : `the ${profile} budgets`} of the comparison experiments, where they were run; the paper's: 2,000,000 steps and 8 seeds.${evaluationsNote(trained)}`,
  };
}
