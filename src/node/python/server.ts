import { spawnSync } from "node:child_process";
import {
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EnvironmentSizes } from "../../envs/environment.js";
import { EpisodeLost } from "../../envs/lost.js";
import { plain } from "../../messages.js";
import { PartError, type PartOptions } from "../../parts/registry.js";
import { packageRoot } from "../project.js";
import { findPython } from "./python.js";
import type { PythonSpec } from "./spec.js";

// A child process plays environments that are written in Python. serve.py is the other side, and describes what goes
// through the pipes. The thread that trains reads and writes pipes synchronously: a round trip is two switches between
// processes, and nothing goes through the event loop.

/** The description that an environment gives of itself when it is loaded. */
export interface Loaded {
  readonly sizes: EnvironmentSizes;
  /** Its interface: "MultiAgentEnv", "PettingZoo" or "Gymnasium". */
  readonly api: string;
  /** Whether `reset` takes the seed. */
  readonly seeded: boolean;
  /**
   * Whether teams can win; null if that is known after the first step, by whether its info says something about
   * winning.
   */
  readonly wins: boolean | null;
}

/** The values that a copy shows after a reset or a step. The arrays are overwritten in place. */
export interface CopyView {
  readonly observations: Float32Array;
  readonly state: Float32Array;
  readonly availableActions: Uint8Array;
  reward: number;
  ended: boolean;
  terminal: boolean;
  won: boolean;
  /** Whether the info of the last step says something about winning; undefined after a reset. */
  tells: boolean | undefined;
}

/** One copy of the environment as its server knows it. */
export interface Copy {
  readonly number: number;
  readonly view: CopyView;
  /** The error of its last call. */
  fault: Error | undefined;
  /** Whether a call was sent, or is about to be, whose answer has not come yet. */
  waiting: boolean;
  /** Whether that call is a step. */
  stepped: boolean;
}

/** A server for the copies of one environment. It starts with the first call, and again after it has died. */
export interface PythonServer {
  /** Starts the server if it does not run, and returns what it plays. */
  load(): Loaded;
  /** Adds a call to the next frame: a reset with its seed, or a step with its joint action. */
  post(copy: Copy, call: { readonly seed: number } | { readonly jointAction: ArrayLike<number> }): void;
  /** Sends what was posted, without waiting for the answer. */
  flush(): void;
  /** Waits for the answer to what was sent. */
  receive(): void;
  /** Returns what a copy draws of itself, or undefined if there is no such copy. */
  snapshot(copy: Copy): Readonly<Record<string, unknown>> | undefined;
  /** Closes the pipes to the child, which then ends by itself. */
  close(): void;
}

const HEADER = 8;
const CALL = 12;
const RECORD = 16;
const ENDED = 1,
  TERMINAL = 2,
  WON = 4,
  FAULT = 8,
  TELLS = 16;

/**
 * Returns the seconds that one call may take, MAST_PYTHON_TIMEOUT. Loading an environment may take four times as long.
 */
function secondsPerCall(): number {
  const given = process.env["MAST_PYTHON_TIMEOUT"];
  const seconds = given === undefined || given === "" ? 60 : Number(given);
  if (!(seconds > 0 && seconds <= 86_400))
    throw new PartError(`MAST_PYTHON_TIMEOUT is ${given}; expected seconds, for example 60`);
  return seconds;
}

/**
 * Makes a server for one environment.
 *
 * @param name the environment's name, for messages
 * @param options options that the environment is made with
 * @param unchanged throws where the environment's file is no longer what it was
 */
