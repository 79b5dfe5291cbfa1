import { LabError } from "../errors.js";
import { accessSync, constants, existsSync, readdirSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import type { Browser, LaunchOptions, Page } from "playwright-core";
import { packageRoot } from "../node/project.js";

/** A program that draws figures. */
interface BrowserProgram {
  readonly executablePath: string;
  readonly args: readonly string[];
  readonly env?: Record<string, string>;
}

/** Thrown when no browser can draw. Its message is the reason, as a part of a sentence. */
export class BrowserError extends LabError {
  override readonly name = "BrowserError";
}

/** What to do if no browser is found. */
export const BROWSER_HINT =
  "run npm run setup:browser (Linux on x86-64), install Chrome, Chromium or Edge, or set CHROME_PATH to one";

/**
 * Returns the seconds that a browser has for one picture, with its start: MAST_BROWSER_SECONDS, or 40. A slow laptop
 * needs about six.
 */
export function pictureSeconds(): number {
  const seconds = Number(process.env["MAST_BROWSER_SECONDS"] ?? "");
  return seconds > 0 && seconds < 3600 ? seconds : 40;
}

/** The part of these seconds for its start, which tells a browser that does not start from one that does not draw. */
const startSeconds = (): number => 0.6 * pictureSeconds();

const NAMES = [
  "google-chrome-stable",
  "google-chrome",
  "chromium",
  "chromium-browser",
  "microsoft-edge-stable",
  "microsoft-edge",
  "chrome",
  "msedge",
];

const PLACES: Readonly<Record<string, readonly string[]>> = {
  linux: ["/opt/google/chrome/chrome", "/opt/microsoft/msedge/msedge", "/snap/bin/chromium"],
  darwin: [
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
  ],
  win32: ["PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA"].flatMap((name) => {
    const root = process.env[name];
    const ends = [
      "Google/Chrome/Application/chrome.exe",
      "Chromium/Application/chrome.exe",
      "Microsoft/Edge/Application/msedge.exe",
    ];
    return root === undefined ? [] : ends.map((end) => join(root, end));
  }),
};

/** Returns the Chromium that `npm run setup:browser` unpacks inside the project. */
export function projectBrowser(): string {
  return join(packageRoot(), ".browser", "chromium");
}

/**
 * Returns the path of the browser that draws figures: CHROME_PATH, or else the first that is found in PATH, where
 * installers put browsers, among Playwright's own, and in the project. With CHROME_PATH=none no browser is used.
 *
 * @throws {BrowserError} if there is none, or CHROME_PATH names something that is no program
 */
export function requireBrowser(): string {
  const chosen = process.env["CHROME_PATH"];
  if (chosen === "none") throw new BrowserError("CHROME_PATH is none");
  if (chosen) {
    const fault = faultOf(chosen);
    if (fault !== undefined) throw new BrowserError(`CHROME_PATH is ${chosen}, ${fault}`);
    return chosen;
  }
  const suffix = process.platform === "win32" ? ".exe" : "";
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  const inPath = NAMES.flatMap((name) => folders.map((folder) => join(folder, name + suffix)));
  const found = [...inPath, ...(PLACES[process.platform] ?? []), ...playwrightBrowsers(), projectBrowser()].find(
    (path) => faultOf(path) === undefined,
  );
  if (found === undefined) throw new BrowserError("there is no Chrome, Chromium or Edge");
  return found;
}

/** Does the same as `requireBrowser`, but returns undefined if there is none. */
export function findBrowser(): string | undefined {
  try {
    return requireBrowser();
  } catch (error) {
    if (error instanceof BrowserError) return undefined;
    throw error;
  }
}

/** Returns the Chromiums that `npx playwright install` has installed, newest first. */
function playwrightBrowsers(): string[] {
  const cache = {
    linux: ".cache/ms-playwright",
    darwin: "Library/Caches/ms-playwright",
    win32: "AppData/Local/ms-playwright",
  }[process.platform as string];
  if (cache === undefined) return [];
  const root = process.env["PLAYWRIGHT_BROWSERS_PATH"] ?? join(homedir(), cache);
  const ends = [
    "chrome-linux/chrome",
    "chrome-linux64/chrome",
    "chrome-mac/Chromium.app/Contents/MacOS/Chromium",
    "chrome-win/chrome.exe",
    "chrome-win64/chrome.exe",
  ];
  try {
    const versions = readdirSync(root)
      .filter((name) => name.startsWith("chromium-"))
      .sort()
      .reverse();
    return versions.flatMap((name) => ends.map((end) => join(root, name, end)));
  } catch {
    return [];
  }
}

/** Returns why a path cannot be started as a program, or undefined if it can. */
function faultOf(path: string): string | undefined {
  try {
    if (!existsSync(path)) return "which is not there";
    if (!statSync(path).isFile()) return "which is not a file";
    accessSync(path, constants.X_OK);
    return undefined;
  } catch {
    return "which this user may not execute";
  }
}

/**
 * Returns the browser to draw with.
 * @throws {BrowserError} where there is none
 */
function browserProgram(): BrowserProgram {
  const executablePath = requireBrowser();
  // The project's Chromium lacks the helper that a sandbox needs on some systems. It draws only our own pages.
  const withoutSandbox = process.getuid?.() === 0 || executablePath === projectBrowser();
  // It comes with a font, for machines that have none.
  const withOwnFonts =
    executablePath === projectBrowser() &&
    !existsSync("/etc/fonts/fonts.conf") &&
    process.env["FONTCONFIG_PATH"] === undefined;
  return {
    executablePath,
    args: withoutSandbox ? ["--no-sandbox"] : [],
    ...(withOwnFonts
      ? { env: { ...(process.env as Record<string, string>), FONTCONFIG_PATH: join(dirname(executablePath), "fonts") } }
      : {}),
  };
}

/** Returns how to start a browser: headless, with an empty profile, and without anything that contacts its maker. */
function launchOptions(program: BrowserProgram): LaunchOptions {
  return {
    executablePath: program.executablePath,
    env: program.env,
    args: [
      ...program.args,
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--force-color-profile=srgb",
    ],
    // Ctrl-C is meant for the run that is drawn, not for the drawing.
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
    timeout: 1000 * startSeconds(),
  };
}

let open: Promise<Browser> | undefined;
let users = 0;
let closing: NodeJS.Timeout | undefined;

/**
 * Runs `work` on a new page of a headless browser. The browser stays open for two seconds after the last page, so that
 * a series of pages starts it only once. Figures are drawn by `drawPng` instead, which no failing browser can harm.
 *
 * @throws {BrowserError} if there is no browser, or it does not start
 */
export async function withPage<T>(work: (page: Page) => Promise<T>): Promise<T> {
  users++;
  clearTimeout(closing);
  try {
    open ??= launch().catch((error: unknown) => {
      open = undefined;
      throw error;
    });
    const browser = await open;
    const page = await browser.newPage();
    try {
      return await work(page);
    } finally {
      await page.close().catch(() => undefined);
    }
  } finally {
    if (--users === 0) closing = setTimeout(() => void closeBrowser(), 2000);
  }
}

async function launch(): Promise<Browser> {
  const program = browserProgram();
  const { chromium } = await import("playwright-core");
  try {
    const browser = await chromium.launch(launchOptions(program));
    browser.on("disconnected", () => (open = undefined));
    return browser;
  } catch (error) {
    const message = String(error instanceof Error ? error.message : error);
    throw new BrowserError(`${program.executablePath} does not start (${startFault(message)})`);
  }
}

/** Returns the part of Playwright's report that helps a person: the browser's own last words, if it had any. */
function startFault(message: string): string {
  if (/Timeout .* exceeded/.test(message.split("\n")[0])) return `no answer within ${startSeconds()} s`;
  const said = /\[err\] (.*(?:error while loading shared libraries|FATAL).*)/.exec(message)?.[1];
  if (said !== undefined) return said.trim().slice(0, 200);
  if (/has been closed/.test(message)) return "it ended at once";
  return message
    .split("\n")[0]
    .replace(/^browserType\.launch: /, "")
    .slice(0, 200);
}

/** Closes the browser now. The next page starts it again. */
export async function closeBrowser(): Promise<void> {
  clearTimeout(closing);
  const browser = await open?.catch(() => undefined);
  open = undefined;
  await browser?.close();
}
