import { declareKind, lacksFunction, type Part } from "./registry.js";

/**
 * The settings of a value operator: those of `config.operator`, and the operator's own of `config.options.operator`.
 */
export type OperatorSettings = Readonly<Record<string, unknown>>;

/**
 * How one agent's action values become the value of its next state, as a part (Figure 16 compares the four that are
 * built in).
 *
 * @example
 * registerParts({
 *   operators: { mean: { evaluate: (values, count) => values.subarray(0, count).reduce((a, b) => a + b) / count } },
 * });
 */
export interface OperatorPart extends Part {
  /**
   * The value of a state. Called for every agent and step of a batch: it must not allocate much.
   *
   * @param values the first `count` entries are the values of the available actions, in their order
   * @param count at least 1
   * @param max the largest of them
   * @param settings the operator's options, and alpha, omega and beta of `config.operator`
   */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- a part names its options in its own parameters, `({ length }) => ...`, which `unknown` would refuse
  evaluate(values: Float64Array, count: number, max: number, settings: any): number;
  /** What is wrong with the settings, in words that follow the operator's name, or undefined. */
  check?(settings: OperatorSettings): string | undefined;
}

/** The value operators by name: `config.operator.kind`. */
export const operators = declareKind<OperatorPart>("operator", "operators", (part) => lacksFunction(part, "evaluate"));
