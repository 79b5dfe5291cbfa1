import { LabError } from "../errors.js";
import type { RealGameLearning, RealGameRow } from "../figures/real-game.js";
import type { CsvRow } from "../results/csv.js";
import { publishedRows } from "./published.js";

/**
 * Reads the comparison of our battles with the real game's, as written by `npm run bench -- --real-game --csv
 * data/results/real-game.csv`.
 *
 * @param folder folder of the file. Default: the committed results
 * @throws {LabError} when the file does not exist
 */
export function realGameRows(folder?: string): RealGameRow[] {
  return rowsOf("real-game", folder).map(({ map, measure, here, real, target, met }) => ({
    map: String(map),
    measure: String(measure),
    here: numberOf(here),
    real: numberOf(real),
    target: String(target),
    met: met === "" ? undefined : met === "true",
  }));
}

/**
 * Reads how fast teams learn in the real game, from logs of others, and in our simulator as far as it was measured,
 * with the default settings of PyMARL's QMIX.
 *
 * @param folder folder of the file. Default: the committed results
 * @throws {LabError} when the file does not exist
 */
export function realGameLearning(folder?: string): RealGameLearning[] {
  return rowsOf("real-game-learning", folder).map((row) => ({
    map: String(row["map"]),
    game: row["game"] === "here" ? "here" : "StarCraft II",
    source: String(row["source"]),
    runs: numberOf(row["runs"]),
    half: numberOf(row["half"]),
    nineTenths: numberOf(row["nineTenths"]),
    winRates: new Map(
      Object.entries(row)
        .filter(([column, value]) => column.startsWith("at") && value !== "")
        .map(([column, value]): [number, number] => [Number(column.slice(2)), Number(value)])
        .sort(([a], [b]) => a - b),
    ),
  }));
}

function rowsOf(name: string, folder?: string): CsvRow[] {
  const rows = publishedRows(name, folder);
  if (rows.length === 0)
    throw new LabError(`There are no results ${name}.csv: the repository has them in data/results.`);
  return rows;
}

/** Reads a number; NaN for an empty cell. */
function numberOf(cell: string | number | undefined): number {
  return cell === "" || cell === undefined ? NaN : Number(cell);
}
