import { declareKind, lacksFunction, type Part } from "./registry.js";

/**
 * The settings of a value operator: those of `config.operator`, and the operator's own from `config.options.operator`.
 */
export type OperatorSettings = Readonly<Record<string, unknown>>;

/**
 * A value operator as a part: it turns one agent's action values into the value of its next state. Figure 16 compares
 * the four built-in operators.
 *
 * @example
 * registerParts({
 *   operators: { mean: { evaluate: (values, count) => values.subarray(0, count).reduce((a, b) => a + b) / count } },
 * });
 */
export interface OperatorPart extends Part {
  /**
   * Returns the value of a state. It is called for every agent and step of a batch, so it should allocate little.
   *
   * @param values the first `count` entries are the values of the available actions, in their order
   * @param count number of available actions, at least 1
   * @param max the largest of them
   * @param settings the operator's options, and alpha, omega and beta of `config.operator`
   */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- `unknown` would refuse `({ length })`
  evaluate(values: Float64Array, count: number, max: number, settings: any): number;
  /** Returns what is wrong with the settings, in words that follow the operator's name, or undefined. */
  check?(settings: OperatorSettings): string | undefined;
}

/** The registered value operators, by the name in `config.operator.kind`. */
export const operators = declareKind<OperatorPart>("operator", "operators", (part) => lacksFunction(part, "evaluate"));
