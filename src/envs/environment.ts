/** Sizes of an environment, known before an episode starts. */
export interface EnvironmentSizes {
  /** N, the number of agents. */
  readonly agents: number;
  /**
   * |U|, the number of actions that one agent chooses among: the same for all agents, and at most 255. Where actions
   * are continuous, how many numbers one agent's action consists of.
   */
  readonly actions: number;
  /** Length of one agent's observation. */
  readonly observation: number;
  /** Length of the global state. */
  readonly state: number;
  /** Steps after which an episode ends by time-out. */
  readonly episodeLimit: number;
  /**
   * Bounds of the numbers that actions consist of, where actions are continuous; without them, an action is one of
   * `actions`.
   */
  readonly box?: ActionBox;
}

/** Bounds of continuous joint actions: for each number of each agent the least and the greatest value. */
export interface ActionBox {
  /** The least values. [agents, actions], row-major. */
  readonly low: readonly number[];
  /** The greatest values, each above its least one. [agents, actions], row-major. */
  readonly high: readonly number[];
}

/**
 * A joint action: the index of each agent's action [agents], or, where actions are continuous, their numbers [agents,
 * actions], row-major.
 */
export type JointAction = Uint8Array | Float32Array;

/**
 * Cuts the numbers of a joint action to their bounds.
 *
 * @param chosen the numbers, [agents, actions]; may be `jointAction` itself
 * @param jointAction receives them
 */
export function cutToBox({ low, high }: ActionBox, chosen: ArrayLike<number>, jointAction: JointAction): void {
  for (let i = 0; i < jointAction.length; i++) jointAction[i] = Math.min(high[i], Math.max(low[i], chosen[i]));
}

/** Makes a joint action of zeros for an environment of these sizes. */
export function createJointAction({ agents, actions, box }: EnvironmentSizes): JointAction {
  return box === undefined ? new Uint8Array(agents) : new Float32Array(agents * actions);
}

/**
 * A cooperative Dec-POMDP. Arrays are views that `reset` and `step` overwrite in place, so copy values that you need
 * later. A call of `step` allocates nothing.
 *
 * @example
 * env.reset(1);
 * while (!env.ended) env.step(chooseJointAction(env.observations, env.availableActions));
 */
export interface Environment {
  /** Name from which it was made, for example "3m". */
  readonly name: string;
  /** Numbers of agents and actions, and the lengths of its arrays. They are the same for all episodes. */
  readonly sizes: EnvironmentSizes;
  /** True if an episode is a function of its seed and joint actions only, so that it can be replayed. */
  readonly deterministic: boolean;
  /** Observation of each agent. [agents, observation], row-major. */
  readonly observations: Float32Array;
  /** The global state, for the mixer during training only. [state] */
  readonly state: Float32Array;
  /**
   * 1 where an agent may choose an action; every agent has at least one. [agents, actions], row-major. Where actions
   * are continuous, 1 for each number that does something: those with 0 fill up the action of an agent that needs fewer
   * numbers than others, and are ignored.
   */
  readonly availableActions: Uint8Array;
  /** Team reward of the last step; 0 after `reset`. */
  readonly reward: number;
  /** Whether the episode is over, so that `reset` must precede the next `step`. */
  readonly ended: boolean;
  /**
   * Whether targets must not bootstrap from the last step. True at a time-out too if the environment's rules say so
   * (SMAC).
   */
  readonly terminal: boolean;
  /** Whether the team has won; only possible when `ended`. */
  readonly won: boolean;
  /**
   * Starts an episode; the same seed and joint actions give the same episode, bit for bit, when `deterministic`.
   * @throws {Error} when the seed is not a whole number from 0 to 2^32 - 1
   */
  reset(seed: number): void;
  /**
   * Plays one joint action: one entry for each agent, or `sizes.actions` numbers for each agent where actions are
   * continuous.
   * @throws {Error} on a wrong number of actions, an illegal action (naming agent and action) or a step after the end.
   */
  step(jointAction: ArrayLike<number>): void;
  /**
   * Saves everything that `restore` needs to continue bit for bit: this episode, and any state that the environment
   * keeps from one episode to the next. Checkpoints contain it if the environment is not `deterministic`; without
   * `save` such an environment continues differently after a resume.
   */
  save?(): Uint8Array;
  /** Continues from what `save` of an environment of the same name returned. */
  restore?(saved: Uint8Array): void;
  /** Describes the present moment for drawing, as plain JSON. */
  snapshot(): EnvironmentSnapshot;
  /** False where no team can win: scores of runs are then mean returns instead of win rates. */
  readonly wins?: boolean;
  /** The most copies that an evaluation should play side by side, where each of them is costly. */
  readonly copies?: number;
  /** Frees resources outside of this program, such as a process. The environment can still be reset. */
  close?(): void;
}

