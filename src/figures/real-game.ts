import { LabError } from "../errors.js";
import { type Figure, round, shortSteps } from "./figure.js";
import { linePanels } from "./panels.js";
import type { Table } from "./table.js";

/**
 * Something that was measured in our simulator's battles and in those of the real game, StarCraft II; a row of
 * data/results/real-game.csv.
 */
export interface RealGameRow {
  /** Name of the map, for example "2s3z". */
  readonly map: string;
  /** The measured quantity, in words. */
  readonly measure: string;
  /** The value in our simulator's battles, in the unit that `measure` names. */
  readonly here: number;
  /** The value in the real game; NaN if it is not known. */
  readonly real: number;
  /** The distance within which the two had to be, in words; empty if they are only reported. */
  readonly target: string;
  /** Whether they are as near as that; undefined if they are only reported. */
  readonly met?: boolean;
}

/** The speed at which teams learn one map in one of the two games; a row of data/results/real-game-learning.csv. */
export interface RealGameLearning {
  /** Name of the map, for example "2s3z". */
  readonly map: string;
  /** Where the teams learned: in the real game, or "here", in our simulator. */
  readonly game: "StarCraft II" | "here";
  /** Who measured it: the name of a group of runs of the same origin. */
  readonly source: string;
  /** Number of runs, one a seed. */
  readonly runs: number;
  /**
   * Median over runs of the first environment step from which on three evaluations in a row average .5 or more; NaN
   * where no run came so far.
   */
  readonly half: number;
  /** The same step for a mean of .9. */
  readonly nineTenths: number;
  /** Median win rates, 0..1, by environment step, for the steps at which they were measured. */
  readonly winRates: ReadonlyMap<number, number>;
}

/** A network's row of the table: the steps of its training, and its win rates. */
interface NetworkRow extends RealGameRow {
  readonly steps: number;
}

const NETWORK = /^network of (\d+)k steps: win rate$/;
const right = (title: string) => ({ title, align: "right" as const });
const share = (value: number): string => (Number.isNaN(value) ? "" : value.toFixed(2));

function networksOf(rows: readonly RealGameRow[]): Map<string, NetworkRow[]> {
  const maps = new Map<string, NetworkRow[]>();
  for (const row of rows) {
    const steps = NETWORK.exec(row.measure)?.[1];
    if (steps === undefined) continue;
    const own = [...(maps.get(row.map) ?? []), { ...row, steps: 1000 * Number(steps) }];
    maps.set(
      row.map,
      own.sort((a, b) => a.steps - b.steps),
    );
  }
  if (maps.size === 0)
    throw new LabError('There is no network among the measurements: a row\'s measure begins with "network of".');
  return maps;
}

/**
 * A table of networks that were trained in the real game: how often each wins in our simulator and in the game, with a
 * row for each map, and their mean absolute difference.
 *
 * @throws {LabError} when no row is about a network
 */
export function realNetworkTable(rows: readonly RealGameRow[]): Table {
  const maps = networksOf(rows);
  const steps = [...new Set([...maps.values()].flatMap((own) => own.map((row) => row.steps)))].sort((a, b) => a - b);
  return {
    title: "Win rate in our simulator (in StarCraft II) of networks that were trained in StarCraft II",
    columns: [{ title: "Map" }, ...steps.map((at) => right(shortSteps(at))), right("Mean difference")],
    rows: [...maps].map(([map, own]) => [
      map,
      ...steps.map((at) => {
        const found = own.find((row) => row.steps === at);
        return found === undefined ? "" : `${share(found.here)} (${share(found.real)})`;
      }),
      share(meanOf(own.map(({ here, real }) => Math.abs(here - real)))),
    ]),
    note: "Columns: environment steps that a network was trained for.",
  };
}

/**
 * Draws the same as pictures, one a map: win rates over the steps of training, in our simulator and in the real game.
 *
 * @throws {LabError} when no row is about a network
 */
export function realNetworkFigure(rows: readonly RealGameRow[]): Figure {
  const panels = [...networksOf(rows)].map(([title, own]) => {
    const x = own.map(({ steps }) => steps);
    return {
      title,
      lines: [
        { ...LOOKS["StarCraft II"], x, y: own.map(({ real }) => round(real)) },
        { ...LOOKS.here, x, y: own.map(({ here }) => round(here)) },
      ],
    };
  });
  return linePanels(panels, {
    title: "Networks trained in StarCraft II, playing in both games",
    x: { title: "Steps of training in StarCraft II", format: "~s" },
    y: { title: "Win rate", format: ".0%", range: [-0.03, 1.05] },
  });
}

