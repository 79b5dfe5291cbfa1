import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, LaunchOptions, Page } from "playwright-core";
import { packageRoot } from "../node/project.js";

/** A program that draws figures. */
interface BrowserProgram {
  readonly executablePath: string;
  readonly args: readonly string[];
}

/** What to do where no browser is found. */
export const BROWSER_HINT = "install Chrome, Chromium or Edge, or set CHROME_PATH to one";

/** The last version whose engines name Node 20; needed on Linux x64 without a browser only, and fetched then. */
const PACKAGED = "@sparticuz/chromium@143.0.4";

const NAMES = ["google-chrome-stable", "google-chrome", "chromium", "chromium-browser", "microsoft-edge-stable", "microsoft-edge", "chrome", "msedge"];

const PLACES: Readonly<Record<string, readonly string[]>> = {
  linux: ["/opt/google/chrome/chrome", "/opt/microsoft/msedge/msedge", "/snap/bin/chromium"],
  darwin: [
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
  ],
  win32: ["PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA"].flatMap((name) => {
    const root = process.env[name];
    return root === undefined ? [] : [join(root, "Google/Chrome/Application/chrome.exe"), join(root, "Chromium/Application/chrome.exe"), join(root, "Microsoft/Edge/Application/msedge.exe")];
  }),
};

/**
 * The path of an installed Chrome, Chromium or Edge: CHROME_PATH, then PATH, then where installers put them, then
 * Playwright's own; undefined where there is none. CHROME_PATH=none says that none shall be used.
 */
export function findBrowser(): string | undefined {
  const chosen = process.env["CHROME_PATH"];
  if (chosen === "none") return undefined;
  if (chosen) return isFile(chosen) ? chosen : undefined;
  const suffix = process.platform === "win32" ? ".exe" : "";
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  const inPath = NAMES.flatMap((name) => folders.map((folder) => join(folder, name + suffix)));
  return [...inPath, ...(PLACES[process.platform] ?? []), ...playwrightBrowsers()].find(isFile);
}

/** Chromium that `npx playwright install` left, newest first. */
function playwrightBrowsers(): string[] {
  const cache = { linux: ".cache/ms-playwright", darwin: "Library/Caches/ms-playwright", win32: "AppData/Local/ms-playwright" }[process.platform as string];
  if (cache === undefined) return [];
  const root = process.env["PLAYWRIGHT_BROWSERS_PATH"] ?? join(homedir(), cache);
  if (!existsSync(root)) return [];
  const versions = readdirSync(root).filter((name) => name.startsWith("chromium-")).sort().reverse();
  return versions.flatMap((name) => ["chrome-linux/chrome", "chrome-linux64/chrome", "chrome-mac/Chromium.app/Contents/MacOS/Chromium", "chrome-win/chrome.exe", "chrome-win64/chrome.exe"].map((end) => join(root, name, end)));
}

function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile();
}

let packaged: Promise<BrowserProgram | undefined> | undefined;

/** A Chromium from the npm registry, kept in `.cache/chromium`, fetched at the first call; undefined where there is none for this machine. */
async function packagedBrowser(): Promise<BrowserProgram | undefined> {
  if (process.env["CHROME_PATH"] === "none" || process.platform !== "linux" || process.arch !== "x64") return undefined;
  const folder = join(packageRoot(), ".cache", "chromium");
  const find = createRequire(pathToFileURL(join(folder, "package.json")));
  const resolve = (): string | undefined => {
    try {
      return find.resolve("@sparticuz/chromium");
    } catch {
      return undefined;
    }
  };
  if (resolve() === undefined) {
    process.stderr.write(`no Chrome, Chromium or Edge found: fetching ${PACKAGED} (70 MB, once) to draw PNG files\n`);
    try {
      mkdirSync(folder, { recursive: true });
    } catch {
      return undefined;
    }
    spawnSync("npm", ["install", "--prefix", folder, "--no-save", "--no-audit", "--no-fund", "--loglevel=error", PACKAGED], { stdio: "ignore", timeout: 300_000 });
  }
  const entry = resolve();
  if (entry === undefined) return undefined;
  const module = (await import(pathToFileURL(entry).href)) as { default: { executablePath(): Promise<string>; args: string[] } };
  return { executablePath: await module.default.executablePath(), args: ["--no-sandbox", "--no-zygote", "--single-process"] };
}

/** The browser to draw with, or undefined. */
async function browserProgram(): Promise<BrowserProgram | undefined> {
  const executablePath = findBrowser();
  if (executablePath !== undefined) return { executablePath, args: process.getuid?.() === 0 ? ["--no-sandbox"] : [] };
  packaged ??= packagedBrowser().catch(() => undefined);
  return packaged;
}

/** How to start a found browser: headless, in an empty profile, with nothing that calls its maker. */
function launchOptions(program: BrowserProgram): LaunchOptions {
  return {
    executablePath: program.executablePath,
    args: [...program.args, "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--force-color-profile=srgb"],
    // Ctrl-C belongs to the run that is drawn, not to the drawing.
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
    timeout: 60_000,
  };
}

let open: Promise<Browser | undefined> | undefined;
let users = 0;
let closing: NodeJS.Timeout | undefined;

/**
 * Runs `work` on a new page of a headless browser; undefined where no browser can be had. The browser stays open for two seconds
 * after the last page, so that a series of figures starts it once.
 */
export async function withPage<T>(work: (page: Page) => Promise<T>): Promise<T | undefined> {
  users++;
  clearTimeout(closing);
  try {
    open ??= browserProgram().then(async (program) => {
      if (program === undefined) return undefined;
      const { chromium } = await import("playwright-core");
      const browser = await chromium.launch(launchOptions(program));
      browser.on("disconnected", () => (open = undefined));
      return browser;
    });
    const browser = await open.catch((error: unknown) => {
      open = undefined;
      const line = String(error instanceof Error ? error.message : error).split("\n")[0];
      process.stderr.write(`the browser did not start (${line}): no PNG; ${BROWSER_HINT}\n`);
      return undefined;
    });
    if (browser === undefined) return undefined;
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

/** Closes the browser now; the next figure starts it again. */
export async function closeBrowser(): Promise<void> {
  clearTimeout(closing);
  const browser = await open?.catch(() => undefined);
  open = undefined;
  await browser?.close();
}
