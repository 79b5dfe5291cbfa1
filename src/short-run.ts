import type { ConfigInput } from "./config.js";

export { SHORT_RUN } from "./config.js";

/**
 * Completes the input of a short run with the settings of `SHORT_RUN`, where `input` does not give others. It does the
 * same as `short: true`.
 *
 * @example
 * const config = resolveConfig(
 *   shortRun({ environment: "2s3z", sparsity: { level: 0.9 }, steps: 300_000, updates: 2 }),
 * );
 */
export function shortRun(
  input: ConfigInput & {
    /** Environment steps of the run. */
    readonly steps: number;
  },
): ConfigInput & {
  /** Environment steps of the run. */
  readonly steps: number;
} {
  return { ...input, short: true };
}
