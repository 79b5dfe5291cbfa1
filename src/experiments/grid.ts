import { type Config, type ConfigInput, mergeConfig, resolveConfig } from "../config.js";
import { type RunCurve, trainingCurves } from "../figures/curves.js";
import { type Figure, shortSteps } from "../figures/figure.js";
import { settingScores } from "../figures/settings.js";
import type { Table } from "../figures/table.js";
import type { Cell, CellStatistics } from "../results/cells.js";
import { mannWhitneyP, pText, SIGNIFICANT } from "../results/difference.js";
import { scoreStatistics, scoreText, summaryOf } from "../results/scores.js";
import { MEASURES, measureOf } from "../results/measure.js";
import { refuseDifference, unlessVaried } from "../results/seeds.js";
import { mean } from "../results/statistics.js";
import type { StoredRun } from "../runs/store.js";
import { declare, type Experiment, type Profile, PROFILES, type Reduction } from "./experiment.js";
import { scoreCurve } from "../analysis/curves.js";

/** One value of a varied setting: its name in tables, and its changes of the configuration. */
export interface Setting {
  /** Name of the value in tables and legends, for example "0.8". */
  readonly label: string;
  /** Fields of the configuration that the value sets. */
  readonly input: ConfigInput;
}

/** The rows or the columns of a grid: a setting that is varied. */
export interface Dimension {
  /** Name of the setting, with the paper's symbol: "λ". */
  readonly title: string;
  /**
   * Symbol that a legend writes before a value that says nothing by itself, such as "λ" for "λ = 0.8". Default: none.
   */
  readonly symbol?: string;
  /** The values in the order of rows or columns. */
  readonly settings: readonly Setting[];
}

/** The input, besides runs, of a table and a figure in the form of the paper's ablations. */
export interface GridPlan {
  /** Title of the table and the figure. */
  readonly title: string;
  /** Title of the rows. */
  readonly rows: string;
  /** Title of the columns. */
  readonly columns: string;
  /** See `Dimension.symbol`; of the columns. */
  readonly symbol?: string;
  /** Returns the cell of a run's configuration. */
  cell(config: Config): Cell;
  /** Returns the paper's value for a cell, in percent of its dense model. */
  paper?(cell: Cell): number | undefined;
  /** Source of the paper's numbers: "Table 7 (3s5z, 2M steps)". */
  readonly source?: string;
  /** Orders the columns from left to right. Default: the order of the runs. */
  order?(columns: readonly string[]): readonly string[];
}

/**
 * Declaration of a grid of runs: every setting of the rows is combined with every setting of the columns, with a run
 * for each seed.
 */
export interface GridDeclaration extends Pick<Experiment, "id" | "title" | "about" | "reproduces"> {
  /** The rows; a function can give fewer settings in a smaller profile. */
  readonly rows: Dimension | ((profile: Profile) => Dimension);
  /** The columns; a function can compute settings from the number of training steps. */
  readonly columns: Dimension | ((profile: Profile, steps: number) => Dimension);
  /** Tells which cells to leave out. */
  without?(cell: Cell): boolean;
  /** Budgets of the profiles, the same for every cell. */
  readonly budgets: Readonly<
    Record<
      Profile,
      ConfigInput & {
        /** Environment steps of each run. */
        readonly steps: number;
      }
    >
  >;
  /** Default number of runs in each cell; their seeds are 1, 2 and so on. */
  readonly seeds: Readonly<Record<Profile, number>>;
  /** Returns the paper's value for a cell, in percent of its dense model. */
  paper?(cell: Cell): number | undefined;
  /** Source of the paper's numbers: "Table 7 (3s5z, 2M steps)". */
  readonly source?: string;
  /** Draws further figures of the runs. */
  figures?(runs: readonly StoredRun[], label: (config: Config) => string): Readonly<Record<string, Figure>>;
}

/**
 * Declares an experiment as a grid. The setting of a configuration is recognised by the fields that it sets.
 *
 * @example
 * grid({
 *   id: "lambda",
 *   rows: { title: "Algorithm", settings: [{ label: "QMIX", input: {} }] },
 *   columns: { title: "λ", settings: ... },
 *   ...
 * });
 */
