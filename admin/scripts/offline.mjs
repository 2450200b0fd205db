// Writes the page for when there is no network, and the worker that keeps it and shows messages that something waits. The words come from the messages, so every language says it.
// Nothing of the organisation is ever kept in the browser: the page, its looks and its sign, and no answer of the interface.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const OUT = 'out';
const KEPT = ['/offline.html', '/offline.css', '/offline.js', '/icon.svg'];

const languages = readdirSync('messages').filter((name) => name.endsWith('.json'));
const words = Object.fromEntries(languages.map((name) => [name.replace('.json', ''), JSON.parse(readFileSync(join('messages', name), 'utf8')).offline]));
const english = words.en;

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
<title>Steward</title>
<link rel="icon" href="/icon.svg">
<link rel="stylesheet" href="/offline.css">
</head>
<body>
<main>
<img src="/icon.svg" alt="" width="56" height="56">
<h1>${english.title}</h1>
<p>${english.hint}</p>
<button type="button">${english.retry}</button>
</main>
<script src="/offline.js"></script>
</body>
</html>
`;

const script = `var words=${JSON.stringify(words)};
var kept=function(name){try{return localStorage.getItem('steward.'+name)}catch(e){return null}};
var language=kept('locale')||(navigator.language||'en').slice(0,2);
var said=words[language]?language:'en';
var root=document.documentElement;
root.lang=said;root.dir=said==='ar'?'rtl':'ltr';
var theme=kept('theme');
if(theme==='dark'||(theme!=='light'&&matchMedia('(prefers-color-scheme: dark)').matches))root.classList.add('dark');
document.querySelector('h1').textContent=words[said].title;
document.querySelector('p').textContent=words[said].hint;
var button=document.querySelector('button');
button.textContent=words[said].retry;
button.addEventListener('click',function(){location.reload()});
addEventListener('online',function(){location.reload()});
// A network that is there already says nothing when the server is back: it is looked at again.
if(navigator.onLine&&location.pathname!=='/offline.html')setTimeout(function(){location.reload()},10000);
`;

const style = `:root{color-scheme:light;--ground:#f7f7f5;--ink:#1b1d1f;--soft:#555a60;--accent:#0c645d;--accent-ink:#fff}
.dark{color-scheme:dark;--ground:#101315;--ink:#e7eaec;--soft:#a6aeb5;--accent:#6ccabb;--accent-ink:#06201c}
body{margin:0;background:var(--ground);color:var(--ink);font:0.9375rem/1.5 system-ui,sans-serif}
main{min-height:100dvh;display:grid;place-content:center;justify-items:center;gap:.5rem;padding:1.5rem;box-sizing:border-box;text-align:center}
h1{font-size:1.125rem;margin:.5rem 0 0}
p{margin:0;max-width:22rem;color:var(--soft)}
button{margin-top:1rem;min-height:2.75rem;padding:0 1.25rem;border:0;border-radius:.5rem;background:var(--accent);color:var(--accent-ink);font:inherit;font-weight:600;cursor:pointer}
button:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
`;

const version = createHash('sha256').update(page).update(script).update(style).digest('hex').slice(0, 12);
const worker = `// Keeps the page for when there is no network, and nothing else. Shows messages that something waits, as the server wrote them.
const NAME = 'offline-${version}';
const KEPT = ${JSON.stringify(KEPT)};
addEventListener('install', (event) => {
  event.waitUntil(caches.open(NAME).then((cache) => cache.addAll(KEPT)).then(() => skipWaiting()));
});
addEventListener('activate', (event) => {
  event.waitUntil(caches.keys().then((names) => Promise.all(names.filter((name) => name !== NAME).map((name) => caches.delete(name)))).then(() => clients.claim()));
});
addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.mode === 'navigate') event.respondWith(fetch(request).catch(() => caches.match('/offline.html').then((page) => page ?? Response.error())));
  else if (KEPT.includes(new URL(request.url).pathname)) event.respondWith(fetch(request).catch(() => caches.match(request).then((file) => file ?? Response.error())));
});
// Only a page of our own is ever opened, whatever a message says.
const own = (path) => (typeof path === 'string' && /^\\/(?![/\\\\])/.test(path) ? path : '/holds');
const text = (value, otherwise) => (typeof value === 'string' ? value : otherwise);
addEventListener('push', (event) => {
  let said = {};
  try {
    said = event.data.json() ?? {};
  } catch {
    // A browser that is woken must show something.
  }
  const shown = { body: text(said.body, ''), tag: text(said.tag, 'steward'), lang: text(said.lang, 'en'), dir: said.dir === 'rtl' ? 'rtl' : 'ltr', icon: '/icon-192.png', data: { path: own(said.path) } };
  event.waitUntil(registration.showNotification(text(said.title, 'Steward'), shown));
});
addEventListener('notificationclick', (event) => {
  event.notification.close();
  const path = own(event.notification.data?.path);
  const open = async () => {
    const windows = await clients.matchAll({ type: 'window', includeUncontrolled: true });
    const there = windows.find((one) => new URL(one.url).pathname === path);
    // A window with another page may have something half written in it: it is left alone.
    return there === undefined ? clients.openWindow(path) : there.focus();
  };
  event.waitUntil(open());
});
`;

writeFileSync(join(OUT, 'offline.html'), page);
writeFileSync(join(OUT, 'offline.js'), script);
writeFileSync(join(OUT, 'offline.css'), style);
writeFileSync(join(OUT, 'sw.js'), worker);
