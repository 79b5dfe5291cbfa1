import { availableParallelism } from "node:os";
import type { EnvironmentSnapshot, GivenEnvironment } from "../../envs/environment.js";
import { sizesFault } from "../../envs/checked.js";
import { type EnvironmentPart, environments } from "../../parts/environment.js";
import { PartError, type PartOptions, registerFamily } from "../../parts/registry.js";
import { contentHash } from "../content.js";
import { type Copy, type CopyView, createServer, type PythonServer } from "./server.js";
import { parseSpec, PREFIX, type PythonSpec, pythonSources } from "./spec.js";

// Importing this module lets this thread play environments that are written in Python.
registerFamily(environments, PREFIX, pythonPart);

/**
 * Returns an environment in Python as a part. Its options are those of the environment itself, and `episodeLimit` and
 * `rewards`, which belong to our adapters.
 */
function pythonPart(name: string): EnvironmentPart {
  const spec = parseSpec(name);
  return {
    files: "file" in spec ? [spec.file] : undefined,
    title: name.slice(PREFIX.length),
    options: {},
    anyOptions: true,
    slow: true,
    create: ({ rules: _, ...options }: { readonly rules: unknown } & PartOptions) =>
      createPythonEnvironment(name, options),
  };
}

/** A copy of the environment, by its number in the server that plays it. */
interface Place {
  readonly server: PythonServer;
  readonly number: number;
}

/** The servers of one environment in this thread, and the copies in them that nobody plays now. */
interface Servers {
  readonly spec: PythonSpec;
  /** Hash of the file with the environment and of what it imports; undefined for a module that is installed. */
  readonly content: string | undefined;
  readonly servers: readonly PythonServer[];
  readonly free: Place[];
  copies: number;
  /** Whether teams can win; undefined before the first step if only that can tell. */
  wins: boolean | undefined;
}

const known = new Map<string, Servers>();

/** Copies whose environment was garbage-collected without being closed become free as well. */
const forgotten = new FinalizationRegistry<{ readonly free: Place[]; readonly place: Place }>(({ free, place }) =>
  free.push(place),
);

/**
 * Returns how many processes play the copies of one environment, MAST_PYTHON_PROCESSES. Evaluations play in all of them
 * at the same time.
 */
function processes(): number {
  const given = process.env["MAST_PYTHON_PROCESSES"];
  const count = given === undefined || given === "" ? 1 : Number(given);
  if (!(Number.isInteger(count) && count >= 1 && count <= 256))
    throw new PartError(
      `MAST_PYTHON_PROCESSES is ${given}; expected a whole number, for example ${availableParallelism()}`,
    );
  return count;
}

/** Returns the hash of an environment's own sources; undefined if it comes from a module or cannot be read. */
function contentOf(spec: PythonSpec): string | undefined {
  if (!("file" in spec)) return undefined;
  try {
    return contentHash(spec.file, pythonSources(spec.file));
  } catch {
    // The child says why.
    return undefined;
  }
}

/**
 * Refuses a file that has changed since its environment was made. A child that is started again, after a fault, would
 * otherwise go on with other rules in the same run.
 */
function refuseChanged(name: string, spec: PythonSpec, content: string | undefined): void {
  if (contentOf(spec) === content) return;
  throw new PartError(
    `environment "${name}" has changed since it was made: restore its file, or configure a new run with what it holds now`,
  );
}

/** Ends the processes of former contents of a file whose copies nobody plays any more. */
function closeChanged(spec: PythonSpec, content: string | undefined): void {
  for (const [key, { spec: former, content: held, servers, free, copies }] of known) {
    if (held === content || JSON.stringify(former) !== JSON.stringify(spec) || free.length < copies) continue;
    for (const server of servers) server.close();
    known.delete(key);
  }
}

/** Environments in which each copy starts a game of its own, with a gigabyte of memory. */
const GAMES = /^python:(smac|smacv2)\//;