export function grid(declaration: GridDeclaration): Experiment {
  const { id, title, about, reproduces, budgets, seeds: usual, without } = declaration;
  const rows = (profile: Profile): Dimension =>
    typeof declaration.rows === "function" ? declaration.rows(profile) : declaration.rows;
  const columns = (profile: Profile, steps: number): Dimension =>
    typeof declaration.columns === "function" ? declaration.columns(profile, steps) : declaration.columns;
  // A configuration does not tell which profile it belongs to, so the settings of all profiles are searched.
  const anyRow = PROFILES.flatMap((profile) => rows(profile).settings);
  const anyColumn = (steps: number) => PROFILES.flatMap((profile) => columns(profile, steps).settings);
  const cell = (config: Config): Cell => ({
    row: settingOf(anyRow, config),
    column: settingOf(anyColumn(config.steps), config),
  });
  const several = new Set(anyRow.map((row) => row.label)).size > 1;
  const { symbol } = columns("paper", 1);
  const label = (config: Config): string => labelOf(cell(config), several, symbol);
  const { paper, source } = declaration;
  // The order of the columns does not depend on a row that lacks some of them.
  const order = (found: readonly string[]): readonly string[] => {
    const declared = PROFILES.map((profile) => columns(profile, 1).settings.map((setting) => setting.label)).find(
      (labels) => found.every((column) => labels.includes(column)),
    );
    return declared?.filter((column) => found.includes(column)) ?? found;
  };
  const plan: GridPlan = {
    title,
    rows: rows("paper").title,
    columns: columns("paper", 1).title,
    symbol,
    cell,
    order,
    paper,
    source,
  };
  return declare({
    id,
    title,
    about,
    label,
    reproduces,
    profile: "classroom",
    paper: (config) => paper?.(cell(config)),
    // Seed by seed, so that an interrupted experiment has every cell.
    configs: (profile, seeds = usual[profile], changes = {}): Config[] => {
      const { steps = budgets[profile].steps } = changes;
      const [down, across] = [rows(profile).settings, columns(profile, steps).settings];
      // A single row is not varied, so `changes` may replace its settings.
      const layers = (row: Setting): ConfigInput[] => (down.length > 1 ? [changes, row.input] : [row.input, changes]);
      const cells = down.flatMap((row) =>
        across
          .filter((column) => !without?.({ row: row.label, column: column.label }))
          .map((column) => [...layers(row), column.input]),
      );
      return Array.from({ length: seeds }, (_, i) => i + 1).flatMap((seed) =>
        cells.map((inputs) => resolveConfig([...inputs, { seed }].reduce(mergeConfig, budgets[profile]))),
      );
    },
    ...(several
      ? { place: (config: Config) => ({ panel: valueOf(cell(config), symbol), label: cell(config).row }) }
      : {}),
    reduce: (runs) => {
      if (runs.length > 0)
        refuseDifference(
          runs,
          `The runs of ${title}`,
          unlessVaried([...anyRow, ...anyColumn(runs[0].config.steps)].map(({ input }) => input)),
        );
      const reduction = reduceGrid(runs, plan);
      return { ...reduction, more: { ...reduction.more, ...declaration.figures?.(runs, label) } };
    },
  });
}

/**
 * Computes the statistics of a grid's cells, in the order of their first runs.
 *
 * @throws {Error} when the runs of a cell differ in more than the seed, naming the field; when a run is given twice or
 *   is not complete
 */
