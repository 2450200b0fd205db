// Takes from `marked` what reads Markdown, for Turbopack: the half of it that writes HTML, which nothing here may, would come with each answer otherwise.

/** Its front, which ties everything together and keeps all of it: from the one instance up to what the module hands out. */
const FRONT = /;var (\w+)=new \w+;function \w+\(\w+,\w+\)\{return \1\.parse\([^]*?(?=export\{)/;
const HANDED_OUT = /export\{([^}]*)\};/;

/** The same module with its lexer alone. A release that is put together in another way fails the build, and wants a look. */
export default function loader(source) {
  const handed = HANDED_OUT.exec(source)?.[1].split(',').find((name) => name.endsWith(' as Lexer'));
  if (handed === undefined || !FRONT.test(source)) throw new Error('`marked` is not put together as it was; see scripts/lexer-only.mjs');
  return source.replace(FRONT, ';').replace(HANDED_OUT, `export{${handed}};`);
}