/**
 * Makes an environment that a child process plays. The child starts with the first environment of its kind, and copies
 * share it: joint actions that are given before any result is read are sent to it in one message. We cannot promise
 * that results are the same bit by bit.
 *
 * @param name "python:MODULE/NAME" or "python:./FILE.py:FUNCTION"
 * @throws {PartError} when it cannot be loaded, in one line
 */
export function createPythonEnvironment(name: string, options: PartOptions): GivenEnvironment {
  const spec = parseSpec(name);
  const count = processes();
  const content = contentOf(spec);
  const key = JSON.stringify([
    spec,
    options,
    content ?? "",
    count,
    process.env["MAST_PYTHON"] ?? "",
    process.env["MAST_PYTHON_TIMEOUT"] ?? "",
  ]);
  let home = known.get(key);
  if (home === undefined) {
    closeChanged(spec, content);
    const unchanged = () => refuseChanged(name, spec, content);
    home = {
      spec,
      content,
      servers: Array.from({ length: count }, () => createServer(name, spec, options, unchanged)),
      free: [],
      copies: 0,
      wins: undefined,
    };
    known.set(key, home);
  }
  const { servers, free } = home;
  const { sizes, wins } = servers[0].load();
  const fault = sizesFault(sizes);
  if (fault !== undefined) throw new PartError(`environment "${name}" ${fault}`);
  home.wins ??= wins ?? undefined;
  const { agents, actions, observation, state } = sizes;
  const view: CopyView = {
    observations: new Float32Array(agents * observation),
    state: new Float32Array(state),
    availableActions: new Uint8Array(agents * actions).fill(1),
    reward: 0,
    ended: true,
    terminal: false,
    won: false,
    tells: undefined,
  };

  // A copy is taken only with the first episode, because most environments that are made are only asked for their
  // sizes.
  let taken: { readonly server: PythonServer; readonly copy: Copy } | undefined;
  function take() {
    const place = free.shift() ?? { server: servers[home!.copies % servers.length], number: home!.copies++ };
    forgotten.register(env, { free, place }, token);
    taken = {
      server: place.server,
      copy: { number: place.number, view, fault: undefined, waiting: false, stepped: false },
    };
    return taken;
  }
  const token = {};

  const env: GivenEnvironment = {
    sizes,
    deterministic: false,
    get wins() {
      return home.wins ?? true;
    },
    observations: view.observations,
    state: view.state,
    availableActions: view.availableActions,
    get reward() {
      return view.reward;
    },
    get ended() {
      return view.ended;
    },
    get terminal() {
      return view.terminal;
    },
    get won() {
      return view.won && home.wins !== false;
    },
    reset(seed) {
      const { server, copy } = taken ?? take();
      settle();
      server.post(copy, { seed });
    },
    step(jointAction) {
      settle();
      taken!.server.post(taken!.copy, { jointAction });
    },
    settle,
    ...(GAMES.test(name) && { copies: count }),
    snapshot(): EnvironmentSnapshot {
      settle();
      const { copy, server } = taken ?? take();
      return {
        environment: name,
        step: 0,
        text: "",
        width: 0,
        height: 0,
        terrain: "",
        units: [],
        ...server.snapshot(copy),
      };
    },
    close() {
      if (taken === undefined) return;
      forgotten.unregister(token);
      if (taken.copy.waiting) settleAll();
      free.push({ server: taken.server, number: taken.copy.number });
      taken = undefined;
    },
  };

  /**
   * Waits for the last call. All servers get what was posted before any of them is waited for, so that they play at the
   * same time.
   */
  function settle(): void {
    if (taken === undefined) return;
    const { copy } = taken;
    if (copy.waiting) settleAll();
    if (view.tells !== undefined) home!.wins ??= view.tells;
    if (copy.fault === undefined) return;
    const { fault } = copy;
    copy.fault = undefined;
    throw fault;
  }
  function settleAll(): void {
    for (const server of servers) server.flush();
    taken!.server.receive();
  }
  return env;
}
