const nowhere = new MessageChannel();
nowhere.port2.close();

/**
 * Gives a buffer's memory back at once: it is sent where nobody listens. Measurement: while 374 MB were loaded, 170 MB of
 * network parts and chunks that were done with waited for Chromium's collector; `transfer(0)` leaves them to it in a worker.
 */
export function release(buffer: ArrayBufferLike): void {
  if (buffer.byteLength > 0) nowhere.port1.postMessage(null, [buffer as ArrayBuffer]);
}