export function createServer(
  name: string,
  spec: PythonSpec,
  options: PartOptions,
  unchanged: () => void = () => undefined,
): PythonServer {
  let child: Child | undefined;
  let loaded: Loaded | undefined;
  let posted: Copy[] = [];
  let sent: Copy[] = [];
  let request: Buffer = Buffer.alloc(0);
  let reply: Buffer = Buffer.alloc(0);
  let stride = 0;
  let continuous = false;
  let record = 0;
  const seconds = secondsPerCall();

  function load(): Loaded {
    if (child !== undefined) return loaded!;
    unchanged();
    const fresh = startChild();
    let answer: { fault?: { kind: string; message: string; where?: string } } & Loaded;
    try {
      answer = command(fresh, {
        do: "load",
        spec,
        options,
        secondsPerCall: seconds,
        seconds: 4 * seconds,
      }) as typeof answer;
    } catch (error) {
      throw new PartError(
        `environment "${name}" cannot be loaded: ${fresh.end((error as Error).message, "loading it", 4 * seconds)}`,
      );
    }
    if (answer.fault !== undefined) {
      fresh.close();
      const { kind, message, where } = answer.fault;
      throw new PartError(
        kind === "wrong"
          ? `environment "${name}" ${hinted(message, spec)}`
          : `environment "${name}" cannot be loaded: ${plain(message, 300)}${where ? ` (${where})` : ""}`,
      );
    }
    if (loaded !== undefined && JSON.stringify(loaded.sizes) !== JSON.stringify(answer.sizes)) {
      fresh.close();
      throw new PartError(
        `environment "${name}" has other sizes since it was started again: ${JSON.stringify(answer.sizes)} instead of ${JSON.stringify(loaded.sizes)}`,
      );
    }
    child = fresh;
    loaded = answer;
    const { agents, actions, observation, state, box } = loaded.sizes;
    continuous = box !== undefined;
    stride = CALL + (continuous ? 4 * agents * actions : Math.ceil(agents / 4) * 4);
    record = Math.ceil((RECORD + 4 * (agents * observation + state) + agents * actions) / 8) * 8;
    return loaded;
  }

  function post(copy: Copy, call: { readonly seed: number } | { readonly jointAction: ArrayLike<number> }): void {
    if (sent.length > 0) receive();
    load();
    const end = HEADER + (posted.length + 1) * stride;
    if (request.length < end) {
      const longer = Buffer.alloc(2 * end);
      request.copy(longer);
      request = longer;
    }
    const at = end - stride;
    request.writeUInt32LE(copy.number, at);
    if ("seed" in call) {
      request.writeUInt32LE(0, at + 4);
      request.writeUInt32LE(call.seed, at + 8);
    } else {
      request.writeUInt32LE(1, at + 4);
      const { jointAction } = call;
      const { length } = jointAction;
      if (continuous) for (let i = 0; i < length; i++) request.writeFloatLE(jointAction[i], at + CALL + 4 * i);
      else for (let i = 0; i < length; i++) request[at + CALL + i] = jointAction[i];
    }
    copy.stepped = "jointAction" in call;
    copy.waiting = true;
    copy.fault = undefined;
    posted.push(copy);
  }

  function flush(): void {
    if (posted.length === 0) return;
    const length = posted.length * stride;
    request.writeUInt32LE(length, 0);
    request.writeUInt32LE(1, 4);
    [sent, posted] = [posted, []];
    try {
      child!.write(request, HEADER + length);
    } catch (error) {
      lose((error as Error).message);
    }
  }

  function receive(): void {
    if (sent.length === 0) return;
    const size = HEADER + sent.length * record;
    if (reply.length < size) reply = Buffer.from(new ArrayBuffer(size));
    try {
      child!.read(reply, 0, HEADER);
      child!.read(reply, HEADER, size - HEADER);
      const text = reply.readUInt32LE(4);
      const faults = text === 0 ? [] : (JSON.parse(child!.readBytes(text).toString()) as Fault[]);
      sent.forEach((copy, i) => take(copy, HEADER + i * record));
      for (const { index, call, kind, message, where } of faults) {
        const said = `${message}${where ? ` (${where})` : ""}`;
        sent[index].fault =
          kind === "wrong"
            ? new PartError(`environment "${name}" ${plain(message, 300)}`)
            : new EpisodeLost(`environment "${name}" raises in ${call}: ${plain(said, 300)}`);
      }
      sent = [];
    } catch (error) {
      lose((error as Error).message);
    }
  }

  function take(copy: Copy, at: number): void {
    copy.waiting = false;
    const { view } = copy;
    const flags = reply.readUInt32LE(at + 8);
    if ((flags & FAULT) !== 0) return;
    view.reward = reply.readDoubleLE(at);
    view.ended = (flags & ENDED) !== 0;
    view.terminal = (flags & TERMINAL) !== 0;
    view.won = (flags & WON) !== 0;
    view.tells = copy.stepped ? (flags & TELLS) !== 0 : undefined;
    let from = at + RECORD;
    for (const values of [view.observations, view.state]) {
      values.set(new Float32Array(reply.buffer, reply.byteOffset + from, values.length));
      from += 4 * values.length;
    }
    view.availableActions.set(reply.subarray(from, from + view.availableActions.length));
  }

  /** Handles the end of the child, with which every copy loses its episode. */
  function lose(why: string): void {
    const [first] = sent;
    const call = first?.stepped ? "step" : "reset";
    const last = sent.length === 1 ? `a ${call}` : `calls of ${sent.length} copies`;
    const message = `environment "${name}" ${child!.end(why, last, seconds)}`;
    child = undefined;
    for (const copy of [...sent, ...posted]) {
      copy.waiting = false;
      copy.fault = new EpisodeLost(message);
    }
    sent = [];
    posted = [];
  }

  return {
    load,
    post,
    flush,
    receive,
    snapshot(copy) {
      if (child === undefined) return undefined;
      flush();
      receive();
      try {
        const { snapshot } = command(child, { do: "snapshot", copy: copy.number, seconds }) as {
          snapshot?: Readonly<Record<string, unknown>>;
        };
        return snapshot;
      } catch {
        // The next call finds that the child has ended, and says why.
        return undefined;
      }
    },
    close() {
      child?.close();
      child = undefined;
    },
  };
}

