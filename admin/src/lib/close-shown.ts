/** Takes away what was shown of something that is decided. */
export async function closeShown(tag: string): Promise<void> {
  if (!('serviceWorker' in navigator)) return;
  const registration = await navigator.serviceWorker.getRegistration();
  const shown = (await registration?.getNotifications?.({ tag })) ?? [];
  for (const notification of shown) notification.close();
}
