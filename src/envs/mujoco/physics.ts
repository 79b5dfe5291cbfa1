import { currentHost } from "../../host.js";
import type { CompiledModel, Mujoco, SimulatedState, ViewName } from "./mujoco.js";
import { type Model, toXml } from "./model.js";

/** A simulation of a model. */
export interface Physics {
  /** The model, compiled. */
  readonly model: CompiledModel;
  /** An array of the state, to be read or written now. */
  view(name: ViewName): Float64Array;
  /** Resets the simulation to the positions at the start. */
  clear(): void;
  /** Computes everything that follows from positions and velocities. */
  settle(): void;
  /**
   * Takes steps of the integrator.
   * @returns false where the simulation has diverged, and MuJoCo has set it back to its start
   */
  advance(steps: number): boolean;
  /** Computes the contact forces. */
  weigh(): void;
  /** Frees its memory. */
  free(): void;
}

/**
 * Time on the simulation's clock at the start, in seconds. The value affects nothing, but it shows a divergence: where
 * MuJoCo finds a value that is too large or no number, it starts anew at time 0, so that the clock goes back.
 */
const START = 1;

/** Largest position or velocity that MuJoCo accepts. */
const LARGEST = 1e10;

function isSound(values: Float64Array): boolean {
  for (let i = 0; i < values.length; i++) if (!(Math.abs(values[i]) <= LARGEST)) return false;
  return true;
}

/** Compiled models by their XML: nothing changes them, and all environments of a thread share them. */
const compiled = new Map<string, CompiledModel>();

/** States whose environment was forgotten without being closed are freed as well. */
const forgotten = new FinalizationRegistry<SimulatedState>((data) => data.delete());

/**
 * Starts a simulation.
 * @throws {Error} when this host has no MuJoCo
 */
export function startPhysics(source: Model): Physics {
  const mujoco = currentMujoco();
  const xml = toXml(source);
  const model = compiled.get(xml) ?? mujoco.MjModel.from_xml_string(xml);
  compiled.set(xml, model);
  const data = new mujoco.MjData(model);
  const views = new Map<ViewName, Float64Array>();
  const view = (name: ViewName): Float64Array => {
    let array = views.get(name);
    // Asking MuJoCo makes a new view, and one whose memory has grown away is empty.
    if (array === undefined || array.length === 0) views.set(name, (array = data[name]));
    return array;
  };
  const physics: Physics = {
    model,
    view,
    clear() {
      mujoco.mj_resetData(model, data);
      data.time = START;
    },
    settle: () => mujoco.mj_forward(model, data),
    advance(steps) {
      for (let i = 0; i < steps; i++) {
        const before = data.time;
        mujoco.mj_step(model, data);
        if (!(data.time > before)) return false;
      }
      return isSound(view("qpos")) && isSound(view("qvel"));
    },
    weigh: () => mujoco.mj_rnePostConstraint(model, data),
    free() {
      forgotten.unregister(physics);
      data.delete();
    },
  };
  forgotten.register(physics, data, physics);
  return physics;
}

function currentMujoco(): Mujoco {
  const { mujoco } = currentHost();
  if (mujoco === undefined)
    throw new Error(
      "This host has no MuJoCo: give setHost a function `mujoco` that returns the loaded package @mujoco/mujoco.",
    );
  return mujoco();
}
