import type { Engine } from "../networks/engine.js";
import { stopwatch } from "./timing.js";

/**
 * The parts of an update of QMIX. The remaining time is "targets and loss", which includes laying out the batch in
 * groups.
 */
export const PARTS = [
  "agents forward",
  "agents backward",
  "mixer forward",
  "mixer backward",
  "optimiser",
  "inputs",
] as const;

export type Part = (typeof PARTS)[number];

/**
 * Wraps an engine so that the time of its parts is measured: forward passes (online and target networks), backward
 * passes, the step of the optimiser, and laying out a batch's inputs.
 *
 * @returns the engine to use instead, and a function that returns the milliseconds of each part since its last call
 * @example const timed = timeParts(engine); await update(timed.engine, batch, config); timed.take()["agents forward"];
 */
export function timeParts(engine: Engine<true>): { readonly engine: Engine<true>; take(): Record<Part, number> } {
  const none = (): Record<Part, number> => Object.fromEntries(PARTS.map((part) => [part, 0])) as Record<Part, number>;
  let spent = none();
  const timed =
    <Arguments extends unknown[], Result>(part: Part, work: (...given: Arguments) => Result) =>
    (...given: Arguments): Result => {
      const elapsed = stopwatch();
      const result = work(...given);
      spent[part] += elapsed();
      return result;
    };
  const { agent, mixer } = engine.networks;
  return {
    engine: {
      ...engine,
      load: timed("inputs", engine.load),
      networks: {
        agent: {
          ...agent,
          forward: timed("agents forward", agent.forward),
          forwardBoth: timed("agents forward", agent.forwardBoth),
          backward: timed("agents backward", agent.backward),
        },
        mixer: {
          ...mixer,
          forward: timed("mixer forward", mixer.forward),
          backward: timed("mixer backward", mixer.backward),
        },
      },
      step: timed("optimiser", engine.step),
    },
    take() {
      const taken = spent;
      spent = none();
      return taken;
    },
  };
}
