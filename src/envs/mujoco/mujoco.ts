/**
 * The part of MuJoCo's interface that environments need. The package @mujoco/mujoco resolves to an object of this type.
 */
export interface Mujoco {
  /** Compiles models. */
  readonly MjModel: ModelCompiler;
  /** Makes the state of a model. */
  readonly MjData: StateConstructor;
  /** Takes one step of the integrator. */
  mj_step(model: CompiledModel, data: SimulatedState): void;
  /** Computes everything that follows from positions and velocities. */
  mj_forward(model: CompiledModel, data: SimulatedState): void;
  /** Resets the state. */
  mj_resetData(model: CompiledModel, data: SimulatedState): void;
  /** Computes the contact forces on each body. */
  mj_rnePostConstraint(model: CompiledModel, data: SimulatedState): void;
}

/** The compiler of models. */
export interface ModelCompiler {
  /** Compiles a model in MuJoCo's language. */
  from_xml_string(xml: string): CompiledModel;
}

/** The constructor of states. */
export interface StateConstructor {
  /** Makes the state of a model, at its start. */
  new (model: CompiledModel): SimulatedState;
}

/** A compiled model, MuJoCo's mjModel. */
export interface CompiledModel {
  /** Kilogrammes of each body. [bodies] */
  readonly body_mass: Float64Array;
  /** Radius, and half the length, of each solid, metres. [solids, 3] */
  readonly geom_size: Float64Array;
  /** The body of each solid. [solids] */
  readonly geom_bodyid: Int32Array;
  /** Frees its memory. */
  delete(): void;
}

/**
 * The state of a simulation, MuJoCo's mjData. Each array is a view of MuJoCo's memory, which becomes invalid when the
 * memory grows.
 */
export interface SimulatedState {
  /** Seconds on the clock. */
  time: number;
  /** Positions: metres, quaternions, radians. [nq] */
  readonly qpos: Float64Array;
  /** Velocities. [nv] */
  readonly qvel: Float64Array;
  /** Initial value of the solver. [nv] */
  readonly qacc_warmstart: Float64Array;
  /** Controls of the motors. [motors] */
  readonly ctrl: Float64Array;
  /** Inertia of each body about the centre of mass. [bodies, 10] */
  readonly cinert: Float64Array;
  /** Velocity of each body about the centre of mass, turning first. [bodies, 6] */
  readonly cvel: Float64Array;
  /** Forces of the motors. [nv] */
  readonly qfrc_actuator: Float64Array;
  /** Contact forces on each body, torques first. [bodies, 6] */
  readonly cfrc_ext: Float64Array;
  /** Centre of mass of each body, metres. [bodies, 3] */
  readonly xipos: Float64Array;
  /** Centre of each solid, metres. [solids, 3] */
  readonly geom_xpos: Float64Array;
  /** Rotation of each solid. [solids, 3, 3] */
  readonly geom_xmat: Float64Array;
  /** Frees its memory. */
  delete(): void;
}

/** Arrays of the state. */
export type ViewName = Exclude<keyof SimulatedState, "time" | "delete">;
