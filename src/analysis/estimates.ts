import type { Config } from "../config.js";
import type { Table } from "../figures/table.js";
import { summaryOf } from "../results/scores.js";
import { requireSeeds } from "../results/seeds.js";
import { mean, standardDeviation } from "../results/statistics.js";
import type { StoredRun } from "../runs/store.js";

/** Settings of `estimateTable`. */
export interface EstimateTableOptions {
  /** Line above the table. Default: none. */
  readonly title?: string;
  /** Title of the column of settings. Default: "Setting". */
  readonly settings?: string;
  /** Environment steps from which evaluations count. Default: the second half of the training. */
  readonly from?: number;
}

/**
 * Compares the values that runs estimate with the returns that they get: the mean Q_tot of the joint actions in their
 * evaluations, the mean discounted return from the same steps, and the difference, which is the bias of Theorem 3.2 as
 * measured in a run; above 0 it is overestimation. There is a row for each setting, with mean and standard deviation
 * over its seeds.
 *
 * @throws {Error} when a run is not complete, naming it; when runs of one label differ in more than the seed, naming
 *   the field
 * @example showTable(estimateTable(runs, operatorComparison.label, { settings: "Operator" }));
 */
export function estimateTable(
  runs: readonly StoredRun[],
  label: (config: Config) => string,
  options: EstimateTableOptions = {},
): Table {
  const { title, settings = "Setting", from } = options;
  const values = runs.map((run) => {
    summaryOf(run);
    const start = from ?? run.config.steps / 2;
    const evaluations = run.metrics.filter(({ kind, step }) => kind === "evaluation" && step >= start);
    const [estimated, real] = [
      mean(evaluations.map(({ estimatedValue }) => estimatedValue)),
      mean(evaluations.map(({ trueValue }) => trueValue)),
    ];
    const above = mean(
      evaluations.map(({ estimatedValue, trueValue }) =>
        Number.isNaN(estimatedValue - trueValue) ? NaN : Number(estimatedValue > trueValue),
      ),
    );
    return { setting: label(run.config), estimated, real, bias: estimated - real, above };
  });
  const names = [...new Set(values.map(({ setting }) => setting))];
  for (const name of names)
    requireSeeds(
      runs.filter(({ config }) => label(config) === name),
      `These runs of "${name}"`,
    );
  const spread = (numbers: readonly number[], sign = false): string =>
    `${sign && mean(numbers) > 0 ? "+" : ""}${mean(numbers).toFixed(2)}${numbers.length > 1 ? ` ± ${standardDeviation(numbers).toFixed(2)}` : ""}`;
  return {
    title,
    columns: [
      { title: settings },
      ...["Seeds", "Estimated value", "True value", "Estimated less true", "Evaluations above the true value"].map(
        (name) => ({ title: name, align: "right" as const }),
      ),
    ],
    rows: names.map((name) => {
      const own = values.filter(({ setting }) => setting === name);
      return [
        name,
        String(own.length),
        spread(own.map(({ estimated }) => estimated)),
        spread(own.map(({ real }) => real)),
        spread(
          own.map(({ bias }) => bias),
          true,
        ),
        `${(100 * mean(own.map(({ above }) => above))).toFixed(0)} %`,
      ];
    }),
    note: `Means over the evaluations ${from === undefined ? "in the second half of the training" : `from step ${from.toLocaleString("en")} on`}, ± standard deviation over seeds.`,
  };
}