interface Fault {
  readonly index: number;
  readonly call: string;
  readonly kind: "wrong" | "raised";
  readonly message: string;
  readonly where?: string;
}

/** Sends a command and waits for its answer. */
function command(child: Child, what: object): unknown {
  const body = Buffer.from(JSON.stringify(what));
  const message = Buffer.alloc(HEADER + body.length);
  message.writeUInt32LE(body.length, 0);
  body.copy(message, HEADER);
  child.write(message, message.length);
  return JSON.parse(child.readBytes(child.readBytes(HEADER).readUInt32LE(0)).toString());
}

/** Recipes of `npm run setup:python`, by the module that each installs. */
const RECIPES: Readonly<Record<string, string>> = {
  smac: "smac",
  smacv2: "smacv2",
  smaclite: "smaclite",
  lbforaging: "lbf",
  rware: "rware",
  pettingzoo: "pettingzoo",
  mpe2: "pettingzoo",
  gymnasium: "lbf",
  gymnasium_robotics: "mamujoco",
};

function hinted(message: string, spec: PythonSpec): string {
  if (!message.includes("is not installed")) return message;
  const recipe = "module" in spec ? RECIPES[spec.module.split(".")[0]] : undefined;
  return `cannot be loaded: ${message}: ${recipe ? `npm run setup:python -- ${recipe}` : "install it there, or set MAST_PYTHON to the Python that has it"}`;
}

/** A running child and its pipes. */
interface Child {
  write(bytes: Buffer, length: number): void;
  /**
   * Fills a part of a buffer.
   * @throws when the child has ended
   */
  read(target: Buffer, offset: number, length: number): void;
  readBytes(length: number): Buffer;
  /** Ends a child that failed. Returns how it ended, in words that follow the environment's name. */
  end(why: string, last: string, seconds: number): string;
  close(): void;
}

