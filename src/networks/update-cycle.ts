import { LabError } from "../errors.js";
import type { Engine } from "./engine.js";

type Networks<AtOnce extends boolean> = Pick<Engine<AtOnce>, "agent" | "mixer" | "central">;

/**
 * The place of an engine between the gradients of one update and those of the next: after a step they stay readable
 * until new ones are added up.
 */
export interface UpdateCycle {
  /** Begins the next update if the last one has made its step. */
  begin(): void;
  /** Returns networks whose backward passes add to the gradients of the present update. */
  adding<AtOnce extends boolean>(networks: Networks<AtOnce>): Networks<AtOnce>;
  /**
   * Requests dense gradients.
   * @throws {Error} when some were added up without
   */
  request(): void;
  /** Records that the step was made. */
  end(): void;
}

/** @param startAnew clears the gradients of the last update, and what was asked for them */
export function updateCycle(startAnew: () => void): UpdateCycle {
  let [stepped, added] = [false, false];
  const begin = (): void => {
    if (!stepped) return;
    [stepped, added] = [false, false];
    startAnew();
  };
  const watch = <Gradient, Network extends { backward(gradient: Float32Array): Gradient }>(
    network: Network,
  ): Network => ({
    ...network,
    backward(gradient: Float32Array) {
      added = true;
      return network.backward(gradient);
    },
  });
  return {
    begin,
    adding: ({ agent, mixer, central }) => ({
      agent: watch(agent),
      mixer: watch(mixer),
      central: central && { agent: watch(central.agent), mixer: watch(central.mixer) },
    }),
    request() {
      begin();
      if (added)
        throw new LabError(
          "requestDenseGradients() comes before the first backward pass of an update: what was added up so far is sparse.",
        );
    },
    end() {
      stepped = true;
    },
  };
}
