import { Worker } from "node:worker_threads";
import { expect, it } from "vitest";
import { threadSeconds } from "./thread-time.js";

const known = threadSeconds() !== undefined;

/** Works until the processor time of the process, which other programs do not change, has grown by so much. */
function work(seconds: number): void {
  const { user, system } = process.cpuUsage();
  for (let x = 1; ; x = Math.sin(x)) {
    if (x === 2) return;
    const now = process.cpuUsage();
    if (now.user + now.system - user - system > seconds * 1e6) return;
  }
}

it.skipIf(!known)("grows with the work of the thread", () => {
  const before = threadSeconds()!;
  work(0.05);
  expect(threadSeconds()!).toBeGreaterThan(before);
});

it.skipIf(!known)("does not count another thread's work", async () => {
  const before = threadSeconds()!;
  const busy = new Worker(
    "const start = process.cpuUsage(); for (;;) { const { user, system } = process.cpuUsage(start); if (user + system > 6e5) break; }",
    { eval: true },
  );
  await new Promise((done) => busy.once("exit", done));
  // The other thread has used most of 0.6 processor seconds of this process.
  expect(threadSeconds()! - before).toBeLessThan(0.3);
});
