// npm run setup:browser: a Chromium from the npm registry for a machine without a browser, unpacked into .browser/ and
// tried. It draws the PNG files.
import "./node-version.mjs";
import { spawnSync } from "node:child_process";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { npm, root } from "./npm.mjs";

/** The last version that supports Node.js 20. */
const PACKAGE = "@sparticuz/chromium@143.0.4";
const folder = join(root, ".browser");
const fresh = join(root, `.browser.${process.pid}.tmp`);
const say = (line) => console.error(line);

try {
  await setUp();
} catch (error) {
  say(error.message.trim());
  process.exitCode = 1;
} finally {
  rmSync(fresh, { recursive: true, force: true });
}

async function setUp() {
  const { checkBrowser } = await import("../../dist/display/draw.js");
  const { findBrowser, projectBrowser } = await import("../../dist/display/browser.js");
  const present = findBrowser();
  if (present !== undefined) {
    const fault = await checkBrowser();
    if (fault === undefined) return say(`ready: ${present} draws PNG files already`);
    if (present !== projectBrowser())
      throw new Error(`${fault}. It has precedence over a fetched one: repair or remove it, or set CHROME_PATH.`);
    say(`${fault}: fetching it again`);
  }
  if (process.env.CHROME_PATH)
    throw new Error(
      `CHROME_PATH is ${process.env.CHROME_PATH}, and no browser can be started there: unset it, and run this again`,
    );
  if (process.platform !== "linux" || process.arch !== "x64") {
    throw new Error(
      `the npm registry has a Chromium for Linux on x86-64 only, and this is ${process.platform} on ${process.arch}: install Chrome, Chromium or Edge`,
    );
  }
  say(`fetching ${PACKAGE} from the npm registry into .browser (65 MB, 210 MB on the disk)`);
  mkdirSync(fresh, { mode: 0o700 });
  writeFileSync(join(fresh, "package.json"), '{ "private": true }\n');
  npm("install", "--prefix", fresh, "--no-save", "--ignore-scripts", PACKAGE);
  unpack(join(fresh, "unpacked"));
  rmSync(folder, { recursive: true, force: true });
  renameSync(join(fresh, "unpacked"), folder);
  const fault = await checkBrowser();
  if (fault !== undefined)
    throw new Error(
      `the browser was fetched but cannot be used: ${fault}. A library that it lacks comes with your system's packages (Debian, Ubuntu: apt install libnss3).`,
    );
  say(`ready: ${projectBrowser()} draws PNG files`);
}

/**
 * Unpacks the package, which uses the temporary folder and anything under its name in it, in a temporary folder of its
 * own.
 */
function unpack(place) {
  mkdirSync(place, { mode: 0o700 });
  const module = pathToFileURL(join(fresh, "node_modules/@sparticuz/chromium/build/esm/index.js")).href;
  const program = `const { default: chromium } = await import(${JSON.stringify(module)}); await chromium.executablePath();`;
  const { status, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
    encoding: "utf8",
    env: { ...process.env, TMPDIR: place },
  });
  if (status !== 0)
    throw new Error(
      `${PACKAGE} cannot be unpacked: ${
        stderr
          .trim()
          .split("\n")
          .findLast((line) => /error/i.test(line)) ?? "no reason given"
      }`,
    );
}
