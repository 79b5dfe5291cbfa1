import { type Config, ConfigError } from "../config.js";
import { findRun, readRun, readRunCheckpoint, type StoredRun } from "./store.js";
import type { Ticket } from "../training/networks.js";
import { tensorsOf } from "../training/state.js";

/**
 * Reads the source of a winning or cheating ticket from the run store: the masks and weights with which that run ended.
 *
 * @returns undefined for a config without such a ticket
 * @throws {ConfigError} when the source does not exist, is not complete, or was trained with other networks
 * @example
 * const config = resolveConfig({
 *   environment: "3m",
 *   ticket: { kind: "winning", source: "3m-qmix-mast-95-2M-seed1-54f3305c" },
 * });
 * for await (const record of train(config, { ticket: readTicket(config) })) console.log(record);
 */
export function readTicket(config: Config, options: { readonly runs?: string } = {}): Ticket | undefined {
  const source = findTicketSource(config, options);
  if (source === undefined) return undefined;
  const { masks, tensors } = readRunCheckpoint(source.directory).state;
  return { masks, parameters: tensorsOf(tensors, "online") };
}

/**
 * Finds the run that a winning or cheating ticket comes from; undefined for a config without such a ticket.
 * @throws {ConfigError} see `readTicket`
 */
export function findTicketSource(config: Config, options: { readonly runs?: string } = {}): StoredRun | undefined {
  const name = config.ticket?.source;
  if (name === undefined) return undefined;
  const refuse = (why: string): never => {
    throw new ConfigError(`config: ticket.source is "${name}", ${why}`);
  };
  let run: StoredRun;
  try {
    run = readRun(findRun(name, options));
  } catch (error) {
    return refuse(`which cannot be read: ${(error as Error).message}`);
  }
  // A short name may later match another run, and the ticket would change.
  if (run.name !== name) refuse(`which is short for ${run.name}: give the whole name`);
  if (run.state !== "complete")
    refuse(
      `which is ${run.state} at step ${run.step.toLocaleString("en")} of ${run.config.steps.toLocaleString("en")}: train it to its end first`,
    );
  checkTicketSource(config, run.config);
  return run;
}

/**
 * Checks that a ticket can come from runs of `source`: environment, networks and sparsity must be the same.
 * @throws {ConfigError} naming what differs
 */
export function checkTicketSource(config: Config, source: Config): void {
  const refuse = (why: string): never => {
    throw new ConfigError(`config: ticket.source is "${config.ticket?.source}", ${why}`);
  };
  if (source.method === "tiny" || source.sparsity.level === 0)
    refuse(`whose networks are dense (method "${source.method}"): name a sparse run, which has a topology`);
  for (const field of ["environment", "rules", "algorithm"] as const) {
    if (config[field] !== source[field])
      refuse(`which was trained with ${field} "${source[field]}", not "${config[field]}": both must be the same`);
  }
  for (const section of ["network", "sparsity"] as const) {
    const [ours, theirs] = [config, source].map((one) => new Map(Object.entries(one[section])));
    for (const field of new Set([...ours.keys(), ...theirs.keys()])) {
      const [own, other] = [ours.get(field), theirs.get(field)];
      if (own !== other)
        refuse(
          `which has ${section}.${field} ${JSON.stringify(other)}, not ${JSON.stringify(own)}: both must be the same`,
        );
    }
  }
}
