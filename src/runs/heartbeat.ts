import { Worker } from "node:worker_threads";

/** The counter of a lease file that has to go on. */
export interface Heartbeat {
  /** Why it stands still; undefined while it goes on. */
  failure(): string | undefined;
  stop(): void;
}

interface Counter {
  readonly path: string;
  /** What the file begins with; one that begins otherwise is another's. */
  readonly head: string;
  /** Digits of the counter that follows. */
  readonly digits: number;
  readonly seconds: number;
}

/**
 * Counts up in a file until `stop`, from a thread of its own: training may keep its own thread busy for a minute, and a
 * process that is frozen as a whole must fall silent. The file is opened once and never by its name again, so that the
 * counter of a lost lease is written to a file that nobody sees.
 */
export function startHeartbeat(counter: Counter): Heartbeat {
  const running = (thread ??= startThread());
  const id = ++counters;
  running.worker.postMessage({ id, ...counter });
  return { failure: () => running.failure, stop: () => running.worker.postMessage({ id }) };
}

interface HeartbeatThread {
  readonly worker: Worker;
  /** Why the thread ended, which it does not do by itself. */
  failure: string | undefined;
}

/** One thread counts for all leases that this thread holds. */
let thread: HeartbeatThread | undefined;
let counters = 0;

function startThread(): HeartbeatThread {
  const worker = new Worker(BEAT, {
    eval: true,
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 4 },
  });
  const started: HeartbeatThread = { worker, failure: undefined };
  const ended = (why: string) => {
    started.failure ??= why;
    if (thread === started) thread = undefined;
  };
  worker.on("error", (error) => ended(error.message));
  worker.on("exit", (code) => ended(`its thread ended with code ${code}`));
  worker.unref();
  return started;
}

// Text, not a module: it then starts in milliseconds also where modules go through a loader.
const BEAT = `
const { parentPort } = require("node:worker_threads");
const { closeSync, fdatasyncSync, openSync, readSync, writeSync } = require("node:fs");
const stops = new Map();
parentPort.on("message", ({ id, path, head, digits, seconds }) => {
  if (path === undefined) return void stops.get(id)?.();
  const at = Buffer.byteLength(head);
  const begins = Buffer.alloc(at);
  let file;
  try {
    file = openSync(path, "r+");
    readSync(file, begins, 0, at, 0);
  } catch {
    // It is lost already, which is found out before anything is written.
  }
  if (begins.toString() !== head) return void (file === undefined || closeSync(file));
  let count = 0;
  const timer = setInterval(() => {
    try {
      writeSync(file, String(++count).padStart(digits, "0"), at);
      fdatasyncSync(file);
    } catch {
      // A disk that is full or gone for a moment: the next heartbeat may come through.
    }
  }, 1000 * seconds);
  stops.set(id, () => {
    clearInterval(timer);
    closeSync(file);
    stops.delete(id);
  });
});
`;
