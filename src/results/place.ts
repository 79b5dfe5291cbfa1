import { join, resolve } from "node:path";
import { packageRoot, workFolder } from "../node/project.js";

/** The folders to which results are written. */
export interface ResultsPlace {
  /** The folder of tables, as CSV. */
  readonly tables: string;
  /** The folder of figures. */
  readonly figures: string;
}

/** Advice for the case that results cannot be written. */
export const RESULTS_ADVICE = "choose another folder with --results or MAST_RESULTS";

/**
 * Returns the folders for a person's own results: the argument, or the environment variable MAST_RESULTS (a relative
 * path starts from the project's folder), or the project's data/own, which git ignores. Tables and figures are in the
 * same folder. MAST_PUBLISH=1, which `npm run notebooks -- --publish` sets, selects the committed results.
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

/** Returns the folders of the project's committed results, data/results and figures. */
export function committedResults(): ResultsPlace {
  return { tables: join(packageRoot(), "data", "results"), figures: join(packageRoot(), "figures") };
}

/**
 * Returns the path of one of a person's own figures, for `saveFigure`.
 * @param name file name without an ending
 */
export function figurePath(name: string): string {
  return join(resultsPlace().figures, name);
}