/** This thread sleeps on it while it waits for a process. */
const clock = new Int32Array(new SharedArrayBuffer(4));
const sleep = (milliseconds: number) => void Atomics.wait(clock, 0, 0, milliseconds);

function startChild(): Child {
  const python = findPython();
  // Only this user can open the folder: mkdtemp gives it mode 0700.
  const folder = mkdtempSync(join(tmpdir(), "mast-python-"));
  const script = join(packageRoot(), "src", "node", "python", "serve.py");
  const { status, stderr, error } = spawnSync(python, ["-u", "-B", script, folder], {
    encoding: "utf8",
    timeout: 60_000,
    stdio: ["ignore", "ignore", "pipe"],
  });
  if (status !== 0) {
    rmSync(folder, { recursive: true, force: true });
    throw new PartError(
      `environments in Python cannot be started with ${python}: ${plain(error?.message ?? (stderr.trim().split("\n").at(-1) || `exit code ${status}`), 300)}`,
    );
  }
  const open: number[] = [];
  const pipe = (name: string, flags: number) => {
    const fd = openSync(join(folder, name), flags);
    open.push(fd);
    return fd;
  };
  const replies = pipe("replies", constants.O_RDONLY);
  const requests = pipe("requests", constants.O_WRONLY | constants.O_NONBLOCK);
  const life = pipe("life", constants.O_WRONLY | constants.O_NONBLOCK);
  // From now on the child ends when this process does, because its end of the pipe closes, however this process ends.
  writeSync(life, "+");
  const close = () => {
    for (const fd of open.splice(0)) closeSync(fd);
  };
  const read = (target: Buffer, offset: number, length: number) => {
    for (let done = 0; done < length;) {
      const count = readSync(replies, target, offset + done, length - done, null);
      if (count === 0) throw new Error("it closed its pipe");
      done += count;
    }
  };
  return {
    read,
    readBytes(length) {
      const bytes = Buffer.alloc(length);
      read(bytes, 0, length);
      return bytes;
    },
    write(bytes, length) {
      for (let done = 0; done < length;) {
        try {
          done += writeSync(requests, bytes, done, length - done);
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
          sleep(0.2);
        }
      }
    },
    end(why, last, seconds) {
      const report = join(folder, "exit");
      for (let waited = 0; waited < 3_000 && !existsSync(report); waited += 5) sleep(5);
      const said = causeOfDeath(folder, why, last, seconds);
      close();
      return said;
    },
    close,
  };
}

/** Returns why a child ended, from what its keeper and its alarm left in its folder. */
function causeOfDeath(folder: string, why: string, last: string, seconds: number): string {
  const hang = join(folder, "hang");
  const inTime = `did not finish ${last} within ${seconds} ${seconds === 1 ? "second" : "seconds"} and was ended`;
  if (existsSync(hang) && statSync(hang).size > 0) {
    const [, file = "", line = "", place = ""] =
      /File "(.*)", line (\d+) in (.*)/.exec(readFileSync(hang, "utf8")) ?? [];
    return `${inTime}; it was in ${place} (${file}, line ${line}). MAST_PYTHON_TIMEOUT gives it more time`;
  }
  try {
    const { code, signal, late, output } = JSON.parse(readFileSync(join(folder, "exit"), "utf8")) as {
      code: number | null;
      signal: string | null;
      /** Whether the keeper ended it because its alarm did not. */
      late: boolean;
      output: string;
    };
    if (late) return `${inTime}. MAST_PYTHON_TIMEOUT gives it more time`;
    const words = plain(output.trim().split("\n").slice(-1)[0] ?? "", 200);
    return `died in ${last} (${signal === null ? `exit code ${code}` : signal})${words === "" ? "" : `; it said last: ${words}`}`;
  } catch {
    return `died in ${last} (${why})`;
  }
}
