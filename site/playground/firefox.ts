import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { WebSocket } from "ws";

/**
 * Drives Firefox as its users have it, because Playwright only drives a Firefox of its own. This module speaks as
 * little WebDriver BiDi as a test needs.
 */

/** Returns the path of a Firefox: FIREFOX_PATH, or the first in PATH, or undefined if there is none. */
export function findFirefox(): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const named = ["firefox", "firefox-esr"].flatMap((name) => folders.map((folder) => join(folder, name)));
  return [process.env["FIREFOX_PATH"] ?? "", ...named].find((path) => path !== "" && existsSync(path));
}

/** A page in a Firefox without a window. */
export interface FirefoxPage {
  open(url: string): Promise<void>;
  /** Evaluates an expression, awaits its value and returns that as a string. */
  evaluate(expression: string): Promise<string>;
}

/** Starts Firefox with a profile of its own, gives a page to `work`, and ends it. */
export async function withFirefox<T>(program: string, work: (page: FirefoxPage) => Promise<T>): Promise<T> {
  const profile = mkdtempSync(join(tmpdir(), "mast-firefox-"));
  const firefox = spawn(program, ["--headless", "--remote-debugging-port=0", "--profile", profile, "about:blank"], {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, HOME: profile },
  });
  try {
    const socket = new WebSocket(`${await addressOf(firefox)}/session`);
    await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
    const send = commands(socket);
    await send("session.new", { capabilities: {} });
    const { contexts } = (await send("browsingContext.getTree", {})) as { contexts: { context: string }[] };
    const { context } = contexts[0];
    const result = await work({
      open: async (url) => void (await send("browsingContext.navigate", { context, url, wait: "complete" })),
      async evaluate(expression) {
        const answer = (await send("script.evaluate", { expression, target: { context }, awaitPromise: true })) as {
          result?: { value?: unknown };
          exceptionDetails?: { text: string };
        };
        if (answer.exceptionDetails !== undefined) throw new Error(answer.exceptionDetails.text);
        return String(answer.result?.value);
      },
    });
    socket.close();
    return result;
  } finally {
    const ended = new Promise((resolve) => firefox.once("exit", resolve));
    if (firefox.exitCode === null && firefox.kill()) await ended;
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Returns the address at which Firefox listens, which it writes to stderr. */
function addressOf(firefox: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = "";
    firefox.stderr!.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      const address = /WebDriver BiDi listening on (ws:\/\/\S+)/.exec(said)?.[1];
      if (address !== undefined) resolve(address);
    });
    firefox.once("error", reject);
    firefox.once("exit", (code) => reject(new Error(`Firefox ended with code ${code}: ${said.slice(-400)}`)));
  });
}

/** Returns a function that sends commands and returns their answers. */
function commands(socket: WebSocket): (method: string, params: object) => Promise<unknown> {
  const waiting = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>();
  socket.on("message", (data) => {
    const { id, type, result, error, message } = JSON.parse(String(data)) as {
      id?: number;
      type: string;
      result?: unknown;
      error?: string;
      message?: string;
    };
    const asked = waiting.get(id ?? -1);
    if (asked === undefined) return;
    waiting.delete(id!);
    if (type === "success") asked.resolve(result);
    else asked.reject(new Error(`${error}: ${message}`));
  });
  let last = 0;
  return (method, params) =>
    new Promise((resolve, reject) => {
      const id = ++last;
      waiting.set(id, { resolve, reject });
      socket.send(JSON.stringify({ id, method, params }));
    });
}
