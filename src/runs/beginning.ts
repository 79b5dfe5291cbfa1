import type { Config } from "../config.js";
import type { TrainOptions } from "../training/options.js";
import { findAncestor } from "./extension.js";
import { directoryOf, hasCheckpoint, inspectRun } from "./store.js";
import { findTicketSource, readTicket } from "./ticket.js";
import { drawnAnew, readStart } from "./weights.js";

/** The folder of runs, if it is not the one that `runsDirectory` returns. */
interface Store {
  readonly runs?: string;
}

/**
 * Tells whether a run still needs data from elsewhere to begin: the topology of a ticket, weights, or the final state
 * of its ancestor. A run with a checkpoint has them already.
 */
export function needsSource(config: Config, store: Store): boolean {
  const { ticket, extend, from } = config;
  return (
    (ticket?.source !== undefined || extend !== undefined || from !== undefined) &&
    !hasCheckpoint(config, store) &&
    inspectRun(directoryOf(config, store)).state !== "complete"
  );
}

/**
 * Checks that the data a run begins with exists and fits.
 * @returns the folder of the run that it continues, if there is one
 * @throws {ConfigError} saying in one line what is missing or does not fit
 */
export function findSource(config: Config, store: Store): { readonly ancestor?: string } {
  // The data that its ancestor began with is part of the ancestor's checkpoint.
  const ancestor = findAncestor(config, store);
  if (ancestor !== undefined) return { ancestor: ancestor.directory };
  findTicketSource(config, store);
  readStart(config, store);
  return {};
}

/**
 * Reads the data that a new run takes from elsewhere.
 * @param onNote called with a line that names networks drawn at random because no weights were given for them
 */
export function readSource(
  config: Config,
  store: Store,
  onNote?: (line: string) => void,
): Pick<TrainOptions, "ticket" | "start"> {
  const [ticket, start] = [readTicket(config, store), readStart(config, store)];
  const drawn = start === undefined ? [] : drawnAnew(config, start);
  if (drawn.length > 0)
    onNote?.(`${config.from!.source} has no weights of the ${drawn.join(" and the ")}: drawn at random.`);
  return { ticket, start };
}
