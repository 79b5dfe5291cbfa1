import type { Config } from "../config.js";
import type { TrainOptions } from "../training/train.js";
import { findAncestor } from "./extension.js";
import { directoryOf, hasCheckpoint, inspectRun } from "./store.js";
import { findTicketSource, readTicket } from "./ticket.js";
import { drawnAnew, readStart } from "./weights.js";

/** Where runs are, if not where `runsDirectory` says. */
interface Store {
  readonly runs?: string;
}

/**
 * Whether a run has yet to take what it begins with from elsewhere: topology of a ticket, weights, or all that its
 * ancestor ended with. A checkpoint holds it.
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
 * Makes sure that what a run begins with is there and fits.
 * @returns the folder of the run that it goes on with, if so
 * @throws {ConfigError} in one line
 */
export function findSource(config: Config, store: Store): { readonly ancestor?: string } {
  // What its ancestor began with is in the ancestor's checkpoint.
  const ancestor = findAncestor(config, store);
  if (ancestor !== undefined) return { ancestor: ancestor.directory };
  findTicketSource(config, store);
  readStart(config, store);
  return {};
}

/**
 * What a new run takes from elsewhere.
 * @param onNote hears what of it is drawn at random all the same
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
  return { ...(ticket && { ticket }), ...(start && { start }) };
}
