// Lets one process at a time do something to the project's folder.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { setTimeout as wait } from "node:timers/promises";

/**
 * Runs an action while no other process that asks for the same lock does. The lock is given back at the end of the
 * action, or of this process; one that a killed process of this machine has left is removed.
 *
 * @param {string} lock path of a file that exists while somebody has the lock
 * @param {() => Promise<void>} action
 * @param {() => void} waiting is called once if another process has it
 */
export async function alone(lock, action, waiting = () => {}) {
  const own = JSON.stringify({ host: hostname(), process: process.pid });
  mkdirSync(dirname(lock), { recursive: true });
  for (let told = false; !(await take(lock, own)); told = true) {
    if (!told) waiting();
    await wait(300);
  }
  const giveBack = () => rmSync(lock, { force: true });
  process.once("exit", giveBack);
  try {
    await action();
  } finally {
    process.removeListener("exit", giveBack);
    giveBack();
  }
}

/** Tries to get the lock. */
async function take(lock, own) {
  try {
    writeFileSync(lock, own, { flag: "wx" });
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    if (isLeft(holderOf(lock))) rmSync(lock, { force: true });
    return false;
  }
  // Two processes that find a lock left at once could each remove it, one of them the lock that the other has made
  // since. Whoever wrote last has it.
  await wait(50);
  return holderOf(lock) === own;
}

function holderOf(lock) {
  try {
    return readFileSync(lock, "utf8");
  } catch {
    return undefined;
  }
}

/** Tells whether a process of this machine had the lock and has ended. */
function isLeft(holder) {
  if (!holder) return false;
  try {
    const { host, process: id } = JSON.parse(holder);
    if (host === hostname()) process.kill(id, 0);
    return false;
  } catch (error) {
    // A process of another user cannot be asked, but exists. What is no such file was not written by us to its end.
    return error.code === "ESRCH" || error instanceof SyntaxError;
  }
}
