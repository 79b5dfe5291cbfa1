import { LabError } from "../errors.js";
import type { Random } from "../random.js";
import { networkLayers, type NetworkShape, type ParameterSpec } from "./kinds.js";

export type { NetworkShape, ParameterSpec } from "./kinds.js";

/** Values by parameter name, dense and row-major. */
export type Parameters = ReadonlyMap<string, Float32Array>;

/**
 * Lists the parameters of all networks of a shape, network by network, in PyMARL's names, shapes and order.
 *
 * @example networkParameters(shape).map(({ name }) => name); // ["agent.fc1.weight", "agent.fc1.bias", ...
 */
export function networkParameters(shape: NetworkShape): ParameterSpec[] {
  return [...networkLayers(shape)].flatMap(([network, layers]) =>
    layers.flatMap(({ parameters }) => parameters.map((parameter) => ({ ...parameter, network }))),
  );
}

/** Draws initial values, in the order of `specs`, each uniform in +-bound (PyTorch's defaults). */
export function initialParameters(specs: readonly ParameterSpec[], random: Random): Map<string, Float32Array> {
  const parameters = new Map<string, Float32Array>();
  for (const { name, shape, bound } of specs) {
    const values = new Float32Array(shape.reduce((a, b) => a * b, 1));
    for (let i = 0; i < values.length; i++) values[i] = (2 * random.float() - 1) * bound;
    parameters.set(name, values);
  }
  return parameters;
}

/** Makes functions that check names and sizes of parameters for an engine. */
export function parameterChecks(specs: readonly ParameterSpec[]) {
  const sizeOf = new Map(specs.map(({ name, shape }) => [name, shape.reduce((a, b) => a * b, 1)]));
  const maskable = new Set(specs.filter(({ maskable }) => maskable).map(({ name }) => name));
  return {
    /** @throws {Error} when there is no such parameter, or it has another number of values */
    check(name: string, length?: number): void {
      const size = sizeOf.get(name);
      if (size === undefined)
        throw new LabError(`Unknown parameter "${name}"; there are ${[...sizeOf.keys()].join(", ")}.`);
      if (length !== undefined && length !== size)
        throw new LabError(`Parameter "${name}" has ${size} values, got ${length}.`);
    },
    /** @throws {Error} when it is no weight matrix */
    checkMaskable(name: string): void {
      if (!maskable.has(name))
        throw new LabError(`"${name}" has no mask; weight matrices have: ${[...maskable].join(", ")}.`);
    },
    /** @throws {Error} when one is missing */
    checkComplete(parameters: Parameters): void {
      for (const name of sizeOf.keys())
        if (!parameters.has(name)) throw new LabError(`No initial values for parameter "${name}".`);
    },
  };
}
