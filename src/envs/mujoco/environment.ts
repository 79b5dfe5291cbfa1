import { LabError } from "../../errors.js";
import { PartError } from "../../parts/registry.js";
import { show } from "../../messages.js";
import { requireSeed } from "../../random.js";
import { refuseOutsideBox } from "../box.js";
import type { Environment, EnvironmentSizes, EnvironmentSnapshot, ShapeSnapshot } from "../environment.js";
import { EpisodeLost } from "../lost.js";
import { bodiesOf, type Body, jointsOf } from "./model.js";
import { seedNoise, uniform } from "./noise.js";
import { jointsSeen, readObserve } from "./observe.js";
import { type Physics, startPhysics } from "./physics.js";
import type { Moment, MujocoTask } from "./task.js";

/**
 * Options of a task: how it is divided among agents, and simulated. The defaults are those of the paper's runs;
 * README.md in this folder explains them.
 */
export interface MujocoOptions {
  /** Which joints each agent has, for example "9|8" or "10x2". */
  readonly partition: string;
  /**
   * Whether the numbers of all actions, one after the other, go to the motors in the simulator's order ("raw"), or each
   * to the motor of the agent's own joint.
   */
  readonly routing: "raw" | "joint";
  /**
   * Whether an action within the motors' range is scaled to that range a second time ("rescaled"), or given to the
   * motors unchanged ("full").
   */
  readonly torque: "rescaled" | "full";
  /**
   * "own" for the agent's own joints, "k=1", "k=2", ... for those that are up to so many neighbours away as well,
   * "full" for the state.
   */
  readonly observe: string;
  /** Whether contact forces are part of state and reward, or zero as under MuJoCo 2.0. */
  readonly contactForces: boolean;
  /** Steps after which an episode is cut off. */
  readonly episodeLimit: number;
  /** Steps of the integrator in a step of the environment, through which the controls stay the same. */
  readonly frameSkip: number;
}

/** Returns the options of the paper's runs. */
export function defaultOptions(task: MujocoTask): MujocoOptions {
  return {
    partition: task.defaultPartition,
    routing: "raw",
    torque: "rescaled",
    observe: "own",
    contactForces: false,
    episodeLimit: 1000,
    frameSkip: task.frameSkip,
  };
}

/**
 * Makes an environment of a Multi-Agent MuJoCo task. Nothing is simulated before the first `reset`; the sizes are known
 * without a simulation.
 *
 * @throws {PartError} on an unknown partition or option
 */