export function cellStatistics(
  runs: readonly StoredRun[],
  { cell, paper }: Pick<GridPlan, "cell" | "paper">,
): CellStatistics[] {
  const cells = new Map<string, StoredRun[]>();
  for (const run of runs) {
    const { row, column } = cell(run.config);
    const key = JSON.stringify({ row, column });
    cells.set(key, [...(cells.get(key) ?? []), run]);
  }
  const scores = new Map([...cells].map(([key, seeds]) => [key, seeds.map((run) => summaryOf(run).score)]));
  const pToBest = ({ row, column }: Cell): number => {
    const ofRow = [...scores].filter(([key]) => (JSON.parse(key) as Cell).row === row);
    const [best, bestScores] = ofRow.reduce((a, b) => (mean(b[1]) > mean(a[1]) ? b : a));
    return best === JSON.stringify({ row, column })
      ? NaN
      : mannWhitneyP(scores.get(JSON.stringify({ row, column }))!, bestScores);
  };
  return [...cells.values()].map((seeds) => {
    const { environment, rules, algorithm, method, sparsity, steps } = seeds[0].config;
    const place = cell(seeds[0].config);
    const printed = paper?.(place);
    const { commit, ...statistics } = scoreStatistics(seeds);
    return {
      ...place,
      environment,
      rules,
      algorithm,
      method,
      sparsity: sparsity.level,
      steps,
      ...statistics,
      pToBest: pToBest(place),
      // A field that is present becomes a column of the published table, even if it is undefined.
      ...(printed === undefined ? {} : { paper: printed }),
      commit,
    };
  });
}

/**
 * Reduces a grid's runs to the table of an ablation with the paper's numbers below ours, a figure of scores against the
 * columns, and training curves.
 */
export function reduceGrid(runs: readonly StoredRun[], plan: GridPlan): Reduction {
  const settings = cellStatistics(runs, plan);
  const rows = [...new Set(settings.map(({ row }) => row))];
  const { steps, environment } = runs[0].config;
  const label = (cell: Cell) => labelOf(cell, rows.length > 1, plan.symbol);
  const measure = measureOf(runs);
  const { axis: value, share } = MEASURES[measure];
  return {
    settings,
    table: gridTable(settings, plan, runs),
    figure: settingScores(
      settings.map((setting) => ({
        ...setting,
        scores: runs
          .filter(({ config }) => label(plan.cell(config)) === label(setting))
          .map((run) => summaryOf(run).score),
        ...(setting.paper === undefined ? {} : { paper: setting.paper / 100 }),
      })),
      { title: plan.title, axis: plan.columns, columns: columnsOf(settings, plan), measure },
    ),
    more: {
      curves: trainingCurves(
        runs.map((run) => placedCurve(run, plan.cell(run.config), rows.length > 1, plan.symbol)),
        { title: `${plan.title}: ${environment}, ${shortSteps(steps)} steps`, steps, value, share },
      ),
    },
  };
}

/** Places a curve in the panel of its column, named after its row. With a single row all columns share one panel. */
function placedCurve(run: StoredRun, cell: Cell, severalRows: boolean, symbol?: string): RunCurve {
  const value = valueOf(cell, symbol);
  return severalRows ? { ...scoreCurve(run, cell.row), panel: value } : scoreCurve(run, value);
}

function columnsOf(settings: readonly CellStatistics[], { order }: Pick<GridPlan, "order">): readonly string[] {
  const found = [...new Set(settings.map(({ column }) => column))];
  return order?.(found) ?? found;
}

/**
 * Makes a table in the form of the paper's: a column for each setting and, for each row, our mean, the interval, the
 * mean throughout training, and the paper's number.
 */
