import { LabError } from "../errors.js";
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Figure } from "../figures/figure.js";
import { workerFile } from "../runs/workers.js";
import { BROWSER_HINT, BrowserError, pictureSeconds, requireBrowser } from "./browser.js";
import { plotlyFigure } from "./page.js";

/** A request to the drawing process. */
export interface FigureToDraw {
  /** Plotly's data and layout. */
  readonly json: string;
  /** Pixels of the picture for each pixel of the figure. */
  readonly scale: number;
}

/** The answer of the drawing process: a picture, or whose fault it is that there is none. */
export interface DrawnFigure {
  readonly png?: Uint8Array;
  readonly browserFault?: string;
  /** True with a fault of the browser, if it did not answer in time. */
  readonly hangs?: boolean;
  readonly figureFault?: string;
}

/** Seconds after which a browser with nothing to draw is closed. */
const IDLE = 20;

/** The drawing process, and which browser it uses. */
interface Drawer {
  readonly child: ChildProcess;
  readonly browser: string;
  /** Whether its browser has drawn something before. */
  proven: boolean;
}

let drawer: Drawer | undefined;
let idle: NodeJS.Timeout | undefined;
let queue: Promise<unknown> = Promise.resolve();
const unusable = new Map<string, BrowserError>();

/**
 * Draws a figure with Plotly in a headless browser, in a process of its own. A browser that has drawn before and then
 * ends gets a second chance. One that fails in another way is not asked again by this process.
 *
 * @param scale pixels of the picture for each pixel of the figure
 * @returns the PNG as the browser writes it
 * @throws {BrowserError} if there is no browser, or it does not start, ends or hangs
 * @throws {Error} when Plotly refuses the figure
 */
export function drawPng(figure: Figure, scale: number): Promise<Buffer> {
  const turn = queue.then(() => drawInTurn({ json: JSON.stringify(plotlyFigure(figure)), scale }));
  queue = turn.catch(() => undefined);
  return turn;
}

/**
 * Draws something small to find out whether a browser works.
 * @returns why no PNG can be drawn, or undefined if one can
 */
export async function checkBrowser(): Promise<string | undefined> {
  try {
    await drawPng({ data: [], layout: { width: 100, height: 100 }, summary: "" }, 1);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Returns a line that says why there are no PNG files and how to get them. */
export function noPngLine(error: unknown): string {
  const why = (error as Error).message;
  return error instanceof BrowserError
    ? `No PNG of figures: ${why}; the HTML pages are complete. For PNG files ${BROWSER_HINT}.`
    : `No PNG of this figure: ${why.replace(/\s+/g, " ").slice(0, 300)}; the HTML page is written.`;
}

const said = new Set<string>();

/** Writes a line to standard error, only once in this process. */
export function sayOnce(line: string): void {
  if (!said.has(line)) process.stderr.write(`${line}\n`);
  said.add(line);
}

/** Ends the drawing process now. The next figure starts it again. */
export async function closeDrawing(): Promise<void> {
  await queue;
  const child = drawer?.child;
  if (child === undefined) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  stop(drawer!);
  await ended;
}

async function drawInTurn(asked: FigureToDraw): Promise<Buffer> {
  const browser = requireBrowser();
  const known = unusable.get(browser);
  if (known !== undefined) throw known;
  if (drawer !== undefined && drawer.browser !== browser) stop(drawer);
  const secondChance = drawer?.proven === true;
  let answer = await ask(asked, browser);
  // A second try of a hanging browser would cost the same time again.
  if (answer.browserFault !== undefined && answer.hangs !== true && secondChance) answer = await ask(asked, browser);
  if (answer.browserFault !== undefined) {
    const { browserFault: why } = answer;
    const error = new BrowserError(why.includes(browser) ? why : `${why} (${browser})`);
    unusable.set(browser, error);
    throw error;
  }
  if (answer.png === undefined) throw new LabError(answer.figureFault);
  return Buffer.from(answer.png);
}

/**
 * Asks the drawing process for a picture. Whatever happens to that process counts as an answer. After a fault of the
 * browser the process has ended.
 */
async function ask(asked: FigureToDraw, browser: string): Promise<DrawnFigure> {
  clearTimeout(idle);
  drawer ??= start(browser);
  const asking = drawer;
  const { child } = asking;
  hold(child, true);
  let timer: NodeJS.Timeout | undefined;
  const heard: ((answer: DrawnFigure) => void)[] = [];
  const tell = (answer: DrawnFigure) => heard.forEach((hear) => hear(answer));
  const ended = () => tell({ browserFault: "the browser ended while it drew" });
  try {
    const answer = await new Promise<DrawnFigure>((resolve) => {
      heard.push(resolve);
      child.once("message", tell).once("exit", ended).once("error", ended);
      const seconds = pictureSeconds();
      timer = setTimeout(
        () => resolve({ browserFault: `the browser did not draw within ${seconds} s`, hangs: true }),
        1000 * seconds,
      );
      child.send(asked, (error) => error !== null && ended());
    });
    if (answer.browserFault !== undefined) stop(asking);
    else {
      asking.proven ||= answer.png !== undefined;
      idle = setTimeout(() => stop(asking), 1000 * IDLE).unref();
    }
    return answer;
  } finally {
    clearTimeout(timer);
    child.off("message", tell).off("exit", ended).off("error", ended);
    hold(child, false);
  }
}

function start(browser: string): Drawer {
  const { filename, execArgv } = workerFile("drawing-process", import.meta.url);
  const child = fork(fileURLToPath(filename), {
    // This much memory is the limit for a browser that writes without end.
    execArgv: [...execArgv, "--max-old-space-size=512"],
    env: { ...process.env, CHROME_PATH: browser },
    serialization: "advanced",
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  const started: Drawer = { child, browser, proven: false };
  // Whoever asks learns from the answer what went wrong. Without a listener, an error while nobody asks would end us.
  child.on("error", () => undefined);
  child.once("exit", () => {
    if (drawer === started) drawer = undefined;
  });
  return started;
}

/** Sets whether the drawing process keeps this process running, which it does only while a picture is awaited. */
function hold(child: ChildProcess, stays: boolean): void {
  if (stays) child.ref();
  else child.unref();
  const { channel } = child;
  if (stays) channel?.ref();
  else channel?.unref();
}

/** Lets the process end its browser and itself, and ends it by force if it no longer can. */
function stop(ending: Drawer): void {
  const { child } = ending;
  if (drawer === ending) drawer = undefined;
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.once("exit", () => clearTimeout(force));
  const force = setTimeout(() => child.kill("SIGKILL"), 2000);
  if (child.connected) child.send("stop", () => undefined);
  else child.kill("SIGKILL");
}
