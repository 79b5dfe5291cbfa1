// Builds the site: the front page, the notebooks with their figures, how-tos, the API reference and the playground.
//   npm run docs                 into site/built, which any static host can serve, and a browser can open from the disk
//   npm run docs -- --out DIR    into another folder
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, extname, join, posix, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { escapeHtml, highlight, render } from "./markdown.mjs";
import { notebookHtml } from "./notebook.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

/**
 * The pages that are written by hand, in the order of the contents, with their places in the project and in the site.
 */
const SECTIONS = [
  [
    "How to",
    "docs/index.html",
    [
      ["site/docs/README.md", "docs/index.html"],
      ["site/docs/terminal.md", "docs/terminal.html"],
      ["site/docs/kernel.md", "docs/kernel.html"],
      ["site/docs/your-own.md", "docs/your-own.html"],
      ["site/docs/from-pymarl.md", "docs/from-pymarl.html"],
      ["site/docs/real-smac.md", "docs/real-smac.html"],
      ["src/node/python/README.md", "docs/python.html"],
      ["site/docs/studies.md", "docs/studies.html"],
      ["site/docs/shared-folder.md", "docs/shared-folder.html"],
      ["site/docs/slurm.md", "docs/slurm.html"],
      ["site/docs/go-on.md", "docs/go-on.html"],
      ["site/docs/actors.md", "docs/actors.html"],
      ["site/docs/gpu.md", "docs/gpu.html"],
      ["site/docs/speed.md", "docs/speed.html"],
      ["site/docs/metrics.md", "docs/metrics.html"],
      ["site/docs/experiments.md", "docs/experiments.html"],
    ],
  ],
  [
    "Reference",
    "docs/library.html",
    [
      ["src/doors/README.md", "docs/library.html"],
      ["examples/README.md", "docs/examples.html"],
      ["src/envs/starcraft/RULES.md", "docs/rules.html"],
      ["data/results/README.md", "docs/results.html"],
      ["bench/README.md", "docs/benchmarks.html"],
      ["environment.md", "docs/verified.html"],
      ["CONTRIBUTING.md", "docs/contributing.html"],
      ["CHANGELOG.md", "docs/changelog.html"],
    ],
  ],
];

// A how-to that is not in the list yet comes at the end.
const [, , howTo] = SECTIONS[0];
for (const name of readdirSync(join(root, "site/docs")).sort()) {
  if (!name.endsWith(".md") || howTo.some(([path]) => path === `site/docs/${name}`)) continue;
  howTo.push([`site/docs/${name}`, `docs/${name.replace(/\.md$/, ".html")}`]);
}

/** A site that is being built, with the addresses of its pages and what is wrong with it. */
class Site {
  constructor(out) {
    this.out = out;
    /** Addresses in the site by path in the project. */
    this.addresses = new Map([["README.md", "index.html"]]);
    /** Paths in the project that pages link to and that have no page yet. */
    this.wanted = [];
    this.titles = new Map();
    this.problems = [];
  }

  write(address, content) {
    const path = join(this.out, address);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }

  /** Returns the address of what is at a path in the project. A page for it is made later. */
  addressOf(path) {
    const full = join(root, path);
    if (statSync(full).isDirectory()) {
      const readme = posix.join(path, "README.md");
      if (this.addresses.has(readme) || existsSync(join(root, readme))) return this.addressOf(readme);
    }
    if (!this.addresses.has(path)) {
      const folder = statSync(full).isDirectory();
      const page = path.endsWith(".ipynb")
        ? path.replace(/\.ipynb$/, ".html")
        : `source/${path}${folder ? "/index" : ""}.html`;
      const address = folder || TEXT.test(path) ? page : `files/${path}`;
      this.addresses.set(path, address);
      this.wanted.push(path);
    }
    return this.addresses.get(path);
  }

