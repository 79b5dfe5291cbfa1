import { LabError } from "../errors.js";
import { createRandom } from "../random.js";
import { describeValue, isObject, PartError } from "../parts/registry.js";
import { boxFault, refuseOutsideBox } from "./box.js";
import { EpisodeLost } from "./lost.js";
import type { Environment, EnvironmentSizes, EnvironmentSnapshot, GivenEnvironment } from "./environment.js";

/** Largest sizes that are accepted: larger ones are mistakes and would fill the memory. */
const LARGEST: Readonly<Record<Exclude<keyof EnvironmentSizes, "box">, number>> = {
  agents: 1_000,
  actions: 255,
  observation: 100_000,
  state: 1_000_000,
  episodeLimit: 100_000,
};

/**
 * Describes what is wrong with an environment's sizes, in words that follow its name; undefined if nothing is wrong.
 */
export function sizesFault(sizes: EnvironmentSizes): string | undefined {
  for (const [key, largest] of Object.entries(LARGEST) as [keyof typeof LARGEST, number][]) {
    const size: unknown = sizes[key];
    if (!(typeof size === "number" && Number.isInteger(size) && size >= 1 && size <= largest))
      return `has sizes.${key} ${describeValue(size)}; expected a whole number from 1 to ${largest.toLocaleString("en")}`;
  }
  return undefined;
}

/**
 * Wraps an environment that is not built in with checks: after every reset and step it must keep its contract, and only
 * legal joint actions are passed to it. A violation throws an error that names the environment and says what is wrong
 * and where.
 *
 * @throws {PartError} at once if sizes or methods are wrong; from `reset` and `step` if values are wrong
 */
