import { expect, test } from '@playwright/test';
import { deviceName, isAt, stateOf } from '../src/lib/push';

test('a browser has a short name by its own words', () => {
  for (const [agent, name] of [
    ['Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36', 'Chrome · Android'],
    ['Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0', 'Edge · Windows'],
    ['Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1', 'Safari · iPhone'],
    ['Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:140.0) Gecko/20100101 Firefox/140.0', 'Firefox · Mac'],
    ['curl/8', 'Browser'],
    ['', 'Browser'],
  ] as const) {
    expect(deviceName(agent)).toBe(name);
  }
});

test('a listed browser knows itself by where it is and how its address ends', () => {
  const listed = { service: 'https://push.example', ends_with: 'x9_A' };
  expect(isAt(listed, 'https://push.example/send/abcx9_A')).toBe(true);
  for (const other of [null, 'https://push.example/send/abcx9_B', 'https://push.example.org/x9_A', 'https://else.example/x9_A']) expect(isAt(listed, other)).toBe(false);
});

test('what a browser can do follows from what it has', () => {
  const chrome = { worker: true, push: true, permission: 'default', isApple: false, isInstalled: false, isSubscribed: false } as const;
  expect(stateOf(chrome)).toBe('off');
  expect(stateOf({ ...chrome, permission: 'granted', isSubscribed: true })).toBe('on');
  expect(stateOf({ ...chrome, isSubscribed: true })).toBe('off');
  expect(stateOf({ ...chrome, permission: 'denied', isSubscribed: true })).toBe('denied');
  expect(stateOf({ ...chrome, permission: null })).toBe('unsupported');
  expect(stateOf({ ...chrome, worker: false })).toBe('unsupported');
  expect(stateOf({ ...chrome, push: false })).toBe('unsupported');
  expect(stateOf({ ...chrome, push: false, isApple: true })).toBe('install');
  expect(stateOf({ ...chrome, push: false, isApple: true, isInstalled: true })).toBe('unsupported');
});
