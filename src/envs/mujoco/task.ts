import type { Model } from "./model.js";

/** The quantities from which the reward of a step is computed. */
export interface Moment {
  /** The controls that the motors were given. [motors] */
  readonly control: Float64Array;
  /** Contact forces on each body, torques first. [bodies, 6]; zeros where they are not counted. */
  readonly forces: Float64Array;
  /** Distance that it moved along the x axis, in metres. */
  readonly forward: number;
  /** z of the root, in metres. */
  readonly height: number;
  /** Seconds of a step of the environment. */
  readonly seconds: number;
  /** Seconds of a step of the integrator. */
  readonly timestep: number;
}

/** A task for a body with motors, which several agents share. */
export interface MujocoTask {
  /** Name of the task in figures. */
  readonly title: string;
  /** The partition of the papers. */
  readonly defaultPartition: string;
  /** The partitions that there are, for messages. */
  readonly partitions: readonly string[];
  /**
   * The joints of each agent, in the order of the numbers of its action where `routing` is "joint"; undefined where
   * there is no such partition.
   */
  partition(name: string): readonly (readonly string[])[] | undefined;
  /** Lists of joints of which each is next to all others. */
  neighbours(joints: readonly string[]): readonly (readonly string[])[];
  /** The body, its motors, and its surroundings. */
  model(joints: readonly string[]): Model;
  /** Steps of the integrator in a step of the environment. */
  readonly frameSkip: number;
  /** Positions and velocities at the start are off by up to this. */
  readonly noise: number;
  /** Whether the state shows inertia, velocity and forces of all bodies beside positions and velocities. */
  readonly wholeBody: boolean;
  /** The team's reward for a step. */
  reward(moment: Moment): number;
  /** Name of the point whose x position shows how far it moved. */
  readonly progress: "centre of mass" | "root";
  /** Whether the episode ends, by the height of the root in metres. */
  fallen(height: number): boolean;
}