function gridTable(settings: readonly CellStatistics[], plan: GridPlan, runs: readonly StoredRun[]): Table {
  const rows = [...new Set(settings.map(({ row }) => row))];
  const columns = columnsOf(settings, plan);
  const line = (row: string, what: string, text: (cell: CellStatistics) => string): string[] => [
    ...(rows.length > 1 ? [row] : []),
    what,
    ...columns.map((column) =>
      settings
        .filter((cell) => cell.row === row && cell.column === column)
        .map(text)
        .join(),
    ),
  ];
  const { title, column: heading, share, number } = MEASURES[measureOf(runs)];
  const { sparsity } = runs[0].config;
  const environments = [...new Set(runs.map(({ config }) => config.environment))].join(" or ");
  const budgets = [...new Set(runs.map(({ config }) => config.steps.toLocaleString("en")))].join(" or ");
  const levels = [...new Set(runs.map(({ config }) => config.sparsity.level).filter((level) => level > 0))].map(
    (level) => Number((100 * level).toFixed(1)),
  );
  const seeds = [...new Set(settings.map((cell) => cell.seeds))].sort((a, b) => a - b).join(" or ");
  return {
    title: `${plan.title}: ${environments}${levels.length === 1 && sparsity.level > 0 ? `, ${levels[0]} % sparse` : ""}, ${budgets} steps, ${seeds} seed${seeds === "1" ? "" : "s"}`,
    columns: [
      ...(rows.length > 1 ? [{ title: plan.rows }] : []),
      { title: plan.columns },
      ...columns.map((title) => ({ title, align: "right" as const })),
    ],
    rows: rows.flatMap((row) => [
      // Seeds are missing if their runs failed or are not complete.
      ...(seeds.includes("or") ? [line(row, "Seeds", (cell) => String(cell.seeds))] : []),
      line(row, heading, ({ mean, deviation, seeds: n }) =>
        n > 1 ? `${number(mean)} ± ${number(deviation)}` : number(mean),
      ),
      line(
        row,
        "IQM [95 % interval]",
        ({ iqm, iqmLow, iqmHigh }) => `${number(iqm)} [${number(iqmLow)}, ${number(iqmHigh)}]`,
      ),
      line(row, `Throughout training${share ? ", %" : ""}`, ({ throughout }) => number(throughout)),
      ...(settings.some((cell) => cell.row === row && cell.paper !== undefined)
        ? [line(row, "Paper, % of dense", ({ paper }) => (paper === undefined ? "" : paper.toFixed(1)))]
        : []),
    ]),
    note: [
      `${title}: ${scoreText(runs)}, ± standard deviation over seeds; IQM: interquartile mean with a bootstrap interval.`,
      ...toldApart(settings, rows.length > 1, plan.symbol),
      "Throughout training: mean of all evaluations; of two settings that end alike, the one that learns sooner has more.",
      ...(plan.source === undefined ? [] : [`Paper: ${plan.source}.`]),
    ].join(" "),
  };
}

/**
 * Names the cells that score significantly less than the best of their row, in a sentence; nothing if there is nothing
 * to compare.
 */
function toldApart(settings: readonly CellStatistics[], severalRows: boolean, symbol?: string): string[] {
  const others = settings.filter(({ pToBest }) => !Number.isNaN(pToBest));
  if (others.length === 0 || settings.every(({ seeds }) => seeds === 1)) return [];
  const apart = others
    .filter(({ pToBest }) => pToBest < SIGNIFICANT)
    .map((cell) => `${labelOf(cell, severalRows, symbol)} (p = ${pText(cell.pToBest)})`);
  const where = severalRows ? "of its row" : "of all";
  return [
    apart.length === 0
      ? `By Mann and Whitney's test no setting can be told from the one with the highest mean ${where} (p > ${SIGNIFICANT}).`
      : `Told from the setting with the highest mean ${where} by Mann and Whitney's test: ${apart.join(", ")}${apart.length < others.length ? "; the others cannot be" : ""}${others.length > 1 ? ` (${others.length} tests, of which one in ${Math.round(1 / SIGNIFICANT)} says so by chance)` : ""}.`,
  ];
}

/** Returns the name of a cell among others, without the row if there is only one. */
function labelOf(cell: Cell, severalRows: boolean, symbol?: string): string {
  return severalRows ? `${cell.row}, ${valueOf(cell, symbol)}` : valueOf(cell, symbol);
}

/** Returns the value of a cell's column, with the name of its parameter: "λ = 0.8". */
function valueOf({ column }: Cell, symbol?: string): string {
  return symbol === undefined ? column : `${symbol} = ${column}`;
}

/** Finds the setting of a configuration: the one whose fields it has, and of several the one with the most fields. */
function settingOf(settings: readonly Setting[], config: Config): string {
  const fitting = settings
    .filter(({ input }) => holds(config, input))
    .sort((a, b) => fieldCount(b.input) - fieldCount(a.input));
  return fitting[0]?.label ?? "other";
}

function holds(config: unknown, input: unknown): boolean {
  if (typeof input !== "object" || input === null) return config === input;
  return Object.entries(input).every(
    ([key, value]) =>
      value === undefined ||
      (typeof config === "object" && config !== null && holds((config as Record<string, unknown>)[key], value)),
  );
}

function fieldCount(input: unknown): number {
  return typeof input === "object" && input !== null
    ? Object.values(input).reduce<number>((sum, value) => sum + fieldCount(value), 0)
    : 1;
}