  /** Turns a link in a text of the project into one in a page of the site. */
  resolve(link, from, address) {
    if (/^([a-z][a-z+.-]*:|#|\/\/)/i.test(link)) return link;
    const [path, fragment] = link.split("#");
    // Pages that other programs make are named by their place in the site.
    const made = /^(?:\.\.\/)*(?:site\/)?(playground|api)\/(index\.html)?$/.exec(path);
    if (made !== null) return posix.relative(posix.dirname(address), `${made[1]}/index.html`);
    const target = posix.normalize(posix.join(posix.dirname(from), decodeURIComponent(path))).replace(/\/$/, "");
    if (target.startsWith("..") || !existsSync(join(root, target))) {
      this.problems.push(`${from} links to ${link}, which does not exist`);
      return link;
    }
    // Pages have no marks for lines.
    const kept = fragment === undefined || /^L\d+/.test(fragment) ? "" : `#${fragment}`;
    return `${posix.relative(posix.dirname(address), this.addressOf(target))}${kept}`;
  }

  /** Returns HTML in which the links of texts in the project lead to pages of the site. */
  linked(html, from, address) {
    return html.replace(/\b(href|src)="([^"]*)"/g, (_, attribute, link) => {
      const plain = link.replaceAll("&amp;", "&");
      return `${attribute}="${escapeHtml(this.resolve(plain, from, address))}"`;
    });
  }

  /** Returns the link from one page of the site to another. */
  to(address, target) {
    return posix.relative(posix.dirname(address), target) || posix.basename(target);
  }

  page(address, { title, content, wide = false, before = "", after = "" }) {
    const to = (target) => this.to(address, target);
    const current = (target) => (target === address ? ' aria-current="page"' : "");
    const link = (target, text) => `<a href="${to(target)}"${current(target)}>${text}</a>`;
    const lists = [
      ["Notebooks", "notebooks/index.html", this.notebooks.map(({ address: target }) => target)],
      ...SECTIONS.map(([name, first, pages]) => [name, first, pages.map(([, target]) => target)]),
    ];
    const contents = lists
      .map(
        ([name, , pages]) =>
          `<p>${name}</p><ul>${pages.map((target) => `<li>${link(target, escapeHtml(this.titles.get(target) ?? target))}</li>`).join("")}</ul>`,
      )
      .join("");
    this.write(
      address,
      `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}${title === "mast-lab" ? "" : " · mast-lab"}</title>
<link rel="icon" href="${to("icon.svg")}">
<link rel="stylesheet" href="${to("site.css")}">
</head>
<body>
<a class="skip" href="#content">Skip to the text</a>
<header class="top">
<a class="brand" href="${to("index.html")}">mast-lab</a>
<nav aria-label="Site">${link("playground/index.html", "Playground")}${link("notebooks/index.html", "Notebooks")}${link("docs/index.html", "How to")}${link("docs/library.html", "Library")}${link("api/index.html", "API")}${wide ? "" : '<a class="to-contents" href="#contents">Contents</a>'}</nav>
</header>
<div class="layout${wide ? " wide" : ""}">
${wide ? "" : `<nav class="contents" id="contents" aria-label="Contents">${contents}</nav>`}
<main id="content">
${before}${content}${after}
</main>
</div>
<footer>mast-lab is under the MIT licence. ${link(this.addressOf("CITATION.cff"), "How to cite it")}.</footer>
</body>
</html>
`,
    );
  }

  markdownPage(path, address, options = {}) {
    const env = {};
    const html = render(readFileSync(join(root, path), "utf8"), env);
    this.titles.set(address, options.title ?? this.titles.get(address) ?? env.title ?? path);
    this.page(address, {
      title: this.titles.get(address),
      ...options,
      content: this.linked(options.change?.(html) ?? html, path, address),
    });
  }

  notebookPage({ path, address, notebook, title }, before, after) {
    const env = {};
    let images = 0;
    const html = notebookHtml(notebook, env, (bytes) => {
      const image = address.replace(/\.html$/, `-${++images}.png`);
      this.write(image, bytes);
      // The link is marked because it is an address of the site already.
      return `site:${basename(image)}`;
    });
    const around = [
      before && `<a href="${this.to(address, before.address)}">&larr; ${escapeHtml(before.title)}</a>`,
      after && `<a href="${this.to(address, after.address)}">${escapeHtml(after.title)} &rarr;</a>`,
    ];
    this.page(address, {
      title,
      content: this.linked(html, path, address).replaceAll('src="site:', 'src="'),
      after: `<nav class="next" aria-label="Other notebooks">${around.map((text) => text ?? "<span></span>").join("")}</nav>`,
    });
  }

  /** Makes the page of a file or folder of the project that some page links to. */
  sourcePage(path) {
    const address = this.addresses.get(path);
    const full = join(root, path);
    if (address.startsWith("files/")) {
      mkdirSync(dirname(join(this.out, address)), { recursive: true });
      return copyFileSync(full, join(this.out, address));
    }
    this.titles.set(address, path);
    const heading = `<h1><code>${escapeHtml(path)}</code></h1>`;
    if (statSync(full).isDirectory()) {
      const names = readdirSync(full, { withFileTypes: true }).filter(({ name }) => !name.startsWith("."));
      const items = names.map((entry) => {
        const inside = posix.join(path, entry.name);
        if (entry.isDirectory() || statSync(join(full, entry.name)).size > MOST)
          return `<li>${escapeHtml(entry.name)}</li>`;
        return `<li><a href="${this.to(address, this.addressOf(inside))}">${escapeHtml(entry.name)}</a></li>`;
      });
      return this.page(address, { title: path, content: `${heading}<ul>${items.join("")}</ul>` });
    }
    if (path.endsWith(".md")) return this.markdownPage(path, address);
    if (path.endsWith(".ipynb")) {
      const notebook = JSON.parse(readFileSync(full, "utf8"));
      return this.notebookPage({ path, address, notebook, title: titleOf(notebook) ?? path });
    }
    const text = readFileSync(full, "utf8");
    const code = text.length > MOST ? `${text.slice(0, MOST)}\n…` : text;
    this.page(address, {
      title: path,
      content: `${heading}<pre tabindex="0"><code>${highlight(code, extname(path).slice(1))}</code></pre>`,
    });
  }
}

