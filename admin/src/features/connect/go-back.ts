/** Leaves for the program, with the answer that the server wrote; only over TLS or to a program of this device, whoever wrote it. */
export function goBack(url: string | null | undefined): void {
  if (url == null || !/^(https:\/\/|http:\/\/(127\.0\.0\.1|localhost|\[::1\])[:/?])/.test(url)) return;
  window.location.assign(url);
}