export function checkedEnvironment(name: string, env: GivenEnvironment): Environment {
  const refuse = (what: string): never => {
    throw new PartError(`environment "${name}" ${what}`);
  };
  if (!isObject(env))
    return refuse(
      `made ${describeValue(env)}; expected an object with sizes, reset, step and the other fields of an Environment`,
    );
  if (!isObject(env.sizes))
    return refuse(`has sizes that are ${describeValue(env.sizes)}; expected { ${Object.keys(LARGEST).join(", ")} }`);
  const wrongSize = sizesFault(env.sizes);
  if (wrongSize !== undefined) return refuse(wrongSize);
  const wrongBox = boxFault(env.sizes);
  if (wrongBox !== undefined) return refuse(wrongBox);
  for (const method of ["reset", "step"] as const)
    if (typeof env[method] !== "function") return refuse(`lacks ${method}, a function`);
  if (typeof env.deterministic !== "boolean")
    return refuse(
      `has deterministic ${describeValue(env.deterministic)}; expected true if seed and actions determine everything, otherwise false`,
    );
  if (env.wins !== undefined && typeof env.wins !== "boolean")
    return refuse(`has wins ${describeValue(env.wins)}; expected false if no team can win, otherwise true`);
  for (const method of ["save", "restore", "snapshot"] as const)
    if (env[method] !== undefined && typeof env[method] !== "function")
      return refuse(`has ${method} that is not a function`);
  if ((env.save === undefined) !== (env.restore === undefined))
    return refuse(`has ${env.save ? "save without restore" : "restore without save"}`);

  const sizes: EnvironmentSizes = { ...env.sizes };
  const { agents, actions, observation, state, episodeLimit, box } = sizes;
  let started = false;
  let steps = 0;

  function checkNumbers(key: "observations" | "state", length: number, row: number): void {
    const values: unknown = env[key];
    if (!(values instanceof Float32Array))
      return refuse(`has ${key} that are ${describeValue(values)}; expected a Float32Array`);
    if (values.length !== length)
      return refuse(
        `has ${values.length} ${key === "state" ? "entries of state" : key} at step ${steps}; its sizes say ${length}`,
      );
    for (let i = 0; i < length; i++) {
      if (!Number.isFinite(values[i]))
        refuse(
          `has ${key === "state" ? `entry ${i} of the state` : `entry ${i % row} of what agent ${Math.floor(i / row)} observes`} ${values[i]} at step ${steps}; expected finite numbers`,
        );
    }
  }
  function checkAvailable(): void {
    const available: unknown = env.availableActions;
    if (!(available instanceof Uint8Array))
      return refuse(`has availableActions that are ${describeValue(available)}; expected a Uint8Array`);
    if (available.length !== agents * actions)
      return refuse(
        `has ${available.length} availableActions at step ${steps}; ${agents} agents with ${actions} actions have ${agents * actions}`,
      );
    for (let agent = 0; agent < agents; agent++) {
      let legal = 0;
      for (let i = agent * actions; i < (agent + 1) * actions; i++) {
        if (available[i] > 1)
          refuse(`has ${available[i]} in availableActions of agent ${agent} at step ${steps}; expected 0 or 1`);
        legal += available[i];
      }
      if (legal === 0)
        refuse(
          `leaves agent ${agent} no available action at step ${steps}; expected at least one for every agent, also after the last step`,
        );
    }
  }
  function check(): void {
    checkNumbers("observations", agents * observation, observation);
    checkNumbers("state", state, state);
    checkAvailable();
    // Rewards are stored as 32-bit floats, in which numbers above 3.4e38 are infinite.
    if (typeof env.reward !== "number" || !Number.isFinite(Math.fround(env.reward)))
      refuse(`has the reward ${describeValue(env.reward)} at step ${steps}; expected a finite number below 3.4e38`);
    for (const flag of ["ended", "terminal", "won"] as const)
      if (typeof env[flag] !== "boolean")
        refuse(`has ${flag} ${describeValue(env[flag])} at step ${steps}; expected true or false`);
    if (steps === 0 && env.ended) refuse("has ended right after reset; expected an episode of at least one step");
    if (env.won && !env.ended) refuse(`has won at step ${steps}, but not ended`);
    if (env.won && env.wins === false) refuse(`has won at step ${steps}, although its wins is false`);
    if (steps >= episodeLimit && !env.ended)
      refuse(`has not ended after ${steps} steps; its sizes.episodeLimit says ${episodeLimit}`);
  }
  function checkActions(jointAction: ArrayLike<number>): void {
    if (!started) throw new LabError(`${name}: step before reset: call reset(seed) first.`);
    if (env.ended) throw new LabError(`${name}: step after the end of the episode: call reset(seed) first.`);
    if (box !== undefined) return refuseOutsideBox(name, jointAction, sizes);
    if (jointAction.length !== agents)
      throw new LabError(`${name}: got ${jointAction.length} actions, needs one for each of ${agents} agents.`);
    for (let agent = 0; agent < agents; agent++) {
      const action = jointAction[agent];
      if (
        !(Number.isInteger(action) && action >= 0 && action < actions) ||
        env.availableActions[agent * actions + action] !== 1
      ) {
        throw new LabError(`${name}: agent ${agent} cannot play action ${action} now.`);
      }
    }
  }
  /** Adds the environment's name to its own errors. */
  function named<Result>(what: string, work: () => Result): Result {
    try {
      return work();
    } catch (error) {
      if (error instanceof PartError) throw error;
      throw new PartError(
        `environment "${name}" fails in ${what}: ${(error as Error)?.message ?? describeValue(error)}`,
        { cause: error },
      );
    }
  }

  /** A call whose result has not been read yet. */
  let waiting: string | undefined;
  function played(call: string): void {
    waiting = call;
    if (env.settle === undefined) settled();
  }
  /** Returns the environment after its last call has finished and passed its checks. */
  function settled(): GivenEnvironment {
    if (waiting === undefined) return env;
    const call = waiting;
    waiting = undefined;
    try {
      if (env.settle !== undefined) named(call, () => env.settle!());
      check();
    } catch (error) {
      started = false;
      throw error;
    }
    return env;
  }

  return {
    name,
    sizes,
    deterministic: env.deterministic,
    get observations() {
      return settled().observations;
    },
    get state() {
      return settled().state;
    },
    get availableActions() {
      return settled().availableActions;
    },
    get reward() {
      return settled().reward;
    },
    get ended() {
      return settled().ended;
    },
    get terminal() {
      return settled().terminal;
    },
    get won() {
      return settled().won;
    },
    reset(seed) {
      waiting = undefined;
      named("reset", () => env.reset(seed));
      started = true;
      steps = 0;
      played("reset");
    },
    step(jointAction) {
      settled();
      checkActions(jointAction);
      named("step", () => env.step(jointAction));
      steps++;
      played("step");
    },
    // An environment in another process may know this only after a step.
    get wins() {
      return env.wins !== false;
    },
    copies: env.copies,
    ...(env.close && { close: () => env.close!() }),
    ...(env.save && {
      save(): Uint8Array {
        const saved = named("save", () => env.save!());
        return saved instanceof Uint8Array ? saved : refuse(`saves ${describeValue(saved)}; expected a Uint8Array`);
      },
      restore(saved: Uint8Array) {
        waiting = undefined;
        named("restore", () => env.restore!(saved));
        // An episode that was open when it was saved goes on.
        started = true;
      },
    }),
    snapshot: (): EnvironmentSnapshot =>
      settled().snapshot?.() ?? {
        environment: name,
        step: steps,
        text: `step ${steps}, reward ${env.reward}`,
        width: 0,
        height: 0,
        terrain: "",
        units: [],
      },
  };
}