/** Files that are shown as text. Others are copied unchanged. */
const TEXT = /\.(md|ipynb|ts|js|mjs|json|csv|yaml|yml|py|txt|css|html|cff|c|h)$|(^|\/)[^.]+$/;

/** Returns the first heading of a notebook. */
function titleOf({ cells }) {
  const first = cells.find(({ cell_type }) => cell_type === "markdown");
  return /^# (.*)$/m.exec([first?.source ?? ""].flat().join(""))?.[1];
}

/** Greatest number of characters of a file that its page shows. */
const MOST = 300_000;

const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><g fill="#D55E00"><rect x="1" y="1" width="4" height="4"/><rect x="11" y="6" width="4" height="4"/><rect x="6" y="11" width="4" height="4"/></g><rect x="6" y="1" width="4" height="4" fill="#0072B2"/></svg>
`;

const HERO = `<div class="hero"><div class="calls"><a href="site/playground/">Watch a team learn, in this browser</a><a href="notebooks/README.md">Read the notebooks</a><a href="site/docs/README.md">How to</a></div></div>`;

/**
 * Builds the site.
 *
 * @param options.api whether the reference is made, which takes a minute
 * @param options.playground whether the playground is made
 * @returns what is wrong with it: links that lead nowhere
 */
export async function buildSite(out, { api = true, playground = true } = {}) {
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  const site = new Site(out);
  site.notebooks = readdirSync(join(root, "notebooks"))
    .filter((name) => name.endsWith(".ipynb"))
    .sort()
    .map((name) => {
      const notebook = JSON.parse(readFileSync(join(root, "notebooks", name), "utf8"));
      const title = titleOf(notebook) ?? name;
      return { path: `notebooks/${name}`, address: `notebooks/${name.replace(/\.ipynb$/, ".html")}`, notebook, title };
    });
  site.addresses.set("notebooks/README.md", "notebooks/index.html");
  for (const { path, address, title } of site.notebooks) {
    site.addresses.set(path, address);
    site.titles.set(address, title);
  }
  for (const [, , pages] of SECTIONS)
    for (const [path, address] of pages) {
      site.addresses.set(path, address);
      site.titles.set(address, /^# (.*)$/m.exec(readFileSync(join(root, path), "utf8"))?.[1] ?? path);
    }

  site.write(
    "site.css",
    readFileSync(join(root, "site/colours.css"), "utf8") + readFileSync(join(root, "site/site.css"), "utf8"),
  );
  site.write("icon.svg", ICON);
  // With this file, hosts such as GitHub Pages serve the files unchanged.
  site.write(".nojekyll", "");
  site.markdownPage("README.md", "index.html", {
    title: "mast-lab",
    wide: true,
    change: (html) => html.replace("</h1>", () => `</h1>${HERO}`),
  });
  site.markdownPage("notebooks/README.md", "notebooks/index.html", { title: "Notebooks" });
  site.notebooks.forEach((notebook, i) => site.notebookPage(notebook, site.notebooks[i - 1], site.notebooks[i + 1]));
  for (const [, , pages] of SECTIONS) for (const [path, address] of pages) site.markdownPage(path, address);
  while (site.wanted.length > 0) site.sourcePage(site.wanted.shift());

  if (playground) {
    const { buildPlayground } = await import("./playground/build.mjs");
    site.write("playground/index.html", await buildPlayground());
  }
  if (api) {
    const made = spawnSync(
      process.execPath,
      [join(root, "node_modules/typedoc/bin/typedoc"), "--out", join(out, "api")],
      { cwd: root, encoding: "utf8" },
    );
    if (made.status !== 0) {
      site.problems.push(`the API reference cannot be made: ${made.stdout}${made.stderr}`.trim());
      // Every page links to the reference. That it is missing has been said already.
      api = false;
    }
  }
  return [...site.problems, ...brokenLinks(out, [...(playground ? [] : ["playground"]), ...(api ? [] : ["api"])])];
}

/**
 * Returns the links in a folder of pages that lead to no file, or to no place in it, as "PAGE: LINK".
 * @param except folders that do not exist yet
 */
export function brokenLinks(out, except = []) {
  const pages = readdirSync(out, { recursive: true, encoding: "utf8" })
    .map((path) => path.replaceAll("\\", "/"))
    .filter((path) => path.endsWith(".html"));
  const texts = new Map();
  const textOf = (path) => {
    if (!texts.has(path)) texts.set(path, readFileSync(path, "utf8"));
    return texts.get(path);
  };
  const broken = [];
  for (const page of pages) {
    // The reference checks its own links, and the playground is a program without links.
    if (page.startsWith("api/")) continue;
    const html = textOf(join(out, page)).replaceAll(/<script[\s\S]*?<\/script>/g, "");
    for (const [, link] of html.matchAll(/\b(?:href|src)="([^"]*)"/g)) {
      if (/^(https?:|mailto:|data:)/.test(link)) continue;
      const [path, fragment] = link.replaceAll("&amp;", "&").split("#");
      const target = path === "" ? join(out, page) : resolve(out, dirname(page), decodeURIComponent(path));
      const inside = relative(out, target).replaceAll("\\", "/");
      if (except.includes(inside.split("/")[0])) continue;
      if (inside.startsWith("..") || !existsSync(target) || !statSync(target).isFile()) broken.push(`${page}: ${link}`);
      else if (
        fragment !== undefined &&
        fragment !== "" &&
        target.endsWith(".html") &&
        !textOf(target).includes(` id="${decodeURIComponent(fragment)}"`)
      )
        broken.push(`${page}: ${link}`);
    }
  }
  return broken;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { out: { type: "string" }, "without-api": { type: "boolean" } } });
  const out = resolve(values.out ?? join(root, "site/built"));
  const problems = await buildSite(out, { api: values["without-api"] !== true });
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exit(1);
  console.log(`${join(out, "index.html")}`);
}
