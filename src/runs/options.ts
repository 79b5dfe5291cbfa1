import { ConfigError } from "../config.js";
import { THREADS } from "../node/kernels.js";

/**
 * Checks a count, such as the number of workers.
 * @throws {ConfigError} when it is not a whole number of at least 1
 */
export function checkCount(name: string, value: unknown): void {
  if (value !== undefined && !(Number.isSafeInteger(value) && (value as number) >= 1)) {
    throw new ConfigError(`${name} is ${text(value)}; expected a whole number of at least 1`);
  }
}

/**
 * Checks the number of threads of a run.
 * @throws {ConfigError} when it is not 1, 2 or 4
 */
export function checkThreads(value: unknown): void {
  if (value !== undefined && !THREADS.includes(value as number))
    throw new ConfigError(`threads is ${text(value)}; expected 1, 2 or 4`);
}

/**
 * Checks a number of seconds, where a negative one means "always".
 * @throws {ConfigError} when it is not a number
 */
export function checkSeconds(name: string, value: unknown): void {
  if (value !== undefined && (typeof value !== "number" || Number.isNaN(value))) {
    throw new ConfigError(`${name} is ${text(value)}; expected a number of seconds`);
  }
}

function text(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : typeof value === "object" ? "an object" : String(value);
}