const LOOKS = {
  "StarCraft II": { label: "in StarCraft II", colour: "#7f7f7f", dash: "7px,4px", symbol: "square" },
  here: { label: "in our simulator", colour: "#D55E00", dash: "solid", symbol: "circle" },
} as const;

/** The kinds of evidence: a name, and a pattern of the measures that belong to it. */
const KINDS: readonly (readonly [string, RegExp])[] = [
  ["networks' win rates", /^networks?\b/],
  ["battles of the last network", /^last network/],
  ["recorded orders played again", / replayed: /],
  ["random play", /^random play/],
];

/**
 * A table of how many targets were met for each kind of evidence on each map, as "met of asked"; empty where nothing
 * was asked.
 *
 * @example
 * showTable(realTargetTable(rows));
 */
export function realTargetTable(rows: readonly RealGameRow[]): Table {
  const maps = [...new Set(rows.map(({ map }) => map))];
  const count = (some: readonly RealGameRow[]): string => {
    const asked = some.filter(({ met }) => met !== undefined);
    return asked.length === 0 ? "" : `${asked.filter(({ met }) => met).length} of ${asked.length}`;
  };
  const line = (name: string, some: readonly RealGameRow[]): string[] => [
    name,
    ...maps.map((map) => count(some.filter((row) => row.map === map))),
    count(some),
  ];
  return {
    title: "Targets met",
    columns: [{ title: "Evidence" }, ...maps.map(right), right("All")],
    rows: [
      ...KINDS.map(([name, kind]) =>
        line(
          name,
          rows.filter(({ measure }) => kind.test(measure)),
        ),
      ),
      line("all", rows),
    ],
  };
}

/**
 * A table of measurements, a row each: the values in our simulator and in the real game, how near they had to be, and
 * whether they are.
 *
 * @param kind pattern of the measures to show, such as /^random play/
 */
export function realEvidenceTable(rows: readonly RealGameRow[], kind: RegExp, title: string): Table {
  const number = (value: number): string => (Math.abs(value) >= 20 ? value.toFixed(1) : share(value));
  return {
    title,
    columns: [
      { title: "Map" },
      { title: "Measure" },
      right("Our simulator"),
      right("StarCraft II"),
      { title: "Target" },
      { title: "Met" },
    ],
    rows: rows
      .filter(({ measure }) => kind.test(measure))
      .map(({ map, measure, here, real, target, met }) => [
        map,
        measure,
        number(here),
        number(real),
        target,
        met === undefined ? "" : met ? "yes" : "no",
      ]),
  };
}

/** A table of how fast teams learn in both games, with a row for each group of runs. */
export function realLearningTable(groups: readonly RealGameLearning[]): Table {
  const steps = (value: number): string => (Number.isNaN(value) ? "not reached" : shortSteps(round(value, 3)));
  return {
    title: "Learning: first three evaluations in a row with a mean of",
    columns: [
      { title: "Map" },
      { title: "Game" },
      { title: "Source" },
      right("Runs"),
      right(".5 at step"),
      right(".9 at step"),
    ],
    rows: groups.map(({ map, game, source, runs, half, nineTenths }) => [
      map,
      game === "here" ? "our simulator" : game,
      source,
      String(runs),
      steps(half),
      steps(nineTenths),
    ]),
    note: "Medians over runs.",
  };
}

/**
 * Draws learning curves in both games: win rates over the steps of training, with one picture a map and one line a
 * group of runs.
 */
export function realLearningFigure(groups: readonly RealGameLearning[]): Figure {
  const maps = [...new Set(groups.map(({ map }) => map))];
  const panels = maps.map((title) => ({
    title,
    lines: groups
      .filter(({ map, winRates }) => map === title && winRates.size > 0)
      .map(({ game, winRates }) => ({
        ...LOOKS[game],
        x: [...winRates.keys()],
        y: [...winRates.values()].map((rate) => round(rate)),
      })),
  }));
  return linePanels(panels, {
    title: "QMIX learning in both games",
    x: { title: "Environment steps", format: "~s" },
    y: { title: "Test win rate", format: ".0%", range: [-0.03, 1.05] },
  });
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
