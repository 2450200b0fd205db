import next from 'eslint-config-next';
import typescript from 'eslint-config-next/typescript';

/** A feature uses components and lib, never another feature: what two of them need moves down. */
const arrows = {
  rules: {
    arrows: {
      meta: { type: 'problem', messages: { wrong: '`{{from}}` may not use `{{to}}`: arrows go from app over features and components to lib' } },
      create(context) {
        const path = context.filename.replaceAll('\\', '/').split('/src/')[1] ?? '';
        const [room, noun] = path.split('/');
        const rank = { app: 3, features: 2, components: 1, lib: 0 };
        return {
          ImportDeclaration(node) {
            const target = String(node.source.value);
            if (!target.startsWith('@/') || target.startsWith('@/messages/')) return;
            const [to, other] = target.slice(2).split('/');
            const isUp = rank[to] > rank[room];
            const isAcross = room === 'features' && to === 'features' && other !== noun;
            if (isUp || isAcross) context.report({ node, messageId: 'wrong', data: { from: path, to: target } });
          },
        };
      },
    },
  },
};

const config = [
  { ignores: ['.next/', 'lighthouse/node_modules/', 'out/', 'dist/', 'test-results/', 'src/lib/api/schema.d.ts', 'next-env.d.ts'] },
  ...next,
  ...typescript,
  {
    plugins: { house: arrows },
    rules: {
      'house/arrows': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/consistent-type-assertions': ['error', { assertionStyle: 'never' }],
      'react/no-danger': 'error',
      'max-lines': ['error', { max: 440 }],
      'no-console': 'error',
    },
  },
  { files: ['scripts/**', 'lighthouse/**'], rules: { 'no-console': 'off' } },
  // Playwright's fixtures take a function called `use`, which is no hook.
  { files: ['e2e/**'], rules: { 'react-hooks/rules-of-hooks': 'off' } },
];
export default config;
