import { Worker } from "node:worker_threads";

/** The counter of a lease file, which has to be increased at regular intervals. */
export interface Heartbeat {
  /** Returns why the counter has stopped; undefined while it runs. */
  failure(): string | undefined;
  stop(): void;
}

interface Counter {
  readonly path: string;
  /** The beginning of the file. A file with another beginning belongs to another lease. */
  readonly head: string;
  /** Digits of the counter that follows. */
  readonly digits: number;
  readonly seconds: number;
}

/**
 * Increases the counter in a file until `stop`. It runs in a thread of its own, because training may keep its thread
 * busy for a minute, and in this process, because a frozen process must stop counting. The file is opened only once, so
 * that the counter of a lost lease is written to a file without a name.
 */
export function startHeartbeat(counter: Counter): Heartbeat {
  const running = (thread ??= startThread());
  const id = ++counters;
  running.worker.postMessage({ id, ...counter });
  return { failure: () => running.failure, stop: () => running.worker.postMessage({ id }) };
}

interface HeartbeatThread {
  readonly worker: Worker;
  /** Why the thread ended; it does not end by itself. */
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

// The thread's program is text, not a module, so that it starts in milliseconds even where modules go through a loader.
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
