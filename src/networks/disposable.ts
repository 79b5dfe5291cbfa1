import { LabError } from "../errors.js";
import type { Engine } from "./engine.js";

/**
 * Adds `dispose`, which drops everything that holds native memory: the engine's methods and those of its networks. It
 * first calls `release`, only once.
 */
export function disposable<AtOnce extends boolean>(
  engine: Omit<Engine<AtOnce>, "dispose">,
  release: () => void = () => undefined,
): Engine<AtOnce> {
  const disposed = () => {
    throw new LabError("The engine has been disposed of; create another.");
  };
  const refuse = (part: object) => {
    for (const [name, value] of Object.entries(part))
      if (typeof value === "function") Object.assign(part, { [name]: disposed });
  };
  const result: Engine<AtOnce> = {
    ...engine,
    dispose() {
      release();
      const { agent, mixer, central, critic } = result;
      for (const part of [result, agent, mixer, central?.agent, central?.mixer, critic]) if (part) refuse(part);
      result.dispose = () => undefined;
    },
  };
  // eslint-disable-next-line no-useless-assignment -- it lets go of methods that hold native memory
  engine = result;
  return result;
}
