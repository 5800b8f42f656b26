import { marked, type Tokens } from 'marked';
import { filesBelow, readText, REPOSITORY } from './repository.ts';

/** A page of the documentation. */
export interface Page {
  /** Path from the repository's folder, with `/`. */
  readonly file: string;
  readonly text: string;
}

/** Every Markdown page of the repository, changesets and changelogs left out. */
export async function readPages(): Promise<readonly Page[]> {
  const files = await filesBelow(REPOSITORY, /\.md$/);
  const kept = files.filter((file) => !file.startsWith('.changeset/') && !file.endsWith('CHANGELOG.md'));
  return Promise.all(kept.map(async (file) => ({ file, text: await readText(file) })));
}

/** A fenced block of code. */
export interface CodeBlock {
  /** The word after the fence, such as `ts`. */
  readonly language: string;
  readonly code: string;
  /** Text of the HTML comment right above the block; says how a test runs it. */
  readonly mark: string | undefined;
}

/** The fenced blocks of a page, wherever they stand, in their order. */
export function codeBlocks(page: Page): readonly CodeBlock[] {
  const blocks: CodeBlock[] = [];
  let mark: string | undefined;
  void marked.walkTokens(marked.lexer(page.text), (token) => {
    if (token.type === 'space') return;
    if (token.type === 'code') {
      const { lang = '', text } = token as Tokens.Code;
      blocks.push({ language: lang, code: text, mark });
    }
    mark = token.type === 'html' ? commentText(token.raw.trim()) : undefined;
  });
  return blocks;
}

/** The code in the text of a page, outside of its blocks. */
export function codeSpans(page: Page): readonly string[] {
  const spans: string[] = [];
  void marked.walkTokens(marked.lexer(page.text), (token) => {
    if (token.type === 'codespan') spans.push((token as Tokens.Codespan).text);
  });
  return spans;
}

function commentText(html: string): string | undefined {
  return html.startsWith('<!--') && html.endsWith('-->') ? html.slice('<!--'.length, -'-->'.length).trim() : undefined;
}

/** Targets of the links of a page, as written. */
export function linkTargets(page: Page): readonly string[] {
  const targets: string[] = [];
  void marked.walkTokens(marked.lexer(page.text), (token) => {
    if (token.type === 'link' || token.type === 'image') targets.push((token as Tokens.Link).href);
  });
  return targets;
}

/** Rows of all tables whose first column has this heading, as the text of their cells. */
export function tableRows(text: string, firstHeading: string): readonly (readonly string[])[] {
  const rows: string[][] = [];
  void marked.walkTokens(marked.lexer(text), (token) => {
    if (token.type !== 'table') return;
    const table = token as Tokens.Table;
    if (table.header[0]?.text !== firstHeading) return;
    rows.push(...table.rows.map((cells) => cells.map((cell) => cell.text)));
  });
  return rows;
}

/** A line of prose, with its number in the page, from 1. */
export interface ProseLine {
  readonly number: number;
  readonly text: string;
}

/** A line that holds one link or address and nothing beside it, which cannot be broken. */
const SINGLE_LINK = /^\s*(?:[-*] |\d+\. )?(?:\[[^\]]*\]\(\S+\)|<?https?:\/\/\S+)[.,;:]?$/;

/** Lines of a page that are prose: not in a table, a fenced block or an HTML comment, and not a single link. */
export function proseLines(page: Page): readonly ProseLine[] {
  const lines: ProseLine[] = [];
  let fence: string | undefined;
  let comment = false;
  for (const [index, text] of page.text.split('\n').entries()) {
    const mark = /^\s*(`{3,}|~{3,})/.exec(text)?.[1];
    if (fence !== undefined) {
      if (mark?.startsWith(fence)) fence = undefined;
    } else if (comment || text.startsWith('<!--')) {
      comment = !text.includes('-->');
    } else if (mark !== undefined) {
      fence = mark;
    } else if (!text.startsWith('|') && !SINGLE_LINK.test(text)) {
      lines.push({ number: index + 1, text });
    }
  }
  return lines;
}
