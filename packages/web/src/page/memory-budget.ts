const MB = 1e6;

/**
 * Memory that one model may take on this device, bytes. Browsers tell little and kill a page that takes too much, so this
 * is careful: iPhones and iPads and phones with 4 GB about 600 MB, larger phones 1 GB (field reports disagree between 350 MB
 * and 1.6 GB), other machines half of what they have, which Chromium tells up to 8 GB.
 */
export function memoryBudget(): number {
  const { userAgent = '', platform = '', maxTouchPoints = 0 } = globalThis.navigator ?? {};
  const gigabytes: unknown = Reflect.get(globalThis.navigator ?? {}, 'deviceMemory');
  const told = typeof gigabytes === 'number' ? gigabytes * 2 ** 30 : null;
  // Platform fact: an iPad says it is a Mac; Macs have no touch screen.
  if (/iPhone|iPad/.test(userAgent) || (platform === 'MacIntel' && maxTouchPoints > 1))
    return 600 * MB;
  if (/Android/.test(userAgent)) return (told ?? 0) > 4 * 2 ** 30 ? 1000 * MB : 600 * MB;
  return told ? told / 2 : 3000 * MB;
}