/** An environment as made by a part: its name is that of the part, and `snapshot` is optional. */
export type GivenEnvironment = Omit<Environment, "name" | "snapshot"> &
  Partial<Pick<Environment, "name" | "snapshot">> & {
    /**
     * Waits until the last `reset` or `step` is done. An environment with this method plays in another process and may
     * return from those calls early, so that several play at the same time; reading a result waits.
     */
    settle?(): void;
  };

/** One unit of a battle, in map cells; y points up. */
export interface UnitSnapshot {
  /** The trained team is "ally"; its opponents are "enemy". */
  readonly side: "ally" | "enemy";
  /** Name of the unit's type, for example "stalker". */
  readonly type: string;
  /** Distance of the unit's centre from the map's left edge, in map cells. */
  readonly x: number;
  /** Distance of the unit's centre from the map's lower edge, in map cells. */
  readonly y: number;
  /** Radius of the circle that the unit occupies, in map cells. */
  readonly radius: number;
  /** Remaining health in the game's points; 0 for a dead unit. */
  readonly health: number;
  /** Health of an unharmed unit. */
  readonly maxHealth: number;
  /** Remaining shield in the game's points; 0 for a dead unit and for types without a shield. */
  readonly shield: number;
  /** Shield of an unharmed unit; 0 for types without one. */
  readonly maxShield: number;
  /** Whether the unit takes part in the battle. */
  readonly alive: boolean;
  /**
   * Map cells from its centre within which it attacks: of an agent, within which it may choose a target; of an enemy,
   * what its weapon reaches. Absent where it is not known.
   */
  readonly range?: number | undefined;
  /** Map cells from its centre within which an agent sees. Absent for enemies, and where it is not known. */
  readonly sight?: number | undefined;
  /** Index into `units` of the unit it fired at (or healed) during the last step, or -1. */
  readonly target: number;
}

/** A solid of a simulated body: a capsule around a line, or a sphere where the line is a point. Metres; z points up. */
export interface ShapeSnapshot {
  /** Where the line begins. */
  readonly from: readonly [x: number, y: number, z: number];
  /** Where the line ends. */
  readonly to: readonly [x: number, y: number, z: number];
  /** Distance of the surface from the line. */
  readonly radius: number;
  /** Agent of the joint between this solid and its parent; -1 if no agent has it. */
  readonly agent: number;
}

/** One moment of an episode for drawing. Matrix games have no units and describe themselves in `text`. */
export interface EnvironmentSnapshot {
  /** Name of the environment, for example "3m". */
  readonly environment: string;
  /** Environment steps since the start of the episode. */
  readonly step: number;
  /** Description of the moment in one line, for displays without drawings. */
  readonly text: string;
  /** Width of the map in cells; 0 where there is no map. */
  readonly width: number;
  /** Height of the map in cells; 0 where there is no map. */
  readonly height: number;
  /**
   * Cells that cannot be walked, [height, width] row-major from y = 0, as a string of "." (open) and "#" (blocked); ""
   * where there is none.
   */
  readonly terrain: string;
  /** Every unit of both sides, dead ones included; empty where there are none. */
  readonly units: readonly UnitSnapshot[];
  /** The solids of simulated bodies; absent where there are none. */
  readonly shapes?: readonly ShapeSnapshot[];
}
