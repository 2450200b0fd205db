/** How long the file is kept for the browser, which may ask its reader first where it goes. */
const KEPT_MS = 60_000;

/** Hands a file to the browser, as if it had been a link. */
export function download(content: Blob, name: string): void {
  const address = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  // Some browsers begin to read it only after the click, and find nothing at an address that is gone by then.
  setTimeout(() => URL.revokeObjectURL(address), KEPT_MS);
}
