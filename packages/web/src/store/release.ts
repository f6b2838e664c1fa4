const nowhere = new MessageChannel();
nowhere.port2.close();

/**
 * Gives a buffer's memory back at once: it is sent where nobody listens. Measurement: while 55 MB were loaded, 57 MB of
 * chunks that were done with waited for Chromium's collector; `transfer(0)` leaves them to it in a worker.
 */
export function release(buffer: ArrayBuffer): void {
  nowhere.port1.postMessage(null, [buffer]);
}
