// Turns Markdown as GitHub and Jupyter write it, with equations and highlighted code, into HTML.
import hljs from "highlight.js/lib/core";
import bash from "highlight.js/lib/languages/bash";
import json from "highlight.js/lib/languages/json";
import python from "highlight.js/lib/languages/python";
import typescript from "highlight.js/lib/languages/typescript";
import yaml from "highlight.js/lib/languages/yaml";
import katex from "katex";
import MarkdownIt from "markdown-it";

for (const [name, language] of Object.entries({ bash, json, python, typescript, yaml }))
  hljs.registerLanguage(name, language);

/** The language of a file or a block by its name. */
const LANGUAGES = {
  ts: "typescript",
  js: "typescript",
  mjs: "typescript",
  json: "json",
  ipynb: "json",
  py: "python",
  yml: "yaml",
  sh: "bash",
};

export function escapeHtml(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

/** Returns code as HTML, in colours if the language is known. */
export function highlight(code, name) {
  const language = LANGUAGES[name] ?? name;
  return hljs.getLanguage(language) === undefined ? escapeHtml(code) : hljs.highlight(code, { language }).value;
}

/** Returns the id that GitHub gives to a heading. */
export function slug(text) {
  return text
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .replaceAll(" ", "-");
}

/** Turns equations in TeX, $...$ and $$...$$, into MathML, which browsers draw themselves. */
function equations(markdown) {
  markdown.inline.ruler.before("escape", "equation", (state, silent) => {
    const marks = state.src.startsWith("$$", state.pos) ? "$$" : "$";
    if (state.src[state.pos] !== "$") return false;
    const start = state.pos + marks.length;
    const end = state.src.indexOf(marks, start);
    const tex = state.src.slice(start, end);
    // An equation has no space inside its dollar signs, but a price is followed by one or by nothing.
    if (end < 0 || tex === "" || (marks === "$" && /^\s|\s$|\n\n/.test(tex))) return false;
    if (!silent) {
      const token = state.push("html_inline", "", 0);
      token.content = mathml(tex, marks === "$$");
    }
    state.pos = end + marks.length;
    return true;
  });
}

/** Handles equations on lines of their own, in which a line that begins with "+" is no list. */
function displayed(markdown) {
  markdown.block.ruler.before(
    "fence",
    "equation",
    (state, first, last, silent) => {
      const line = (n) => state.src.slice(state.bMarks[n] + state.tShift[n], state.eMarks[n]);
      if (!line(first).startsWith("$$")) return false;
      let end = first;
      const closes = (n) => line(n).trimEnd().endsWith("$$") && (n > first || line(n).trim().length > 4);
      while (end < last && !closes(end)) end++;
      if (end === last) return false;
      if (silent) return true;
      const lines = Array.from({ length: end - first + 1 }, (_, n) => line(first + n));
      const tex = lines.join("\n").trim().slice(2, -2);
      state.push("html_block", "", 0).content = `<p>${mathml(tex, true)}</p>\n`;
      state.line = end + 1;
      return true;
    },
    { alt: ["paragraph", "reference", "blockquote", "list"] },
  );
}

const mathml = (tex, displayMode) => katex.renderToString(tex, { output: "mathml", displayMode, throwOnError: true });

/** Gives headings ids that are unique in a page. */
function headings(markdown) {
  markdown.core.ruler.push("ids", ({ tokens, env }) => {
    env.ids ??= new Map();
    tokens.forEach((token, i) => {
      if (token.type !== "heading_open") return;
      const text = tokens[i + 1].children
        .filter(({ type }) => type === "text" || type === "code_inline")
        .map(({ content }) => content)
        .join("");
      const base = slug(text);
      const before = env.ids.get(base) ?? 0;
      env.ids.set(base, before + 1);
      const id = before === 0 ? base : `${base}-${before}`;
      token.attrSet("id", id);
      env.title ??= text;
      tokens[i + 1].children.push(
        Object.assign(new token.constructor("html_inline", "", 0), {
          content: ` <a class="anchor" href="#${id}" aria-label="Link to this heading">#</a>`,
        }),
      );
    });
  });
}

const markdown = new MarkdownIt({ html: true, highlight });
markdown.use(equations).use(displayed).use(headings);
// Wide tables scroll, so that pages need not.
markdown.renderer.rules.table_open = () => '<div class="scroll" tabindex="0"><table>';
markdown.renderer.rules.table_close = () => "</table></div>";

/**
 * Returns Markdown as HTML.
 * @param env an object that has to be the same for all parts of a page, so that ids of headings are used only once;
 *   `env.title` becomes the first heading
 */
export function render(text, env = {}) {
  return markdown.render(text, env);
}
