// Builds the playground into one HTML file that needs nothing else: no server, no headers, no network.
//   node site/playground/build.mjs [OUT_FOLDER]
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";

const here = fileURLToPath(new URL(".", import.meta.url));
const root = resolve(here, "../..");

/** A setting that both the page and its worker are built with. */
const core = { find: /^mast-lab\/core$/, replacement: join(root, "src/doors/core.ts") };

/** Builds the page as one HTML file. */
export async function buildPlayground() {
  const { output } = await build({
    configFile: false,
    root: here,
    logLevel: "error",
    resolve: { alias: [core] },
    worker: { format: "iife" },
    build: {
      write: false,
      target: "es2022",
      modulePreload: false,
      cssCodeSplit: false,
      assetsInlineLimit: Number.MAX_SAFE_INTEGER,
      rollupOptions: { output: { inlineDynamicImports: true } },
    },
  });
  const named = (ending) => output.filter(({ fileName }) => fileName.endsWith(ending));
  const [page] = named(".html");
  const scripts = named(".js");
  const styles = named(".css");
  const others = output.filter(({ fileName }) => !/\.(html|js|css)$/.test(fileName));
  if (scripts.length !== 1 || styles.length !== 1 || others.length > 0)
    throw new Error(
      `The playground should be one script and one style; there are ${output.map(({ fileName }) => fileName).join(", ")}.`,
    );
  // The replacement is a function, because "$&" in a program is no pattern. "</script" would end the script early.
  return String(page.source)
    .replace(/<script type="module"[^>]*src="[^"]*"[^>]*><\/script>/, "")
    .replace(/<link rel="stylesheet"[^>]*>/, () => `<style>${styles[0].source}</style>`)
    .replace(
      "</body>",
      () => `<script type="module">${scripts[0].code.replaceAll("</script", "<\\/script")}</script></body>`,
    );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const out = resolve(process.argv[2] ?? join(root, "site/built/playground"));
  mkdirSync(out, { recursive: true });
  const html = await buildPlayground();
  writeFileSync(join(out, "index.html"), html);
  console.log(`${join(out, "index.html")}: ${(Buffer.byteLength(html) / 1e6).toFixed(2)} MB`);
}
