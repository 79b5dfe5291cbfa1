import { join, resolve } from "node:path";
import { packageRoot, workFolder } from "../node/project.js";

/** Where results go. */
export interface ResultsPlace {
  /** The folder of tables, as CSV. */
  readonly tables: string;
  /** The folder of figures. */
  readonly figures: string;
}

/** What to do when results cannot be written. */
export const RESULTS_ADVICE = "choose another folder with --results or MAST_RESULTS";

/**
 * Where a person's own results go: the argument, or the environment variable MAST_RESULTS (a relative one is in the
 * project's folder), or the project's data/own, which git passes over. Tables and figures lie in it side by side.
 * MAST_PUBLISH=1, which `npm run notebooks -- --publish` sets, means the committed ones.
 *
 * @example await saveFigure(figure, join(resultsPlace().figures, "mine"));
 */
export function resultsPlace(results?: string): ResultsPlace {
  if (results === undefined && process.env["MAST_PUBLISH"] === "1") return committedResults();
  const folder =
    results !== undefined && results !== ""
      ? resolve(results)
      : resolve(workFolder(), process.env["MAST_RESULTS"] || join("data", "own"));
  return { tables: folder, figures: folder };
}

/** The project's committed results, in data/results and figures. */
export function committedResults(): ResultsPlace {
  return { tables: join(packageRoot(), "data", "results"), figures: join(packageRoot(), "figures") };
}

/**
 * Path of one of a person's own figures, for `saveFigure`.
 * @param name without an ending
 */
export function figurePath(name: string): string {
  return join(resultsPlace().figures, name);
}
