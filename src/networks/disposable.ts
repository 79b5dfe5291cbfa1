import { LabError } from "../errors.js";

/**
 * Adds `dispose`, which drops everything that holds native memory: the engine's methods and those of its networks. It
 * first calls `release`, only once.
 */
export function disposable<Kept extends { readonly networks: Readonly<Record<string, object>> }>(
  engine: Kept,
  release: () => void = () => undefined,
): Kept & { dispose(): void } {
  const disposed = () => {
    throw new LabError("The engine has been disposed of; create another.");
  };
  const refuse = (part: object) => {
    for (const [name, value] of Object.entries(part))
      if (typeof value === "function") Object.assign(part, { [name]: disposed });
  };
  const result = {
    ...engine,
    dispose() {
      release();
      for (const part of [result, ...Object.values(result.networks)]) refuse(part);
      result.dispose = () => undefined;
    },
  };
  // eslint-disable-next-line no-useless-assignment -- it lets go of methods that hold native memory
  engine = result;
  return result;
}