/** Number of steps that are tried before anything runs. */
const TRIED_STEPS = 50;

/**
 * Plays some random steps of an environment before anything runs, so that violations of its contract are found early.
 * An environment that declares itself deterministic plays them twice and must do the same both times.
 *
 * @param create makes a new instance, by `createEnvironment`
 * @returns whether teams can win in it
 * @throws {PartError} naming the environment and what is wrong
 */
export function tryEnvironment(create: () => Environment): boolean {
  const once = tryTwice(create);
  const { name, deterministic, wins = true } = once.env;
  once.env.close?.();
  if (!deterministic) return wins;
  const again = tryOnce(create()).trace;
  const differs = once.trace.findIndex((moment, t) => moment !== again[t]);
  if (differs >= 0 || again.length !== once.trace.length) {
    throw new PartError(
      `environment "${name}" is declared deterministic, but two episodes with the same seed and actions differ at step ${differs < 0 ? Math.min(once.trace.length, again.length) : differs}; draw from a stream that reset(seed) starts, or set deterministic to false`,
    );
  }
  return wins;
}

/** Tries again after a failed episode, since an environment in its own process may fail once. */
function tryTwice(create: () => Environment): ReturnType<typeof tryOnce> {
  try {
    return tryOnce(create());
  } catch (error) {
    if (!(error instanceof EpisodeLost)) throw error;
    return tryOnce(create());
  }
}

function tryOnce(env: Environment): { env: Environment; trace: string[] } {
  const random = createRandom(1);
  const { agents, actions, box } = env.sizes;
  const trace: string[] = [];
  const note = () =>
    trace.push(
      JSON.stringify([
        env.reward,
        env.ended,
        env.terminal,
        env.won,
        [...env.observations],
        [...env.state],
        [...env.availableActions],
      ]),
    );
  env.reset(1);
  note();
  while (!env.ended && trace.length <= TRIED_STEPS) {
    const jointAction =
      box?.low.map((least, i) => least + random.float() * (box.high[i] - least)) ??
      Array.from({ length: agents }, (_, agent) => {
        const legal = [...env.availableActions.subarray(agent * actions, (agent + 1) * actions)].flatMap(
          (bit, action) => (bit === 1 ? [action] : []),
        );
        return legal[random.below(legal.length)];
      });
    env.step(jointAction);
    note();
  }
  return { env, trace };
}