export function createMujocoEnvironment(name: string, task: MujocoTask, options: MujocoOptions): Environment {
  const { routing, torque, contactForces, episodeLimit, frameSkip } = options;
  const refuse = (field: string, given: unknown, expected: string): never => {
    throw new PartError(`options.environment.${field} is ${show(given)}; environment "${name}" expects ${expected}`);
  };
  if (routing !== "raw" && routing !== "joint") refuse("routing", routing, '"raw" or "joint"');
  if (torque !== "rescaled" && torque !== "full") refuse("torque", torque, '"rescaled" or "full"');
  if (!(Number.isInteger(episodeLimit) && episodeLimit >= 1 && episodeLimit <= 100_000))
    refuse("episodeLimit", episodeLimit, "a whole number from 1 to 100,000");
  if (!(Number.isInteger(frameSkip) && frameSkip >= 1 && frameSkip <= 1000))
    refuse("frameSkip", frameSkip, "a whole number from 1 to 1,000");
  const owned = task.partition(options.partition) ?? refuse("partition", options.partition, task.partitions.join(", "));
  const distance =
    readObserve(options.observe) ?? refuse("observe", options.observe, '"own", "k=1" (2, 3, ...) or "full"');

  const source = task.model(owned.flat());
  const joints = jointsOf(source.root);
  const bodies = bodiesOf(source.root).length + 1;
  const hinges = joints.filter(({ range }) => range !== undefined).map(({ name }) => name);
  const free = joints[0].type === "free";
  const roots = joints.length - hinges.length;
  const [rootPositions, rootVelocities] = free ? [7, 6] : [roots, roots];
  const positions = rootPositions + hinges.length;
  const velocities = rootVelocities + hinges.length;
  const { control, timestep } = source;
  const motors = source.motors.length;

  const stateSize = positions - 2 + velocities + (task.wholeBody ? bodies * (10 + 6 + 6) + velocities : 0);
  const seen = owned.map((own) => jointsSeen(own, task.neighbours(hinges), distance));
  const agents = owned.length;
  const actions = Math.max(...owned.map(({ length }) => length));
  const observation =
    distance === Infinity ? stateSize : Math.max(...seen.map(({ own, near }) => 2 * own.length + near.length));
  const bound = (value: number) => new Array<number>(agents * actions).fill(value);
  const sizes: EnvironmentSizes = {
    agents,
    actions,
    observation,
    state: stateSize,
    episodeLimit,
    box: { low: bound(-control), high: bound(control) },
  };
  const availableActions = Uint8Array.from(owned.flatMap(({ length }) => bits(length, actions)));
  /** The number of the joint action that each motor gets. [motors] */
  const wires = new Int32Array(motors);
  let wired = 0;
  owned.forEach((own, agent) =>
    own.forEach((joint, i) => {
      const motor = routing === "raw" ? wired++ : source.motors.findIndex((motor) => motor.joint === joint);
      wires[motor] = agent * actions + i;
    }),
  );
  /** The agent by whose joint each body moves, or the body that it is fixed to. [bodies - 1] */
  const movers: number[] = [];
  const follow = ({ joints, bodies }: Body, parent: number): void => {
    const agent = owned.findIndex((own) => joints.some(({ name }) => own.includes(name)));
    const mover = joints.length === 0 ? parent : agent;
    movers.push(mover);
    for (const body of bodies) follow(body, mover);
  };
  follow(source.root, -1);
  const scale = torque === "rescaled" ? control : 1;

  const observations = new Float32Array(agents * observation);
  const state = new Float32Array(stateSize);
  const asked = new Float64Array(motors);
  const noForces = new Float64Array(bodies * 6);
  const noise = seedNoise(0);
  let physics: Physics | undefined;
  let step = -1;
  let reward = 0;
  let fallen = false;
  let ended = true;
  /** x of the point that `task.progress` names, in metres. */
  let x = 0;
  const moment: { -readonly [Key in keyof Moment]: Moment[Key] } = {
    control: asked,
    forces: noForces,
    forward: 0,
    height: 0,
    seconds: frameSkip * timestep,
    timestep,
  };

  function progress(physics: Physics): number {
    if (task.progress === "root") return physics.view("qpos")[0];
    const mass = physics.model.body_mass;
    const places = physics.view("xipos");
    let sum = 0;
    let total = 0;
    for (let body = 0; body < mass.length; body++) {
      sum += mass[body] * places[3 * body];
      total += mass[body];
    }
    return sum / total;
  }

  function look(physics: Physics): void {
    const qpos = physics.view("qpos");
    const qvel = physics.view("qvel");
    let end = 0;
    const put = (values: Float64Array, from = 0) => {
      for (let i = from; i < values.length; i++) state[end++] = values[i];
    };
    put(qpos, 2);
    put(qvel);
    if (task.wholeBody) {
      put(physics.view("cinert"));
      put(physics.view("cvel"));
      put(physics.view("qfrc_actuator"));
      put(contactForces ? physics.view("cfrc_ext") : noForces);
    }
    for (let agent = 0; agent < agents; agent++) {
      let at = agent * observation;
      if (distance === Infinity) {
        observations.set(state, at);
        continue;
      }
      const { own, near } = seenHinges[agent];
      for (const hinge of own) {
        observations[at++] = qpos[rootPositions + hinge];
        observations[at++] = qvel[rootVelocities + hinge];
      }
      for (const hinge of near) observations[at++] = qpos[rootPositions + hinge];
    }
  }
  const seenHinges = seen.map(({ own, near }) => ({
    own: own.map((joint) => hinges.indexOf(joint)),
    near: near.map((joint) => hinges.indexOf(joint)),
  }));

  /** Number of values that `save` stores besides the simulation's own state. */
  const SAVED = 5;

  return {
    name,
    sizes,
    deterministic: true,
    wins: false,
    observations,
    state,
    availableActions,
    get reward() {
      return reward;
    },
    get ended() {
      return ended;
    },
    get terminal() {
      return fallen;
    },
    // Episodes cannot be won; only the return counts.
    won: false,
    reset(seed) {
      requireSeed(seed);
      physics ??= startPhysics(source);
      seedNoise(seed, noise);
      physics.clear();
      for (const values of [physics.view("qpos"), physics.view("qvel")])
        for (let i = 0; i < values.length; i++) values[i] += uniform(noise, -task.noise, task.noise);
      physics.settle();
      step = 0;
      reward = 0;
      fallen = ended = false;
      x = progress(physics);
      look(physics);
    },
    step(jointAction) {
      if (physics === undefined || step < 0) throw new LabError(`${name}: step before reset: call reset(seed) first.`);
      if (ended) throw new LabError(`${name}: step after the end of the episode: call reset(seed) first.`);
      refuseOutsideBox(name, jointAction, sizes);
      for (let motor = 0; motor < motors; motor++) asked[motor] = jointAction[wires[motor]] * scale;
      physics.view("ctrl").set(asked);
      if (!physics.advance(frameSkip)) {
        const failed = step + 1;
        step = -1;
        throw new EpisodeLost(
          `${name}: the simulation diverged in step ${failed}: a position, velocity or acceleration was not a finite number below 1e10; reset(seed) starts a new episode`,
        );
      }
      if (contactForces) physics.weigh();
      step++;
      const before = x;
      x = progress(physics);
      moment.forward = x - before;
      moment.height = physics.view("qpos")[2];
      moment.forces = contactForces ? physics.view("cfrc_ext") : noForces;
      reward = task.reward(moment);
      fallen = task.fallen(moment.height);
      ended = fallen || step >= episodeLimit;
      look(physics);
    },
    save() {
      if (physics === undefined) return new Uint8Array();
      const parts = [
        Float64Array.of(step, reward, Number(fallen), Number(ended), x),
        physics.view("qpos"),
        physics.view("qvel"),
        physics.view("qacc_warmstart"),
        Float64Array.from(state),
        Float64Array.from(observations),
      ];
      return new Uint8Array(Float64Array.from(parts.flatMap((part) => [...part])).buffer);
    },
    restore(saved) {
      if (saved.byteLength === 0) {
        step = -1;
        ended = true;
        return;
      }
      const expected = 8 * (SAVED + positions + 2 * velocities + state.length + observations.length);
      if (saved.byteLength !== expected)
        throw new LabError(
          `${name}: cannot restore ${saved.byteLength} bytes, an episode with these options is ${expected} bytes.`,
        );
      physics ??= startPhysics(source);
      physics.clear();
      const values = new Float64Array(saved.slice().buffer);
      let at = 0;
      const take = (count: number) => values.subarray(at, (at += count));
      const [savedStep, savedReward, savedFallen, savedEnded, savedX] = take(SAVED);
      physics.view("qpos").set(take(positions));
      physics.view("qvel").set(take(velocities));
      physics.settle();
      physics.view("qacc_warmstart").set(take(velocities));
      state.set(take(state.length));
      observations.set(take(observations.length));
      step = savedStep!;
      reward = savedReward!;
      fallen = savedFallen === 1;
      ended = savedEnded === 1;
      x = savedX!;
    },
    snapshot(): EnvironmentSnapshot {
      const done = Math.max(0, step);
      return {
        environment: name,
        step: done,
        text: `step ${done}, ${x.toFixed(2)} m along, reward ${reward.toFixed(2)}`,
        width: 0,
        height: 0,
        terrain: "",
        units: [],
        shapes: physics === undefined ? [] : shapes(physics),
      };
    },
    close() {
      physics?.free();
      physics = undefined;
      step = -1;
      ended = true;
    },
  };

  /** Lists every solid at its present position. */
  function shapes({ model, view }: Physics): ShapeSnapshot[] {
    const centres = view("geom_xpos");
    const turns = view("geom_xmat");
    return [...model.geom_bodyid].flatMap((body, solid) => {
      if (body === 0) return [];
      const [radius, half] = model.geom_size.subarray(3 * solid, 3 * solid + 3);
      // The third column is the direction of a capsule's axis.
      const end = (sign: number) =>
        [0, 1, 2].map(
          (i) => centres[3 * solid + i] + sign * half * turns[9 * solid + 3 * i + 2],
        ) as unknown as ShapeSnapshot["from"];
      return { from: end(-1), to: end(1), radius: radius, agent: movers[body - 1] };
    });
  }
}

/** Makes `count` ones, followed by zeros up to `length`. */
function bits(count: number, length: number): number[] {
  return Array.from({ length }, (_, i) => (i < count ? 1 : 0));
}
