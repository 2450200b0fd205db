// Reads the messages when the web is built, for Turbopack: so the pages bring what puts them together, and not what reads their braces.
import compile from 'icu-minify/compile';

/** The same tree with each message compiled. */
export function compiled(value) {
  return typeof value === 'string' ? compile(value) : Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, compiled(inner)]));
}

/** A file of messages as a module of compiled ones: browsers read one long text faster than as much of a program. */
export default function loader(source) {
  return `export default JSON.parse(${JSON.stringify(JSON.stringify(compiled(JSON.parse(source))))});`;
}
