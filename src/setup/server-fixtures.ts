import type { ChildProcess } from "node:child_process";
import { createServer, type AddressInfo } from "node:net";

/** Servers of Jupyter, for the tests that start one. */

/** Finds a port of this machine that no server listens to. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/**
 * Waits until a server answers, for a minute at most.
 * @param name the server's, for the error
 * @throws {Error} with its log if it ended or does not answer
 */
export async function answers(name: string, url: string, server: ChildProcess, log: () => string): Promise<void> {
  for (let tries = 0; tries < 240 && server.exitCode === null; tries++) {
    const there = await fetch(url).then(
      (response) => response.ok,
      () => false,
    );
    if (there) return;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  throw new Error(`${name} did not start:\n${log()}`);
}
