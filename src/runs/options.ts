import { ConfigError } from "../config.js";
import { THREADS } from "../node/kernels.js";

/** @throws {ConfigError} when a number of workers, or of anything else that is counted, is none */
export function checkCount(name: string, value: unknown): void {
  if (value !== undefined && !(Number.isSafeInteger(value) && (value as number) >= 1)) {
    throw new ConfigError(`${name} is ${text(value)}; expected a whole number of at least 1`);
  }
}

/** @throws {ConfigError} when a run cannot be shared by so many threads */
export function checkThreads(value: unknown): void {
  if (value !== undefined && !THREADS.includes(value as number))
    throw new ConfigError(`threads is ${text(value)}; expected 1, 2 or 4`);
}

/** @throws {ConfigError} when seconds are no number; negative ones are "always" */
export function checkSeconds(name: string, value: unknown): void {
  if (value !== undefined && (typeof value !== "number" || Number.isNaN(value))) {
    throw new ConfigError(`${name} is ${text(value)}; expected a number of seconds`);
  }
}

function text(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : typeof value === "object" ? "an object" : String(value);
}
